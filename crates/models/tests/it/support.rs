//! Comparison of numbers, random draws, and coverage of intervals.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tidegauge_models::{Estimate, Interval};

/// Fails unless `got` differs from `want` by less than `tolerance`, relative beyond 1.
#[track_caller]
pub(crate) fn assert_near(got: f64, want: f64, tolerance: f64) {
    let error = (got - want).abs() / want.abs().max(1.0);
    assert!(error < tolerance, "{got} instead of {want}");
}

/// A seeded stream of random numbers.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Returns a number that is uniform in the open interval (0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Returns a draw from the exponential distribution of mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Returns a draw from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        tidegauge_models::math::normal::quantile(self.unit())
    }
}

/// Counts of intervals that lie below the truth, hold it, and lie above.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    below: u32,
    held: u32,
    above: u32,
}

impl Coverage {
    pub(crate) fn add(&mut self, estimate: &Estimate, truth: f64) {
        let Interval { low, high, .. } = estimate.interval.unwrap();
        if high < truth {
            self.below += 1;
        } else if low > truth {
            self.above += 1;
        } else {
            self.held += 1;
        }
    }

    /// Returns the share of samples held, in percent.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * f64::from(self.held) / f64::from(self.below + self.held + self.above)
    }

    /// Prints the coverage and fails unless it is within bounds in percent.
    #[track_caller]
    #[allow(clippy::print_stdout, reason = "`--nocapture` shows the table")]
    pub(crate) fn assert_within(&self, what: &str, low: f64, high: f64) {
        println!("{what}: {:.1} % {self:?}", self.percent());
        assert!((low..=high).contains(&self.percent()), "{what}: {self:?}");
    }
}
