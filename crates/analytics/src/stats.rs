//! Uncertainty of shares.

use serde::Serialize;

/// The 97.5 % quantile of the standard normal distribution: 95 % lie within ± this.
const Z_95: f64 = 1.959_963_984_540_054;

/// An interval that holds the true share with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// A count out of a whole, as a share with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
    /// `count / of`; null when there is nobody.
    pub rate: Option<f64>,
    /// The Wilson 95 % interval of the rate; null when there is nobody.
    pub interval: Option<Interval>,
}

impl Share {
    /// `count` out of `of`.
    pub fn new(count: u64, of: u64) -> Self {
        Self { count, of, rate: ratio(count as f64, of as f64), interval: wilson(count, of) }
    }
}

/// The Wilson score interval of `count` out of `of` at 95 %; null when `of` is 0.
///
/// Unlike p ± 1.96 √(p(1−p)/n) it stays within 0 and 1 and is not empty at either end.
///
/// ```
/// let interval = tidegauge_analytics::stats::wilson(0, 10).unwrap();
/// assert_eq!(interval.low, 0.0);
/// assert!((interval.high - 0.277_533).abs() < 1e-6);
/// ```
pub fn wilson(count: u64, of: u64) -> Option<Interval> {
    if of == 0 {
        return None;
    }
    let (n, z2) = (of as f64, Z_95 * Z_95);
    let p = count as f64 / n;
    let scale = 1.0 + z2 / n;
    let centre = (p + z2 / (2.0 * n)) / scale;
    let half = Z_95 / scale * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The bounds at the ends are exact by algebra, but not in floating point.
    let low = if count == 0 { 0.0 } else { centre - half };
    let high = if count == of { 1.0 } else { centre + half };
    Some(Interval { low, high })
}

/// `part / whole`, null where the whole is 0.
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

    proptest! {
        #[test]
        fn an_interval_holds_its_share(
            (count, of) in (1u64..10_000).prop_flat_map(|of| (0..=of, Just(of))),
        ) {
            let share = Share::new(count, of);
            let (rate, interval) = (share.rate.unwrap(), share.interval.unwrap());
            prop_assert!(0.0 <= interval.low && interval.low <= rate);
            prop_assert!(rate <= interval.high && interval.high <= 1.0);
        }
    }
}
