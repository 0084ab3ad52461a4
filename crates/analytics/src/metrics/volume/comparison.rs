//! The comparison of a cohort with all other users.

use tidegauge_models::Estimate;
use tidegauge_models::estimate::{difference, quotient};

/// The lowest p-value that is told from 0.
const LOWEST_P: f64 = 1e-12;

/// A cohort against all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) difference: Estimate,
    pub(super) lift: Estimate,
    /// The two-sided p-value of no difference; NaN without an interval.
    pub(super) p_value: f64,
}

/// Compares two independent shares, each a function of the level of its interval.
///
/// The intervals of difference and ratio combine those of the shares as Newcombe's (1998) method
/// does. The p-value is 1 less the highest level at which the interval of the difference excludes
/// 0, so that it agrees with the interval at every level.
pub(super) fn compare(
    (one, others): (impl Fn(f64) -> Estimate, impl Fn(f64) -> Estimate),
    level: f64,
) -> Comparison {
    let between = |level: f64| difference(one(level), others(level));
    let excludes_zero =
        |p: f64| between(1.0 - p).interval.is_some_and(|interval| !interval.contains(0.0));
    let at_level = between(level);
    let p_value = || {
        if excludes_zero(LOWEST_P) {
            return LOWEST_P;
        }
        // On the scale of the logarithm, so that small p-values are as exact as large ones.
        let (mut low, mut high) = (LOWEST_P.ln(), 0.0_f64);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if excludes_zero(middle.exp()) { high = middle } else { low = middle }
        }
        high.exp()
    };
    Comparison {
        difference: at_level,
        lift: quotient(one(level), others(level)),
        p_value: if at_level.interval.is_some() { p_value() } else { f64::NAN },
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_models::estimate::wilson;

    use super::*;

    #[test]
    fn the_p_value_is_the_level_at_which_zero_is_on_the_bound() {
        let shares = |level: f64| (wilson(56, 70, level), wilson(48, 80, level));
        let compared = compare((|level| shares(level).0, |level| shares(level).1), 0.95);
        // Newcombe's example: the interval at 95 % is 0.0524 to 0.3339.
        let interval = compared.difference.interval.unwrap();
        assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5);
        let at = |level: f64| {
            let (one, others) = shares(level);
            difference(one, others).interval.unwrap().low
        };
        assert!(at(1.0 - compared.p_value).abs() < 1e-9, "{}", compared.p_value);
        assert!(compared.p_value < 0.05);
        assert_eq!(compared.lift.value, Some(0.8 / 0.6));
        let same = compare((|level| wilson(3, 9, level), |level| wilson(3, 9, level)), 0.9);
        assert!((same.p_value - 1.0).abs() < 1e-9);
        let none = compare((|level| wilson(3, 9, level), |level| wilson(0, 0, level)), 0.9);
        assert!(none.p_value.is_nan() && none.difference.value.is_none());
    }
}
