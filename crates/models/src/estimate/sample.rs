//! The amounts of users, in the form that an interval is computed from.

use super::types::Estimate;

/// The fewest paying users of an unflagged interval.
pub(crate) const FEW_PAYERS: usize = 20;

/// Amounts of `n` users, one each; those other than 0 sorted by size.
#[derive(Debug)]
pub(crate) struct Sample {
    n: u64,
    amounts: Vec<f64>,
    payers: usize,
}

impl Sample {
    /// Creates a sample of `n` users from the amounts that are not 0, in any order.
    pub(crate) fn new(n: u64, mut amounts: Vec<f64>) -> Self {
        // The order of equal sizes is fixed too, so that no result depends on the order of users.
        amounts.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()).then(a.total_cmp(b)));
        let payers = amounts.iter().filter(|amount| **amount > 0.0).count();
        Self { n, amounts, payers }
    }

    /// Creates a sample from the amounts of all users, zeros included.
    pub(crate) fn of(amounts: &[f64]) -> Self {
        let other_than_zero = amounts.iter().copied().filter(|amount| *amount != 0.0).collect();
        Self::new(amounts.len() as u64, other_than_zero)
    }

    /// Creates a sample of influences, in units in which its standard error is that of a mean.
    pub(crate) fn centred(psi: &[f64]) -> Self {
        Self::of(&psi.iter().map(|influence| influence * psi.len() as f64).collect::<Vec<_>>())
    }

    /// Returns the number of users.
    pub(crate) fn n(&self) -> u64 {
        self.n
    }

    /// Returns the amounts other than 0, smallest size first.
    pub(crate) fn amounts(&self) -> &[f64] {
        &self.amounts
    }

    /// Returns the number of users with an amount above 0.
    pub(crate) fn payers(&self) -> usize {
        self.payers
    }

    /// Returns the mean per user; NaN of no users.
    pub(crate) fn mean(&self) -> f64 {
        self.amounts.iter().sum::<f64>() / self.n as f64
    }

    /// Returns the standard error of the mean, √(Σ (x − x̄)² / (n − 1) / n).
    pub(crate) fn standard_error(&self) -> f64 {
        let (n, mean) = (self.n as f64, self.mean());
        let zeros = n - self.amounts.len() as f64;
        let squares = self.amounts.iter().map(|amount| (amount - mean).powi(2)).sum::<f64>();
        ((squares + zeros * mean * mean) / (n - 1.0) / n).sqrt()
    }

    /// Returns the shape of the payers' upper tail: the root mean square of `ln x − median` over
    /// those above the median of the logarithms, and their number; of a log-normal sample, its σ.
    pub(crate) fn upper_spread(&self) -> (f64, usize) {
        let paid: Vec<f64> = self.amounts.iter().copied().filter(|amount| *amount > 0.0).collect();
        let Some(middle) = middle(&paid) else { return (0.0, 0) };
        let above = &paid[paid.partition_point(|amount| libm::log(*amount) <= middle)..];
        let squares = above.iter().map(|amount| (libm::log(*amount) - middle).powi(2)).sum::<f64>();
        if above.is_empty() {
            return (0.0, 0);
        }
        ((squares / above.len() as f64).sqrt(), above.len())
    }

    /// Returns an estimate from this sample with its flag for few payers.
    pub(crate) fn flagged(&self, estimate: Estimate) -> Estimate {
        estimate.with_few(self.payers < FEW_PAYERS)
    }
}

/// Returns the median of the logarithms of sorted positive numbers.
fn middle(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    let upper = libm::log(*sorted.get(half)?);
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(libm::log(*sorted.get(half.checked_sub(1)?)?), upper))
}
