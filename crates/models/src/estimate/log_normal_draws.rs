//! Sums over log-normal amounts exp(σ Z), for a σ that differs between draws.
//!
//! Each returns the sums in a unit in which they cannot overflow, and the logarithm of that unit.

use super::lower_tail::LowerTail;
use super::sums::{Bulk, Sums};
use crate::math::normal::{density, mills_ratio, quantile};
use crate::random::Random;

/// The most amounts that are all drawn one by one, and the expected number of the largest that are
/// if there are more.
pub(crate) const SINGLES: usize = 48;
pub(crate) const LARGEST: usize = 24;

/// A generator of sums over log-normal amounts.
#[derive(Debug)]
pub(crate) enum LogNormalDraws {
    /// Draws each amount.
    Each { half: LowerTail, exponents: Vec<f64> },
    /// Draws each amount above a bound, and the sums over those below at once.
    Largest { tail: LowerTail, bound: f64, density: f64 },
}

impl LogNormalDraws {
    /// Creates a generator for an expected number of amounts.
    pub(crate) fn new(expected: usize) -> Self {
        if expected <= SINGLES {
            return Self::Each { half: LowerTail::new(0.5), exponents: Vec::new() };
        }
        let share = LARGEST as f64 / expected as f64;
        let bound = -quantile(share);
        Self::Largest { tail: LowerTail::new(share), bound, density: density(bound) }
    }

    /// Returns sums over `count` amounts.
    pub(crate) fn draw(&mut self, count: u64, sigma: f64, random: &mut Random) -> (Sums, f64) {
        match self {
            Self::Each { half, exponents } => {
                exponents.clear();
                exponents.extend((0..count).map(|_| sigma * half.normal(random)));
                let unit = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut sums = Sums::default();
                for exponent in exponents {
                    sums.add(exp(*exponent - unit));
                }
                (sums, unit)
            }
            Self::Largest { tail, bound, density } => {
                let share = tail.share();
                // E[e^{jσ(Z − bound)}; Z < bound] = φ(bound) × Mills(jσ − bound)
                let moment =
                    |power: f64| *density * mills_ratio(power * sigma - *bound) / (1.0 - share);
                let moments = [moment(1.0), moment(2.0), moment(3.0), moment(4.0)];
                let large = random.binomial(count, share);
                let mut sums = Bulk::from_moments(moments).draw(count - large, random);
                for _ in 0..large {
                    sums.add(exp(sigma * (-tail.draw(random) - *bound)));
                }
                (sums, sigma * *bound)
            }
        }
    }
}

/// The coefficients of the exponential series.
const INVERSE_FACTORIALS: [f64; 10] = [
    1.0,
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
];

/// Returns eˣ to about 1e-11 relative, the same on every machine; 0 below −700 and infinite above.
fn exp(x: f64) -> f64 {
    const LN_2: (f64, f64) = (6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10);
    // Adding 1.5 × 2⁵² rounds to an integer, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    if x < -700.0 {
        return 0.0;
    }
    if x > 700.0 {
        return f64::INFINITY;
    }
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let twos = shifted - ROUND;
    let r = (x - twos * LN_2.0) - twos * LN_2.1;
    // The exponential series, in pairs of terms for fewer dependent operations.
    let (r2, term) = (r * r, |k: usize| INVERSE_FACTORIALS[k]);
    let pair = |k: usize| term(k) + term(k + 1) * r;
    let mantissa = pair(0) + r2 * (pair(2) + r2 * (pair(4) + r2 * (pair(6) + r2 * pair(8))));
    f64::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_eleven_digits() {
        for step in -6_999..=6_999 {
            let x = f64::from(step) / 10.0;
            assert!((exp(x) / libm::exp(x) - 1.0).abs() < 1e-11, "{x}");
        }
        assert_eq!((exp(0.0), exp(-800.0), exp(800.0)), (1.0, 0.0, f64::INFINITY));
    }
}
