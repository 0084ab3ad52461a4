//! The result of retention.

use chrono::NaiveDate;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_models::Estimate;

use super::params::RetentionParams;
use crate::Result;
use crate::dates::date_column;

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
    /// (index of the window), `users`, `active`, `complete`, `rate`, `rate_low`, `rate_high`;
    /// `complete` is `true` if `active` and `rate` are known.
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
            let labels: StringChunked = cells()
                .map(|(cohort, ..)| cohort.labels.get(place).and_then(Option::as_deref))
                .collect();
            columns.push(labels.with_name(name.as_str().into()).into_column());
        }
        let rates = |part: fn(&Estimate) -> Option<f64>| {
            cells().map(|(.., cell)| part(&cell?.rate)).collect::<Vec<_>>()
        };
        columns.extend([
            Column::new("period".into(), cells().map(|(_, at, _)| at).collect::<Vec<u64>>()),
            Column::new(
                "users".into(),
                cells().map(|(cohort, ..)| cohort.users).collect::<Vec<_>>(),
            ),
            Column::new(
                "active".into(),
                cells().map(|(.., cell)| cell.map(|cell| cell.active)).collect::<Vec<_>>(),
            ),
            Column::new(
                "complete".into(),
                cells().map(|(.., cell)| cell.is_some()).collect::<Vec<_>>(),
            ),
            Column::new("rate".into(), rates(|rate| rate.value)),
            Column::new("rate_low".into(), rates(|rate| Some(rate.interval?.low))),
            Column::new("rate_high".into(), rates(|rate| Some(rate.interval?.high))),
        ]);
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}
