//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Returns the density φ(x) of the standard normal distribution.
///
/// ```
/// use tidegauge_models::math::normal::density;
///
/// assert!((density(0.0) - 0.398_942_280_401_432_7).abs() < 1e-15); // 1/√(2π)
/// ```
#[must_use]
pub fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / (2.0 * PI).sqrt()
}

/// Returns the share of the standard normal distribution below `x`, Φ(x), to about 1e-16.
///
/// The lower tail keeps its relative precision; for the upper tail take `cdf(-x)`.
///
/// ```
/// let share = tidegauge_models::math::normal::cdf(1.0);
/// assert!((share - 0.841_344_746_068_542_9).abs() < 1e-15);
/// ```
#[must_use]
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Returns the quantile of the standard normal distribution, the `x` with Φ(x) = `p`, to about
/// 1e-15 relative; infinite at 0 and 1, and NaN outside.
///
/// Algorithm AS 241, PPND16 (M. J. Wichura 1988, Applied Statistics 37).
///
/// ```
/// use tidegauge_models::math::normal::quantile;
///
/// assert!((quantile(0.95) - 1.644_853_626_951_472_7).abs() < 4e-15);
/// assert_eq!(quantile(0.5), 0.0);
/// ```
#[must_use]
pub fn quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * rational(&CENTRE, r);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return f64::INFINITY.copysign(centred);
    }
    if tail.is_nan() || tail < 0.0 {
        return f64::NAN;
    }
    let r = (-libm::log(tail)).sqrt();
    let x = if r <= 5.0 { rational(&TAIL, r - 1.6) } else { rational(&FAR_TAIL, r - 5.0) };
    x.copysign(centred)
}

/// Returns Mills' ratio (1 − Φ(x)) / φ(x), the scaled upper tail, for any finite `x`.
///
/// It stays finite where the tail itself underflows. To about 1e-11 relative.
pub(crate) fn mills_ratio(x: f64) -> f64 {
    if x < 14.0 {
        return cdf(-x) / density(x);
    }
    // The asymptotic series of the tail, Abramowitz and Stegun 26.2.12.
    let inverse = 1.0 / (x * x);
    let terms = [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0];
    terms.iter().fold(1.0, |sum, odd| 1.0 - odd * inverse * sum) / x
}

/// The coefficients of a numerator and of a denominator, highest power first.
type Rational = ([f64; 8], [f64; 8]);

/// Returns the quotient of two polynomials at `x`.
fn rational((numerator, denominator): &Rational, x: f64) -> f64 {
    let at = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    at(numerator) / at(denominator)
}

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const CENTRE: Rational = (
    [
        2.509_080_928_730_122_672_7e3,
        3.343_057_558_358_812_810_5e4,
        6.726_577_092_700_870_085_3e4,
        4.592_195_393_154_987_145_7e4,
        1.373_169_376_550_946_112_5e4,
        1.971_590_950_306_551_442_7e3,
        1.331_416_678_917_843_774_5e2,
        3.387_132_872_796_366_608_0,
    ],
    [
        5.226_495_278_852_854_561_0e3,
        2.872_908_573_572_194_267_4e4,
        3.930_789_580_009_271_061_0e4,
        2.121_379_430_158_659_586_7e4,
        5.394_196_021_424_751_107_7e3,
        6.871_870_074_920_579_083_0e2,
        4.231_333_070_160_091_125_2e1,
        1.0,
    ],
);

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const TAIL: Rational = (
    [
        7.745_450_142_783_414_076_4e-4,
        2.272_384_498_926_918_458_4e-2,
        2.417_807_251_774_506_117_7e-1,
        1.270_458_252_452_368_382_6,
        3.647_848_324_763_204_604_4,
        5.769_497_221_460_691_405_5,
        4.630_337_846_156_545_295_9,
        1.423_437_110_749_683_577_34,
    ],
    [
        1.050_750_071_644_416_843_24e-9,
        5.475_938_084_995_344_946e-4,
        1.519_866_656_361_645_719_66e-2,
        1.481_039_764_274_800_745_9e-1,
        6.897_673_349_851_000_045_5e-1,
        1.676_384_830_183_803_849_4,
        2.053_191_626_637_758_821_87,
        1.0,
    ],
);

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const FAR_TAIL: Rational = (
    [
        2.010_334_399_292_288_132_65e-7,
        2.711_555_568_743_487_578_15e-5,
        1.242_660_947_388_078_438_6e-3,
        2.653_218_952_657_612_309_3e-2,
        2.965_605_718_285_048_912_3e-1,
        1.784_826_539_917_291_335_8,
        5.463_784_911_164_114_369_9,
        6.657_904_643_501_103_777_2,
    ],
    [
        2.044_263_103_389_939_785_64e-15,
        1.421_511_758_316_445_888_7e-7,
        1.846_318_317_510_054_681_8e-5,
        7.868_691_311_456_132_591e-4,
        1.487_536_129_085_061_485_25e-2,
        1.369_298_809_227_358_053_1e-1,
        5.998_322_065_558_879_376_9e-1,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles by R 4 `qnorm`, and `mpmath` at 40 digits.
    #[test]
    fn quantiles_are_those_of_r() {
        let known = [
            (0.975, 1.959_963_984_540_054),
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
        ];
        for (p, x) in known {
            assert!((quantile(p) - x).abs() < 4e-15 * x.abs(), "{p}: {}", quantile(p));
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        for outside in [-0.1, 1.1, f64::NAN] {
            assert!(quantile(outside).is_nan());
        }
    }

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for step in 1..2_000 {
            let p = f64::from(step) / 2_000.0;
            assert!((cdf(quantile(p)) - p).abs() < 4e-16, "{p}");
        }
    }

    #[test]
    fn the_scaled_tail_is_continuous_and_finite() {
        assert!((mills_ratio(0.0) - (PI / 2.0).sqrt()).abs() < 1e-15);
        let (below, above) = (mills_ratio(14.0 - 1e-12), mills_ratio(14.0));
        assert!((below / above - 1.0).abs() < 1e-11, "{below} {above}");
        assert!((mills_ratio(1e6) * 1e6 - 1.0).abs() < 1e-11);
    }
}
