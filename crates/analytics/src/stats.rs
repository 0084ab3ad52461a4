//! Confidence intervals of shares and of means.

use serde::Serialize;

/// The 97.5 % quantile of the standard normal distribution: 95 % lie within ± this.
const Z_95: f64 = 1.959_963_984_540_054;

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// A share of a total with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Share {
    /// The count.
    pub count: u64,
    /// The total.
    #[serde(rename = "of")]
    pub total: u64,
    /// `count / total`; `None` if `total` is 0.
    pub rate: Option<f64>,
    /// The Wilson 95 % interval of the rate; `None` if `total` is 0.
    pub interval: Option<Interval>,
}

impl Share {
    /// Creates the share of `count` out of `total`.
    pub fn new(count: u64, total: u64) -> Self {
        let rate = ratio(count as f64, total as f64);
        Self { count, total, rate, interval: wilson(count, total) }
    }
}

/// Returns the Wilson score interval of `count` out of `total` at 95 %; `None` if `total` is 0.
///
/// Unlike p ± 1.96 √(p(1−p)/n) it stays within 0 and 1 and is not empty at either end.
///
/// ```
/// let interval = tidegauge_analytics::stats::wilson(0, 10).unwrap();
/// assert_eq!(interval.low, 0.0);
/// assert!((interval.high - 0.277_533).abs() < 1e-6);
/// ```
pub fn wilson(count: u64, total: u64) -> Option<Interval> {
    if total == 0 {
        return None;
    }
    let (n, z2) = (total as f64, Z_95 * Z_95);
    let p = count as f64 / n;
    let scale = 1.0 + z2 / n;
    let centre = (p + z2 / (2.0 * n)) / scale;
    let half = Z_95 / scale * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The bounds at the ends are exact by algebra, but not in floating point.
    let low = if count == 0 { 0.0 } else { centre - half };
    let high = if count == total { 1.0 } else { centre + half };
    Some(Interval { low, high })
}

/// The minimum number of users for the interval of a mean and for metrics at an age: the revenue of
/// fewer users is too small a sample of its variance.
pub const MIN_SAMPLE_SIZE: u64 = 30;

/// Returns the 95 % interval of a positive quantity with a standard error, symmetric on the scale of
/// its logarithm: `estimate × exp(± z × error / estimate)`. `None` unless the estimate is above 0,
/// since a quantity of 0 does not show its variance.
///
/// Unlike estimate ± z × error it stays above 0 and reaches further up than down, as suits money:
/// a few users account for most of it.
///
/// ```
/// let interval = tidegauge_analytics::stats::log_interval(100.0, 10.0).unwrap();
/// assert!((interval.low - 82.2).abs() < 0.01 && (interval.high - 121.65).abs() < 0.01);
/// ```
pub fn log_interval(estimate: f64, error: f64) -> Option<Interval> {
    let factor = (Z_95 * error / estimate).exp();
    let known = estimate > 0.0 && factor.is_finite();
    known.then(|| Interval { low: estimate / factor, high: estimate * factor })
}

/// Returns `part / whole`, or `None` if `whole` is 0.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe 1998, table I: 81/263, 15/148, 1/29, method 3 (Wilson without correction).
        for (count, of, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)]
        {
            let found = wilson(count, of).unwrap();
            assert!((found.low - low).abs() < 5e-5, "{count}/{of}: {found:?}");
            assert!((found.high - high).abs() < 5e-5, "{count}/{of}: {found:?}");
        }
        assert_eq!(Share::new(0, 0).rate, None);
    }

    #[test]
    fn log_intervals_are_above_zero() {
        // The factor is exp(1.96 × 1 / 1) = 7.099; ± would give −0.96.
        let wide = log_interval(1.0, 1.0).unwrap();
        assert!((wide.low - 0.140_9).abs() < 1e-4 && (wide.high - 7.099_1).abs() < 1e-4);
        assert_eq!(log_interval(2.0, 0.0), Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!([log_interval(0.0, 1.0), log_interval(-1.0, 1.0)], [None; 2]);
        assert_eq!(log_interval(1.0, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn wilson_intervals_contain_their_share(
            (count, of) in (1u64..10_000).prop_flat_map(|of| (0..=of, Just(of))),
        ) {
            let share = Share::new(count, of);
            let (rate, interval) = (share.rate.unwrap(), share.interval.unwrap());
            prop_assert!(0.0 <= interval.low && interval.low <= rate);
            prop_assert!(rate <= interval.high && interval.high <= 1.0);
        }
    }
}
