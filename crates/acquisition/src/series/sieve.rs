//! What becomes of a row that makes no sense.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use tidegauge_core::Batch;
use tidegauge_core::tables::Quarantine;

use super::BadRow;
use crate::error::cut;
use crate::{Error, Result};

/// What becomes of a row that makes no sense. Never is one left out without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// The page fails, and nothing of it is taken.
    #[default]
    Fail,
    /// The row goes to the table `quarantine` with its reason; the others are taken.
    Quarantine,
}

/// Lets good rows pass, and does with bad ones what it is told.
#[derive(Debug)]
pub struct Sieve {
    policy: BadRows,
    table: Cow<'static, str>,
    series: String,
    bad: Vec<BadRow>,
}

/// The characters of a bad row that are kept.
const KEPT: usize = 2_000;

impl Sieve {
    /// A sieve for rows of `table`; `series` is part of the place of a bad one.
    pub fn new(
        policy: BadRows,
        table: impl Into<Cow<'static, str>>,
        series: impl Into<String>,
    ) -> Self {
        Self { policy, table: table.into(), series: series.into(), bad: Vec::new() }
    }

    /// The row if it is good; none if it was put aside. `place` tells it from all others of the
    /// series, `content` is how it came.
    ///
    /// # Errors
    /// When it is bad, and bad rows are to fail the page.
    pub fn pass<T>(
        &mut self,
        row: Result<T>,
        place: impl FnOnce() -> String,
        content: impl FnOnce() -> String,
    ) -> Result<Option<T>> {
        match (row, self.policy) {
            (Ok(row), _) => Ok(Some(row)),
            // Only what is wrong with the row itself.
            (
                Err(error @ (Error::Decode { .. } | Error::BadValue { .. } | Error::BadRow { .. })),
                BadRows::Quarantine,
            ) => {
                let place = format!("{} {}", self.series, place()).trim_start().to_owned();
                let reason = error.of_row();
                tracing::debug!(%place, table = %self.table, %reason, "row put into quarantine");
                self.bad.push(BadRow {
                    place,
                    table: self.table.to_string(),
                    reason,
                    content: cut(&content(), KEPT),
                });
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The rows that were put aside.
    pub fn into_bad(self) -> Vec<BadRow> {
        self.bad
    }
}

impl BadRow {
    /// `rows`, put aside by `source` at `now`, for the table `quarantine`; none without any.
    ///
    /// # Errors
    /// Never, as the rows are made to fit; it is said for who changes that table.
    pub fn batch(source: &str, rows: Vec<Self>, now: DateTime<Utc>) -> Result<Option<Batch>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let (count, place, reason) = (rows.len(), &first.place, &first.reason);
        tracing::warn!(source, count, %place, %reason, "rows put into quarantine; the first one");
        let row = |row: Self| Quarantine {
            source: source.into(),
            place: row.place,
            table_name: row.table,
            reason: row.reason,
            content: row.content,
            noted_at: now,
        };
        Ok(Some(Batch::from_rows(Quarantine::table(), rows.into_iter().map(row))?))
    }
}
