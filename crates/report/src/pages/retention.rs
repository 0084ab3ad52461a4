//! The retention page: which users stay and which leave.

use tidegauge_analytics::retention::RetentionTable;
use tidegauge_analytics::{Cohort, Period};

use super::by_cohort::{bar_chart, panel_id};
use super::curves::{retention_curve, survival};
use super::definition::{heading, stated, suffix};
use super::panel_spec::PanelSpec;
use crate::chart::HeatMap;
use crate::metrics::Metrics;
use crate::question::period_name;
use crate::{Anchor, Cell, Chart, Column, Format, Panel, Result, Table, cohort};

pub(super) fn panels(metrics: &Metrics<'_>) -> Vec<PanelSpec> {
    let retention = metrics.retention_grids().into_iter().map(|(period, anchor)| {
        let id = format!("retention-by-{}{}", period_name(period), anchor.suffix());
        PanelSpec::new(id, move |metrics, id| retained(metrics, id, period, &anchor))
    });
    let churn = metrics.cohorts().into_iter().map(|cohort| {
        let id = panel_id("churned", &cohort, metrics);
        PanelSpec::new(id, move |metrics, id| churned(metrics, id, &cohort))
    });
    let curves =
        [PanelSpec::new("retention-curve", retention_curve), PanelSpec::new("survival", survival)];
    retention.chain(churn).chain(curves).collect()
}

/// Builds the panel of retention, by cohort and period since.
fn retained(metrics: &Metrics<'_>, id: &str, period: Period, anchor: &Anchor) -> Result<Panel> {
    let retention = metrics.retention(period, anchor)?;
    let name = period_name(period);
    let anchor = anchor.phrase();
    let title = format!("By {name} of {anchor}, {name}s since{}", suffix(&retention.params));
    let table = grid(&retention, name, metrics.periods())?;
    let chart = Chart::HeatMap(HeatMap {
        title: title.clone(),
        labels: "cohort".into(),
        users: "users".into(),
        cells: table.columns()[2..].iter().map(|column| column.name.clone()).collect(),
    });
    let definition = format!(
        "The share of a cohort that traded or bought in that {name}, with Wilson's interval. {} 0 is \
         that of {anchor}. A period counts only once it is over for the whole cohort; the last row \
         has all cohorts for which it is.",
        cohort::capitalized(name),
    );
    let computation = metrics
        .computation(definition, "docs/metrics/retention.md")
        .with("Cohorts", format!("{name}s of {anchor}"));
    let computation = stated(computation, &retention.params)
        .with("Activity", "transactions: any event but a deposit or a withdrawal");
    Panel::new(id, title, "percent of users", table).with_computation(computation).with_chart(chart)
}

/// Returns a table with one row per cohort and one column per period, and all cohorts combined.
fn grid(retention: &RetentionTable, name: &str, shown: usize) -> Result<Table> {
    let widest = retention.cohorts.iter().map(|cohort| cohort.cells.len()).max().unwrap_or(0);
    let periods = 0..widest.min(shown);
    let columns = [
        Column::new("cohort", "Cohort", Format::Text),
        Column::new("users", "Users", Format::Count),
    ];
    let columns = columns.into_iter().chain(periods.clone().map(|at| {
        let heading = heading(&retention.params, at);
        Column::new(format!("{name}_{}", heading.replace('–', "_to_")), heading, Format::Percent)
            .with_interval()
            .with_n()
    }));
    let mut table = Table::new(columns)?;
    let format = if retention.params.period == Period::Month { "%Y-%m" } else { "%Y-%m-%d" };
    for cohort in &retention.cohorts {
        let cells = periods.clone().map(|at| match cohort.cells.get(at) {
            Some(Some(found)) => Cell::of(&found.rate),
            _ => Cell::NOT_OVER,
        });
        let start = Cell::text(cohort.start.format(format).to_string());
        table.push([start, Cell::count(cohort.users)].into_iter().chain(cells))?;
    }
    let cells = periods.clone().map(|at| match retention.pooled.get(at) {
        Some(Some(pooled)) => Cell::of(&pooled.rate),
        _ => Cell::NOT_OVER,
    });
    let users = retention.cohorts.iter().map(|cohort| cohort.users).sum();
    table.push_total([Cell::text("All"), Cell::count(users)].into_iter().chain(cells))?;
    Ok(table)
}

/// Builds the panel of churn by cohort.
fn churned(metrics: &Metrics<'_>, id: &str, by: &Cohort) -> Result<Panel> {
    let churn = metrics.churn(by)?;
    let (title, phrase) = (cohort::title(by), cohort::phrase(by));
    let mut table = Table::new([
        Column::new(cohort::column(by), title, Format::Name),
        Column::new("users", "Users", Format::Count),
        Column::new("churned", "Churned", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
        Column::new("never_active", "Never active", Format::Count),
        Column::new("undetermined", "Too new to tell", Format::Count),
    ])?;
    for row in &churn.cohorts {
        table.push([
            Cell::name(row.cohort.as_deref()),
            Cell::count(row.users),
            Cell::share(&row.churned),
            Cell::count(row.never_active),
            Cell::count(row.undetermined),
        ])?;
    }
    let days = churn.params.inactive_days;
    let title = format!("Churned: once active, nothing in the last {days} days, by {phrase}");
    let chart = bar_chart(by, title, "churned");
    let definition = "A user has churned who traded or bought at least once, signed up long enough ago, \
                      and did neither in the last days observed. Users who never did are no part of \
                      the share. Intervals are Wilson's.";
    let computation = metrics
        .computation(definition, "docs/metrics/churn.md")
        .with("Inactive for", format!("{days} days"));
    Panel::new(id, format!("Churn by {phrase}"), "percent of users", table)
        .with_computation(computation)
        .with_chart(chart)
}
