//! The block bootstrap of serially dependent values.

use serde::{Deserialize, Serialize};

use crate::math::student;
use crate::random::Random;

/// The fewest values that an interval is given for.
const FEWEST: usize = 20;

/// Settings of the circular block bootstrap (Politis and Romano 1992): blocks of consecutive values
/// are drawn, so that samples keep the serial dependence within a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockBootstrap {
    /// The number of samples.
    pub replicates: u32,
    /// The seed: equal seeds give equal intervals.
    pub seed: u64,
    /// The length of a block; `None` is ⌈1.3·√n⌉ (Lazarus, Lewis, Stock and Watson 2018).
    pub block: Option<usize>,
}

impl Default for BlockBootstrap {
    /// 999 samples of seed 0, with the length of a block by rule.
    fn default() -> Self {
        Self { replicates: 999, seed: 0, block: None }
    }
}

/// The standard error of a statistic, with what is known of its own error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) error: f64,
    pub(super) degrees: f64,
}

impl Spread {
    /// Returns the distance of the bounds of a two-sided interval from the value, or `None` if
    /// `level` is not between 0 and 1.
    pub(super) fn reach(&self, level: f64) -> Option<f64> {
        let within = level > 0.0 && level < 1.0;
        within.then(|| self.error * student::quantile(f64::midpoint(level, 1.0), self.degrees))
    }

    /// Returns the probability of a value as far from 0 if the truth is 0.
    pub(super) fn p_value(&self, value: f64) -> f64 {
        2.0 * student::tail(value.abs() / self.error, self.degrees)
    }
}

impl BlockBootstrap {
    /// Returns the spread of a statistic of the rows of `n` observations, or `None` if they are
    /// fewer than 20 or the statistic does not vary. Samples without a statistic are left out.
    ///
    /// With blocks of length b the variance of the samples is that of the Bartlett kernel of
    /// bandwidth b: low by the factor 1 − b/n, and uncertain like one of 1.5·n/b degrees of freedom
    /// (Kiefer and Vogelsang 2005; Sun 2014). Both are made up for, so that long blocks cost width
    /// and not coverage.
    pub(super) fn spread(
        &self,
        n: usize,
        stream: u64,
        mut statistic: impl FnMut(&[usize]) -> Option<f64>,
    ) -> Option<Spread> {
        if n < FEWEST {
            return None;
        }
        let block = self.block.unwrap_or_else(|| default_block(n)).clamp(1, n / 2);
        let mut random = Random::new(self.seed, stream);
        let mut rows = vec![0; n];
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for _ in 0..self.replicates {
            for rows in rows.chunks_mut(block) {
                let start = random.below(n);
                for (offset, row) in rows.iter_mut().enumerate() {
                    *row = (start + offset) % n;
                }
            }
            // Welford's update of the mean and of the sum of squares about it.
            if let Some(value) = statistic(&rows).filter(|value| value.is_finite()) {
                count += 1.0;
                let change = value - mean;
                mean += change / count;
                squares += change * (value - mean);
            }
        }
        let share = block as f64 / n as f64;
        let error = (squares / (count - 1.0) / (1.0 - share)).sqrt();
        (error > 0.0).then_some(Spread { error, degrees: 1.5 / share })
    }
}

/// Returns ⌈1.3·√n⌉ in whole numbers.
fn default_block(n: usize) -> usize {
    let target = n.saturating_mul(169).div_ceil(100);
    let root = target.isqrt();
    if root * root < target { root + 1 } else { root }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_grow_as_the_root() {
        let blocks = [20, 90, 100, 365, 1_000].map(default_block);
        assert_eq!(blocks, [6, 13, 13, 25, 42]);
    }

    #[test]
    fn the_error_of_a_mean_is_that_of_the_long_run_variance() {
        // Of x + y with independent x and pairs of equal y, the variance of the mean is known.
        let mut random = Random::new(1, 0);
        let values: Vec<f64> = (0..500)
            .flat_map(|_| {
                let shared = random.normal();
                [shared, shared]
            })
            .collect();
        let mean = |rows: &[usize]| {
            Some(rows.iter().map(|row| values[*row]).sum::<f64>() / rows.len() as f64)
        };
        let spread = BlockBootstrap::default().spread(1_000, 0, mean).unwrap();
        let expected = (2.0_f64 / 1_000.0).sqrt();
        assert!((spread.error / expected - 1.0).abs() < 0.15, "{spread:?} {expected}");
    }

    #[test]
    fn few_or_constant_values_have_no_spread() {
        let bootstrap = BlockBootstrap::default();
        assert!(bootstrap.spread(19, 0, |rows| Some(rows[0] as f64)).is_none());
        assert!(bootstrap.spread(50, 0, |_| Some(1.0)).is_none());
        assert!(bootstrap.spread(50, 0, |_| None).is_none());
    }
}
