//! The parameters of the report, on the page of the basis.

use crate::metrics::Metrics;
use crate::{Cell, Column, Format, Panel, Result, Table};

/// Builds the panel of the parameters that the report was computed with, defaults included. The
/// values are those of flags, settings and query strings.
pub(super) fn parameters(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let mut table = Table::new([
        Column::new("parameter", "Parameter", Format::Text),
        Column::new("value", "Value", Format::Text),
        Column::new("meaning", "Meaning", Format::Text),
    ])?;
    for (name, value) in metrics.used() {
        let meaning = metrics.words().say(meaning(name));
        table.push([Cell::text(name), Cell::text(value), Cell::text(meaning)])?;
    }
    let definition = "The parameters that the figures are computed with, defaults included, by the names \
                      of settings, flags and query strings.";
    let computation = metrics.computation(definition, "docs/settings.md");
    Ok(Panel::new(id, "Parameters of the report", "", table).with_computation(computation))
}

/// Returns what a parameter is.
fn meaning(name: &str) -> &'static str {
    match name {
        "ages" => "the days since signup at which revenue per user is shown",
        "anchor" => "the event from which periods of retention are counted",
        "cohort" => "the cohorts by which users are compared",
        "end" => "the end of observation, exclusive",
        "horizons" => "the days from signup within which high volume is reached",
        "inactive_days" => "the days without activity after which a user has churned",
        "level" => "the level of intervals",
        "margin" => "the share of revenue that is contribution margin",
        "period" => {
            "the length of the periods of retention, and of key figures if one is asked for"
        }
        "periods" => "the most periods that are shown",
        "retention" => {
            "a user is retained if active on that period, on or after it, or within days"
        }
        "revenue" => "net of reversals, or gross",
        "threshold_usd" => "the volume from which a user counts as high-volume",
        "week_start" => "the first day of the week",
        "windows" => "periods of the calendar, or relative to the anchor of each user",
        _ => "the time zone of days, weeks and months",
    }
}
