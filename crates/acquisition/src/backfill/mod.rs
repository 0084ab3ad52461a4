//! Time series that are read window by window: what a [`HistoricalSource`] is, and how every one is driven.
//!
//! An archive says which series it has and reads one window of one of them. What follows from that
//! is the same for all and stands here once: rounds that go on from the cursor, oldest first; the
//! gap ledger; and filling exactly the holes.

mod estimate;
mod fill;
mod progress;
mod sync;
mod window;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::{Coverage, Quarantine};
use tidegauge_core::{Batch, Source, Span, TableRef};

pub use crate::bad_rows::{BadRow, BadRows, RowFilter};
pub use estimate::Estimate;
pub use fill::{Backfill, BackfillTask};
pub use sync::sync_page;

use crate::http::Budget;
use crate::{FoundInstrument, Result};

/// A source whose rows belong to times, so that any span of them can be asked for.
///
/// # Implementing
/// Write [`series`](Self::series) and [`read`](Self::read); the [`Source`] half is one call.
#[async_trait]
pub trait HistoricalSource: Source + Debug {
    /// The series that are configured, in the order in which a round reads them.
    fn series(&self, now: DateTime<Utc>) -> Vec<Series>;

    /// What the service allows, and how much of it is left.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    fn budget(&self) -> Result<Budget>;

    /// Asks the service for as little as tells whether it answers and lets us in, and says in a
    /// line what it said.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    async fn check(&self, now: DateTime<Utc>) -> Result<String> {
        let Some(series) = self.series(now).into_iter().next() else {
            return Ok("nothing is configured".into());
        };
        let to = series.horizon(now);
        let from = to - series.window.min(TimeDelta::days(1));
        let from = series.earliest(now).map_or(from, |earliest| from.max(earliest));
        let window = if series.since.is_some() { Span::new(from, to) } else { Span::new(now, now) };
        let at_edge = true;
        let ask = WindowRequest { series: &series, window, page: None, mark: None, at_edge, now };
        let answer = self.read(&ask).await?;
        let rows: usize = answer.batches.iter().map(Batch::rows).sum();
        Ok(format!("answers, {rows} rows of `{}`", series.name))
    }

    /// Returns the instruments that the service lists and whose name there holds `text`, in
    /// whatever case; none of a service that has no such list.
    ///
    /// # Errors
    /// When the service cannot be asked.
    async fn find(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let _ = text;
        Ok(Vec::new())
    }

    /// One call to the service.
    ///
    /// # Behavior
    /// - Gives the rows whose time is within `ask.window`; a bar's time is its opening.
    /// - May give less than the window, saying with [`Continuation`] how to go on.
    ///
    /// # Errors
    /// Whatever keeps the service from answering, after the retries.
    async fn read(&self, ask: &WindowRequest<'_>) -> Result<WindowResponse>;
}

/// One series of an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name, unique within the source and stable across releases: `candles BTC 1h`.
    pub name: String,
    /// From when on it is wanted; none for a snapshot, which has a present alone.
    pub since: Option<DateTime<Utc>>,
    /// How far back from now the service looks; none: to the beginning.
    pub reach: Option<TimeDelta>,
    /// What windows begin and end at multiples of, where the service wants that.
    pub step: Option<TimeDelta>,
    /// How long after its time a row is final: for bars, which are told by their opening, their
    /// length.
    pub settles: TimeDelta,
    /// How far apart its rows may be though none is missing, where they come at no fixed times.
    pub spacing: TimeDelta,
    /// Whether a call may bring only a part of its window, so that more follow.
    pub is_paged: bool,
    /// The longest span that one call brings.
    pub window: TimeDelta,
    /// How long after a round the series is worth another call.
    pub refresh: Duration,
    /// What a call costs, in the service's credits.
    pub credits: u32,
}

impl Series {
    /// A snapshot: what holds now, and no history.
    pub fn snapshot(name: impl Into<String>, refresh: Duration) -> Self {
        Self {
            name: name.into(),
            since: None,
            reach: None,
            step: None,
            settles: TimeDelta::zero(),
            spacing: TimeDelta::zero(),
            is_paged: false,
            window: TimeDelta::zero(),
            refresh,
            credits: 1,
        }
    }

    /// A history from `since` on, read in windows of at most `window`.
    pub fn history(
        name: impl Into<String>,
        since: DateTime<Utc>,
        window: TimeDelta,
        refresh: Duration,
    ) -> Self {
        Self { since: Some(since), window, ..Self::snapshot(name, refresh) }
    }
}

/// What is asked of an archive.
#[derive(Debug, Clone)]
pub struct WindowRequest<'a> {
    /// The series.
    pub series: &'a Series,
    /// The span wanted; empty for a snapshot.
    pub window: Span,
    /// Where the answer before this one said to go on: [`Continuation::Page`].
    pub page: Option<&'a str>,
    /// What the series remembers of the window before this one, where they touch:
    /// [`WindowResponse::mark`].
    pub mark: Option<&'a str>,
    /// Whether the window ends at the present, where rows may still be missing.
    pub at_edge: bool,
    /// The present.
    pub now: DateTime<Utc>,
}

/// What an archive answers.
#[derive(Debug, Clone, Default)]
pub struct WindowResponse {
    /// The rows, tables that others refer to first.
    pub batches: Vec<Batch>,
    /// How to go on.
    pub next: Continuation,
    /// For the next window of the series to remember: an id, where the service pages by ids.
    pub mark: Option<String>,
    /// The rows that were not taken.
    pub bad: Vec<BadRow>,
    /// Those parts of the series that the service refuses, while it answers for the others.
    pub refused: Vec<Refused>,
}

/// A part of a series that the service refuses: one symbol of a snapshot of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it is called in the gap ledger: `quotes BTC`.
    pub series: String,
    /// Why, in the service's own words if it has any.
    pub reason: String,
}

/// How to go on after an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Continuation {
    /// The window is read.
    #[default]
    Done,
    /// The window is read up to this instant, and there is more behind it.
    From(DateTime<Utc>),
    /// The window is read up to this instant, and that is all there is for now.
    Until(DateTime<Utc>),
    /// The window goes on, on the page of that name.
    Page(String),
}

/// The tables of an archive: its own, the gap ledger and the quarantine.
pub fn tables<'t>(own: impl IntoIterator<Item = &'t TableRef>) -> Vec<TableRef> {
    own.into_iter().chain([Quarantine::table(), Coverage::table()]).cloned().collect()
}
