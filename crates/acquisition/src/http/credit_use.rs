//! The recorded use of credits, which outlives the process.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

/// The recorded usage of a host; times in microseconds since 1970, minutes and days counted from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreditUse {
    /// The time at which the next request may be sent.
    pub(super) next_at: i64,
    /// The time until which the host asked for a pause.
    pub(super) hold_until: i64,
    pub(super) minute: i64,
    pub(super) in_minute: u32,
    pub(super) in_minute_before: u32,
    pub(super) day: i64,
    pub(super) in_day: u32,
    /// Months since the year 0.
    pub(super) month: i64,
    pub(super) in_month: u32,
}

/// The longest pause that a host asks for, in microseconds: a time further ahead comes from a wrong clock.
const MAX_HOLD: i64 = 2 * 86_400_000_000;

impl CreditUse {
    /// Starts the minutes, days and months that have begun by `now`, and drops times of a wrong clock.
    pub(super) fn roll_over(&mut self, now: DateTime<Utc>) {
        let micros = now.timestamp_micros();
        let minute = micros.div_euclid(60_000_000);
        let day = micros.div_euclid(86_400_000_000);
        let month = i64::from(now.year()) * 12 + i64::from(now.month0());
        if self.minute != minute {
            self.in_minute_before = if self.minute + 1 == minute { self.in_minute } else { 0 };
            (self.minute, self.in_minute) = (minute, 0);
        }
        if self.day != day {
            (self.day, self.in_day) = (day, 0);
        }
        if self.month != month {
            (self.month, self.in_month) = (month, 0);
        }
        if self.hold_until > micros + MAX_HOLD {
            self.hold_until = 0;
        }
        // Slots are at most an hour apart, and no queue has a hundred of them: a slot further ahead comes
        // from a wrong clock.
        if self.next_at > micros + MAX_HOLD {
            self.next_at = 0;
        }
    }

    /// Counts `credits` as used.
    pub(super) fn add(&mut self, credits: u32) {
        self.in_minute = self.in_minute.saturating_add(credits);
        self.in_day = self.in_day.saturating_add(credits);
        self.in_month = self.in_month.saturating_add(credits);
    }
}
