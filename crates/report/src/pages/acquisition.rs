//! The acquisition page: which users become high-volume traders.

use tidegauge_analytics::Cohort;

use super::by_cohort::{bar_chart, panel_id};
use super::concentration::{concentration, lorenz};
use super::incidence::incidence;
use super::panel_spec::PanelSpec;
use super::prediction;
use crate::chart::{Bars, Direction};
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Format, Panel, Result, Table, cohort};

pub(super) fn panels(metrics: &Metrics<'_>) -> Vec<PanelSpec> {
    let by_cohort = metrics.cohorts().into_iter().map(|cohort| {
        let id = panel_id("high-volume", &cohort, metrics);
        PanelSpec::new(id, move |metrics, id| high_volume(metrics, id, &cohort))
    });
    let incidence = metrics.cohorts().into_iter().map(|cohort| {
        let id = panel_id("time-to-high-volume", &cohort, metrics);
        PanelSpec::new(id, move |metrics, id| incidence(metrics, id, &cohort))
    });
    let others = [
        PanelSpec::new("deciles", deciles),
        PanelSpec::new("concentration", concentration),
        PanelSpec::new("lorenz", lorenz),
        PanelSpec::new("prediction", prediction::quality),
        PanelSpec::new("prediction-effects", prediction::effects),
        PanelSpec::new("prediction-calibration", prediction::calibration),
    ];
    by_cohort.chain(incidence).chain(others).collect()
}

/// Builds the panel of high-volume traders and volume by cohort.
fn high_volume(metrics: &Metrics<'_>, id: &str, by: &Cohort) -> Result<Panel> {
    let volume = metrics.volume(by)?;
    let (title, phrase) = (cohort::title(by), cohort::phrase(by));
    let mut table = Table::new([
        Column::new(cohort::column(by), title, Format::Name),
        Column::new("users", "Users", Format::Count),
        Column::new("high_volume", "High-volume", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
        Column::new("volume_usd", "Volume", Format::Dollars),
        Column::new("mean_usd", "Mean per user", Format::Dollars)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
    ])?;
    for row in &volume.cohorts {
        table.push([
            Cell::name(row.cohort.as_deref()),
            Cell::count(row.users),
            Cell::share(&row.high_volume),
            Cell::number(row.volume_usd),
            Cell::of(&row.mean),
        ])?;
    }
    let title = format!("Users who became high-volume traders, by {phrase}");
    let chart = bar_chart(by, title, "high_volume");
    let definition = "A high-volume trader is a user whose trades and completed on-ramp purchases add \
                      up to the threshold or more, net of reversals. The share is of all users of the \
                      cohort, with Wilson's interval. Old cohorts have had more time: see the time to \
                      high volume.";
    let computation = metrics
        .computation(definition, "docs/metrics/volume.md")
        .with("Threshold", metrics.threshold())
        .with("Volume", "all to date");
    Panel::new(id, format!("Volume by {phrase}"), "percent of users", table)
        .with_computation(computation)
        .with_chart(chart)
}

/// Builds the panel of volume by decile of users, which shows how concentrated it is.
fn deciles(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let concentration = metrics.concentration()?;
    let mut table = Table::new([
        Column::new("tenth", "Tenth of users", Format::Count),
        Column::new("users", "Users", Format::Count),
        Column::new("volume_usd", "Volume", Format::Dollars),
        Column::new("share", "Share of volume", Format::Percent).with_n(),
    ])?;
    for decile in &concentration.deciles {
        table.push([
            Cell::count(decile.decile.into()),
            Cell::count(decile.users),
            Cell::number(decile.volume_usd),
            Cell::estimate(decile.share, None, Some(decile.users)),
        ])?;
    }
    let chart = Chart::Bars(Bars {
        title: "Share of volume by tenth of users, percent".into(),
        labels: "tenth".into(),
        values: "share".into(),
        direction: Direction::Up,
    });
    let definition = "Users sorted by volume, those with the most first, in ten parts of equal number; \
                      the share that each part has of all volume.";
    let computation = metrics
        .computation(definition, "docs/metrics/volume.md")
        .with("Volume", "all to date, of all users, net of reversals");
    Panel::new(id, "Volume by tenth of users, those with most first", "percent of volume", table)
        .with_computation(computation)
        .with_chart(chart)
}
