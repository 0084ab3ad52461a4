//! Live sources: they run until they are told to stop.

use std::time::Instant;

use futures_util::future::{join, join_all};
use tidegauge_core::{Result, Source};
use tokio_util::sync::CancellationToken;

use super::session::{Session, fetch, load};
use super::{Member, Observer, Outcome, Pipeline, RunError, Summary};
use crate::Error;

impl Pipeline {
    /// Runs every source until it has nothing more for now, as [`run`](Self::run) does, and then
    /// all live ones at once, until `stop` comes or the pipeline is cancelled. They finish the page that
    /// they are at: what they have heard is in the sinks when this returns.
    ///
    /// A page of a live source cannot be had a second time, so each goes into every sink, wherever
    /// that stands.
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
    /// When a source failed, or a sink while it was loaded from one; all others go on until `stop` comes, and
    /// what was loaded stays. What a sink has missed is a hole in the ledger of a source that is made anew.
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
    /// Runs all live sources of the pipeline at once, until `stop` comes or the run is cancelled.
    pub(crate) async fn stream_all(&mut self, stop: impl Future<Output = ()> + Send) {
        if self.is_cut() {
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
        let live = self.pipeline.members.iter().filter(|member| member.source.capabilities().live);
        let streams = async {
            let ended = join_all(live.map(|member| self.stream_member(member, &stopping))).await;
            // All of them may have failed before the stream is told to stop.
            stopping.cancel();
            ended
        };
        let (ended, ()) = join(streams, stopped).await;
        for ended in ended {
            self.note(ended);
        }
    }

    async fn stream_member(
        &self,
        member: &Member,
        stop: &CancellationToken,
    ) -> super::session::Ended {
        let source = member.source.as_ref();
        let mut entry = self.enter(source.name(), member.usage.as_ref()).await;
        let result = match entry.refusal() {
            Some(error) => Err(error),
            None => self.stream_one(source, &mut entry.summary, stop).await.map_err(Error::from),
        };
        self.leave(entry, result).await
    }

    async fn stream_one(
        &self,
        source: &dyn Source,
        summary: &mut Summary,
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        let mut sinks = self.start(source, summary).await?;
        let mut cursor = sinks.first().and_then(|(_, cursor)| cursor.clone());
        while !sinks.is_empty() && !stop.is_cancelled() {
            let began = Instant::now();
            let Some(page) = fetch(source, cursor.as_ref(), stop).await else { break };
            let page = page?;
            // A sink that fails keeps no other from the page, and the first one counts what it has taken.
            let (mut taken, mut failure) = (None, None);
            for (at, (sink, standing)) in sinks.iter_mut().enumerate() {
                match load(sink.as_ref(), source, &page, standing).await {
                    Ok(loaded) if at == 0 => taken = Some(loaded),
                    Ok(_) => {}
                    Err(error) => drop(failure.get_or_insert(error)),
                }
            }
            if let Some(loaded) = taken {
                self.committed(source, (&page, Some(&loaded)), began.elapsed(), summary);
            }
            if let Some(error) = failure {
                return Err(error);
            }
            cursor = Some(page.cursor);
        }
        Ok(Outcome::Succeeded)
    }
}
