//! Moving averages and other functions of a moving window.

use super::moments::mean;

/// Returns a function of the last `window` values at each position, `None` where one of them is
/// missing or not yet there.
pub(super) fn rolling(
    values: &[Option<f64>],
    window: usize,
    of: impl Fn(&[f64]) -> Option<f64>,
) -> Vec<Option<f64>> {
    let at = |end: usize| {
        let start = end.checked_sub(window)?;
        let values: Option<Vec<f64>> = values[start..end].iter().copied().collect();
        of(&values?)
    };
    (1..=values.len()).map(at).collect()
}

/// Returns the mean of the last `window` values at each position; `None` where one of them is
/// missing or not yet there.
///
/// ```
/// use tidegauge_models::series::simple_moving_average;
///
/// let average = simple_moving_average(&[Some(1.0), Some(3.0), Some(8.0)], 2);
/// assert_eq!(average, [None, Some(2.0), Some(5.5)]);
/// ```
#[must_use]
pub fn simple_moving_average(values: &[Option<f64>], window: usize) -> Vec<Option<f64>> {
    rolling(values, window, mean)
}

/// Returns the exponential moving average of a `span`, eᵢ = α·xᵢ + (1 − α)·eᵢ₋₁ with
/// α = 2/(`span` + 1), begun at the first value; `None` where the value is missing, which leaves
/// the average as it is.
///
/// ```
/// use tidegauge_models::series::exponential_moving_average;
///
/// let average = exponential_moving_average(&[Some(1.0), None, Some(3.0)], 3.0);
/// assert_eq!(average, [Some(1.0), None, Some(2.0)]);
/// ```
#[must_use]
pub fn exponential_moving_average(values: &[Option<f64>], span: f64) -> Vec<Option<f64>> {
    let share = 2.0 / (span + 1.0);
    let mut average = None;
    let mut next = |value: &Option<f64>| {
        let value = (*value)?;
        average = Some(average.map_or(value, |average| average + share * (value - average)));
        average
    };
    values.iter().map(&mut next).collect()
}
