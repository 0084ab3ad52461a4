//! Exact sums over the amounts of users.

use super::delta::{log_normal, normal};
use super::sample::FEW_PAYERS;
use super::sum::Sum;
use super::types::Estimate;

/// The number of users and the sums of their amounts, which do not depend on the order of users.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) users: u64,
    /// Users with an amount above 0, and with one below.
    pub(crate) payers: u64,
    pub(crate) reversed: u64,
    pub(crate) sum: Sum,
    pub(super) squares: Sum,
}

impl Totals {
    /// Sums the amounts of users.
    pub(crate) fn of(amounts: &[f64]) -> Self {
        let mut totals = Self::default();
        amounts.iter().for_each(|amount| totals.add(*amount));
        totals
    }

    /// Adds the amount of a user.
    pub(crate) fn add(&mut self, amount: f64) {
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
    }

    /// Adds the sums of other users.
    pub(crate) fn merge(&mut self, other: Self) {
        self.users += other.users;
        self.payers += other.payers;
        self.reversed += other.reversed;
        self.sum.merge(other.sum);
        self.squares.merge(other.squares);
    }

    /// Returns the number of users whose amount is not 0.
    pub(crate) fn other_than_zero(&self) -> u64 {
        self.payers + self.reversed
    }

    /// Returns the mean of so many amounts that its pivot is normal, with a standard error or its
    /// own.
    pub(crate) fn large_mean(&self, error: Option<f64>, level: f64) -> Estimate {
        let n = self.users as f64;
        let (total, squares) = (self.sum.value(), self.squares.value());
        let own = || ((squares - total * total / n) / (n - 1.0) / n).max(0.0).sqrt();
        let error = error.unwrap_or_else(own);
        let interval = if self.reversed > 0 { normal } else { log_normal };
        interval(total / n, error, self.users, level).with_few(self.payers < FEW_PAYERS as u64)
    }
}
