//! Backfill of exactly the spans that are wanted and missing.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::coverage::Ledger;
use tidegauge_core::tables::Coverage;
use tidegauge_core::{Batch, Cursor, Page, Source, Span, Spans, TableRef};

use super::progress::{Paging, Run};
use super::window::{self, Notes, Outcome};
use super::{Continuation, HistoricalSource, Series, WindowRequest};
use crate::{Context, Result, cursor};

/// A span of a series to backfill.
#[derive(Debug, Clone, PartialEq)]
pub struct BackfillTask {
    /// The series.
    pub series: Series,
    /// The span of time.
    pub span: Span,
}

impl BackfillTask {
    /// Returns the tasks that complete `wanted` (`None`: from the beginning of each series up to now), oldest
    /// first within each series.
    pub fn all(
        archive: &dyn HistoricalSource,
        ledger: &Ledger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Vec<Self> {
        let mut errands = Vec::new();
        for series in archive.series(now) {
            let Some(wanted) = series.wanted(wanted, now) else { continue };
            let holes = ledger.holes(archive.name(), &series.name, wanted);
            // Adjacent gaps are one task, whatever their reasons.
            let spans: Spans = holes.iter().map(|hole| hole.span).collect();
            errands.extend(spans.iter().map(|span| Self { series: series.clone(), span }));
        }
        errands
    }
}

/// A source that reads the spans of a list of tasks from an archive, named `<archive> fill`.
///
/// It first records what is requested, and then, with every page, its progress: after a kill the remaining
/// work is in the gap ledger.
#[derive(Debug)]
pub struct Backfill {
    archive: Arc<dyn HistoricalSource>,
    name: String,
    errands: Vec<BackfillTask>,
    context: Context,
    /// The time of planning, which identifies the plan: a cursor of another plan does not apply to this one.
    planned: i64,
}

/// The content of the cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    /// The plan that the cursor belongs to, microseconds since 1970.
    planned: i64,
    /// The index of the current task.
    errand: usize,
    /// The watermark within the task, microseconds since 1970.
    from: i64,
    run: Option<Run>,
    paging: Option<Paging>,
}

impl Backfill {
    /// Creates a source that reads `errands` from `archive`.
    pub fn new(
        archive: Arc<dyn HistoricalSource>,
        errands: Vec<BackfillTask>,
        context: &Context,
    ) -> Self {
        Self {
            name: format!("{} fill", archive.name()),
            archive,
            errands,
            planned: context.clock.now().timestamp_micros(),
            context: context.clone(),
        }
    }

    /// Returns the list of tasks.
    pub fn errands(&self) -> &[BackfillTask] {
        &self.errands
    }

    fn at(&self, errand: usize) -> Progress {
        let from = self.errands.get(errand).map_or(0, |task| task.span.from.timestamp_micros());
        Progress { planned: self.planned, errand, from, run: None, paging: None }
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let now = self.context.clock.now();
        let progress = match before {
            // The cursor of another plan may be from another release: it need not be readable.
            Some(before) => cursor::read::<Progress>(&self.name, before).ok(),
            None => None,
        };
        let Some(progress) = progress.filter(|progress| progress.planned == self.planned) else {
            return self.request(before, now);
        };
        let Some(errand) = self.errands.get(progress.errand) else {
            return Ok(before.map_or_else(|| self.end(), cursor::nothing_new));
        };
        let (batches, next) = self.step(errand, progress, now).await?;
        let done = next.errand >= self.errands.len();
        Ok(Page { batches, cursor: cursor::write(&self.name, &next)?, done })
    }

    fn end(&self) -> Page {
        Page { batches: Vec::new(), cursor: Cursor::new("{}"), done: true }
    }

    /// Returns the page that records the requested spans in the gap ledger.
    fn request(&self, before: Option<&Cursor>, now: DateTime<Utc>) -> Result<Page> {
        if self.errands.is_empty() {
            return Ok(before.map_or_else(|| self.end(), cursor::nothing_new));
        }
        let row = |errand: &BackfillTask| {
            Notes::new(self.archive.name(), &errand.series, now).requested(errand.span)
        };
        let rows: Vec<_> = self.errands.iter().map(row).collect();
        let batches = vec![Batch::from_rows(Coverage::table(), rows)?];
        Ok(Page { batches, cursor: cursor::write(&self.name, &self.at(0))?, done: false })
    }

    /// Makes one call for a task. Returns the batches and the progress after it.
    async fn step(
        &self,
        errand: &BackfillTask,
        mut progress: Progress,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Batch>, Progress)> {
        let (source, series) = (self.archive.name(), &errand.series);
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or(now);
        let left = Span::new(time(progress.from), errand.span.to);
        let mut notes = Notes::new(source, series, now);
        let earliest = series.earliest(now).unwrap_or(left.from).max(left.from).min(left.to);
        let lost = Span::new(left.from, earliest);
        // Up to ten minutes may leave the service's lookback while a plan is carried out; they are not
        // reported.
        if lost.length() > TimeDelta::minutes(10) && progress.paging.is_none() {
            notes.failed(lost, "the service does not look back that far");
        }
        let window = match &progress.paging {
            Some(paging) => Span::new(time(paging.from), time(paging.to)),
            None => series.first_window(Span::new(earliest, left.to)),
        };
        if window.is_empty() {
            return Ok((notes.alone()?, self.at(progress.errand + 1)));
        }
        let paging = progress.paging.take();
        let page = paging.as_ref().map(|paging| paging.page.as_str());
        let at_edge = window.to >= series.horizon(now);
        let ask = WindowRequest { series, window, page, mark: None, at_edge, now };
        let earlier = paging.as_ref().map_or(0, |paging| paging.rows);
        let asked =
            window::ask(self.archive.as_ref(), &ask, earlier, self.context.bad_rows).await?;
        let (mut answer, rows) = match asked {
            Outcome::Answered(answer, rows) => (answer, rows),
            Outcome::Refused(reason) => {
                notes.failed(Span::new(window.from, left.to), reason);
                return Ok((notes.alone()?, self.at(progress.errand + 1)));
            }
        };
        notes.refused(window, std::mem::take(&mut answer.refused));
        let (reached, over) = match answer.next {
            Continuation::Page(page) => {
                progress.paging = Some(Paging::of(series, window, page, None, rows));
                return Ok((notes.with(answer.batches, answer.bad)?, progress));
            }
            Continuation::Done => (window.to, window.to >= left.to),
            Continuation::From(at) => (at, at >= left.to),
            Continuation::Until(at) => (at, true),
        };
        if reached > window.from {
            let run = Run::after(progress.run, window.from, reached, rows, at_edge);
            // Only the newest row of a task records what is left of it.
            if let Some(before) = progress.run.filter(|before| before.since != run.since) {
                notes.run(before, None);
            }
            notes.run(run, (!over && reached < left.to).then_some(left.to));
            (progress.run, progress.from) = (Some(run), reached.timestamp_micros());
        }
        let batches = notes.with(answer.batches, answer.bad)?;
        Ok((batches, if over { self.at(progress.errand + 1) } else { progress }))
    }
}

#[async_trait]
impl Source for Backfill {
    fn name(&self) -> &str {
        &self.name
    }

    fn tables(&self) -> Vec<TableRef> {
        self.archive.tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).await.map_err(|error| error.of_source(self.archive.name()))
    }
}
