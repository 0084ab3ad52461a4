//! How far values are from what is usual.

use super::moments::{deviation, mean, median};

/// The ratio of the standard deviation of a normal distribution to its median absolute deviation.
const NORMAL_MAD: f64 = 1.482_602_218_505_602;

/// A standard deviation below this part of the mean is one of rounding.
const ROUNDING: f64 = 1e-12;

/// Returns the robust z-score of each value, (x − median)/(1.4826 · MAD), where MAD is the median of
/// the absolute differences from the median: large values do not hide themselves by widening their
/// own scale (Iglewicz and Hoaglin 1993).
///
/// `None` where the value is missing, and everywhere if at least half of the values are equal.
///
/// ```
/// use tidegauge_models::series::robust_z;
///
/// let scores = robust_z(&[Some(9.0), Some(10.0), Some(11.0), Some(12.0), Some(90.0)]);
/// assert!((scores[4].unwrap() - 79.0 / 1.4826).abs() < 1e-3);
/// ```
#[must_use]
pub fn robust_z(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    let scale = median(&mut sorted).and_then(|middle| {
        let mut distances: Vec<f64> = sorted.iter().map(|value| (value - middle).abs()).collect();
        median(&mut distances).filter(|mad| *mad > 0.0).map(|mad| (middle, NORMAL_MAD * mad))
    });
    let score = |value: &Option<f64>| {
        value.zip(scale).map(|(value, (middle, deviation))| (value - middle) / deviation)
    };
    values.iter().map(score).collect()
}

/// Returns the z-score of each value against the `window` values before it, of which it is not one:
/// (x − mean)/standard deviation (n − 1).
///
/// `None` where the value, or one of those before it, is missing, and where those do not vary.
///
/// ```
/// use tidegauge_models::series::rolling_z;
///
/// let scores = rolling_z(&[Some(1.0), Some(3.0), Some(4.0)], 2);
/// assert_eq!(scores[..2], [None, None]);
/// assert!((scores[2].unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
/// ```
#[must_use]
pub fn rolling_z(values: &[Option<f64>], window: usize) -> Vec<Option<f64>> {
    let score = |(at, value): (usize, &Option<f64>)| {
        let before: Option<Vec<f64>> =
            values[at.checked_sub(window)?..at].iter().copied().collect();
        let before = before?;
        let (mean, deviation) = (mean(&before)?, deviation(&before)?);
        // Equal values deviate from their mean by rounding alone.
        let varies = deviation > ROUNDING * mean.abs();
        varies.then_some(((*value)? - mean) / deviation)
    };
    values.iter().enumerate().map(score).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_vary_have_no_score() {
        let mut values = vec![Some(0.1); 40];
        values.push(Some(0.2));
        for window in 2..40 {
            assert_eq!(rolling_z(&values, window)[40], None, "window of {window}");
        }
    }
}
