//! The data of facts.

use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;
use tidegauge_core::SetAside;

use super::events::Events;
use super::row_filter::BadRows;
use super::users::Users;
use crate::calendar::{Calendar, LocalDays};
use crate::{Error, Result};

/// The compact input of all metrics, checked once when created.
///
/// - **users**: an id (integer or text), the time of the signup, and any dimensions, such as
///   `channel`, `campaign`, `country`, `tier`.
/// - **events**: the user, the time, the kind, and the volume and the revenue in US dollars; sorted
///   by user and time.
/// - **spend**: by day, channel and campaign, in US dollars.
///
/// The dimension `entry_product` is the kind of the user's first transaction: a user with `ramp` is
/// ramp-acquired.
///
/// All rows lie before [`Facts::end`], the end of observation. Later rows, implausible ones, and
/// amounts that cannot be valued are left out, and counted by reason: [`Facts::set_aside`].
///
/// More events than fit into [`FactsParams::memory`](super::FactsParams::memory) are held in a temporary file.
#[derive(Debug, Clone)]
pub struct Facts {
    pub(crate) users: Users,
    pub(crate) events: Events,
    pub(super) spend: DataFrame,
    pub(super) end: DateTime<Utc>,
    pub(super) calendar: Calendar,
    pub(super) level: f64,
    pub(super) bad_rows: BadRows,
    pub(super) set_aside: Vec<SetAside>,
    pub(super) notes: Vec<String>,
}

/// The nominal level of intervals: the one at which they were tried, see `docs/metrics/intervals.md`.
pub(super) const LEVEL: f64 = 0.9;

impl Facts {
    /// Sets the calendar in which days, weeks and months are counted; UTC from Monday on by
    /// default. The end of observation stays the same instant.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Sets the nominal level of all intervals, such as 0.95; 0.9 by default.
    ///
    /// # Errors
    /// When the level is not between 0 and 1.
    pub fn with_level(mut self, level: f64) -> Result<Self> {
        if level.is_nan() || level <= 0.0 || level >= 1.0 {
            return Err(Error::Parameter { name: "level", reason: "must be between 0 and 1" });
        }
        self.level = level;
        Ok(self)
    }

    /// Returns the rows that are left out, by table and reason: metrics are computed from all
    /// others.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Returns the caveats of the rows that are included, one sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the number of users.
    pub fn user_count(&self) -> u64 {
        self.users.len() as u64
    }

    /// Returns the number of events.
    pub fn event_count(&self) -> u64 {
        self.events.count()
    }

    /// Returns the names of the users' dimensions.
    pub fn dimensions(&self) -> impl Iterator<Item = &str> {
        self.users.dimensions.iter().map(|dimension| dimension.name.as_str())
    }

    /// Returns the spend, sorted by `day`, `channel` and `campaign`.
    pub fn spend(&self) -> &DataFrame {
        &self.spend
    }

    /// Returns the end of observation, exclusive.
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    /// Returns the calendar of days, weeks and months.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Returns the nominal level of intervals.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Returns the conversion of the times of users and events to days of the calendar.
    pub(crate) fn local_days(&self) -> LocalDays {
        let first = self.users.signup_at.iter().copied().min().unwrap_or_default();
        self.calendar.days(first, self.end_micros())
    }

    /// Returns the end of observation in microseconds since 1970.
    pub(crate) fn end_micros(&self) -> i64 {
        self.end.timestamp_micros()
    }
}
