//! Differences, ratios and products of independent estimates.
//!
//! The method of variance estimates recovery: each side's distance from its value to a bound takes
//! the place of z times its standard error, so that the skewness of each interval carries over
//! (G. Y. Zou and A. Donner 2008, Statistics in Medicine 27; for log-normal means G. Y. Zou,
//! J. Taleban and C. Y. Huo 2009, Computational Statistics & Data Analysis 53). Both intervals
//! must have the same level; otherwise there is none. Groups whose variance allows for shared weeks are
//! not independent of each other: their difference is then wider than need be.

use super::types::{Estimate, Interval, Method};

/// Returns the difference `a − b` of two independent estimates.
///
/// ```text
/// low  = a − b − √((a − lₐ)² + (u_b − b)²)
/// high = a − b + √((uₐ − a)² + (b − l_b)²)
/// ```
///
/// ```
/// use tidegauge_models::estimate::{difference, normal};
///
/// let gain = difference(normal(10.0, 3.0, 50, 0.9), normal(4.0, 4.0, 50, 0.9));
/// let interval = gain.interval.ok_or("no interval")?;
/// assert!((interval.high - 6.0 - 1.644_853_627 * 5.0).abs() < 1e-8);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn difference(a: Estimate, b: Estimate) -> Estimate {
    combine(
        a,
        b,
        |a, b| a - b,
        |(a, low_a, high_a), (b, low_b, high_b)| {
            let low = a - b - (a - low_a).hypot(high_b - b);
            let high = a - b + (high_a - a).hypot(b - low_b);
            Some((low, high))
        },
    )
}

/// Returns the ratio `a / b` of two independent estimates, combined on the scale of the logarithm;
/// without interval unless all bounds are positive, and undetermined if `b` is 0.
///
/// ```
/// use tidegauge_models::estimate::{log_normal, quotient};
///
/// let lift = quotient(log_normal(30.0, 3.0, 90, 0.9), log_normal(20.0, 2.0, 90, 0.9));
/// assert_eq!(lift.value, Some(1.5));
/// ```
#[must_use]
pub fn quotient(a: Estimate, b: Estimate) -> Estimate {
    combine(
        a,
        b,
        |a, b| a / b,
        |(a, low_a, high_a), (b, low_b, high_b)| {
            let below = libm::log(a / low_a).hypot(libm::log(high_b / b));
            let above = libm::log(high_a / a).hypot(libm::log(b / low_b));
            let positive = low_a > 0.0 && low_b > 0.0;
            positive.then(|| (a / b * libm::exp(-below), a / b * libm::exp(above)))
        },
    )
}

/// Returns the product `a × b` of two independent estimates, combined on the scale of the
/// logarithm; without interval unless all bounds are positive.
///
/// ```
/// use tidegauge_models::estimate::{log_normal, product};
///
/// let value = product(log_normal(0.4, 0.02, 500, 0.9), log_normal(300.0, 30.0, 200, 0.9));
/// assert_eq!(value.value, Some(120.0));
/// ```
#[must_use]
pub fn product(a: Estimate, b: Estimate) -> Estimate {
    combine(
        a,
        b,
        |a, b| a * b,
        |(a, low_a, high_a), (b, low_b, high_b)| {
            let below = libm::log(a / low_a).hypot(libm::log(b / low_b));
            let above = libm::log(high_a / a).hypot(libm::log(high_b / b));
            let positive = low_a > 0.0 && low_b > 0.0;
            positive.then(|| (a * b * libm::exp(-below), a * b * libm::exp(above)))
        },
    )
}

/// A value with its lower and upper bound.
type Bounds = (f64, f64, f64);

/// Combines values and, if both have intervals of one level, bounds.
fn combine(
    a: Estimate,
    b: Estimate,
    value: impl Fn(f64, f64) -> f64,
    bounds: impl Fn(Bounds, Bounds) -> Option<(f64, f64)>,
) -> Estimate {
    let n = a.n.saturating_add(b.n);
    let Some((value_a, value_b)) = a.value.zip(b.value) else {
        return Estimate::undetermined(n);
    };
    let interval = a.interval.zip(b.interval).and_then(|(one, other)| {
        let level = (one.level == other.level).then_some(one.level)?;
        let (low, high) = bounds(a.bounds()?, b.bounds()?)?;
        Interval::new(low, high, level, Method::SquareAndAdd)
    });
    Estimate { flags: a.flags.or(b.flags), ..Estimate::new(value(value_a, value_b), interval, n) }
}
