//! Levels of intervals as quantiles.

use super::normal::quantile;

/// Returns the standard normal quantile of a two-sided `level`, such as 1.645 for 0.9, or `None`
/// if `level` is not between 0 and 1.
pub(crate) fn two_sided(level: f64) -> Option<f64> {
    // Halved separately: 1 + level would round away the last digits of a level near 1.
    (level > 0.0 && level < 1.0).then(|| -quantile((1.0 - level) / 2.0))
}
