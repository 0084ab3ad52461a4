//! The time to become a high-volume trader, by cohort and against all other users.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::volume::IncidenceAtHorizon;

use crate::chart::{Lines, Point};
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Format, Panel, Result, Table, cohort};

/// Builds the panel of the share of users who became high-volume traders within some days.
pub(super) fn incidence(metrics: &Metrics<'_>, id: &str, by: &Cohort) -> Result<Panel> {
    let found = metrics.incidence(by)?;
    let (level, at_horizons) = (metrics.level(), metrics.compared_horizons());
    let mut columns = vec![
        Column::new(cohort::column(by), cohort::title(by), Format::Name),
        Column::new("users", "Users", Format::Count),
    ];
    for days in &found.params.horizons {
        columns.push(
            Column::new(format!("within_{days}"), format!("Within {days} days"), Format::Percent)
                .with_interval()
                .with_n()
                .with_note(&level),
        );
    }
    for days in &at_horizons {
        columns.extend([
            Column::new(format!("difference_{days}"), "Less the others", Format::Percent)
                .with_interval()
                .with_note(format!("{days} days, {level}")),
            Column::new(format!("lift_{days}"), "Lift", Format::Ratio)
                .with_interval()
                .with_note(format!("{days} days, {level}")),
            Column::new(format!("q_{days}"), "q-value", Format::Ratio)
                .with_note(format!("{days} days")),
        ]);
    }
    let mut table = Table::new(columns)?;
    let compared = |at: &IncidenceAtHorizon| {
        let estimate = |estimate| match Cell::of(estimate) {
            Cell::Number(mut number) => {
                number.n = None;
                Cell::Number(number)
            }
            other => other,
        };
        [estimate(&at.difference), estimate(&at.lift), Cell::number(at.q_value)]
    };
    for row in &found.cohorts {
        let name = [Cell::name(row.cohort.as_deref()), Cell::count(row.users)];
        let shares = row.at.iter().map(|at| Cell::of(&at.incidence));
        let of_horizon = |days: &u32| row.at.iter().find(|at| at.within_days == *days);
        let against_others = at_horizons.iter().filter_map(of_horizon).flat_map(compared);
        table.push(name.into_iter().chain(shares).chain(against_others))?;
    }
    let phrase = cohort::phrase(by);
    let listed = |days: &[u32]| {
        let days: Vec<String> = days.iter().map(u32::to_string).collect();
        format!("{} days", days.join(", "))
    };
    let chart = Chart::Lines(Lines {
        title: format!(
            "Users who became high-volume traders by days since signup, by {phrase}, percent"
        ),
        labels: cohort::column(by),
        points: found
            .params
            .horizons
            .iter()
            .map(|days| Point { at: *days, column: format!("within_{days}") })
            .collect(),
        unit: "day".into(),
        mark: None,
    });
    let definition = "The share of users whose volume, net of reversals, reaches the threshold within \
                      so many days of signup; a user who was observed for fewer days counts for those \
                      that are over (Aalen–Johansen). Each cohort is compared with all other users: \
                      the difference in percentage points and the ratio (lift), with Newcombe's \
                      intervals. The q-value is the p-value adjusted for the number of cohorts.";
    let computation = metrics
        .computation(definition, "docs/metrics/volume.md")
        .with("Threshold", metrics.threshold())
        .with("Horizons", listed(&found.params.horizons))
        .with("Compared within", listed(&at_horizons));
    let title = format!("Time to high volume by {phrase}");
    Panel::new(id, title, "percent of users", table).with_computation(computation).with_chart(chart)
}
