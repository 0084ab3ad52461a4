//! The mean amount per user.

use super::pivot::{Scale, model_pivots, quantile_of, resampled_pivots};
use super::sample::Sample;
use super::totals::Totals;
use super::types::{Estimate, Interval, Method};

/// The fewest paying users of an interval.
pub(crate) const MIN_PAYERS: usize = 5;

/// The most amounts other than 0 of the bootstrap; beyond, its pivots are normal to within the
/// error of their simulation.
pub(crate) const MAX_RESAMPLED: usize = 20_000;

/// Returns the mean of amounts, one per user, zeros included, with the hybrid bootstrap-t
/// interval.
///
/// With the mean m, its standard error e, k of n users who paid, and s² the mean of
/// (ln x − median)² over the k′ payers above the median:
///
/// ```text
/// T = ln(m*/m) / (e*/m*)                          m*, e* of a resample of the users
/// U = (ln m° − ln(k/n) − σ°²/2) / (e°/m°)         m°, e° of k* ~ Bin(n, k/n) payers exp(σ° Z),
///                                                 σ° = s √(k′/χ²ₖ′)
/// low  = m exp(−a_hi e/m)                         a: quantiles of T, b: quantiles of U
/// high = m exp(−min(a_lo, b_lo) e/m)
/// ```
///
/// The resample alone cannot show a tail that the sample has not drawn; the shape of a log-normal
/// tail bounds what may be missing above, and its influence vanishes as n grows.
///
/// Amounts may be negative, such as revenue net of refunds. If a resample then has no positive
/// mean, T = (m* − m)/e* and the bounds are m − a e. Below 5 paying users, or without spread,
/// there is no interval; above 20,000 amounts other than 0 it is normal. An amount that is not
/// finite leaves no value. Equal amounts and seeds give equal bounds in any order of users.
///
/// Coverage is in `docs/metrics/intervals.md`; bootstrap-t on a transformed scale: P. Hall (1992),
/// "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 54.
///
/// ```
/// use tidegauge_models::estimate::mean;
///
/// let amounts: Vec<f64> = (0..60).map(|user| f64::from(user % 6 * 30)).collect();
/// let revenue = mean(&amounts, 0.9, 7);
/// assert_eq!((revenue.value, revenue.n), (Some(75.0), 60));
/// assert!(revenue.interval.is_some_and(|interval| interval.low > 50.0));
/// ```
#[must_use]
pub fn mean(amounts: &[f64], level: f64, seed: u64) -> Estimate {
    let totals = Totals::of(amounts);
    if totals.other_than_zero() > MAX_RESAMPLED as u64 {
        return totals.large_mean(None, level);
    }
    let sample = Sample::of(amounts);
    sample_mean(&sample, sample.standard_error(), level, seed)
}

/// Returns the mean of a sample with the interval of a standard error that may not be its own.
pub(crate) fn sample_mean(sample: &Sample, error: f64, level: f64, seed: u64) -> Estimate {
    let value = sample.mean();
    sample.flagged(Estimate::new(value, hybrid(sample, value, error, level, seed), sample.n()))
}

/// Returns the hybrid interval of a mean.
fn hybrid(sample: &Sample, value: f64, error: f64, level: f64, seed: u64) -> Option<Interval> {
    let determined = value.is_finite() && error > 0.0 && sample.payers() >= MIN_PAYERS;
    if !(determined && level > 0.0 && level < 1.0) {
        return None;
    }
    let (lower, upper) = ((1.0 - level) / 2.0, f64::midpoint(1.0, level));
    let (scale, pivots) = resampled_pivots(sample, seed);
    let (a_low, a_high) = (quantile_of(&pivots, lower)?, quantile_of(&pivots, upper)?);
    let b_low = quantile_of(&model_pivots(sample, scale, seed), lower)?;
    let (low, high) = match scale {
        Scale::Log => (
            value * libm::exp(-a_high * error / value),
            value * libm::exp(-a_low.min(b_low) * error / value),
        ),
        Scale::Raw => (value - a_high * error, value - a_low.min(b_low) * error),
    };
    Interval::new(low, high, level, Method::HybridT)
}
