//! Random draws of the bootstrap: identical for one seed on every machine and release.
//!
//! The distributions are implemented here because libraries do not guarantee stable values;
//! transcendental functions come from `libm` because `std` does not specify their last digits.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::math::normal::quantile;

/// A deterministic random stream (ChaCha8) with the distributions that a bootstrap draws from.
#[derive(Debug)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// Creates one of the independent streams of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Returns 32 uniformly distributed bits.
    pub(crate) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Returns a number that is uniform in the open interval (0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Returns an index that is uniform in `0..len`.
    pub(crate) fn below(&mut self, len: usize) -> usize {
        // The high half of a 96-bit product: bias below 2⁻³² × len.
        let product = u128::from(self.0.next_u32()) * len as u128;
        usize::try_from(product >> 32).unwrap_or(0)
    }

    /// Returns a draw from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        quantile(self.unit())
    }

    /// Returns a draw from the χ² distribution with `degrees` > 0.
    pub(crate) fn chi_square(&mut self, degrees: f64) -> f64 {
        2.0 * self.gamma(degrees / 2.0)
    }

    /// Returns a draw from the gamma distribution of unit scale (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let smaller = libm::pow(self.unit(), 1.0 / shape);
            return self.gamma(shape + 1.0) * smaller;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && libm::log(self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// Returns a draw from the binomial distribution.
    ///
    /// By inversion where the rarer outcome is expected fewer than 30 times; otherwise the
    /// Cornish–Fisher quantile of second order, rounded, whose distribution function differs from
    /// the binomial one by less than 0.003.
    pub(crate) fn binomial(&mut self, trials: u64, share: f64) -> u64 {
        if share > 0.5 {
            return trials - self.rarer(trials, 1.0 - share);
        }
        self.rarer(trials, share)
    }

    /// Returns a binomial draw for a `share` of at most ½.
    fn rarer(&mut self, trials: u64, share: f64) -> u64 {
        let mean = trials as f64 * share;
        if share <= 0.0 {
            return 0;
        }
        if mean >= 30.0 {
            let z = self.normal();
            let spread = (mean * (1.0 - share)).sqrt();
            let count = mean + spread * z + (1.0 - 2.0 * share) * (z * z - 1.0) / 6.0;
            return round_to_count(count, trials);
        }
        let odds = share / (1.0 - share);
        let mut chance = libm::exp(trials as f64 * libm::log1p(-share));
        let mut left = self.unit();
        for count in 0..trials {
            if left < chance {
                return count;
            }
            left -= chance;
            chance *= odds * (trials - count) as f64 / (count + 1) as f64;
        }
        trials
    }
}

/// Returns a real number as a count from 0 to `most`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to the range first"
)]
fn round_to_count(value: f64, most: u64) -> u64 {
    (value.round().clamp(0.0, most as f64) as u64).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns mean and variance of draws.
    fn moments(draws: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..draws).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / draws as f64;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        (mean, squares / draws as f64)
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let mut random = Random::new(7, 0);
        let near = |(mean, variance): (f64, f64), expected: (f64, f64)| {
            let error = 5.0 * (expected.1 / 40_000.0_f64).sqrt();
            assert!((mean - expected.0).abs() < error, "{mean} {expected:?}");
            assert!((variance / expected.1 - 1.0).abs() < 0.1, "{variance} {expected:?}");
        };
        near(moments(40_000, || random.unit()), (0.5, 1.0 / 12.0));
        near(moments(40_000, || random.normal()), (0.0, 1.0));
        for degrees in [1.0, 2.0, 7.0, 300.0] {
            near(moments(40_000, || random.chi_square(degrees)), (degrees, 2.0 * degrees));
        }
        near(moments(40_000, || random.below(10) as f64), (4.5, 8.25));
        for (trials, share) in [(5, 0.3), (40, 0.9), (1_000, 0.001), (400, 0.5), (1 << 40, 0.3)] {
            let mean = trials as f64 * share;
            let draws = moments(40_000, || random.binomial(trials, share) as f64);
            near(draws, (mean, mean * (1.0 - share)));
        }
        assert_eq!(random.binomial(9, 0.0), 0);
        assert_eq!(random.binomial(9, 1.0), 9);
    }

    #[test]
    fn large_binomials_keep_their_distribution() {
        let (trials, share, draws) = (120_u64, 0.3, 200_000);
        let mut random = Random::new(8, 0);
        let mut counts = vec![0_u32; 121];
        for _ in 0..draws {
            counts[usize::try_from(random.binomial(trials, share)).unwrap()] += 1;
        }
        let mut chance = libm::pow(1.0 - share, trials as f64);
        let (mut expected, mut drawn) = (0.0, 0.0);
        for (count, seen) in (0..trials).zip(&counts) {
            expected += chance;
            drawn += f64::from(*seen) / f64::from(draws);
            assert!((expected - drawn).abs() < 0.006, "{count}: {expected} {drawn}");
            chance *= (trials - count) as f64 / (count + 1) as f64 * share / (1.0 - share);
        }
    }
}
