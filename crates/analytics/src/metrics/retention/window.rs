//! The windows of a cohort: which of them a user's activity lies in, and when they are over.

use super::params::{RetentionKind, RetentionParams, Windows};
use crate::calendar::{Calendar, LocalDays};
use crate::dates::{DAY, days};
use crate::facts::Facts;
use crate::metrics::period::Period;

/// The conversion of times to windows.
#[derive(Debug)]
pub(super) struct WindowClock<'f> {
    period: Period,
    windows: Windows,
    kind: &'f RetentionKind,
    calendar: &'f Calendar,
    days: LocalDays,
    end: i64,
}

/// The windows that an activity lies in: the first and the last, both included.
pub(super) type WindowRange = (usize, usize);

impl<'f> WindowClock<'f> {
    pub(super) fn new(facts: &'f Facts, params: &'f RetentionParams) -> Self {
        Self {
            period: params.period,
            windows: params.windows,
            kind: &params.kind,
            calendar: facts.calendar(),
            days: facts.local_days(),
            end: facts.end_micros(),
        }
    }

    /// Returns the number of the period of the calendar that contains a time.
    pub(super) fn cohort(&self, anchor: i64) -> i64 {
        self.calendar.period_of_day(self.period, self.days.of(anchor))
    }

    /// Returns the windows, counted from the anchor of a user in `cohort`, that an activity lies
    /// in; `None` if it lies in none.
    #[inline]
    pub(super) fn of(&self, at: i64, anchor: i64, cohort: i64) -> Option<WindowRange> {
        let period = || -> Option<usize> {
            let number = match self.windows {
                Windows::Calendar => self.cohort(at) - cohort,
                Windows::Relative => (at - anchor).div_euclid(days(self.period.days())),
            };
            usize::try_from(number).ok()
        };
        match self.kind {
            RetentionKind::Bounded | RetentionKind::Rolling => {
                period().map(|period| (period, period))
            }
            RetentionKind::Brackets(edges) => {
                let period = u32::try_from(period()?).ok()?;
                let begun = edges.partition_point(|edge| *edge <= period);
                (begun > 0 && begun < edges.len()).then(|| (begun - 1, begun - 1))
            }
            RetentionKind::Within { days: within } => {
                // The last window that has begun, and the first that is not over by then.
                let last = period()?;
                let first = match self.windows {
                    Windows::Relative => {
                        let width = days(self.period.days());
                        let over = (at - anchor) - days(*within);
                        if over < 0 {
                            0
                        } else {
                            usize::try_from(over.div_euclid(width) + 1).ok()?
                        }
                    }
                    Windows::Calendar => {
                        let day = self.days.of(at) - i64::from(*within);
                        let over = self.calendar.period_of_day(self.period, day) - cohort;
                        usize::try_from(over + 1).unwrap_or(0)
                    }
                };
                (first <= last).then_some((first, last))
            }
        }
    }

    /// Returns the time at which a window begins for a user whose anchor is the last of `cohort`.
    pub(super) fn begin(&self, window: usize, cohort: i64, last_anchor: i64) -> i64 {
        match self.kind {
            RetentionKind::Brackets(edges) => {
                let edge = edges.get(window).copied().unwrap_or(u32::MAX);
                self.period_begin(edge.into(), cohort, last_anchor)
            }
            _ => self.period_begin(number_of(window), cohort, last_anchor),
        }
    }

    /// Returns the time at which a window is over for all users of a cohort.
    pub(super) fn over(&self, window: usize, cohort: i64, last_anchor: i64) -> i64 {
        match self.kind {
            RetentionKind::Within { days: within } => match self.windows {
                Windows::Relative => {
                    self.begin(window, cohort, last_anchor).saturating_add(days(*within))
                }
                Windows::Calendar => {
                    let period = cohort.saturating_add(number_of(window));
                    let start = self.calendar.period_start(self.period, period);
                    let end = start.checked_add_days(chrono::Days::new((*within).into()));
                    end.map_or(i64::MAX, |end| self.calendar.midnight(end).timestamp_micros())
                }
            },
            _ => self.begin(window + 1, cohort, last_anchor),
        }
    }

    fn period_begin(&self, period: i64, cohort: i64, last_anchor: i64) -> i64 {
        match self.windows {
            Windows::Calendar => {
                let start = self.calendar.period_start(self.period, cohort.saturating_add(period));
                self.calendar.midnight(start).timestamp_micros()
            }
            Windows::Relative => {
                let width = i64::from(self.period.days()) * DAY;
                period.saturating_mul(width).saturating_add(last_anchor)
            }
        }
    }

    /// Returns the number of windows of a cohort that have begun at the end of observation.
    pub(super) fn begun(&self, cohort: i64, last_anchor: i64) -> usize {
        let limit = match self.kind {
            RetentionKind::Brackets(edges) => edges.len() - 1,
            _ => usize::MAX,
        };
        let mut begun = 0;
        while begun < limit && self.begin(begun, cohort, last_anchor) < self.end {
            begun += 1;
        }
        begun
    }

    /// Returns `true` if a window is over for all users of a cohort by the end of observation.
    pub(super) fn is_over(&self, window: usize, cohort: i64, last_anchor: i64) -> bool {
        self.over(window, cohort, last_anchor) <= self.end
    }
}

/// Returns a window as a number of periods.
fn number_of(window: usize) -> i64 {
    i64::try_from(window).unwrap_or(i64::MAX)
}
