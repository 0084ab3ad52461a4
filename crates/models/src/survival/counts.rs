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
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// let counts = LifeCounts::new(30, 2);
    /// assert_eq!((counts.last_day(), counts.causes()), (30, 2));
    /// ```
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
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// let mut counts = LifeCounts::new(30, 2);
    /// counts.add_event(7, 1, 100)?;
    /// assert!(counts.add_event(31, 1, 100).is_err()); // beyond the last day
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
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
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// let mut counts = LifeCounts::new(30, 2);
    /// counts.add_censored(30, 100)?;
    /// assert!(counts.add_censored(31, 100).is_err()); // beyond the last day
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    pub fn add_censored(&mut self, day: usize, lives: u64) -> Result<(), SurvivalError> {
        self.check_day(day)?;
        add(&mut self.started, lives)?;
        add(&mut self.censored[day], lives)
    }

    /// Marks `lives`, added above, as under observation only after `day` (left truncation).
    ///
    /// # Errors
    /// If `day` is beyond the last one, or more lives are marked than were added.
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// let mut counts = LifeCounts::new(30, 2);
    /// counts.add_event(7, 0, 100)?;
    /// counts.enter_late(3, 40)?;
    /// assert!(counts.enter_late(3, 61).is_err()); // more than the 60 others
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    pub fn enter_late(&mut self, day: usize, lives: u64) -> Result<(), SurvivalError> {
        self.check_day(day)?;
        self.started = self.started.checked_sub(lives).ok_or(SurvivalError::Unentered { day })?;
        add(&mut self.entered[day], lives)
    }

    /// Adds the lives of other counts.
    ///
    /// # Errors
    /// If days or causes differ, or a number exceeds `u64`.
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// let mut counts = LifeCounts::new(30, 2);
    /// let mut other = counts.clone();
    /// counts.add_event(7, 0, 100)?;
    /// other.add_event(7, 0, 50)?;
    /// counts.merge(&other)?;
    /// let mut expected = LifeCounts::new(30, 2);
    /// expected.add_event(7, 0, 150)?;
    /// assert_eq!(counts, expected);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
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
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// assert_eq!(LifeCounts::new(30, 2).last_day(), 30);
    /// ```
    #[must_use]
    pub fn last_day(&self) -> usize {
        self.censored.len() - 1
    }

    /// Returns the number of causes.
    ///
    /// ```
    /// use tidegauge_models::survival::LifeCounts;
    ///
    /// assert_eq!(LifeCounts::new(30, 2).causes(), 2);
    /// ```
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
