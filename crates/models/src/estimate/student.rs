//! Student's t distribution.

use crate::math::normal::quantile;

/// Returns the quantile of Student's t with `degrees` of freedom, of which infinitely many are the
/// normal distribution; by the expansion of Abramowitz and Stegun 26.7.5, to about 1 % from 4
/// degrees on at levels up to 99 %.
#[must_use]
pub fn student_quantile(p: f64, degrees: f64) -> f64 {
    let z = quantile(p);
    let z2 = z * z;
    let terms = [
        (z2 + 1.0) / 4.0,
        ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0,
        (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0,
        ((((79.0 * z2 + 776.0) * z2 + 1_482.0) * z2 - 1_920.0) * z2 - 945.0) / 92_160.0,
    ];
    z * terms.iter().rev().fold(0.0, |sum, term| (sum + term) / degrees) + z
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles by R 4 `qt`.
    #[test]
    fn quantiles_are_those_of_r() {
        let known = [
            (0.95, 4.0, 2.131_847),
            (0.95, 10.0, 1.812_461),
            (0.975, 6.0, 2.446_912),
            (0.995, 6.0, 3.707_428),
            (0.95, 100.0, 1.660_234),
        ];
        for (p, degrees, x) in known {
            let found = student_quantile(p, degrees);
            assert!((found / x - 1.0).abs() < 0.01, "{p} {degrees}: {found}");
            assert!((student_quantile(1.0 - p, degrees) + found).abs() < 1e-12);
        }
        assert!((student_quantile(0.95, f64::INFINITY) - quantile(0.95)).abs() < 1e-15);
    }
}
