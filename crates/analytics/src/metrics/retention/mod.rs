//! Cohort retention: bounded, rolling, within some days, or in brackets, by windows of the calendar
//! or from each user's own anchor on. See `docs/metrics/retention.md`.

mod count;
mod params;
mod table;
mod window;

use std::collections::BTreeMap;

use tidegauge_models::estimate::wilson;

pub use crate::metrics::anchor::CohortAnchor;
pub use params::{RetentionKind, RetentionParams, Windows};
pub use table::{PooledRetention, RetentionCell, RetentionCohort, RetentionTable};

use count::{CohortCounts, CohortKey, count};
use window::WindowClock;

use crate::Result;
use crate::facts::Facts;
use crate::metrics::cohort::Cohort;

/// Computes the retention of every cohort, by window since its anchor, with Wilson intervals.
///
/// A cell is complete only if its window is over for every member of the cohort by
/// [`Facts::end`]. A complete cell without activity is 0.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::retention::{RetentionParams, retention};
/// use tidegauge_analytics::{Facts, Period};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
///     "value" => [20.0, 5.0, 7.5],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let table = retention(&facts, &RetentionParams::by(Period::Week))?;
/// // Both signed up in the first week; of them ann came back in the second.
/// let cells: Vec<_> = table.cohorts[0].cells.iter().flatten().map(|cell| cell.active).collect();
/// assert_eq!((table.cohorts[0].users, cells), (2, vec![2, 1]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a parameter is out of its range, when the users lack a dimension, or the events cannot be
/// read.
pub fn retention(facts: &Facts, params: &RetentionParams) -> Result<RetentionTable> {
    params.check()?;
    let cohort = match params.by.as_slice() {
        [] => Cohort::Everyone,
        [one] => Cohort::dimension(one),
        [one, other, ..] => Cohort::cross(one, other),
    };
    let groups = cohort.groups(facts)?;
    let clock = WindowClock::new(facts, params);
    let counted = count(facts, params, &clock, &groups)?;

    let mut cohorts = Vec::new();
    for group in 0..groups.len() {
        let labels = &groups.parts[group];
        for (number, counts) in with_empty_cohorts(&counted, group) {
            let cells = cells(facts, params, &clock, (number, &counts));
            let start = facts.calendar().period_start(params.period, number);
            let (labels, users) = (labels.clone(), counts.users);
            cohorts.push(RetentionCohort { labels, start, users, cells });
        }
    }
    let pooled = pooled(&cohorts, facts.level());
    Ok(RetentionTable { params: params.clone(), cohorts, pooled })
}

/// Returns the cohorts of a group from the first to the last, those without users included.
fn with_empty_cohorts(
    counted: &BTreeMap<CohortKey, CohortCounts>,
    group: usize,
) -> impl Iterator<Item = (i64, CohortCounts)> {
    let of_group = || counted.range((group, i64::MIN)..=(group, i64::MAX));
    let range = of_group().next().zip(of_group().next_back());
    let numbers = range.map_or(0..0, |((first, _), (last, _))| first.1..last.1 + 1);
    numbers.map(move |number| {
        let empty = CohortCounts { users: 0, last_anchor: i64::MIN, active: Vec::new() };
        (number, counted.get(&(group, number)).cloned().unwrap_or(empty))
    })
}

fn cells(
    facts: &Facts,
    params: &RetentionParams,
    clock: &WindowClock<'_>,
    (number, counts): (i64, &CohortCounts),
) -> Vec<Option<RetentionCell>> {
    // A cohort without users is as old as its period.
    let last_anchor = match counts.users {
        0 => facts.calendar().midnight(facts.calendar().period_start(params.period, number)),
        _ => chrono::DateTime::from_timestamp_micros(counts.last_anchor).unwrap_or_default(),
    }
    .timestamp_micros();
    let cell = |window: usize| {
        clock.is_over(window, number, last_anchor).then(|| {
            let active = counts.active.get(window).copied().unwrap_or_default();
            let rate = wilson(active, counts.users, facts.level());
            RetentionCell { active, rate, too_few: counts.users < params.min_users }
        })
    };
    (0..clock.begun(number, last_anchor)).map(cell).collect()
}

fn pooled(cohorts: &[RetentionCohort], level: f64) -> Vec<Option<PooledRetention>> {
    let width = cohorts.iter().map(|cohort| cohort.cells.len()).max().unwrap_or_default();
    let column = |at: usize| {
        let complete = cohorts
            .iter()
            .filter_map(|cohort| Some((cohort.users, cohort.cells.get(at)?.as_ref()?.active)));
        let (some, eligible, active) = complete.fold((false, 0, 0), |(_, users, active), cell| {
            (true, users + cell.0, active + cell.1)
        });
        some.then(|| PooledRetention { active, eligible, rate: wilson(active, eligible, level) })
    };
    (0..width).map(column).collect()
}
