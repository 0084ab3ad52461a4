//! Backfill of exactly the spans that are wanted and missing. It is idempotent: a repeated span has the same
//! keys.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::coverage::CoverageLedger;
use tidegauge_core::tables::Coverage;
use tidegauge_core::{Batch, Cursor, Page, Source, Span, Spans, TableRef};

use super::coverage::CoverageWriter;
use super::progress::{CoverageRun, Paging};
use super::window::{self, Outcome};
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
        source: &dyn HistoricalSource,
        ledger: &CoverageLedger,
        wanted: Option<Span>,
        now: DateTime<Utc>,
    ) -> Vec<Self> {
        let mut tasks = Vec::new();
        for series in source.series(now) {
            let Some(wanted) = series.wanted(wanted, now) else { continue };
            let gaps = ledger.gaps(source.name(), &series.name, wanted);
            // Adjacent gaps are one task, whatever their reasons.
            let spans: Spans = gaps.iter().map(|gap| gap.span).collect();
            tasks.extend(spans.iter().map(|span| Self { series: series.clone(), span }));
        }
        tasks
    }
}

/// A source that backfills the spans of a list of tasks from a historical source, named `<source> fill`.
///
/// It first records what is requested, and then, with every page, its progress: after a kill the remaining
/// work is in the gap ledger.
#[derive(Debug)]
pub struct Backfill {
    source: Arc<dyn HistoricalSource>,
    name: String,
    tasks: Vec<BackfillTask>,
    context: Context,
    /// The time of planning, which identifies the plan: a cursor of another plan does not apply to this one.
    planned: i64,
}

/// The content of the cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillProgress {
    /// The plan that the cursor belongs to, microseconds since 1970.
    planned: i64,
    /// The index of the current task.
    #[serde(rename = "errand")]
    task: usize,
    /// The watermark within the task, microseconds since 1970.
    from: i64,
    run: Option<CoverageRun>,
    paging: Option<Paging>,
}

impl Backfill {
    /// Creates a source that reads `tasks` from `source`.
    pub fn new(
        source: Arc<dyn HistoricalSource>,
        tasks: Vec<BackfillTask>,
        context: &Context,
    ) -> Self {
        Self {
            name: format!("{} fill", source.name()),
            source,
            tasks,
            planned: context.clock.now().timestamp_micros(),
            context: context.clone(),
        }
    }

    /// Returns the list of tasks.
    pub fn tasks(&self) -> &[BackfillTask] {
        &self.tasks
    }

    fn start_of(&self, task: usize) -> BackfillProgress {
        let from = self.tasks.get(task).map_or(0, |task| task.span.from.timestamp_micros());
        BackfillProgress { planned: self.planned, task, from, run: None, paging: None }
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let now = self.context.clock.now();
        let progress = match before {
            // The cursor of another plan may be from another release: it need not be readable.
            Some(before) => cursor::read::<BackfillProgress>(&self.name, before).ok(),
            None => None,
        };
        let Some(progress) = progress.filter(|progress| progress.planned == self.planned) else {
            return self.request(before, now);
        };
        let Some(task) = self.tasks.get(progress.task) else {
            return Ok(before.map_or_else(|| self.end(), cursor::nothing_new));
        };
        let (batches, next) = self.read_task(task, progress, now).await?;
        let done = next.task >= self.tasks.len();
        Ok(Page { batches, cursor: cursor::write(&self.name, &next)?, done })
    }

    fn end(&self) -> Page {
        Page { batches: Vec::new(), cursor: Cursor::new("{}"), done: true }
    }

    /// Returns the page that records the requested spans in the gap ledger.
    fn request(&self, before: Option<&Cursor>, now: DateTime<Utc>) -> Result<Page> {
        if self.tasks.is_empty() {
            return Ok(before.map_or_else(|| self.end(), cursor::nothing_new));
        }
        let row = |task: &BackfillTask| {
            CoverageWriter::new(self.source.name(), &task.series, now).requested_row(task.span)
        };
        let rows: Vec<_> = self.tasks.iter().map(row).collect();
        let batches = vec![Batch::from_rows(Coverage::table(), rows)?];
        Ok(Page { batches, cursor: cursor::write(&self.name, &self.start_of(0))?, done: false })
    }

    /// Makes one call for a task. Returns the batches and the progress after it.
    async fn read_task(
        &self,
        task: &BackfillTask,
        mut progress: BackfillProgress,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Batch>, BackfillProgress)> {
        let (name, series) = (self.source.name(), &task.series);
        let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or(now);
        let left = Span::new(time(progress.from), task.span.to);
        let mut coverage = CoverageWriter::new(name, series, now);
        let earliest = series.earliest(now).unwrap_or(left.from).max(left.from).min(left.to);
        let lost = Span::new(left.from, earliest);
        // Up to ten minutes may leave the service's lookback while a plan is carried out; they are not
        // reported.
        if lost.length() > TimeDelta::minutes(10) && progress.paging.is_none() {
            coverage.record_failed(lost, "the service does not look back that far");
        }
        let window = match &progress.paging {
            Some(paging) => Span::new(time(paging.from), time(paging.to)),
            None => series.first_window(Span::new(earliest, left.to)),
        };
        if window.is_empty() {
            return Ok((coverage.finish()?, self.start_of(progress.task + 1)));
        }
        let paging = progress.paging.take();
        let page_token = paging.as_ref().map(|paging| paging.page_token.as_str());
        let reaches_now = window.to >= series.horizon(now);
        let request =
            WindowRequest { series, window, page_token, resume_token: None, reaches_now, now };
        let earlier = paging.as_ref().map_or(0, |paging| paging.rows);
        let asked =
            window::fetch_window(self.source.as_ref(), &request, earlier, self.context.bad_rows)
                .await?;
        let (mut answer, rows) = match asked {
            Outcome::Answered(answer, rows) => (answer, rows),
            Outcome::Refused(reason) => {
                coverage.record_failed(Span::new(window.from, left.to), reason);
                return Ok((coverage.finish()?, self.start_of(progress.task + 1)));
            }
        };
        coverage.record_refused(window, std::mem::take(&mut answer.refused));
        let (reached, over) = match answer.next {
            Continuation::Page(page_token) => {
                progress.paging = Some(Paging::of(series, window, page_token, None, rows));
                return Ok((coverage.finish_with(answer.batches, answer.bad)?, progress));
            }
            Continuation::Done => (window.to, window.to >= left.to),
            Continuation::From(at) => (at, at >= left.to),
            Continuation::Until(at) => (at, true),
        };
        if reached > window.from {
            let run = CoverageRun::after(progress.run, window.from, reached, rows, reaches_now);
            // Only the newest row of a task records what is left of it.
            if let Some(before) = progress.run.filter(|before| before.since != run.since) {
                coverage.record_run(before, None);
            }
            coverage.record_run(run, (!over && reached < left.to).then_some(left.to));
            (progress.run, progress.from) = (Some(run), reached.timestamp_micros());
        }
        let batches = coverage.finish_with(answer.batches, answer.bad)?;
        Ok((batches, if over { self.start_of(progress.task + 1) } else { progress }))
    }
}

#[async_trait]
impl Source for Backfill {
    fn name(&self) -> &str {
        &self.name
    }

    fn tables(&self) -> Vec<TableRef> {
        self.source.tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).await.map_err(|error| error.into_source_error(self.source.name()))
    }
}
