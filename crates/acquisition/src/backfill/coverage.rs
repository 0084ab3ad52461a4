//! The coverage that a page records in the gap ledger: spans with rows, empty ones, and refused ones.

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::coverage::CoverageState;
use tidegauge_core::tables::Coverage;
use tidegauge_core::{Batch, Span};

use super::progress::CoverageRun;
use super::{BadRow, Refused, Series};
use crate::Result;

/// Returns the span from the beginning of a day to `at`, inclusive.
fn day_until(at: DateTime<Utc>) -> Span {
    let midnight = at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    Span::new(midnight, at + TimeDelta::microseconds(1))
}

/// The rows of the gap ledger that a page records about a series.
#[derive(Debug)]
pub(super) struct CoverageWriter<'a> {
    source: &'a str,
    series: &'a str,
    now: DateTime<Utc>,
    rows: Vec<Coverage>,
}

impl<'a> CoverageWriter<'a> {
    pub(super) fn new(source: &'a str, series: &'a Series, now: DateTime<Utc>) -> Self {
        Self { source, series: &series.name, now, rows: Vec::new() }
    }

    /// Records that a span is refused permanently, with the reason. A snapshot has no span: its day is
    /// recorded, so that a lasting refusal is one row per day.
    pub(super) fn record_failed(&mut self, span: Span, reason: impl Into<String>) {
        let reason = Some(reason.into());
        let span = if span.is_empty() { day_until(span.from) } else { span };
        self.rows.push(Coverage { reason, ..self.row(span, CoverageState::Failed, 0) });
    }

    /// Records that the service refuses these parts of the series while it answers for the others.
    pub(super) fn record_refused(&mut self, window: Span, parts: Vec<Refused>) {
        for Refused { series, reason } in parts {
            tracing::warn!(
                source = self.source,
                series,
                reason,
                "series refused, recorded as a gap"
            );
            self.record_failed(window, reason);
            if let Some(row) = self.rows.last_mut() {
                row.series = series;
            }
        }
    }

    /// Returns the row for a span that was requested by hand.
    pub(super) fn requested_row(&self, span: Span) -> Coverage {
        self.row(span, CoverageState::Requested, 0)
    }

    /// Records the extent of a run, and the instant up to which more of it was requested by hand.
    pub(super) fn record_run(&mut self, run: CoverageRun, requested_to: Option<DateTime<Utc>>) {
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or(self.now);
        let state = if run.rows > 0 { CoverageState::Present } else { CoverageState::Empty };
        let row = self.row(Span::new(time(run.since), time(run.to)), state, run.rows);
        self.rows.push(Coverage { requested_to, ..row });
    }

    fn row(&self, span: Span, state: CoverageState, rows: i64) -> Coverage {
        Coverage {
            source: self.source.into(),
            series: self.series.into(),
            start_at: span.from,
            end_at: span.to,
            state: state.name().into(),
            rows,
            requested_to: None,
            reason: None,
            noted_at: self.now,
        }
    }

    /// Returns the rows of an answer with its quarantined rows and ledger rows, as batches; empty ones are
    /// omitted.
    pub(super) fn finish_with(self, rows: Vec<Batch>, bad: Vec<BadRow>) -> Result<Vec<Batch>> {
        let mut batches = rows;
        batches.push(BadRow::batch(self.source, bad, self.now)?);
        batches.push(Batch::from_rows(Coverage::table(), self.rows)?);
        batches.retain(|batch| batch.rows() > 0);
        Ok(batches)
    }

    /// Returns the ledger rows as batches, for an answer without rows.
    pub(super) fn finish(self) -> Result<Vec<Batch>> {
        self.finish_with(Vec::new(), Vec::new())
    }
}
