//! Adjustment of p-values for the number of tests.

/// Returns the p-values adjusted by Benjamini and Hochberg's procedure, in the order given.
///
/// Of the tests whose adjusted value is at most q, a share of at most q is expected to be false, if
/// the tests are independent or positively dependent (Benjamini and Hochberg 1995; Benjamini and
/// Yekutieli 2001). The adjusted value of the i-th smallest of m p-values is the least of
/// p₍ⱼ₎ · m/j over j ≥ i, at most 1; equals R's `p.adjust(p, "BH")`. A NaN stands for a test that
/// was not made: its adjusted value is NaN, and it does not count among the m.
///
/// ```
/// use tidegauge_models::multiple::benjamini_hochberg;
///
/// let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03]);
/// assert_eq!(adjusted, [0.03, 0.04, 0.04]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut adjusted = p_values.to_vec();
    let mut order: Vec<usize> = (0..p_values.len()).filter(|at| !p_values[*at].is_nan()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let (tests, mut least) = (order.len() as f64, 1.0_f64);
    for (rank, at) in order.iter().enumerate().rev() {
        least = least.min(p_values[*at] * (tests / (rank + 1) as f64));
        adjusted[*at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_r() {
        // R 4.2.2: p.adjust(c(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        // 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1), "BH"); the p-values are of Benjamini
        // and Hochberg (1995), §3.2, which rejects the first four at 0.05.
        let p_values = [
            0.0344, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0001, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let expected = [
            0.0645,
            0.003,
            0.0095,
            0.035_625,
            0.0603,
            0.063_857_142_857_142_9,
            0.063_857_142_857_142_9,
            0.0015,
            0.0765,
            0.486,
            0.581_181_818_181_818,
            0.714_875,
            0.753_230_769_230_769,
            0.813_214_285_714_286,
            1.0,
        ];
        let adjusted = benjamini_hochberg(&p_values);
        for (got, want) in adjusted.iter().zip(expected) {
            assert!((got - want).abs() < 1e-14, "{adjusted:?}");
        }
        assert_eq!(adjusted.iter().filter(|p| **p <= 0.05).count(), 4);
    }

    #[test]
    fn tests_that_were_not_made_do_not_count() {
        let adjusted = benjamini_hochberg(&[0.02, f64::NAN, 0.5]);
        assert_eq!((adjusted[0], adjusted[2]), (0.04, 0.5));
        assert!(adjusted[1].is_nan());
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
