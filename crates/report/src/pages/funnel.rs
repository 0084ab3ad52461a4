//! The funnel of signups: identity check, funding, first trade.

use tidegauge_analytics::kpi::{FunnelCohort, FunnelTable, Step};

use super::by_cohort::bar_chart;
use crate::chart::{Bars, Direction};
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Computation, Format, Panel, Result, Table, cohort};

/// Builds the panel of the funnel of all users. It has no rows if no user is funded: the data hold
/// no deposits and purchases.
pub(super) fn overall(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let funnel = metrics.funnel()?;
    let level = metrics.level();
    let mut table = Table::new([
        Column::new("step", "Step", Format::Name),
        Column::new("users", "Users", Format::Count),
        Column::new("of_signups", "Of signups", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(&level),
        Column::new("of_previous", "Of the step before", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(&level),
        Column::new("dropped", "Dropped before it", Format::Count),
    ])?;
    for step in funnel.overall.steps.iter().filter(|_| has_funding(&funnel)) {
        table.push([
            Cell::text(step.step.name()),
            Cell::count(step.users),
            Cell::of(&step.of_signups),
            Cell::of(&step.of_previous),
            Cell::count(step.dropped),
        ])?;
    }
    let chart = Chart::Bars(Bars {
        title: "Users who took each step and all before it, percent of signups".into(),
        labels: "step".into(),
        values: "of_signups".into(),
        direction: Direction::Up,
    });
    Panel::new(id, "From signup to the first trade", "percent of signups", table)
        .with_computation(computation(metrics, &funnel))
        .with_chart(chart)
}

/// Builds the panel of the funnel by the leading cohort.
pub(super) fn by_cohort(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let funnel = metrics.funnel()?;
    let by = &funnel.params.by;
    let steps: Vec<Step> = funnel.overall.steps.iter().map(|step| step.step).collect();
    let mut columns = vec![
        Column::new(cohort::column(by), cohort::title(by), Format::Name),
        Column::new("signups", "Signups", Format::Count),
    ];
    for pair in steps.windows(2) {
        let (before, step) = (pair[0].name(), pair[1].name());
        let share = |name: String, title: String| {
            Column::new(name, title, Format::Percent)
                .with_interval()
                .with_n()
                .with_note(metrics.level())
        };
        let title = cohort::capitalized(step);
        columns.push(share(step.into(), format!("{title}, of signups")));
        if pair[0] != Step::SignedUp {
            columns.push(share(format!("{step}_of_{before}"), format!("{title}, of {before}")));
        }
    }
    let mut table = Table::new(columns)?;
    for row in funnel.cohorts.iter().filter(|_| has_funding(&funnel)) {
        table.push(cells(Cell::name(row.cohort.as_deref()), row))?;
    }
    if has_funding(&funnel) {
        table.push_total(cells(Cell::text("All"), &funnel.overall))?;
    }
    let phrase = cohort::phrase(by);
    let chart = bar_chart(by, format!("Signups who trade, by {phrase}"), Step::Traded.name());
    Panel::new(id, format!("The funnel by {phrase}"), "percent of signups", table)
        .with_computation(computation(metrics, &funnel))
        .with_chart(chart)
}

fn cells(name: Cell, row: &FunnelCohort) -> Vec<Cell> {
    let signups = row.steps.first().map_or(0, |step| step.users);
    let mut cells = vec![name, Cell::count(signups)];
    for pair in row.steps.windows(2) {
        cells.push(Cell::of(&pair[1].of_signups));
        if pair[0].step != Step::SignedUp {
            cells.push(Cell::of(&pair[1].of_previous));
        }
    }
    cells
}

fn has_funding(funnel: &FunnelTable) -> bool {
    let funded = |step: &Step| *step == Step::Funded;
    funnel.overall.steps.iter().any(|step| funded(&step.step) && step.users > 0)
}

fn computation(metrics: &Metrics<'_>, funnel: &FunnelTable) -> Computation {
    let definition = "A user counts at a step if they have taken it and all before it, in any order: \
                      signup, identity check, first deposit or on-ramp purchase, first trade. The \
                      identity check is left out if the data hold none. Intervals are Wilson's.";
    let within = match funnel.params.within_days {
        Some(days) => {
            format!("within {days} days of signup; only users of at least that age count")
        }
        None => "all steps of all users to date".to_owned(),
    };
    metrics.computation(definition, "docs/metrics/kpi.md").with("Steps", within)
}
