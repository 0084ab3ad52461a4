//! The numbers at risk, with events and censorings, by time.

use super::counts::LifeCounts;
use super::error::SurvivalError;
use super::life::Life;

/// Lives at risk, events and censorings at each distinct time of an end.
///
/// Ties are treated as in R's `survival`: at one time, events come before censorings, and a late
/// entry is at risk only after its time.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskTable {
    causes: usize,
    lives: u64,
    /// Lives under observation from their start.
    started: u64,
    /// Late entries: time and number, ascending.
    entries: Vec<(f64, u64)>,
    rows: Vec<RiskRow>,
    /// Events by row and cause, causes of a row adjacent.
    events: Vec<u64>,
}

/// The lives at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RiskRow {
    /// The time.
    pub time: f64,
    /// The number of lives under observation that had not ended before.
    pub at_risk: u64,
    /// The number of events, of all causes.
    pub events: u64,
    /// The number of lives whose observation ended without an event.
    pub censored: u64,
}

impl RiskTable {
    /// Counts lives by time, in O(n log n).
    ///
    /// # Errors
    /// If a duration is negative or not finite, or an entry is not before the end of its life.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable};
    ///
    /// let table = RiskTable::of(&[Life::ended(6.0), Life::censored(6.0), Life::ended(7.0)])?;
    /// assert_eq!(table.rows()[0].at_risk, 3);
    /// assert_eq!(table.rows()[1].at_risk, 1);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    pub fn of(lives: &[Life]) -> Result<Self, SurvivalError> {
        let mut table = Self::empty(0);
        let mut exits = Vec::with_capacity(lives.len());
        for (index, life) in lives.iter().enumerate() {
            let Life { entry, duration, cause, count } = *life;
            if !(duration >= 0.0 && duration.is_finite()) {
                return Err(SurvivalError::Duration { index, duration });
            }
            match entry {
                Some(entry) if entry < duration => table.entries.push((entry, count)),
                Some(entry) => return Err(SurvivalError::Entry { index, entry, duration }),
                None => table.started += add(&mut table.lives, count)?,
            }
            if entry.is_some() {
                add(&mut table.lives, count)?;
            }
            table.causes = table.causes.max(cause.map_or(0, |cause| usize::from(cause) + 1));
            exits.push(Exit { time: duration, cause, lives: count });
        }
        table.entries.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        exits.sort_unstable_by(|one, other| one.time.total_cmp(&other.time));
        table.fill(exits);
        Ok(table)
    }

    /// Converts counts by day; the result equals that of the same lives one by one.
    ///
    /// # Errors
    /// If late entries leave fewer lives under observation on a day than end on it.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, LifeCounts, RiskTable};
    ///
    /// let mut counts = LifeCounts::new(30, 1);
    /// counts.add_event(7, 0, 2)?;
    /// let table = RiskTable::of_counts(&counts)?;
    /// assert_eq!(table, RiskTable::of(&[Life::ended(7.0).repeated(2)])?);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    pub fn of_counts(counts: &LifeCounts) -> Result<Self, SurvivalError> {
        let mut table = Self::empty(counts.causes());
        table.started = counts.started();
        table.lives = table.started;
        for (day, late) in counts.entered().iter().enumerate().filter(|(_, late)| **late > 0) {
            add(&mut table.lives, *late)?;
            table.entries.push((day as f64, *late));
        }
        let mut exits = Vec::new();
        let (mut observed, mut left) = (table.started, 0);
        for (day, censored) in counts.censored().iter().enumerate() {
            let causes = (0_u8..=u8::MAX).map(Some).zip(counts.events(day));
            for (cause, lives) in causes.chain([(None, censored)]).filter(|exit| *exit.1 > 0) {
                exits.push(Exit { time: day as f64, cause, lives: *lives });
                left += lives;
            }
            if left > observed {
                return Err(SurvivalError::Unentered { day });
            }
            observed += counts.entered()[day];
        }
        table.fill(exits);
        Ok(table)
    }

    /// Returns the table of one cause alone: events of other causes become censorings.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable};
    ///
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::censored(2.0), Life::ended(4.0)];
    /// let table = RiskTable::of(&lives)?;
    /// let second = table.only(1);
    /// assert_eq!((second.rows()[0].events, second.rows()[0].censored), (0, 1));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn only(&self, cause: u8) -> Self {
        let events: Vec<u64> = (0..self.rows.len()).map(|row| self.events_of(row, cause)).collect();
        let rows = self.rows.iter().zip(&events).map(|(row, events)| RiskRow {
            events: *events,
            censored: row.censored + row.events - events,
            ..*row
        });
        Self { causes: 1, rows: rows.collect(), events, entries: self.entries.clone(), ..*self }
    }

    /// Returns the rows, one for each distinct time of an end, ascending.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable};
    ///
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::censored(2.0), Life::ended(4.0)];
    /// let table = RiskTable::of(&lives)?;
    /// assert_eq!(table.rows().iter().map(|row| row.at_risk).collect::<Vec<_>>(), [4, 3, 1]);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn rows(&self) -> &[RiskRow] {
        &self.rows
    }

    /// Returns the number of events of a cause at the time of a row; 0 for a cause without events.
    ///
    /// # Panics
    /// If there is no such row and the cause has events.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable};
    ///
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::censored(2.0), Life::ended(4.0)];
    /// let table = RiskTable::of(&lives)?;
    /// assert_eq!((table.events_of(1, 0), table.events_of(1, 1)), (0, 1));
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn events_of(&self, row: usize, cause: u8) -> u64 {
        let cause = usize::from(cause);
        if cause < self.causes { self.events[row * self.causes + cause] } else { 0 }
    }

    /// Returns the number of lives.
    ///
    /// ```
    /// use tidegauge_models::survival::{Life, RiskTable};
    ///
    /// let lives = [Life::ended(1.0), Life::ended_by(2.0, 1), Life::censored(2.0), Life::ended(4.0)];
    /// let table = RiskTable::of(&lives)?;
    /// assert_eq!(table.lives(), 4);
    /// # Ok::<(), tidegauge_models::survival::SurvivalError>(())
    /// ```
    #[must_use]
    pub fn lives(&self) -> u64 {
        self.lives
    }

    /// Returns the number of lives under observation from their start.
    pub(super) fn started(&self) -> u64 {
        self.started
    }

    /// Returns time and number of the late entries, ascending.
    pub(super) fn entries(&self) -> &[(f64, u64)] {
        &self.entries
    }

    fn empty(causes: usize) -> Self {
        let (entries, rows, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { causes, lives: 0, started: 0, entries, rows, events }
    }

    /// Adds the rows of exits in ascending order of time.
    fn fill(&mut self, exits: impl IntoIterator<Item = Exit>) {
        let (mut entries, mut under) = (self.entries.iter().peekable(), self.started);
        let mut left = 0;
        for exit in exits {
            if self.rows.last().is_none_or(|row| row.time != exit.time) {
                under -= left;
                left = 0;
                while let Some((_, late)) = entries.next_if(|entry| entry.0 < exit.time) {
                    under += late;
                }
                let row = RiskRow { time: exit.time, at_risk: under, events: 0, censored: 0 };
                self.rows.push(row);
                self.events.resize(self.rows.len() * self.causes, 0);
            }
            left += exit.lives;
            let first = (self.rows.len() - 1) * self.causes;
            if let Some(row) = self.rows.last_mut() {
                match exit.cause {
                    Some(cause) => {
                        row.events += exit.lives;
                        self.events[first + usize::from(cause)] += exit.lives;
                    }
                    None => row.censored += exit.lives,
                }
            }
        }
    }
}

/// The end of some lives.
#[derive(Debug, Clone, Copy)]
struct Exit {
    time: f64,
    cause: Option<u8>,
    lives: u64,
}

/// Adds to a sum of lives and returns what was added.
fn add(sum: &mut u64, lives: u64) -> Result<u64, SurvivalError> {
    *sum = sum.checked_add(lives).ok_or(SurvivalError::Overflow)?;
    Ok(lives)
}
