//! Variance when users share shocks of the calendar.

use std::collections::BTreeMap;

/// The variance of an estimate whose errors are correlated within users and within calendar weeks,
/// in its parts (A. C. Cameron, J. B. Gelbach and D. L. Miller 2011, "Robust inference with
/// multiway clustering", Journal of Business & Economic Statistics 29):
///
/// ```text
/// Σ over users (Σ ψ)²  +  Σ over weeks (Σ ψ)²  −  Σ over user and week ψ²
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct TwoWay {
    /// The part of users: the variance if users are independent.
    pub users: f64,
    /// The part of weeks, times G/(G − 1) for G weeks.
    pub weeks: f64,
    /// The part that both contain.
    pub both: f64,
    /// The number of weeks with influence, G; below about 10 their part is unreliable.
    pub week_count: u64,
}

impl TwoWay {
    /// Creates the variance from its parts; the sum over weeks without its factor.
    pub(crate) fn new(users: f64, weeks: f64, both: f64, week_count: u64) -> Self {
        let count = week_count as f64;
        let factor = if week_count > 1 { count / (count - 1.0) } else { 1.0 };
        Self { users, weeks: weeks * factor, both, week_count }
    }

    /// Computes the variance from influences `(user, week, ψ)`, of which those of one user and
    /// week are summed first.
    ///
    /// ```
    /// use tidegauge_models::estimate::TwoWay;
    ///
    /// // Two users, each hit in the same week: their errors do not average out.
    /// let shared = TwoWay::of([(1, 30, 0.5), (2, 30, 0.5), (1, 31, -0.5), (2, 31, -0.5)]);
    /// assert_eq!((shared.users, shared.weeks, shared.both), (0.0, 4.0, 1.0));
    /// ```
    #[must_use]
    pub fn of(influences: impl IntoIterator<Item = (u64, u64, f64)>) -> Self {
        let mut cells: BTreeMap<(u64, u64), f64> = BTreeMap::new();
        for (user, week, influence) in influences {
            *cells.entry((user, week)).or_default() += influence;
        }
        let (mut users, mut weeks) = (BTreeMap::new(), BTreeMap::new());
        for ((user, week), influence) in &cells {
            *users.entry(*user).or_insert(0.0) += influence;
            *weeks.entry(*week).or_insert(0.0) += influence;
        }
        let both = squares(cells.values());
        Self::new(squares(users.values()), squares(weeks.values()), both, weeks.len() as u64)
    }

    /// Returns the variance, at least that of independent users: the sum of the parts need not be
    /// positive.
    ///
    /// ```
    /// use tidegauge_models::estimate::TwoWay;
    ///
    /// let shared = TwoWay::of([(1, 30, 0.5), (2, 30, 0.5), (1, 31, 0.5), (2, 31, 0.5)]);
    /// assert_eq!(shared.variance(), 5.0); // users 2 + weeks 4 − both 1
    /// ```
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.users.max(self.users + self.weeks - self.both)
    }

    /// Returns the design effect, the variance over that of independent users; 1 without variance.
    ///
    /// ```
    /// use tidegauge_models::estimate::TwoWay;
    ///
    /// let shared = TwoWay::of([(1, 30, 0.5), (2, 30, 0.5), (1, 31, 0.5), (2, 31, 0.5)]);
    /// assert_eq!(shared.design_effect(), 2.5); // 5 over the 2 of independent users
    /// ```
    #[must_use]
    pub fn design_effect(&self) -> f64 {
        if self.users > 0.0 { self.variance() / self.users } else { 1.0 }
    }
}

/// Returns the sum of squares.
fn squares<'a>(numbers: impl Iterator<Item = &'a f64>) -> f64 {
    numbers.map(|number| number * number).sum()
}
