//! The amounts of the users of one cell, streamed.

use super::bottom::BottomSample;
use super::mean::{MAX_RESAMPLED, large_mean, sample_mean};
use super::sample::Sample;
use super::sum::Sum;
use super::types::Estimate;

/// The amounts of the users of one cell, such as one cohort at one age: a mergeable accumulator of
/// their mean.
///
/// Holds the number of users, exact sums, and the amounts other than 0 of at most 20,000 users,
/// chosen by the hash of the user. Up to that number the estimate equals [`mean`] of all amounts,
/// bit for bit, however the users were cut into parts; beyond, value and standard error are exact
/// and the interval is normal, on the scale of the logarithm unless an amount is negative.
///
/// [`mean`]: super::mean()
///
/// ```
/// use tidegauge_models::estimate::{Amounts, mean};
///
/// let amounts = [0.0, 30.0, 0.0, 12.5, 4.0, 90.0, 7.0, 55.0];
/// let (mut first, mut second) = (Amounts::new(), Amounts::new());
/// for (user, amount) in (1_u64..).zip(amounts) {
///     let part = if user % 2 == 0 { &mut first } else { &mut second };
///     part.add(user.wrapping_mul(0x9e37_79b9_7f4a_7c15), amount);
/// }
/// first.merge(second);
/// assert_eq!(first.estimate(0.9, 7), mean(&amounts, 0.9, 7));
/// ```
#[derive(Debug, Clone)]
pub struct Amounts {
    users: u64,
    payers: u64,
    reversed: u64,
    sum: Sum,
    squares: Sum,
    kept: BottomSample,
}

impl Default for Amounts {
    fn default() -> Self {
        Self::new()
    }
}

impl Amounts {
    /// Creates the accumulator of a cell without users.
    #[must_use]
    pub fn new() -> Self {
        Self {
            users: 0,
            payers: 0,
            reversed: 0,
            sum: Sum::default(),
            squares: Sum::default(),
            kept: BottomSample::new(MAX_RESAMPLED),
        }
    }

    /// Adds a user with their whole amount; each user is added once.
    ///
    /// `user_hash` identifies the user and is uniform over all 64 bits, so that users are sampled
    /// by it. An amount that is not finite leaves the cell without a value.
    pub fn add(&mut self, user_hash: u64, amount: f64) {
        self.users += 1;
        if amount == 0.0 {
            return;
        }
        if amount > 0.0 {
            self.payers += 1;
        } else {
            self.reversed += 1;
        }
        self.sum.add(amount);
        self.squares.add_square(amount);
        self.kept.add(user_hash, amount);
    }

    /// Adds users whose amount is 0.
    pub fn add_zeros(&mut self, users: u64) {
        self.users += users;
    }

    /// Adds the users of another part of the cell.
    pub fn merge(&mut self, other: Self) {
        self.users += other.users;
        self.payers += other.payers;
        self.reversed += other.reversed;
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
        self.kept.merge(other.kept);
    }

    /// Returns the number of users.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.users
    }

    /// Returns the number of users with an amount above 0.
    #[must_use]
    pub fn payers(&self) -> u64 {
        self.payers
    }

    /// Returns the sum of the amounts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.sum.value()
    }

    /// Returns the mean per user with the interval of [`mean`](super::mean()).
    #[must_use]
    pub fn estimate(&self, level: f64, seed: u64) -> Estimate {
        if let Some(sample) = self.sample() {
            let (value, error) = (sample.mean(), sample.standard_error());
            return sample_mean(&sample, value, error, level, seed);
        }
        let n = self.users as f64;
        let (total, squares) = (self.sum.value(), self.squares.value());
        let error = ((squares - total * total / n) / (n - 1.0) / n).max(0.0).sqrt();
        large_mean(total / n, error, self.users, level, self.reversed > 0)
    }

    /// Returns all amounts, or `None` if there are more than are kept.
    pub(crate) fn sample(&self) -> Option<Sample> {
        let whole = self.payers + self.reversed <= MAX_RESAMPLED as u64;
        whole.then(|| Sample::new(self.users, self.kept.numbers().collect()))
    }
}
