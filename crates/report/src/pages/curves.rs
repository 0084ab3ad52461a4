//! Curves over the time since signup and since the first activity: retention and survival.

use tidegauge_analytics::Period;
use tidegauge_analytics::retention::RetentionParams;

use super::definition::{first_period, heading, stated, suffix};
use crate::chart::{Lines, Point};
use crate::metrics::Metrics;
use crate::question::period_name;
use crate::{Cell, Chart, Column, Format, Panel, Result, Table, cohort};

/// The most periods of a curve.
const PERIODS: usize = 26;

/// Builds the panel of retention of all cohorts as one, by period since each anchor.
pub(super) fn retention_curve(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let period = metrics.parameters.period.unwrap_or(Period::Week);
    let name = period_name(period);
    let tables = metrics
        .anchors()
        .into_iter()
        .map(|anchor| Ok((anchor.phrase(), metrics.retention(period, &anchor)?)))
        .collect::<Result<Vec<_>>>()?;
    let mut params = RetentionParams::by(period);
    if let Some((_, table)) = tables.first() {
        params = table.params.clone();
    }
    let widest = tables.iter().map(|(_, table)| table.pooled.len()).max().unwrap_or_default();
    let shown = metrics.parameters.periods.and_then(|periods| usize::try_from(periods).ok());
    let periods = 0..widest.min(shown.unwrap_or(PERIODS));
    let column = |at: usize| {
        let heading = heading(&params, at);
        (format!("{name}_{}", heading.replace('–', "_to_")), heading)
    };
    let columns = periods.clone().map(|at| {
        let (column, heading) = column(at);
        Column::new(column, heading, Format::Percent).with_interval().with_n()
    });
    let first = Column::new("since", cohort::capitalized(name), Format::Text);
    let mut table = Table::new([first].into_iter().chain(columns))?;
    for (anchor, found) in &tables {
        let cells = periods.clone().map(|at| match found.pooled.get(at) {
            Some(Some(pooled)) => Cell::of(&pooled.rate),
            _ => Cell::NOT_OVER,
        });
        let since = metrics.words().say(&format!("since {anchor}"));
        table.push([Cell::text(since)].into_iter().chain(cells))?;
    }
    let suffix = suffix(&params);
    let chart = Chart::Lines(Lines {
        title: format!("Users who traded or bought, by {name}s since{suffix}, percent"),
        labels: "since".into(),
        points: periods
            .filter_map(|at| Some(Point { at: first_period(&params, at)?, column: column(at).0 }))
            .collect(),
        unit: name.into(),
        mark: None,
    });
    let definition = format!(
        "The share of the users of all cohorts who traded or bought in that {name}, over the cohorts \
         for which it is over: later {name}s have only the older ones. Intervals are Wilson's."
    );
    let computation = metrics.computation(definition, "docs/metrics/retention.md");
    let title = format!("Retention of all cohorts, by {name}s since{suffix}");
    Panel::new(id, title, "percent of users", table)
        .with_computation(stated(computation, &params))
        .with_chart(chart)
}

/// Builds the panel of survival by the leading cohort: the share of users who have not yet completed
/// a gap without activity.
pub(super) fn survival(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let by = metrics.leading();
    let churn = metrics.churn(&by)?;
    let (name, phrase, level) = (cohort::column(&by), cohort::phrase(&by), metrics.level());
    let ages = &churn.params.ages;
    let columns = ages.iter().map(|age| {
        Column::new(format!("day_{age}"), format!("Day {age}"), Format::Percent)
            .with_interval()
            .with_n()
            .with_note(&level)
    });
    let first = [
        Column::new(&name, cohort::title(&by), Format::Name),
        Column::new("median_days", "Half by", Format::Days)
            .with_interval()
            .with_n()
            .with_note(&level),
    ];
    let mut table = Table::new(first.into_iter().chain(columns))?;
    for row in &churn.cohorts {
        let cells = row.survival.by_age.iter().map(|aged| Cell::of(&aged.surviving));
        let first = [Cell::name(row.cohort.as_deref()), Cell::of(&row.survival.median_days)];
        table.push(first.into_iter().chain(cells))?;
    }
    let overall = &churn.overall.survival;
    let cells = overall.by_age.iter().map(|aged| Cell::of(&aged.surviving));
    let first = [Cell::text("All"), Cell::of(&overall.median_days)];
    table.push_total(first.into_iter().chain(cells))?;
    let days = churn.params.inactive_days;
    let chart = Chart::Lines(Lines {
        title: format!(
            "Users without a gap of {days} days yet, by days since the first activity, percent"
        ),
        labels: name,
        points: ages.iter().map(|age| Point { at: *age, column: format!("day_{age}") }).collect(),
        unit: "day".into(),
        mark: None,
    });
    let definition = "The share of the users who were ever active and have not yet completed a gap \
                      without activity (Kaplan–Meier, log–log intervals). A user who comes back after \
                      the gap has churned all the same. No value where no user has been observed for \
                      so long.";
    let mut computation = metrics
        .computation(definition, "docs/metrics/churn.md")
        .with("Gap", format!("{days} days"));
    if let Some(test) = &churn.log_rank {
        let p = if test.p_value < 0.001 {
            "below 0.001".into()
        } else {
            format!("{:.3}", test.p_value)
        };
        let text =
            format!("χ² {:.1} of {} degrees of freedom, p {p}", test.statistic, test.degrees);
        computation = computation.with("Equal survival (log-rank test)", text);
    }
    let title = format!("Survival until a gap of {days} days, by {phrase}");
    Panel::new(id, title, "percent of users", table).with_computation(computation).with_chart(chart)
}
