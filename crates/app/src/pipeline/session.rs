//! A run in progress: its sources, its events, its history and its outcome.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegauge_acquisition::http::{Traffic, Usage};
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{Cursor, Loaded, Page, Result, Sink, Source};
use tokio_util::sync::CancellationToken;

use super::summary::{Summary, page_rows};
use super::{Observer, Outcome, Pipeline, RunError, RunEvent, SourceFailure};
use crate::Error;
use crate::history::{RunHistory, run_id};
use crate::source_names::MARKET;

/// A run in progress.
pub(crate) struct Session<'a> {
    pub(super) pipeline: &'a Pipeline,
    observer: &'a dyn Observer,
    pub(super) cancellation: CancellationToken,
    run_id: String,
    history: Option<RunHistory>,
    summary: Summary,
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
}

/// A source in progress.
pub(super) struct SourceRun {
    source: String,
    usage: Option<Usage>,
    /// The traffic that the source had counted before.
    traffic: BTreeMap<&'static str, Traffic>,
    began: Instant,
    record: Option<RunRecord>,
    pub(super) summary: Summary,
    /// The error that prevents the source from starting.
    error: Option<Error>,
}

/// A source that has ended.
pub(super) struct SourceResult {
    source: String,
    summary: Summary,
    result: Result<Outcome, Error>,
}

/// The sinks that a source is loaded into, each with its cursor.
pub(super) type SinkCursors<'a> = Vec<(&'a Arc<dyn Sink>, Option<Cursor>)>;

impl SourceRun {
    /// Takes the error that prevents the source from starting, if there is one.
    pub(super) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}

impl<'a> Session<'a> {
    /// Begins a run of `pipeline`.
    pub(crate) fn begin(pipeline: &'a Pipeline, observer: &'a dyn Observer) -> Self {
        let run_id = run_id();
        let session = Self {
            pipeline,
            observer,
            cancellation: pipeline.cancellation.clone(),
            history: pipeline
                .recorder
                .clone()
                .map(|recorder| RunHistory::new(recorder, run_id.clone())),
            run_id,
            summary: Summary::default(),
            failures: Vec::new(),
            is_cancelled: false,
        };
        session.emit(&RunEvent::RunStarted { run_id: session.run_id.clone() });
        session
    }

    /// Adds a note about a source that is not loaded.
    pub(crate) fn add_note(&mut self, source: &str, text: String) {
        self.summary.add_notes(source, vec![text]);
    }

    /// Returns `true` if the run was cancelled with work left, and remembers it.
    pub(crate) fn check_cancelled(&mut self) -> bool {
        self.is_cancelled |= self.cancellation.is_cancelled();
        self.is_cancelled
    }

    /// Replaces the cancellation token, so that the following steps run to their end, unless the
    /// run was cut short.
    pub(crate) fn reset_cancellation(&mut self) {
        if !self.is_cancelled {
            self.cancellation = CancellationToken::new();
        }
    }

    /// Ends the run and returns its summary.
    ///
    /// # Errors
    /// When sources failed, the history cannot be written, or the run was cancelled.
    pub(crate) async fn finish(mut self) -> Result<Summary, RunError> {
        if let Some(history) = &self.history
            && let Err(error) = history.flush().await
        {
            let source = tidegauge_core::RUN_HISTORY.to_owned();
            self.failures.push(SourceFailure { source, error: error.into() });
        }
        let outcome = match (self.failures.is_empty(), self.is_cancelled) {
            (false, _) => Outcome::Failed,
            (true, true) => Outcome::Cancelled,
            (true, false) => Outcome::Succeeded,
        };
        self.emit(&RunEvent::RunFinished { run_id: self.run_id.clone(), outcome });
        match outcome {
            Outcome::Succeeded => Ok(self.summary),
            _ => Err(RunError::new(self.failures, self.is_cancelled, self.summary)),
        }
    }

    /// Begins a source: reports it to the observers, and writes its first row into the history.
    pub(super) async fn start_source(&self, source: &str, usage: Option<&Usage>) -> SourceRun {
        let (run_id, source) = (self.run_id.clone(), source.to_owned());
        self.emit(&RunEvent::SourceStarted { run_id, source: source.clone() });
        let (mut record, mut refused) = (None, None);
        if let Some(history) = &self.history {
            match history.started(&source).await {
                Ok(started) => record = Some(started),
                Err(error) => refused = Some(error.into()),
            }
        }
        let (usage, summary) = (usage.cloned(), Summary::default());
        let traffic = usage.as_ref().map(Usage::traffic).unwrap_or_default();
        SourceRun { source, usage, traffic, began: Instant::now(), record, summary, error: refused }
    }

    /// Ends a source: writes its last row into the history, and reports it to the observers.
    pub(super) async fn end_source(
        &self,
        entry: SourceRun,
        mut result: Result<Outcome, Error>,
    ) -> SourceResult {
        let SourceRun { source, usage, traffic: before, began, record, mut summary, .. } = entry;
        for (service, traffic) in usage.map(|usage| usage.traffic()).unwrap_or_default() {
            let traffic = traffic.since(before.get(service).copied().unwrap_or_default());
            if traffic != Traffic::default() {
                summary.traffic.insert(service, traffic);
            }
        }
        let (rows, seconds) = (summary.rows(), began.elapsed().as_secs_f64());
        let run_id = self.run_id.clone();
        let redacted = |error: &Error| match &self.history {
            Some(history) => history.redacted(&error.to_string()),
            None => error.to_string(),
        };
        if let (Some(history), Some(record)) = (&self.history, record) {
            let error = result.as_ref().err().map(|error| (error.kind(), redacted(error)));
            let outcome = result.as_ref().map_or(Outcome::Failed, |outcome| *outcome);
            let written = history.ended(record, outcome, &summary, seconds, error).await;
            if let (Ok(_), Err(error)) = (&result, written) {
                result = Err(error.into());
            }
        }
        let name = source.clone();
        self.emit(&match &result {
            Ok(Outcome::Cancelled) => RunEvent::SourceCancelled { run_id, source: name, rows },
            Ok(_) => RunEvent::SourceFinished { run_id, source: name, rows, seconds },
            Err(error) => {
                let (kind, message) = (error.kind(), redacted(error));
                RunEvent::SourceFailed { run_id, source: name, rows, kind, message }
            }
        });
        SourceResult { source, summary, result }
    }

    /// Adds the result of a source to the run.
    pub(super) fn record_result(&mut self, ended: SourceResult) {
        let SourceResult { source, summary, result } = ended;
        self.summary.extend(summary);
        // The derived tables do not count as a source.
        if source != MARKET && matches!(result, Ok(Outcome::Succeeded)) {
            self.summary.completed += 1;
        }
        match result {
            Ok(Outcome::Cancelled) => self.is_cancelled = true,
            Ok(_) => {}
            Err(error) => self.failures.push(SourceFailure { source, error }),
        }
    }

    /// Prepares the sinks for `source`; returns them with their cursors.
    pub(super) async fn prepare_sinks(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
    ) -> Result<SinkCursors<'a>> {
        let tables = source.tables();
        let mut cursors = Vec::with_capacity(self.pipeline.sinks.len());
        for sink in &self.pipeline.sinks {
            // The check comes first: a table that was dropped under its cursor must not be
            // recreated silently.
            sink.check(source.name(), &tables).await?;
            sink.prepare(&tables).await?;
            cursors.push((sink, sink.cursor(source.name()).await?));
        }
        for table in &tables {
            summary.add_table(source.name(), table);
        }
        Ok(cursors)
    }

    /// Reports a committed page, and counts it if the first sink has taken it.
    pub(super) fn report_commit(
        &self,
        source: &dyn Source,
        (page, loaded): (&Page, Option<&Loaded>),
        time: Duration,
        summary: &mut Summary,
    ) {
        if let Some(loaded) = loaded {
            summary.add(source.name(), page, loaded, time);
        }
        self.emit(&RunEvent::PageCommitted {
            run_id: self.run_id.clone(),
            source: source.name().to_owned(),
            rows: page_rows(page),
            seconds: time.as_secs_f64(),
        });
    }

    fn emit(&self, event: &RunEvent) {
        event.log();
        self.observer.observe(event);
        if let Some(events) = &self.pipeline.events {
            events.observe(event);
        }
    }
}
