//! A run in progress: one source after the other, each to its own end, independent of failures
//! before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join;
use tidegauge_acquisition::http::{Traffic, Usage};
use tidegauge_core::tables::{Quarantine, RunRecord};
use tidegauge_core::{Cursor, Load, Loaded, Page, Result, Sink, Source};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Observer, Outcome, Pipeline, RunError, RunEvent, SourceFailure, Summary, summary};
use crate::history::{History, run_id};
use crate::sources::FILL;
use crate::{Error, derived};

/// The time in which a cancelled source may still deliver the requested page; then the request is
/// dropped.
const GRACE: Duration = Duration::from_secs(10);

/// A run in progress.
pub(crate) struct Session<'a> {
    pub(super) pipeline: &'a Pipeline,
    observer: &'a dyn Observer,
    pub(super) cancellation: CancellationToken,
    run_id: String,
    history: Option<History>,
    summary: Summary,
    failures: Vec<SourceFailure>,
    is_cancelled: bool,
}

/// A source in progress.
pub(super) struct Entry {
    source: String,
    usage: Option<Usage>,
    /// The traffic that the source had counted before.
    traffic: BTreeMap<&'static str, Traffic>,
    began: Instant,
    record: Option<RunRecord>,
    pub(super) summary: Summary,
    /// The error that prevents the source from starting.
    refused: Option<Error>,
}

/// A source that has ended.
pub(super) struct Ended {
    source: String,
    summary: Summary,
    result: Result<Outcome, Error>,
}

/// A source that was created for a run, with notes for the summary.
pub(crate) struct Made {
    source: Arc<dyn Source>,
    notes: Vec<String>,
}

impl Made {
    /// Creates a source whose `notes` are reported together with its own.
    pub(crate) fn new(source: Arc<dyn Source>, notes: Vec<String>) -> Self {
        Self { source, notes }
    }
}

/// The sinks that a source is loaded into, each with its cursor.
pub(super) type Standing<'a> = Vec<(&'a Arc<dyn Sink>, Option<Cursor>)>;

impl Entry {
    /// Takes the error that prevents the source from starting, if there is one.
    pub(super) fn refusal(&mut self) -> Option<Error> {
        self.refused.take()
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
                .map(|recorder| History::new(recorder, run_id.clone())),
            run_id,
            summary: Summary::default(),
            failures: Vec::new(),
            is_cancelled: false,
        };
        session.tell(&RunEvent::RunStarted { run_id: session.run_id.clone() });
        session
    }

    /// Adds a note about a source that is not loaded.
    pub(crate) fn remark(&mut self, source: &str, text: String) {
        self.summary.note(source, vec![text]);
    }

    /// Runs every finite source of the pipeline; those whose tables others refer to come first.
    pub(crate) async fn load_all(&mut self) {
        let members = super::in_order(&self.pipeline.members);
        for member in members.into_iter().filter(|member| !member.source.capabilities().live) {
            if self.is_cut() {
                return;
            }
            let source = member.source.as_ref();
            let mut entry = self.enter(source.name(), member.usage.as_ref()).await;
            let result = match entry.refusal() {
                Some(error) => Err(error),
                None => self.drain(source, &mut entry.summary).await.map_err(Error::from),
            };
            let ended = self.leave(entry, result).await;
            self.note(ended);
        }
    }

    /// Runs a source that is created first; a failure to create it is the failure of the source.
    pub(crate) async fn load_made(
        &mut self,
        name: &str,
        make: impl Future<Output = Result<Made, Error>>,
    ) {
        if self.is_cut() {
            return;
        }
        let mut entry = self.enter(name, None).await;
        let made = match entry.refusal() {
            Some(error) => Err(error),
            None => make.await,
        };
        let result = match made {
            Ok(Made { source, notes }) => {
                entry.summary.note(source.name(), notes);
                self.drain(source.as_ref(), &mut entry.summary).await.map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        let ended = self.leave(entry, result).await;
        self.note(ended);
    }

    /// Returns `true` if the run was cancelled with work left, and remembers it.
    pub(crate) fn is_cut(&mut self) -> bool {
        self.is_cancelled |= self.cancellation.is_cancelled();
        self.is_cancelled
    }

    /// Replaces the cancellation token, so that the following steps run to their end, unless the
    /// run was cut short.
    pub(crate) fn forgive(&mut self) {
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
        self.tell(&RunEvent::RunFinished { run_id: self.run_id.clone(), outcome });
        match outcome {
            Outcome::Succeeded => Ok(self.summary),
            _ => Err(RunError::new(self.failures, self.is_cancelled, self.summary)),
        }
    }

    /// Begins a source: reports it to the observers, and writes its first row into the history.
    pub(super) async fn enter(&self, source: &str, usage: Option<&Usage>) -> Entry {
        let (run_id, source) = (self.run_id.clone(), source.to_owned());
        self.tell(&RunEvent::SourceStarted { run_id, source: source.clone() });
        let (mut record, mut refused) = (None, None);
        if let Some(history) = &self.history {
            match history.started(&source).await {
                Ok(started) => record = Some(started),
                Err(error) => refused = Some(error.into()),
            }
        }
        let (usage, summary) = (usage.cloned(), Summary::default());
        let traffic = usage.as_ref().map(Usage::traffic).unwrap_or_default();
        Entry { source, usage, traffic, began: Instant::now(), record, summary, refused }
    }

    /// Ends a source: writes its last row into the history, and reports it to the observers.
    pub(super) async fn leave(&self, entry: Entry, mut result: Result<Outcome, Error>) -> Ended {
        let Entry { source, usage, traffic: before, began, record, mut summary, .. } = entry;
        for (service, traffic) in usage.map(|usage| usage.traffic()).unwrap_or_default() {
            let traffic = traffic.since(before.get(service).copied().unwrap_or_default());
            if traffic != Traffic::default() {
                summary.traffic.insert(service, traffic);
            }
        }
        let (rows, seconds) = (summary.rows(), began.elapsed().as_secs_f64());
        let run_id = self.run_id.clone();
        let told = |error: &Error| match &self.history {
            Some(history) => history.redacted(&error.to_string()),
            None => error.to_string(),
        };
        if let (Some(history), Some(record)) = (&self.history, record) {
            let error = result.as_ref().err().map(|error| (error.kind(), told(error)));
            let outcome = result.as_ref().map_or(Outcome::Failed, |outcome| *outcome);
            let written = history.ended(record, outcome, &summary, seconds, error).await;
            if let (Ok(_), Err(error)) = (&result, written) {
                result = Err(error.into());
            }
        }
        let name = source.clone();
        self.tell(&match &result {
            Ok(Outcome::Cancelled) => RunEvent::SourceCancelled { run_id, source: name, rows },
            Ok(_) => RunEvent::SourceFinished { run_id, source: name, rows, seconds },
            Err(error) => {
                let (kind, message) = (error.kind(), told(error));
                RunEvent::SourceFailed { run_id, source: name, rows, kind, message }
            }
        });
        Ended { source, summary, result }
    }

    /// Adds the result of a source to the run.
    pub(super) fn note(&mut self, ended: Ended) {
        let Ended { source, summary, result } = ended;
        self.summary.extend(summary);
        // The derived tables do not count as a source.
        if source != derived::NAME && matches!(result, Ok(Outcome::Succeeded)) {
            self.summary.completed += 1;
        }
        match result {
            Ok(Outcome::Cancelled) => self.is_cancelled = true,
            Ok(_) => {}
            Err(error) => self.failures.push(SourceFailure { source, error }),
        }
    }

    /// Loads a source until it has no more rows for now, and adds its notes to `summary`.
    async fn drain(&self, source: &dyn Source, summary: &mut Summary) -> Result<Outcome> {
        source.take_notes(); // those of a look at it before are of no load
        let mut behind = BTreeMap::new();
        let drained = self.drain_pages(source, summary, &mut behind).await;
        summary.note(source.name(), source.take_notes());
        let first = self.pipeline.sinks.first().map_or("", |first| first.name());
        let brought = |(sink, rows): (String, usize)| {
            format!("{sink} was behind, and was brought {rows} rows that {first} had")
        };
        let behind = behind.into_iter().filter(|(_, rows)| *rows > 0);
        summary.note(source.name(), behind.map(brought).collect());
        drained
    }

    /// Loads the pages of [`drain`](Self::drain) without notes. Adds the number of rows that only
    /// sinks other than the first received to `behind`, by the name of the sink.
    async fn drain_pages(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
        behind: &mut BTreeMap<String, usize>,
    ) -> Result<Outcome> {
        let mut waiting = self.start(source, summary).await?;
        let mut ahead: Option<(Cursor, Result<Page>)> = None;
        while let Some((_, before)) = waiting.first() {
            if self.cancellation.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            let before = before.clone();
            let began = Instant::now();
            let page = match ahead.take() {
                Some((cursor, page)) if Some(&cursor) == before.as_ref() => page?,
                _ => match fetch(source, before.as_ref(), &self.cancellation).await {
                    Some(page) => page?,
                    None => return Ok(Outcome::Cancelled),
                },
            };
            // Rows that a sink has committed count, even if the next sink fails.
            let loads = async {
                let (mut taken, mut failure) = (Vec::new(), None);
                for (sink, cursor) in waiting.iter_mut().filter(|(_, cursor)| *cursor == before) {
                    match load(sink.as_ref(), source, &page, cursor).await {
                        Ok(loaded) => taken.push((*sink, loaded)),
                        Err(error) => {
                            failure = Some(error);
                            break;
                        }
                    }
                }
                (taken, failure)
            };
            let (taken, failure) = if source.capabilities().deterministic
                && !page.done
                && !self.cancellation.is_cancelled()
            {
                // Loads are polled first: their I/O proceeds while the next page is produced.
                let (loaded, next) = join(loads, source.fetch(Some(&page.cursor))).await;
                ahead = Some((page.cursor.clone(), next));
                loaded
            } else {
                loads.await
            };
            // The first sink counts rows. Rows that it holds already are not counted for the run.
            let is_first = |sink: &Arc<dyn Sink>| {
                self.pipeline.sinks.first().is_some_and(|first| Arc::ptr_eq(first, sink))
            };
            let first = taken.iter().find(|(sink, _)| is_first(sink)).map(|(_, loaded)| loaded);
            if !taken.is_empty() {
                self.committed(source, (&page, first), began.elapsed(), summary);
            }
            for (sink, _) in taken.iter().filter(|_| first.is_none()) {
                *behind.entry(sink.name().to_owned()).or_default() += summary::rows(&page);
            }
            if let Some(error) = failure {
                return Err(error);
            }
            if page.done {
                let after = Some(page.cursor);
                waiting.retain(|(_, cursor)| *cursor != after);
            }
        }
        Ok(Outcome::Succeeded)
    }

    /// Prepares the sinks for `source`; returns them with their cursors.
    pub(super) async fn start(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
    ) -> Result<Standing<'a>> {
        let tables = source.tables();
        let mut standing = Vec::with_capacity(self.pipeline.sinks.len());
        for sink in &self.pipeline.sinks {
            // The check comes first: a table that was dropped under its cursor must not be
            // recreated silently.
            sink.check(source.name(), &tables).await?;
            sink.prepare(&tables).await?;
            standing.push((sink, sink.cursor(source.name()).await?));
        }
        for table in &tables {
            summary.expect(source.name(), table);
        }
        Ok(standing)
    }

    /// Reports a committed page, and counts it if the first sink has taken it.
    pub(super) fn committed(
        &self,
        source: &dyn Source,
        (page, loaded): (&Page, Option<&Loaded>),
        time: Duration,
        summary: &mut Summary,
    ) {
        if let Some(loaded) = loaded {
            summary.add(source.name(), page, loaded, time);
        }
        self.tell(&RunEvent::PageCommitted {
            run_id: self.run_id.clone(),
            source: source.name().to_owned(),
            rows: summary::rows(page),
            seconds: time.as_secs_f64(),
        });
    }

    fn tell(&self, event: &RunEvent) {
        event.log();
        self.observer.observe(event);
        if let Some(events) = &self.pipeline.events {
            events.observe(event);
        }
    }
}

/// Fetches the page after `cursor`. Returns `None` if it did not arrive within the grace period
/// after `stop`: a dropped request has no effect.
pub(super) async fn fetch(
    source: &dyn Source,
    cursor: Option<&Cursor>,
    stop: &CancellationToken,
) -> Option<Result<Page>> {
    let fetch = source.fetch(cursor);
    tokio::pin!(fetch);
    tokio::select! {
        page = &mut fetch => Some(page),
        () = stop.cancelled() => timeout(GRACE, fetch).await.ok(),
    }
}

/// Loads a page, unless it has nothing new, and moves the sink's cursor. Returns the row counts.
pub(super) async fn load(
    sink: &dyn Sink,
    source: &dyn Source,
    page: &Page,
    cursor: &mut Option<Cursor>,
) -> Result<Loaded> {
    let after = Some(page.cursor.clone());
    let mut loaded = Loaded::default();
    if page.rows() > 0 || *cursor != after {
        let load = Load::new(source.name(), &page.batches, cursor.as_ref(), &page.cursor);
        let load = load.on_duplicate(source.on_duplicate());
        let replaced = match source.capabilities().snapshot && page.rows() > 0 {
            true => source.tables(),
            false => Vec::new(),
        };
        let replaced: Vec<_> =
            replaced.into_iter().filter(|table| table != Quarantine::table()).collect();
        if !replaced.is_empty() && !sink.capabilities().replaces {
            return Err(tidegauge_core::Error::NoReplace { name: sink.name().to_owned() });
        }
        // A reload has its own cursor, which would outlive the rows that are removed.
        let fill = format!("{}{FILL}", source.name());
        let forgotten = [fill.as_str()];
        let load = match replaced.is_empty() {
            true => load,
            false => load.replacing(&replaced).removing_cursors(&forgotten),
        };
        loaded = match sink.load(load).await {
            Err(tidegauge_core::Error::Differs { table, key, column, row, .. }) => {
                let place = source.row_origin(cursor.as_ref(), &table, row).await;
                return Err(tidegauge_core::Error::Differs { table, key, column, row, place });
            }
            loaded => loaded?,
        };
    }
    *cursor = after;
    Ok(loaded)
}
