//! Counts of arrivals: signups and newly funded accounts.

use tidegauge_models::Estimate;
use tidegauge_models::estimate::{Dispersion, difference, expected_count};

use super::change::{kpi, scale};
use super::metric::Metric;
use super::table::Kpi;
use crate::Result;
use crate::facts::{EventFilter, Facts, NEVER};
use crate::metrics::anchor::CohortAnchor;
use crate::metrics::complete_periods::CompletePeriods;
use crate::metrics::period::Period;

/// The fewest days from whose counts their dispersion is measured.
const MIN_DAYS: usize = 28;

/// Returns the figures of arrivals in all periods.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn counts(facts: &Facts, period: Period, periods: &CompletePeriods) -> Result<Vec<Kpi>> {
    let funded = CohortAnchor::FirstEvent(EventFilter::only(["deposit", "ramp"])).times(facts)?;
    let mut kpis = Vec::new();
    for (metric, times) in
        [(Metric::Signups, &facts.users.signup_at), (Metric::NewFundedAccounts, &funded)]
    {
        let mut daily = vec![0_u64; periods.day_count()];
        let happened = times.iter().filter(|at| **at != NEVER);
        for day in happened.filter_map(|at| periods.day_place(*at)) {
            daily[day] += 1;
        }
        let total = |place: usize| daily[periods.days_at(place)].iter().sum::<u64>();
        for place in 0..periods.len() {
            let count = total(place);
            let before = scale(periods, metric, place).map(|scale| (total(place - 1), scale));
            let change = match before {
                Some((before, scale)) => {
                    let dispersion = dispersion(&daily, (period, periods), place);
                    let expected = |count: u64| match dispersion {
                        Some(dispersion) => expected_count(count, dispersion, facts.level()),
                        None => Estimate::new(count as f64, None, count),
                    };
                    difference(expected(count), expected(before).scaled(scale))
                }
                None => Estimate::undetermined(count),
            };
            let value = Estimate::new(count as f64, None, count);
            let before = before.map(|(before, _)| before as f64);
            kpis.push(kpi(periods.start(place), metric, (value, before), change));
        }
    }
    Ok(kpis)
}

/// Returns the dispersion of daily counts around the mean of their period, over the days of the
/// period at a place and the one before, or the last 28 days if those are fewer; at least 1, since
/// arrivals are not more even than by chance.
fn dispersion(
    daily: &[u64],
    (period, periods): (Period, &CompletePeriods),
    place: usize,
) -> Option<Dispersion> {
    let (last, before) = (periods.days_at(place), periods.days_at(place - 1));
    let first = before.start.min(last.end.saturating_sub(MIN_DAYS));
    let parts = [first..before.start, before, last];
    let mean = |part: &std::ops::Range<usize>| {
        daily[part.clone()].iter().sum::<u64>() as f64 / part.len() as f64
    };
    let exposure = parts.iter().flat_map(|part| std::iter::repeat_n(mean(part), part.len()));
    let exposure: Vec<f64> = exposure.collect();
    let days: Vec<f64> = parts.into_iter().flatten().map(|day| daily[day] as f64).collect();
    // Whole weeks balance weekdays, which the covariances of a week tell; days do not.
    let lags = if period == Period::Day { 0 } else { 6 };
    let mut dispersion = Dispersion::of(&days, &exposure, lags)?;
    dispersion.phi = dispersion.phi.max(1.0);
    Some(dispersion)
}
