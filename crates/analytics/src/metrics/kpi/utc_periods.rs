//! Periods of UTC days, as warehouses aggregate them.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use crate::calendar::Calendar;
use crate::metrics::period::Period;

/// Periods of UTC days up to an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct UtcPeriods {
    period: Period,
    calendar: Calendar,
    /// The number of the first period that is not over.
    end: i64,
}

impl UtcPeriods {
    /// Creates the periods that are over at the start of a day.
    pub(super) fn before(end: NaiveDate, period: Period, week_start: Weekday) -> Self {
        let calendar = Calendar { zone: Tz::UTC, week_start };
        Self { period, calendar, end: calendar.period(period, end) }
    }

    /// Returns the number of the period of a day since 1970-01-01; `None` if it is not over.
    pub(super) fn number(&self, day: i64) -> Option<i64> {
        Some(self.calendar.period_of_day(self.period, day)).filter(|number| *number < self.end)
    }

    /// Returns the numbers of the periods from one on that are over.
    pub(super) fn from(&self, first: i64) -> std::ops::Range<i64> {
        first..self.end
    }

    /// Returns the first day of a period.
    pub(super) fn start(&self, number: i64) -> NaiveDate {
        self.calendar.period_start(self.period, number)
    }

    /// Returns the last day of a period since 1970-01-01.
    pub(super) fn last_day(&self, number: i64) -> i64 {
        i64::from(self.start(number.saturating_add(1)).to_epoch_days()) - 1
    }
}
