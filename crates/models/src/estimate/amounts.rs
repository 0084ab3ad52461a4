//! The amounts of the users of one cell, streamed.

use super::mean::{MAX_RESAMPLED, sample_mean};
use super::sample::Sample;
use super::totals::Totals;
use super::types::Estimate;

/// The amounts of the users of one cell, such as one cohort at one age: a mergeable accumulator of
/// their mean.
///
/// Holds the number of users, exact sums, and the amounts other than 0 while they are at most
/// 20,000. The estimate equals [`mean`] of all amounts bit for bit, however the users were cut into
/// parts: with more amounts, the interval follows from the sums alone, and is normal on the scale of
/// the logarithm unless an amount is negative.
///
/// [`mean`]: super::mean()
///
/// ```
/// use tidegauge_models::estimate::{Amounts, mean};
///
/// let amounts = [0.0, 30.0, 0.0, 12.5, 4.0, 90.0, 7.0, 55.0];
/// let (mut first, mut second) = (Amounts::new(), Amounts::new());
/// for (user, amount) in amounts.into_iter().enumerate() {
///     let part = if user % 2 == 0 { &mut first } else { &mut second };
///     part.add(amount);
/// }
/// first.merge(second);
/// assert_eq!(first.estimate(0.9, 7), mean(&amounts, 0.9, 7));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Amounts {
    totals: Totals,
    /// The amounts other than 0; empty if they are too many to be resampled.
    resampled: Vec<f64>,
}

impl Amounts {
    /// Creates the accumulator of a cell without users.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// assert_eq!(Amounts::new().users(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user with their whole amount; each user is added once. An amount that is not finite
    /// leaves the cell without a value.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// assert_eq!((amounts.users(), amounts.total()), (2, 7.0));
    /// ```
    pub fn add(&mut self, amount: f64) {
        self.totals.add(amount);
        if amount != 0.0 && self.is_resampled() {
            self.resampled.push(amount);
        } else {
            self.drop_if_large();
        }
    }

    /// Adds users whose amount is 0.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// amounts.add_zeros(5);
    /// assert_eq!((amounts.users(), amounts.payers()), (7, 2));
    /// ```
    pub fn add_zeros(&mut self, users: u64) {
        self.totals.users += users;
    }

    /// Adds the users of another part of the cell.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// let mut other = Amounts::new();
    /// other.add(5.0);
    /// amounts.merge(other);
    /// assert_eq!((amounts.users(), amounts.total()), (3, 12.0));
    /// ```
    pub fn merge(&mut self, other: Self) {
        self.totals.merge(other.totals);
        self.resampled.extend(other.resampled);
        self.drop_if_large();
    }

    /// Returns `true` if the interval is computed from resamples of the amounts.
    fn is_resampled(&self) -> bool {
        self.totals.other_than_zero() <= MAX_RESAMPLED as u64
    }

    fn drop_if_large(&mut self) {
        if !self.is_resampled() {
            self.resampled = Vec::new();
        }
    }

    /// Returns the number of users.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// assert_eq!(amounts.users(), 2);
    /// ```
    #[must_use]
    pub fn users(&self) -> u64 {
        self.totals.users
    }

    /// Returns the number of users with an amount above 0.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// amounts.add(0.0);
    /// assert_eq!(amounts.payers(), 2);
    /// ```
    #[must_use]
    pub fn payers(&self) -> u64 {
        self.totals.payers
    }

    /// Returns the sum of the amounts.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// assert_eq!(amounts.total(), 7.0);
    /// ```
    #[must_use]
    pub fn total(&self) -> f64 {
        self.totals.sum.value()
    }

    /// Returns the square root of the sum of the squared amounts: the standard error of their sum if
    /// the number of users is random too (Poisson).
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// assert_eq!(amounts.root_of_squares(), 5.0); // √(9 + 16)
    /// ```
    #[must_use]
    pub fn root_of_squares(&self) -> f64 {
        self.totals.squares.value().max(0.0).sqrt()
    }

    /// Returns an estimate whose value and standard error come from elsewhere, with the shape of
    /// the interval of [`mean`](super::mean()): the influence of a user on the value may be other
    /// than their amount, such as in a ratio to a random number of users.
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// let per_dollar = amounts.estimate_around(0.5, 0.1, 0.9, 7);
    /// assert_eq!(per_dollar.value, Some(0.5));
    /// ```
    #[must_use]
    pub fn estimate_around(&self, value: f64, error: f64, level: f64, seed: u64) -> Estimate {
        let mean = self.totals.sum.value() / self.totals.users as f64;
        let to_value = value / mean;
        if !to_value.is_finite() || to_value == 0.0 {
            return Estimate::new(value, None, self.totals.users);
        }
        let error = error / to_value.abs();
        self.with_error(0, Some(error), level, seed).scaled(to_value)
    }

    /// Returns the mean per user with the interval of [`mean`](super::mean()).
    ///
    /// ```
    /// use tidegauge_models::estimate::Amounts;
    ///
    /// let mut amounts = Amounts::new();
    /// amounts.add(3.0);
    /// amounts.add(4.0);
    /// assert_eq!(amounts.estimate(0.9, 7).value, Some(3.5));
    /// ```
    #[must_use]
    pub fn estimate(&self, level: f64, seed: u64) -> Estimate {
        self.with_error(0, None, level, seed)
    }

    /// Returns the mean per user, with further users whose amount is 0, and with the interval of a
    /// standard error that is not its own.
    pub(crate) fn estimate_with_error(
        &self,
        zeros: u64,
        error: f64,
        level: f64,
        seed: u64,
    ) -> Estimate {
        self.with_error(zeros, Some(error), level, seed)
    }

    /// Returns the mean per user with the interval of a standard error, or of its own.
    fn with_error(&self, zeros: u64, error: Option<f64>, level: f64, seed: u64) -> Estimate {
        let mut totals = self.totals;
        totals.users += zeros;
        if !self.is_resampled() {
            return totals.large_mean(error, level);
        }
        let sample = Sample::new(totals.users, self.resampled.clone());
        let error = error.unwrap_or_else(|| sample.standard_error());
        sample_mean(&sample, error, level, seed)
    }
}
