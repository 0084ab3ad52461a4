//! The summary of an analysis: what was read, and what was not.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// The most rows that are named one by one.
const MAX_UNREADABLE: usize = 100;

/// What an analysis has read.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct AnalysisSummary {
    /// The files.
    pub files: Vec<String>,
    /// What the columns are taken for, and other findings about each file.
    pub found: Vec<String>,
    /// The number of rows that were read.
    pub rows: u64,
    /// The number of purchases.
    pub purchases: u64,
    /// The number of refunds.
    pub refunds: u64,
    /// The number of users.
    pub users: u64,
    /// The day of the first purchase or refund.
    pub first_day: Option<NaiveDate>,
    /// The day of the last one.
    pub last_day: Option<NaiveDate>,
    /// The end of observation, exclusive.
    pub end: Option<DateTime<Utc>>,
    /// The currency of the amounts, if it is known.
    pub currency: Option<String>,
    /// The rows that are no purchases, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// The number of rows that cannot be read.
    pub set_aside: u64,
    /// The first of these.
    pub unreadable: Vec<Unreadable>,
    /// What readers of the numbers should know, one sentence each.
    pub notes: Vec<String>,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The file and the line.
    pub place: String,
    /// The column and the value, and what is wrong with it.
    pub reason: String,
}

impl AnalysisSummary {
    /// Counts a row that is no purchase.
    pub(super) fn leave_out(&mut self, reason: String, rows: u64) {
        *self.left_out.entry(reason).or_default() += rows;
    }

    /// Counts a row that cannot be read.
    pub(super) fn set_aside(&mut self, row: Unreadable) {
        self.set_aside += 1;
        if self.unreadable.len() < MAX_UNREADABLE {
            self.unreadable.push(row);
        }
    }

    /// Returns the rows that are not analyzed as sentences.
    pub fn caveats(&self) -> Vec<String> {
        let left_out = self.left_out.iter().map(|(reason, rows)| match rows {
            1 => format!("1 row is left out: {reason}"),
            rows => format!("{rows} rows are left out: {reason}"),
        });
        let set_aside = (self.set_aside > 0).then(|| {
            let first = self.unreadable.first();
            let first =
                first.map_or(String::new(), |row| format!(": {}, {}", row.place, row.reason));
            match self.set_aside {
                1 => format!("1 row cannot be read, and is set aside{first}"),
                rows => format!("{rows} rows cannot be read, and are set aside{first}"),
            }
        });
        left_out.chain(set_aside).collect()
    }
}
