//! Intervals from a standard error (delta method).

use super::types::{Estimate, Interval, Method};
use crate::math::normal::quantile;

/// Returns a value with the interval `value ± z se`.
///
/// ```
/// use tidegauge_models::estimate::normal;
///
/// let change = normal(-3.0, 2.0, 50, 0.9);
/// assert!(change.interval.is_some_and(|interval| interval.contains(0.0)));
/// ```
#[must_use]
pub fn normal(value: f64, se: f64, n: u64, level: f64) -> Estimate {
    let reach = quantile(f64::midpoint(level, 1.0)) * se;
    Estimate::new(value, Interval::new(value - reach, value + reach, level, Method::Normal), n)
}

/// Returns a positive value with the interval `value × exp(± z se / value)`; a value that is not
/// positive has none.
///
/// ```
/// use tidegauge_models::estimate::log_normal;
///
/// let cost = log_normal(40.0, 4.0, 100, 0.9);
/// let interval = cost.interval.ok_or("no interval")?;
/// assert!((interval.low * interval.high - 1_600.0).abs() < 1e-9);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn log_normal(value: f64, se: f64, n: u64, level: f64) -> Estimate {
    log_normal_of(value, quantile(f64::midpoint(level, 1.0)) * se / value, n, level)
}

/// Returns a positive value with the interval `value × exp(± reach)`.
pub(crate) fn log_normal_of(value: f64, reach: f64, n: u64, level: f64) -> Estimate {
    let factor = libm::exp(reach);
    let interval = (value > 0.0)
        .then(|| Interval::new(value / factor, value * factor, level, Method::LogNormal))
        .flatten();
    Estimate::new(value, interval, n)
}

/// Returns a value between 0 and 1 with the interval that is normal in its log-odds; a value of 0
/// or 1, or beyond, has none.
///
/// The standard error of the log-odds is `se / (value (1 − value))`.
///
/// ```
/// use tidegauge_models::estimate::logit_normal;
///
/// let gini = logit_normal(0.9, 0.05, 400, 0.9);
/// assert!(gini.interval.is_some_and(|interval| interval.high < 1.0));
/// ```
#[must_use]
pub fn logit_normal(value: f64, se: f64, n: u64, level: f64) -> Estimate {
    let within = value > 0.0 && value < 1.0;
    let reach = quantile(f64::midpoint(level, 1.0)) * se / (value * (1.0 - value));
    let odds = value / (1.0 - value);
    let share = |odds: f64| odds / (1.0 + odds);
    let low = share(odds * libm::exp(-reach));
    let high = 1.0 - share(libm::exp(-reach) / odds);
    let interval = Interval::new(low, high, level, Method::LogitNormal).filter(|_| within);
    Estimate::new(value, interval, n)
}
