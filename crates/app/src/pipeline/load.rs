//! The loading of finite sources: one after the other, each to its own end, independent of failures
//! before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join;
use tidegauge_core::{Cursor, Page, Result, Sink, Source};

use super::pages::{fetch_page, load_page};
use super::session::Session;
use super::summary::{Summary, page_rows};
use super::{Observer, Outcome, Pipeline, PipelineSource, RunError};
use crate::Error;

/// A source that was created for a run, with notes for the summary.
pub(crate) struct PreparedSource {
    source: Arc<dyn Source>,
    notes: Vec<String>,
}

impl PreparedSource {
    /// Creates a source whose `notes` are reported together with its own.
    pub(crate) fn new(source: Arc<dyn Source>, notes: Vec<String>) -> Self {
        Self { source, notes }
    }
}

impl Pipeline {
    /// Runs every source until it has no more rows for now; sources whose tables others refer to
    /// come first. Live sources, which never end, are run by [`stream`](Self::stream).
    ///
    /// # Errors
    /// When sources failed, or sinks while they were loaded from one: all others were loaded. When
    /// the run was cancelled. Rows that were loaded stay; the next run resumes there.
    pub async fn run(&self, observer: &dyn Observer) -> Result<Summary, RunError> {
        let mut session = Session::begin(self, observer);
        session.load_all().await;
        session.finish().await
    }
}

impl Session<'_> {
    /// Runs every finite source of the pipeline; those whose tables others refer to come first.
    pub(crate) async fn load_all(&mut self) {
        let sources = dependency_order(&self.pipeline.sources);
        for member in sources.into_iter().filter(|member| !member.source.capabilities().live) {
            if self.check_cancelled() {
                return;
            }
            let source = member.source.as_ref();
            let mut entry = self.start_source(source.name(), member.usage.as_ref()).await;
            let result = match entry.take_error() {
                Some(error) => Err(error),
                None => self.load_source(source, &mut entry.summary).await.map_err(Error::from),
            };
            let ended = self.end_source(entry, result).await;
            self.record_result(ended);
        }
    }

    /// Runs a source that is created first; a failure to create it is the failure of the source.
    pub(crate) async fn load_prepared(
        &mut self,
        name: &str,
        make: impl Future<Output = Result<PreparedSource, Error>>,
    ) {
        if self.check_cancelled() {
            return;
        }
        let mut entry = self.start_source(name, None).await;
        let made = match entry.take_error() {
            Some(error) => Err(error),
            None => make.await,
        };
        let result = match made {
            Ok(PreparedSource { source, notes }) => {
                entry.summary.add_notes(source.name(), notes);
                self.load_source(source.as_ref(), &mut entry.summary).await.map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        let ended = self.end_source(entry, result).await;
        self.record_result(ended);
    }

    /// Loads a source until it has no more rows for now, and adds its notes to `summary`.
    async fn load_source(&self, source: &dyn Source, summary: &mut Summary) -> Result<Outcome> {
        source.take_notes(); // those of a look at it before are of no load
        let mut behind = BTreeMap::new();
        let outcome = self.load_pages(source, summary, &mut behind).await;
        summary.add_notes(source.name(), source.take_notes());
        let first = self.pipeline.sinks.first().map_or("", |first| first.name());
        let caught_up = |(sink, rows): (String, usize)| {
            format!("{sink} was behind, and was brought {rows} rows that {first} had")
        };
        let behind = behind.into_iter().filter(|(_, rows)| *rows > 0);
        summary.add_notes(source.name(), behind.map(caught_up).collect());
        outcome
    }

    /// Loads the pages of [`load_source`](Self::load_source) without notes. Adds the number of rows that only
    /// sinks other than the first received to `behind`, by the name of the sink.
    async fn load_pages(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
        behind: &mut BTreeMap<String, usize>,
    ) -> Result<Outcome> {
        let mut waiting = self.prepare_sinks(source, summary).await?;
        let mut ahead: Option<(Cursor, Result<Page>)> = None;
        while let Some((_, before)) = waiting.first() {
            if self.cancellation.is_cancelled() {
                return Ok(Outcome::Cancelled);
            }
            let before = before.clone();
            let began = Instant::now();
            let page = match ahead.take() {
                Some((cursor, page)) if Some(&cursor) == before.as_ref() => page?,
                _ => match fetch_page(source, before.as_ref(), &self.cancellation).await {
                    Some(page) => page?,
                    None => return Ok(Outcome::Cancelled),
                },
            };
            // Rows that a sink has committed count, even if the next sink fails.
            let loads = async {
                let (mut taken, mut failure) = (Vec::new(), None);
                for (sink, cursor) in waiting.iter_mut().filter(|(_, cursor)| *cursor == before) {
                    match load_page(sink.as_ref(), source, &page, cursor).await {
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
                self.report_commit(source, (&page, first), began.elapsed(), summary);
            }
            for (sink, _) in taken.iter().filter(|_| first.is_none()) {
                *behind.entry(sink.name().to_owned()).or_default() += page_rows(&page);
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
}

/// Returns the sources so that those whose tables others refer to come first, otherwise in the
/// given order.
fn dependency_order(sources: &[PipelineSource]) -> Vec<&PipelineSource> {
    let needs = |member: &PipelineSource, other: &PipelineSource| {
        let (own, filled) = (member.source.tables(), other.source.tables());
        own.iter().flat_map(|table| &table.foreign_keys).any(|key| {
            let is_own = own.iter().any(|table| table.name == key.table);
            !is_own && filled.iter().any(|table| table.name == key.table)
        })
    };
    let mut left: Vec<_> = sources.iter().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        // For two sources that need each other no order is right, so the first is taken.
        let next = (0..left.len())
            .find(|at| {
                let member = left[*at];
                !left.iter().any(|other| !std::ptr::eq(member, *other) && needs(member, other))
            })
            .unwrap_or(0);
        order.push(left.remove(next));
    }
    order
}
