//! The metrics once more, as loops over users and their events straight from the definitions in
//! `docs/metrics`: slow, and without any code of the crate but its types of periods and zones.
//!
//! [`compare`] checks every cell of the crate's tables against them: counts exactly, and sums to a
//! relative error of 1e-9.

pub(crate) mod activity;
pub(crate) mod compare;
pub(crate) mod growth;
pub(crate) mod money;
pub(crate) mod spread;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone, Utc, Weekday};
use tidegauge_analytics::{Period, Tz};

/// An event, valued in US dollars.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) at: DateTime<Utc>,
    /// The date of the time in the zone of the rows.
    pub(crate) date: NaiveDate,
    pub(crate) kind: String,
    pub(crate) is_reversal: bool,
    pub(crate) volume: f64,
    pub(crate) revenue: f64,
}

impl Event {
    /// Returns `true` for activity: all kinds but deposits and withdrawals, reversals excluded.
    pub(crate) fn is_transaction(&self) -> bool {
        !self.is_reversal && self.kind != "deposit" && self.kind != "withdrawal"
    }

    /// Returns the revenue, before or after reversals.
    pub(crate) fn revenue(&self, gross: bool) -> f64 {
        if gross && self.is_reversal { 0.0 } else { self.revenue }
    }
}

/// A user with their events in ascending order of time.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) signup: DateTime<Utc>,
    pub(crate) verified: Option<DateTime<Utc>>,
    pub(crate) labels: BTreeMap<&'static str, Option<String>>,
    pub(crate) events: Vec<Event>,
}

impl User {
    /// Returns the label of a dimension, `entry_product` included.
    pub(crate) fn label(&self, dimension: &str) -> Option<String> {
        if dimension == "entry_product" {
            return self.transactions().next().map(|event| event.kind.clone());
        }
        self.labels.get(dimension).cloned().flatten()
    }

    pub(crate) fn transactions(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| event.is_transaction())
    }
}

/// Spend of a day on a channel and campaign, in US dollars.
#[derive(Debug, Clone)]
pub(crate) struct Spend {
    pub(crate) day: NaiveDate,
    pub(crate) channel: String,
    pub(crate) usd: f64,
}

/// All rows before the end of observation, and the calendar.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) users: Vec<User>,
    pub(crate) spend: Vec<Spend>,
    pub(crate) end: DateTime<Utc>,
    pub(crate) zone: Tz,
    pub(crate) week_start: Weekday,
}

impl Rows {
    /// Returns the rows with the dates of another calendar.
    pub(crate) fn in_calendar(mut self, zone: Tz, week_start: Weekday) -> Self {
        (self.zone, self.week_start) = (zone, week_start);
        for event in self.users.iter_mut().flat_map(|user| &mut user.events) {
            event.date = event.at.with_timezone(&zone).date_naive();
        }
        self
    }

    /// Returns the instant at which a date begins in the zone.
    pub(crate) fn midnight(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_hms_opt(0, 0, 0).unwrap();
        self.zone.from_local_datetime(&midnight).earliest().unwrap().to_utc()
    }

    /// Returns the date of a time in the zone.
    pub(crate) fn date(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// Returns `true` if a date has begun before the end of observation.
    pub(crate) fn has_begun(&self, date: NaiveDate) -> bool {
        self.date(self.end - TimeDelta::microseconds(1)) >= date
    }

    /// Returns `true` if all days before a date are over at the end of observation.
    pub(crate) fn is_over(&self, date: NaiveDate) -> bool {
        self.date(self.end) >= date
    }

    /// Returns the first day of the period with a date.
    pub(crate) fn start(&self, period: Period, date: NaiveDate) -> NaiveDate {
        match period {
            Period::Day => date,
            Period::Week => date - Days::new(date.weekday().days_since(self.week_start).into()),
            Period::Month => date.with_day(1).unwrap(),
        }
    }

    /// Returns the first days of the complete periods from that of the first signup on.
    pub(crate) fn complete_periods(&self, period: Period) -> Vec<NaiveDate> {
        let Some(first) = self.users.iter().map(|user| user.signup).min() else { return vec![] };
        let mut starts = vec![self.start(period, self.date(first))];
        while self.is_over(later(period, starts[starts.len() - 1], 1)) {
            starts.push(later(period, starts[starts.len() - 1], 1));
        }
        starts.pop();
        starts
    }

    /// Returns the members of each group of users by label, the null last.
    pub(crate) fn groups<K: Ord>(&self, of: impl Fn(&User) -> K) -> BTreeMap<K, Vec<&User>> {
        let mut groups: BTreeMap<K, Vec<&User>> = BTreeMap::new();
        for user in &self.users {
            groups.entry(of(user)).or_default().push(user);
        }
        groups
    }

    /// Returns the whole days of 24 hours for which a user has been observed.
    pub(crate) fn observed_days(&self, user: &User) -> i64 {
        (self.end - user.signup).num_days()
    }
}

/// Returns the first day of the period that is `count` periods after the one that begins on `start`.
pub(crate) fn later(period: Period, start: NaiveDate, count: u32) -> NaiveDate {
    match period {
        Period::Day => start + Days::new(count.into()),
        Period::Week => start + Days::new(7 * u64::from(count)),
        Period::Month => start + Months::new(count),
    }
}

/// Returns the length of a period that is not of the calendar.
pub(crate) fn width(period: Period) -> TimeDelta {
    TimeDelta::days(match period {
        Period::Day => 1,
        Period::Week => 7,
        Period::Month => 30,
    })
}

/// Returns the sum, 0 of nothing.
pub(crate) fn sum(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(0.0, |sum, number| sum + number)
}

/// Returns `part / whole`, or `None` if `whole` is 0.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    if whole == 0.0 { None } else { Some(part / whole) }
}
