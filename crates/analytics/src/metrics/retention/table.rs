//! The result of retention.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::Estimate;

use super::params::RetentionParams;
use crate::Result;
use crate::dates::date_column;
use crate::frames::{number_column, text_column};
use crate::metrics::estimate_columns::estimate_columns;

/// Retention of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionTable {
    /// The parameters of the computation.
    pub params: RetentionParams,
    /// The cohorts by group and then by period, empty ones between the first and the last of a
    /// group included.
    pub cohorts: Vec<RetentionCohort>,
    /// All cohorts that are complete at a window, as one; `None` if none is. The cohorts behind
    /// neighboring windows are not the same: later windows have only the older cohorts.
    pub pooled: Vec<Option<PooledRetention>>,
}

/// Retention of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionCohort {
    /// The labels of the dimensions by which cohorts are cut; `None` if the users' is null.
    pub labels: Vec<Option<String>>,
    /// The first day of the cohort's period.
    pub start: NaiveDate,
    /// The number of users.
    pub users: u64,
    /// The cells by window, 0 being the one of the anchor. `None`: begun but not over for every
    /// user yet. Windows that have not begun are left out.
    pub cells: Vec<Option<RetentionCell>>,
}

/// A cohort in a complete window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RetentionCell {
    /// The number of active users.
    pub active: u64,
    /// `active` over the cohort's users; no value for a cohort without users.
    #[serde(flatten)]
    pub rate: Estimate,
    /// `true` if the cohort has fewer users than [`RetentionParams::min_users`].
    pub too_few: bool,
}

/// All complete cohorts at one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PooledRetention {
    /// The number of active users.
    pub active: u64,
    /// The number of users of the cohorts that are complete here.
    pub eligible: u64,
    /// `active / eligible`: a ratio of sums, so that large cohorts weigh more.
    #[serde(flatten)]
    pub rate: Estimate,
}

impl RetentionTable {
    /// Returns the table as a long frame: `cohort` (date), a column for each dimension, `period`
    /// (index of the window), `users`, `active`, `complete`, `too_few`, and the [columns of the
    /// estimate](crate::metrics#frames) `rate`; all of them but `users` are null where the window is
    /// not over, and `complete` is then `false`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let cells = || {
            self.cohorts.iter().flat_map(|cohort| {
                cohort.cells.iter().zip(0u64..).map(move |(cell, at)| (cohort, at, cell.as_ref()))
            })
        };
        let mut columns = vec![date_column("cohort", cells().map(|(cohort, ..)| cohort.start))?];
        for (place, name) in self.params.by.iter().enumerate() {
            let labels =
                cells().map(|(cohort, ..)| cohort.labels.get(place).and_then(Option::as_deref));
            columns.push(text_column(name, labels));
        }
        columns.extend([
            number_column("period", cells().map(|(_, at, _)| at)),
            number_column("users", cells().map(|(cohort, ..)| cohort.users)),
            number_column("active", cells().map(|(.., cell)| Some(cell?.active))),
            number_column("complete", cells().map(|(.., cell)| cell.is_some())),
            number_column("too_few", cells().map(|(.., cell)| Some(cell?.too_few))),
        ]);
        columns.extend(estimate_columns("rate", cells().map(|(.., cell)| Some(&cell?.rate))));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }

    /// Returns all cohorts as one as a frame: `period` (index of the window), `active`, `eligible`
    /// (users of the cohorts that are complete there), and the [columns of the
    /// estimate](crate::metrics#frames) `rate`; null where no cohort is complete.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn pooled_frame(&self) -> Result<DataFrame> {
        let cells = || self.pooled.iter().map(Option::as_ref);
        let mut columns = vec![
            number_column("period", (0u64..).take(self.pooled.len())),
            number_column("active", cells().map(|cell| Some(cell?.active))),
            number_column("eligible", cells().map(|cell| Some(cell?.eligible))),
        ];
        columns.extend(estimate_columns("rate", cells().map(|cell| Some(&cell?.rate))));
        Ok(DataFrame::new(self.pooled.len(), columns)?)
    }
}
