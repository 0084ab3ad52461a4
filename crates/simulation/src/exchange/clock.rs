//! How time passes for those who trade: faster on lively days, and by the week.

use chrono::NaiveDate;

use super::path::Paths;
use super::plan::weekly;
use crate::Result;
use crate::world::DAY;

/// What the days of the market are like.
#[derive(Debug)]
pub(super) struct Days {
    opening: i64,
    /// How fast time passes on each day; nothing where it passes evenly.
    pace: Vec<f64>,
    /// Whether prices fell by more than three in a hundred.
    fell: Vec<bool>,
}

impl Days {
    /// Those of all days of `paths`; if `stationary`, time passes evenly.
    pub(super) fn new(
        opening: i64,
        first: NaiveDate,
        paths: &Paths,
        stationary: bool,
    ) -> Result<Self> {
        let (mut pace, mut fell) = (Vec::new(), Vec::new());
        let mut day = first;
        while day < paths.end() {
            if !stationary {
                let week = weekly(day);
                pace.push(week * paths.liveliness(day)?);
                fell.push(paths.fell(day)?);
            }
            let Some(next) = day.succ_opt() else { break };
            day = next;
        }
        Ok(Self { opening, pace, fell })
    }

    /// Whether the day of a moment was one on which prices fell.
    pub(super) fn falls(&self, at: i64) -> bool {
        let day = usize::try_from((at - self.opening).div_euclid(DAY)).unwrap_or(usize::MAX);
        self.fell.get(day).copied().unwrap_or_default()
    }
}

/// Moments by what has passed since others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock<'d> {
    days: &'d Days,
    opening: i64,
}

impl<'d> Clock<'d> {
    pub(super) fn new(days: &'d Days, opening: i64) -> Self {
        Self { days, opening }
    }

    /// The moment at which `wait`, in microseconds of an even day, has passed since `at`: at least 64
    /// microseconds later, so that what belongs to a trade has room. Beyond the days that are known it is no more than beyond them.
    #[allow(clippy::cast_possible_truncation)] // spans are cut far below 2⁶³
    pub(super) fn after(&self, at: i64, wait: f64) -> i64 {
        if self.days.pace.is_empty() {
            return at.saturating_add((wait as i64).max(64));
        }
        let (mut at, mut wait) = (at, wait);
        loop {
            let day = (at - self.opening).div_euclid(DAY);
            let pace = usize::try_from(day).ok().and_then(|day| self.days.pace.get(day));
            let Some(pace) = pace else { return i64::MAX };
            let end = self.opening + (day + 1) * DAY;
            let there = wait / pace;
            if there < (end - at) as f64 {
                return at.saturating_add((there as i64).max(64));
            }
            wait -= (end - at) as f64 * pace;
            at = end;
        }
    }
}
