//! Counts of lives by day.

use super::error::SurvivalError;

/// Counts of lives by the whole day of their end: the mergeable form of a slice of
/// [`Life`](super::Life), of a size that depends on the days and not on the lives.
///
/// ```
/// use tidegauge_models::survival::{LifeCounts, RiskTable, kaplan_meier};
///
/// let mut counts = LifeCounts::new(30, 1);
/// counts.add_event(7, 0, 250_000)?; // a quarter of a million users left on day 7
/// counts.add_censored(30, 750_000)?;
/// let curve = kaplan_meier(&RiskTable::of_counts(&counts)?);
/// assert_eq!(curve.at(10.0, 0.9).value, Some(0.75));
/// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeCounts {
    causes: usize,
    /// Lives under observation from their start.
    started: u64,
    /// Late entries by day.
    entered: Vec<u64>,
    censored: Vec<u64>,
    /// Events by day and cause, causes of a day adjacent.
    events: Vec<u64>,
}

impl LifeCounts {
    /// Creates counts of no lives for the days 0 to `last_day` and events of `causes` causes.
    #[must_use]
    pub fn new(last_day: usize, causes: u8) -> Self {
        let (days, causes) = (last_day + 1, usize::from(causes));
        Self {
            causes,
            started: 0,
            entered: vec![0; days],
            censored: vec![0; days],
            events: vec![0; days * causes],
        }
    }

    /// Adds `lives` that ended on `day` by an event of `cause`, under observation from the start.
    ///
    /// # Errors
    /// If `day` or `cause` is beyond those of the counts, or a number exceeds `u64`.
    pub fn add_event(&mut self, day: usize, cause: u8, lives: u64) -> Result<(), SurvivalError> {
        self.check_day(day)?;
        let causes = self.causes;
        if usize::from(cause) >= causes {
            return Err(SurvivalError::Cause { cause, causes });
        }
        add(&mut self.started, lives)?;
        add(&mut self.events[day * causes + usize::from(cause)], lives)
    }

    /// Adds `lives` whose observation ended on `day` without an event.
    ///
    /// # Errors
    /// If `day` is beyond the last one, or a number exceeds `u64`.
    pub fn add_censored(&mut self, day: usize, lives: u64) -> Result<(), SurvivalError> {
        self.check_day(day)?;
        add(&mut self.started, lives)?;
        add(&mut self.censored[day], lives)
    }

    /// Marks `lives`, added above, as under observation only after `day` (left truncation).
    ///
    /// # Errors
    /// If `day` is beyond the last one, or more lives are marked than were added.
    pub fn enter_late(&mut self, day: usize, lives: u64) -> Result<(), SurvivalError> {
        self.check_day(day)?;
        self.started = self.started.checked_sub(lives).ok_or(SurvivalError::Unentered { day })?;
        add(&mut self.entered[day], lives)
    }

    /// Adds the lives of other counts.
    ///
    /// # Errors
    /// If days or causes differ, or a number exceeds `u64`.
    pub fn merge(&mut self, other: &Self) -> Result<(), SurvivalError> {
        let (left, right) = ((other.last_day(), other.causes), (self.last_day(), self.causes));
        if left != right {
            return Err(SurvivalError::Shape { left, right });
        }
        add(&mut self.started, other.started)?;
        for (into, from) in [
            (&mut self.entered, &other.entered),
            (&mut self.censored, &other.censored),
            (&mut self.events, &other.events),
        ] {
            into.iter_mut().zip(from).try_for_each(|(sum, lives)| add(sum, *lives))?;
        }
        Ok(())
    }

    /// Returns the last day.
    #[must_use]
    pub fn last_day(&self) -> usize {
        self.censored.len() - 1
    }

    /// Returns the number of causes.
    #[must_use]
    pub fn causes(&self) -> usize {
        self.causes
    }

    pub(super) fn started(&self) -> u64 {
        self.started
    }

    pub(super) fn entered(&self) -> &[u64] {
        &self.entered
    }

    pub(super) fn censored(&self) -> &[u64] {
        &self.censored
    }

    /// Returns the events of a day by cause.
    pub(super) fn events(&self, day: usize) -> &[u64] {
        &self.events[day * self.causes..(day + 1) * self.causes]
    }

    fn check_day(&self, day: usize) -> Result<(), SurvivalError> {
        let last = self.last_day();
        if day > last { Err(SurvivalError::Day { day, last }) } else { Ok(()) }
    }
}

fn add(sum: &mut u64, lives: u64) -> Result<(), SurvivalError> {
    *sum = sum.checked_add(lives).ok_or(SurvivalError::Overflow)?;
    Ok(())
}
