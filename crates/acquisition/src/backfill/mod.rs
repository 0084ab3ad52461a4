//! Time series that are read window by window: the port [`HistoricalSource`], and the driver that all
//! implementations share.
//!
//! A source lists its series and reads one window of one of them. The rest is the same for all and
//! implemented here: incremental rounds that resume from the cursor, oldest first; the gap ledger; and
//! backfill of exactly the gaps.

mod coverage;
mod estimate;
mod progress;
mod sync;
mod task;
mod window;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::{Coverage, Quarantine};
use tidegauge_core::{Batch, Source, Span, TableRef};

pub use crate::bad_rows::{BadRow, BadRows, RowFilter};
pub use estimate::Estimate;
pub use sync::sync_page;
pub use task::{Backfill, BackfillTask};

use crate::http::Budget;
use crate::{FoundInstrument, Result};

/// A source of time series, of which any span can be requested.
///
/// # Implementing
/// Implement [`series`](Self::series) and [`read`](Self::read); `fetch` of [`Source`] is one call of
/// [`sync_page`].
#[async_trait]
pub trait HistoricalSource: Source + Debug {
    /// Returns the configured series, in the order in which a round reads them.
    fn series(&self, now: DateTime<Utc>) -> Vec<Series>;

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    fn budget(&self) -> Result<Budget>;

    /// Makes a minimal request to check that the service answers and accepts the key. Returns a summary of
    /// its answer in one line.
    ///
    /// # Errors
    /// The error of the request.
    async fn check(&self, now: DateTime<Utc>) -> Result<String> {
        let Some(series) = self.series(now).into_iter().next() else {
            return Ok("nothing is configured".into());
        };
        let to = series.horizon(now);
        let from = to - series.window.min(TimeDelta::days(1));
        let from = series.earliest(now).map_or(from, |earliest| from.max(earliest));
        let window = if series.since.is_some() { Span::new(from, to) } else { Span::new(now, now) };
        let reaches_now = true;
        let request = WindowRequest {
            series: &series,
            window,
            page_token: None,
            resume_token: None,
            reaches_now,
            now,
        };
        let answer = self.read(&request).await?;
        let rows: usize = answer.batches.iter().map(Batch::rows).sum();
        Ok(format!("answers, {rows} rows of `{}`", series.name))
    }

    /// Returns the instruments that the service lists and whose name there contains `text`, ignoring case;
    /// empty for a service without such a list.
    ///
    /// # Errors
    /// When the request fails.
    async fn find(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let _ = text;
        Ok(Vec::new())
    }

    /// Makes one call to the service and returns its answer.
    ///
    /// # Behavior
    /// - Returns the rows whose time is within `ask.window`; the time of a candle is its opening.
    /// - May return less than the window, and says with [`Continuation`] how to go on.
    ///
    /// # Errors
    /// Any failure that prevents an answer, after the retries.
    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse>;
}

/// One series of a historical source.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The name, unique within the source and stable across releases: `candles BTC 1h`.
    pub name: String,
    /// The beginning of the wanted history; `None` for a snapshot, which has no history.
    pub since: Option<DateTime<Utc>>,
    /// The service's lookback from now; `None`: unlimited.
    pub lookback: Option<TimeDelta>,
    /// The alignment of the beginning and the end of windows, if the service requires one.
    pub alignment: Option<TimeDelta>,
    /// The finality delay: how long after its time a row is final. For candles, whose time is their opening,
    /// it is their length.
    pub finality_delay: TimeDelta,
    /// The maximum distance between rows without a gap, for rows at irregular times.
    pub max_gap: TimeDelta,
    /// Whether a window may be paginated over several calls.
    pub is_paged: bool,
    /// The longest span of one call.
    pub window: TimeDelta,
    /// The time after a round before the series is due again.
    pub refresh: Duration,
    /// The cost of a call, in the service's credits.
    pub credits: u32,
}

impl Series {
    /// Creates a snapshot: the present state without history.
    pub fn snapshot(name: impl Into<String>, refresh: Duration) -> Self {
        Self {
            name: name.into(),
            since: None,
            lookback: None,
            alignment: None,
            finality_delay: TimeDelta::zero(),
            max_gap: TimeDelta::zero(),
            is_paged: false,
            window: TimeDelta::zero(),
            refresh,
            credits: 1,
        }
    }

    /// Creates a history from `since` on, read in windows of at most `window`.
    pub fn history(
        name: impl Into<String>,
        since: DateTime<Utc>,
        window: TimeDelta,
        refresh: Duration,
    ) -> Self {
        Self { since: Some(since), window, ..Self::snapshot(name, refresh) }
    }
}

/// A request for one window of a series.
#[derive(Debug, Clone)]
pub struct WindowRequest<'a> {
    /// The series.
    pub series: &'a Series,
    /// The requested span; empty for a snapshot.
    pub window: Span,
    /// The pagination token of the previous answer: [`Continuation::Page`].
    pub page_token: Option<&'a str>,
    /// The resume token that the adjacent previous window returned: [`WindowResponse::resume_token`].
    pub resume_token: Option<&'a str>,
    /// Whether the window ends at the present, where rows may still be missing.
    pub reaches_now: bool,
    /// The present.
    pub now: DateTime<Utc>,
}

/// The answer to a [`WindowRequest`].
#[derive(Debug, Clone, Default)]
pub struct WindowResponse {
    /// The rows; tables that others refer to come first.
    pub batches: Vec<Batch>,
    /// The continuation.
    pub next: Continuation,
    /// The resume token for the next window of the series: an id, if the service paginates by ids.
    pub resume_token: Option<String>,
    /// The rows that were quarantined.
    pub bad: Vec<BadRow>,
    /// The parts of the series that the service refuses while it answers for the others.
    pub refused: Vec<Refused>,
}

/// A part of a series that the service refuses: one symbol of a snapshot of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The name in the gap ledger: `quotes BTC`.
    pub series: String,
    /// The reason, in the service's own words if it gives any.
    pub reason: String,
}

/// The continuation after an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Continuation {
    /// The window is complete.
    #[default]
    Done,
    /// The window is complete up to this instant, and more follows.
    From(DateTime<Utc>),
    /// The window is complete up to this instant, and nothing more is available yet.
    Until(DateTime<Utc>),
    /// The window continues on the page with this pagination token.
    Page(String),
}

/// Returns the tables of a historical source: its own, the quarantine and the gap ledger.
pub fn tables<'t>(own: impl IntoIterator<Item = &'t TableRef>) -> Vec<TableRef> {
    own.into_iter().chain([Quarantine::table(), Coverage::table()]).cloned().collect()
}
