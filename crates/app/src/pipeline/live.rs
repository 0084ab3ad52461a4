//! Live sources: they run until they are stopped.

use std::time::Instant;

use futures_util::future::{join, join_all};
use tidegauge_core::{Result, Source};
use tokio_util::sync::CancellationToken;

use super::pages::{fetch_page, load_page};
use super::session::{Session, SourceResult};
use super::summary::Summary;
use super::{Observer, Outcome, Pipeline, PipelineSource, RunError};
use crate::Error;

impl Pipeline {
    /// Runs every source until it has no more rows for now, as [`run`](Self::run) does, and then
    /// all live ones concurrently, until `stop` completes or the pipeline is cancelled. Each live
    /// source finishes its current page: all rows that it has received are in the sinks when this
    /// returns.
    ///
    /// A page of a live source cannot be fetched a second time, so each goes into every sink,
    /// whatever that sink's cursor.
    ///
    /// ```
    /// use tidegauge::pipeline::{Pipeline, Silent};
    ///
    /// # async fn stream(
    /// #     source: std::sync::Arc<dyn tidegauge::core::Source>,
    /// #     sink: std::sync::Arc<dyn tidegauge::core::Sink>,
    /// # ) -> tidegauge::Result<()> {
    /// let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    /// let summary = Pipeline::new().source(source).sink(sink).stream(&Silent, ctrl_c).await?;
    /// # let _ = summary;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When a source failed, or a sink while it was loaded from one; all others continue until
    /// `stop` completes, and rows that were loaded stay. Pages that a sink has missed are a gap in
    /// the ledger of a recreated source.
    pub async fn stream(
        &self,
        observer: &dyn Observer,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Summary, RunError> {
        let mut session = Session::begin(self, observer);
        session.load_all().await;
        session.stream_all(stop).await;
        session.finish().await
    }
}

impl Session<'_> {
    /// Runs all live sources of the pipeline concurrently, until `stop` completes or the run is
    /// cancelled.
    pub(crate) async fn stream_all(&mut self, stop: impl Future<Output = ()> + Send) {
        if self.check_cancelled() {
            return;
        }
        let stopping = self.cancellation.child_token();
        let stopped = async {
            tokio::select! {
                () = stop => {}
                () = stopping.cancelled() => {}
            }
            stopping.cancel();
        };
        let live = self.pipeline.sources.iter().filter(|member| member.source.capabilities().live);
        let streams = async {
            let ended = join_all(live.map(|member| self.stream_member(member, &stopping))).await;
            // All of them may have failed before `stop` completes.
            stopping.cancel();
            ended
        };
        let (ended, ()) = join(streams, stopped).await;
        for ended in ended {
            self.record_result(ended);
        }
    }

    async fn stream_member(
        &self,
        member: &PipelineSource,
        stop: &CancellationToken,
    ) -> SourceResult {
        let source = member.source.as_ref();
        let mut entry = self.start_source(source.name(), member.usage.as_ref()).await;
        let result = match entry.take_error() {
            Some(error) => Err(error),
            None => self.stream_one(source, &mut entry.summary, stop).await.map_err(Error::from),
        };
        self.end_source(entry, result).await
    }

    async fn stream_one(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        let mut sinks = self.prepare_sinks(source, summary).await?;
        let mut cursor = sinks.first().and_then(|(_, cursor)| cursor.clone());
        while !sinks.is_empty() && !stop.is_cancelled() {
            let began = Instant::now();
            let Some(page) = fetch_page(source, cursor.as_ref(), stop).await else { break };
            let page = page?;
            // A failing sink does not keep the page from the others, and the counts are those of
            // the first sink.
            let (mut taken, mut failure) = (None, None);
            for (at, (sink, cursors)) in sinks.iter_mut().enumerate() {
                match load_page(sink.as_ref(), source, &page, cursors).await {
                    Ok(loaded) if at == 0 => taken = Some(loaded),
                    Ok(_) => {}
                    Err(error) => drop(failure.get_or_insert(error)),
                }
            }
            if let Some(loaded) = taken {
                self.report_commit(source, (&page, Some(&loaded)), began.elapsed(), summary);
            }
            if let Some(error) = failure {
                return Err(error);
            }
            cursor = Some(page.cursor);
        }
        Ok(Outcome::Succeeded)
    }
}
