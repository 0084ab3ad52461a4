//! Intervals of a probability on the scale ln(−ln(p)).

use crate::estimate::{Interval, Method, wilson};
use crate::math::level::two_sided;

/// Returns the bounds p^exp(± z·σ) of a probability strictly between 0 and 1, where σ is the
/// standard error of ln(−ln p).
///
/// `log_variance` is the variance of ln p, so that σ = √`log_variance` / |ln p|.
pub(super) fn log_log(p: f64, log_variance: f64, z: f64) -> (f64, f64) {
    let log = libm::log(p);
    let shift = z * log_variance.sqrt() / -log;
    (libm::exp(log * libm::exp(shift)), libm::exp(log * libm::exp(-shift)))
}

/// Returns the interval of a survival probability.
///
/// At a survival of 1 the variance says nothing, and the interval is Wilson's of no events among
/// the `observed` lives. At 0 there is none.
pub(super) fn interval(p: f64, log_variance: f64, observed: u64, level: f64) -> Option<Interval> {
    if p >= 1.0 {
        return wilson(observed, observed, level).interval;
    }
    let (low, high) = (p > 0.0).then_some(log_log(p, log_variance, two_sided(level)?))?;
    Interval::new(low, high, level, Method::LogLog)
}
