//! Live sources: they run until somebody says stop.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{Shared, join_all};
use tidegauge_core::{Result, Source};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{Observer, Pipeline, Summary, load, summary};

/// A source that is told to stop has so long to finish the page that it is at.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pipeline {
    /// Runs every source until it has nothing more for now, as [`run`](Self::run) does, and then
    /// all live ones at once, until `stop` comes. They finish the page that they are at: what they
    /// have heard is in the sinks when this returns.
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
    /// # ) -> tidegauge::core::Result<()> {
    /// let ctrl_c = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    /// let summary = Pipeline::new().source(source).sink(sink).stream(&Silent, ctrl_c).await?;
    /// # let _ = summary;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first error of a source or a sink; it ends all others, too, as `stop` would. What was
    /// loaded stays. What a sink has missed is a hole in the ledger of a source that is made anew.
    pub async fn stream(
        &self,
        observer: &dyn Observer,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Summary> {
        let mut summary = self.run(observer).await?;
        let (failed, failure) = watch::channel(false);
        let stop = async move {
            let mut failure = failure;
            tokio::select! {
                () = stop => {}
                _ = failure.wait_for(|failed| *failed) => {}
            }
        };
        let stop = stop.boxed().shared();
        let live = self.sources.iter().filter(|source| source.is_live());
        let streams = live.map(|source| async {
            let streamed = self.stream_one(source.as_ref(), observer, stop.clone()).await;
            if streamed.is_err() {
                failed.send_replace(true);
            }
            streamed
        });
        for streamed in join_all(streams).await {
            summary.extend(streamed?);
        }
        Ok(summary)
    }

    async fn stream_one<S: Future<Output = ()>>(
        &self,
        source: &dyn Source,
        observer: &dyn Observer,
        stop: Shared<S>,
    ) -> Result<Summary> {
        let mut summary = Summary::default();
        let mut sinks = self.start(source, observer, &mut summary).await?;
        let mut cursor = sinks.first().and_then(|(_, cursor)| cursor.clone());
        while !sinks.is_empty() && stop.peek().is_none() {
            let begun = Instant::now();
            let page = {
                let fetch = source.fetch(cursor.as_ref());
                tokio::pin!(fetch);
                tokio::select! {
                    page = &mut fetch => page?,
                    () = stop.clone() => match timeout(PATIENCE, fetch).await {
                        Ok(page) => page?,
                        Err(_) => break,
                    },
                }
            };
            // A sink that fails keeps no other from the page.
            let mut failed = Ok(());
            for (sink, standing) in &mut sinks {
                let loaded = load(sink.as_ref(), source.name(), &page, standing).await;
                failed = failed.and(loaded);
            }
            failed?;
            summary.add(source.name(), &page, begun.elapsed());
            observer.page_loaded(source.name(), summary::rows(&page));
            cursor = Some(page.cursor);
        }
        observer.source_finished(source.name());
        Ok(summary)
    }
}
