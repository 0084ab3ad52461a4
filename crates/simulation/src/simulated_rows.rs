//! The set of rows that a simulation has written, derived from its cursor.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

/// The set of rows that a simulation has written into a store, derived from its cursor.
///
/// Rows are identified by id. Append-only tables reject duplicate keys, so a row whose id the simulation has
/// assigned was written by the simulation.
///
/// ```
/// use tidegauge_core::Cursor;
/// use tidegauge_simulation::SimulatedRows;
///
/// let cursor = r#"{"seed":42,"start_day":"2020-10-01","market":"0","day":"2020-10-01","row":0}"#;
/// # let cursor = cursor.replace("\"0\"", &format!("\"{}\"", tidegauge_core::Fingerprint::default()));
/// let rows = SimulatedRows::from_cursor(&Cursor::new(cursor)).unwrap();
/// assert!(rows.contains("ramp_transactions", 45_000, 7)); // 500 a day in ninety days
/// assert!(!rows.contains("ramp_transactions", 45_001, 7));
/// assert!(!rows.has_pending_pages());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedRows {
    pub(crate) preset: &'static str,
    pub(crate) seed: u64,
    pub(crate) start_day: NaiveDate,
    pub(crate) first_day: NaiveDate,
    pub(crate) users: RangeInclusive<i64>,
    pub(crate) row_ids: RowIds,
    pub(crate) is_pending: bool,
}

/// The scheme by which a simulation assigns row ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowIds {
    /// Ids from 1 to the last id of each table.
    Sequential(Vec<(&'static str, i64)>),
    /// The user id shifted left by this many bits, combined with a per-user counter.
    PerUser(u32),
}

impl SimulatedRows {
    /// Returns the name of the preset: `classic` or `exchange`.
    pub fn preset(&self) -> &'static str {
        self.preset
    }

    /// Returns the seed of the simulation.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the start day of `classic`, or the first day of `exchange`.
    pub fn start_day(&self) -> NaiveDate {
        self.start_day
    }

    /// Returns the first simulated day.
    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    /// Returns the range of user ids.
    pub fn users(&self) -> RangeInclusive<i64> {
        self.users.clone()
    }

    /// Returns `true` if the simulation wrote the row of `table` with primary key `key` and user id `user`.
    pub fn contains(&self, table: &str, key: i64, user: i64) -> bool {
        if !self.users.contains(&user) {
            return false;
        }
        if matches!(table, "users" | "truth_users") {
            return true;
        }
        match &self.row_ids {
            RowIds::Sequential(last) => {
                last.iter().any(|(name, last)| *name == table && (1..=*last).contains(&key))
            }
            RowIds::PerUser(bits) => key >> bits == user,
        }
    }

    /// Returns `true` if the simulation writes double-entry `ledger_entries`.
    pub fn has_double_entry(&self) -> bool {
        matches!(self.row_ids, RowIds::PerUser(_))
    }

    /// Returns `true` if pages of a started period are still pending, so rows may reference rows that have
    /// not been written yet.
    pub fn has_pending_pages(&self) -> bool {
        self.is_pending
    }
}
