//! The cursor of a historical source, its checkpoint: the progress of each series.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::Span;

use super::Series;

/// The current round, and the progress of each series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundProgress {
    /// The instant up to which the round reads, which is that of its beginning, microseconds since 1970.
    as_of: i64,
    /// The next series; `None` when the round is over.
    pub(super) next: Option<String>,
    /// The window of that series that is being paginated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) paging: Option<Paging>,
    /// The progress by series.
    read: BTreeMap<String, SeriesProgress>,
}

/// The state of a paginated window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    pub(super) series: String,
    pub(super) from: i64,
    pub(super) to: i64,
    #[serde(rename = "page")]
    pub(super) page_token: String,
    /// The resume token of the first page.
    #[serde(rename = "mark")]
    pub(super) resume_token: Option<String>,
    /// The number of rows so far.
    pub(super) rows: i64,
}

/// The progress of a series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesProgress {
    /// The run of the gap ledger to extend; `None` before anything was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<CoverageRun>,
    /// The resume token of the previous window.
    #[serde(default, rename = "mark", skip_serializing_if = "Option::is_none")]
    pub(super) resume_token: Option<String>,
    /// The instant as of which the series was last read to its end, microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<i64>,
}

/// A contiguous run of windows, which is one row of the gap ledger. Times in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CoverageRun {
    pub(super) since: i64,
    pub(super) to: i64,
    pub(super) rows: i64,
}

impl Paging {
    pub(super) fn of(
        series: &Series,
        window: Span,
        page_token: String,
        resume_token: Option<String>,
        rows: i64,
    ) -> Self {
        let (from, to) = (window.from.timestamp_micros(), window.to.timestamp_micros());
        Self { series: series.name.clone(), from, to, page_token, resume_token, rows }
    }
}

impl CoverageRun {
    /// Returns the run of a window that is read up to `reached` with `rows` rows: `before`, extended, if the
    /// window continues it, else a new one.
    ///
    /// Windows with rows and windows without are separate runs, except that an empty window that ends at the
    /// present (`reaches_now`) extends any run.
    pub(super) fn after(
        before: Option<Self>,
        from: DateTime<Utc>,
        reached: DateTime<Utc>,
        rows: i64,
        reaches_now: bool,
    ) -> Self {
        let (from, to) = (from.timestamp_micros(), reached.timestamp_micros());
        let goes_on = |run: &Self| {
            run.to == from && ((rows > 0) == (run.rows > 0) || (rows == 0 && reaches_now))
        };
        match before.filter(goes_on) {
            Some(run) => Self { to, rows: run.rows.saturating_add(rows), ..run },
            None => Self { since: from, to, rows },
        }
    }
}

impl RoundProgress {
    pub(super) fn begin(now: DateTime<Utc>) -> Self {
        Self {
            as_of: now.timestamp_micros(),
            next: Some(String::new()),
            paging: None,
            read: BTreeMap::new(),
        }
    }

    /// Begins the next round.
    pub(super) fn next_round(self, now: DateTime<Utc>) -> Self {
        Self { read: self.read, ..Self::begin(now) }
    }

    pub(super) fn as_of(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.as_of)
    }

    pub(super) fn read(&self, series: &str) -> Option<&SeriesProgress> {
        self.read.get(series)
    }

    /// Returns `true` if `series` is due at `now`.
    pub(super) fn is_due(&self, series: &Series, now: DateTime<Utc>) -> bool {
        let at = self.read.get(&series.name).and_then(|read| read.at);
        // At least a second: a series that is always due would never finish.
        let refresh = i64::try_from(series.refresh.as_micros()).unwrap_or(i64::MAX).max(1_000_000);
        at.is_none_or(|at| at.saturating_add(refresh) <= now.timestamp_micros())
    }

    pub(super) fn read_mut(&mut self, series: &str) -> &mut SeriesProgress {
        self.read.entry(series.into()).or_default()
    }

    /// Marks `series` as complete for this round.
    pub(super) fn finish(&mut self, series: &str) {
        let as_of = self.as_of;
        self.read_mut(series).at = Some(as_of);
    }
}
