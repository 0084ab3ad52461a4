//! The change of a figure, and whether it is noise.

use chrono::NaiveDate;
use tidegauge_models::Estimate;

use super::metric::Metric;
use super::table::Kpi;
use crate::metrics::complete_periods::CompletePeriods;

/// Returns the factor by which a metric of the period before is comparable with that of the period
/// at a place: sums grow with the days of a period. `None` if the period before was not observed
/// from its first day on.
pub(super) fn scale(periods: &CompletePeriods, metric: Metric, place: usize) -> Option<f64> {
    let before = place.checked_sub(1).filter(|before| periods.is_whole(*before))?;
    let days = |place: usize| periods.days_of(place) as f64;
    Some(if metric.is_additive() { days(place) / days(before) } else { 1.0 })
}

/// Returns a figure of the whole.
pub(super) fn kpi(
    start: NaiveDate,
    metric: Metric,
    (value, before): (Estimate, Option<f64>),
    change: Estimate,
) -> Kpi {
    let is_noise = change.interval.map(|interval| interval.contains(0.0));
    Kpi { start, metric, dimension: None, label: None, value, before, change, is_noise }
}
