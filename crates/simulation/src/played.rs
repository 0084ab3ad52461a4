//! What a simulation has written into a store, as its cursor tells.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use tidegauge_core::Cursor;

use crate::{classic, exchange};

/// What a simulation has written into a store, as its cursor tells.
///
/// Rows are told by their numbers. Tables that are only appended to refuse a key that they hold, so a row
/// of theirs with a number that a simulation has given is the simulation's.
///
/// ```
/// use tidegauge_core::Cursor;
/// use tidegauge_simulation::Played;
///
/// let cursor = r#"{"seed":42,"start_day":"2020-10-01","market":"0","day":"2020-10-01","row":0}"#;
/// # let cursor = cursor.replace("\"0\"", &format!("\"{}\"", tidegauge_core::Fingerprint::default()));
/// let played = Played::told_by(&Cursor::new(cursor)).unwrap();
/// assert!(played.is_row("ramp_transactions", 45_000, 7)); // 500 a day in ninety days
/// assert!(!played.is_row("ramp_transactions", 45_001, 7));
/// assert!(!played.is_amid_its_days());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    pub(crate) preset: &'static str,
    pub(crate) seed: u64,
    pub(crate) start_day: NaiveDate,
    pub(crate) first_day: NaiveDate,
    pub(crate) users: RangeInclusive<i64>,
    pub(crate) numbers: Numbers,
    pub(crate) is_amid: bool,
}

/// How the rows of a simulation are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// From 1 to the last of each table.
    Counted(Vec<(&'static str, i64)>),
    /// By the number of the user, moved up by so many bits, and a count.
    OfUser(u32),
}

impl Played {
    /// Returns what a cursor tells; `None` if it is no simulation's.
    pub fn told_by(cursor: &Cursor) -> Option<Self> {
        classic::played(cursor).or_else(|| exchange::played(cursor))
    }

    /// Returns the name of the preset: `classic` or `exchange`.
    pub fn preset(&self) -> &'static str {
        self.preset
    }

    /// Returns the seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the start day of `classic`, the first day of `exchange`.
    pub fn start_day(&self) -> NaiveDate {
        self.start_day
    }

    /// Returns the first day that is played.
    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    /// Returns the numbers of its users.
    pub fn users(&self) -> RangeInclusive<i64> {
        self.users.clone()
    }

    /// Returns `true` if the simulation wrote the row of `table` whose key is `key`, which is of `user`.
    pub fn is_row(&self, table: &str, key: i64, user: i64) -> bool {
        if !self.users.contains(&user) {
            return false;
        }
        if matches!(table, "users" | "truth_users") {
            return true;
        }
        match &self.numbers {
            Numbers::Counted(last) => {
                last.iter().any(|(name, last)| *name == table && (1..=*last).contains(&key))
            }
            Numbers::OfUser(bits) => key >> bits == user,
        }
    }

    /// Returns `true` if the simulation keeps books by double entry.
    pub fn keeps_books(&self) -> bool {
        matches!(self.numbers, Numbers::OfUser(_))
    }

    /// Returns `true` if pages of days that have begun are still to come, so that rows may refer to rows
    /// that are not there yet.
    pub fn is_amid_its_days(&self) -> bool {
        self.is_amid
    }
}
