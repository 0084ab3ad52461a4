//! Sums of a resample, and their distribution over many small amounts.

use crate::random::Random;

/// The sums of x and x² over the users of one resample.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    pub(crate) sum: f64,
    pub(crate) squares: f64,
}

impl Sums {
    /// Adds an amount.
    pub(crate) fn add(&mut self, amount: f64) {
        self.sum += amount;
        self.squares += amount * amount;
    }

    /// Returns the relative standard error of the mean of `n` users, or `None` without spread.
    pub(crate) fn relative_error(self, n: f64) -> Option<f64> {
        let spread = n * self.squares / (self.sum * self.sum) - 1.0;
        (spread > 1e-12 && spread.is_finite()).then(|| (spread / (n - 1.0)).sqrt())
    }

    /// Returns mean and standard error of `n` users, or `None` without spread.
    pub(crate) fn mean_and_error(self, n: f64) -> Option<(f64, f64)> {
        let mean = self.sum / n;
        let spread = self.squares / n - mean * mean;
        let positive = spread > 1e-12 * self.squares / n && spread.is_finite();
        positive.then(|| (mean, (spread / (n - 1.0)).sqrt()))
    }
}

/// The joint distribution of x and x², whose sums over many draws are taken as normal.
#[derive(Debug)]
pub(crate) struct Bulk {
    mean: f64,
    square_mean: f64,
    deviation: f64,
    square_deviation: f64,
    correlation: f64,
}

impl Bulk {
    /// Measures amounts; of none, all sums are 0.
    pub(crate) fn of(amounts: &[f64]) -> Self {
        let count = amounts.len().max(1) as f64;
        let moment =
            |power: i32| amounts.iter().map(|amount| amount.powi(power)).sum::<f64>() / count;
        Self::from_moments([moment(1), moment(2), moment(3), moment(4)])
    }

    /// Creates the distribution from the means of the powers 1 to 4.
    pub(crate) fn from_moments([first, second, third, fourth]: [f64; 4]) -> Self {
        let deviation = (second - first * first).max(0.0).sqrt();
        let square_deviation = (fourth - second * second).max(0.0).sqrt();
        let product = deviation * square_deviation;
        let correlation = if product > 0.0 { (third - first * second) / product } else { 0.0 };
        Self {
            mean: first,
            square_mean: second,
            deviation,
            square_deviation,
            correlation: correlation.clamp(-1.0, 1.0),
        }
    }

    /// Returns sums over `count` draws.
    pub(crate) fn draw(&self, count: u64, random: &mut Random) -> Sums {
        if count == 0 {
            return Sums::default();
        }
        let (count, root) = (count as f64, (count as f64).sqrt());
        let (one, other) = (random.normal(), random.normal());
        let rest = (1.0 - self.correlation * self.correlation).max(0.0).sqrt();
        let mixed = self.correlation * one + rest * other;
        let sum = count * self.mean + root * self.deviation * one;
        let squares = count * self.square_mean + root * self.square_deviation * mixed;
        Sums { sum, squares: squares.max(sum * sum / count) }
    }
}
