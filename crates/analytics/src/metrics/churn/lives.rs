//! Lives of users by the day of their end.

use tidegauge_models::survival::{LifeCounts, RiskTable};

use crate::Result;
use crate::dates::DAY;
use crate::facts::{KindSet, UserEvents};

/// The active life of a user: from the first activity to the first gap that is completed. Times are
/// in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) first: i64,
    /// The last activity, which may be after the gap.
    pub(super) last: i64,
    /// The completion of the first gap: the activity before it, plus its length.
    pub(super) gap_at: Option<i64>,
}

impl Life {
    /// Returns the life of a user by their activity before `end`; `None` without any.
    pub(super) fn of(user: UserEvents<'_>, activity: KindSet, gap: i64, end: i64) -> Option<Self> {
        let mut times = user
            .iter()
            .filter(|event| activity.contains(event.kind()) && !event.is_reversal())
            .map(|event| event.at);
        let first = times.next()?;
        let (mut last, mut gap_at) = (first, None);
        for at in times {
            if gap_at.is_none() && at - last > gap {
                gap_at = Some(last + gap);
            }
            last = at;
        }
        if gap_at.is_none() && end - last > gap {
            gap_at = Some(last + gap);
        }
        Some(Self { first, last, gap_at })
    }

    /// Returns the day of age, from 0 on, of a time.
    pub(super) fn day(&self, at: i64) -> usize {
        usize::try_from((at - self.first).div_euclid(DAY)).unwrap_or_default()
    }
}

/// Returns the number of days of age that a user can have been observed at most.
pub(super) fn days_since(signups: &[i64], end: i64) -> usize {
    let oldest = signups.iter().min().map_or(0, |first| end - first);
    usize::try_from(oldest.div_euclid(DAY)).unwrap_or_default() + 1
}

/// The number of lives by the day of age on which they ended, by cause, or were observed last.
#[derive(Debug, Clone)]
pub(super) struct Lives {
    /// By cause and day.
    ended: Vec<Vec<u64>>,
    censored: Vec<u64>,
}

impl Lives {
    /// Creates counts of no lives, of at most `days` days and ends of `causes` causes.
    pub(super) fn new(days: usize, causes: u8) -> Self {
        Self { ended: vec![vec![0; days]; causes.into()], censored: vec![0; days] }
    }

    /// Adds a life that ended by a cause on a day, or was observed last on it without an end.
    pub(super) fn add(&mut self, cause: Option<u8>, day: usize) {
        let lives = match cause {
            Some(cause) => &mut self.ended[usize::from(cause)],
            None => &mut self.censored,
        };
        if let Some(lives) = lives.get_mut(day) {
            *lives += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let ended = self.ended.iter_mut().zip(&other.ended);
        for (ours, theirs) in ended.chain([(&mut self.censored, &other.censored)]) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// Returns `true` if a life was observed to an age or longer.
    pub(super) fn is_observed(&self, age: u32) -> bool {
        let reaches = |lives: &Vec<u64>| {
            usize::try_from(age).is_ok_and(|age| lives.iter().skip(age).any(|lives| *lives > 0))
        };
        self.ended.iter().chain([&self.censored]).any(reaches)
    }

    /// Returns the numbers at risk by day.
    ///
    /// # Errors
    /// When a number of lives is beyond `u64`.
    pub(super) fn risk_table(&self) -> Result<RiskTable> {
        let causes = u8::try_from(self.ended.len()).unwrap_or(u8::MAX);
        let mut lives = LifeCounts::new(self.censored.len().saturating_sub(1), causes);
        for (cause, ended) in (0..causes).zip(&self.ended) {
            for (day, ended) in ended.iter().enumerate() {
                lives.add_event(day, cause, *ended)?;
            }
        }
        for (day, censored) in self.censored.iter().enumerate() {
            lives.add_censored(day, *censored)?;
        }
        Ok(RiskTable::of_counts(&lives)?)
    }
}
