//! The board of all metrics.

use super::concentration::concentration;
use super::counts::counts;
use super::measure::measures;
use super::measured::measured;
use super::metric::Metric;
use super::params::BoardParams;
use super::table::{Board, Kpi};
use crate::Result;
use crate::facts::Facts;
use crate::metrics::complete_periods::CompletePeriods;

/// Computes the key figures of every complete period, each with the figure of the period before,
/// the change, and whether the change is noise.
///
/// Users are the sample: a change of a sum or a ratio of sums has Student's interval, whose
/// variance is the sum of squares of each user's own change of influence, so that users who do the
/// same in both periods add none. Signups and newly funded accounts have quasi-Poisson intervals,
/// whose dispersion is measured from daily counts. The changes of measures of concentration take
/// the two periods as independent. No interval knows of a shock to all users at once, such as of a
/// price. Coverage is in `docs/metrics/kpi.md`.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::kpi::{BoardParams, Metric, board};
/// use tidegauge_analytics::{Facts, Period};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let users = df!(
///     "user" => ["ann", "bob"],
///     "signup_at" => ["2026-01-05", "2026-01-06"].map(day),
/// )?;
/// let events = df!(
///     "user" => ["ann", "bob", "ann"],
///     "at" => ["2026-01-05", "2026-01-06", "2026-01-13"].map(day),
///     "kind" => ["trade", "trade", "trade"],
///     "volume_usd" => [1_000.0, 3_000.0, 2_000.0],
///     "revenue_usd" => [2.0, 6.0, 3.0],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::new(&users, &events, end)?;
/// let board = board(&facts, &BoardParams::by(Period::Week))?;
/// let take_rate = board.get(day("2026-01-12"), Metric::TakeRate).ok_or("no take rate")?;
/// assert_eq!((take_rate.value.value, take_rate.before), (Some(0.0015), Some(0.002)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the users lack the dimension, or the events cannot be read.
pub fn board(facts: &Facts, params: &BoardParams) -> Result<Board> {
    let periods = CompletePeriods::of(facts, params.period);
    let (measures, groups) = measures(facts, params)?;
    let mut kpis = measured(facts, params, (&measures, &groups), &periods)?;
    let transacting = kpis.iter().filter(|kpi| kpi.metric == Metric::TransactingUsers);
    let users: Vec<u64> = transacting.map(|kpi| kpi.value.n).collect();
    kpis.extend(counts(facts, params.period, &periods)?);
    kpis.extend(concentration(facts, params, &periods, &users)?);
    kpis.sort_by(|one, other| {
        let key = |kpi: &Kpi| (kpi.start, kpi.metric, kpi.dimension.clone(), kpi.label.is_none());
        key(one).cmp(&key(other)).then_with(|| one.label.cmp(&other.label))
    });
    let periods = (0..periods.len()).map(|place| periods.start(place)).collect();
    Ok(Board { params: params.clone(), periods, kpis })
}
