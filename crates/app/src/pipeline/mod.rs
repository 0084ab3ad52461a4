//! Sources into sinks, page by page, each page once in each sink.

mod live;
mod observer;
mod summary;

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join;
use tidegauge_core::{Cursor, Load, Page, Result, Sink, Source};

pub use observer::{Observer, Silent};
pub use summary::{Failure, Summary, TableSummary};

/// Fills sinks from sources.
///
/// Each sink keeps its own cursor of each source, so a run that was killed, or a sink that was
/// added later, goes on from where *it* stands. Sinks that stand at the same place share a page;
/// one that has fallen behind is brought up by itself.
///
/// ```
/// use tidegauge::pipeline::{Pipeline, Silent};
///
/// # async fn run(
/// #     source: std::sync::Arc<dyn tidegauge::core::Source>,
/// #     sink: std::sync::Arc<dyn tidegauge::core::Sink>,
/// # ) -> tidegauge::core::Result<()> {
/// let summary = Pipeline::new().source(source).sink(sink).run(&Silent).await?;
/// println!("{} rows", summary.rows());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Pipeline {
    sources: Vec<Arc<dyn Source>>,
    sinks: Vec<Arc<dyn Sink>>,
}

impl Pipeline {
    /// A pipeline without sources and sinks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn Source>) -> Self {
        self.sources.push(source);
        self
    }

    /// Adds a sink.
    #[must_use]
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Runs every source until it has nothing more for now, those first whose tables others refer
    /// to. Live sources, which always have more, are left to [`stream`](Self::stream).
    ///
    /// # Errors
    /// The first error of a source or a sink. What was loaded before it stays; the next run goes
    /// on from there.
    pub async fn run(&self, observer: &dyn Observer) -> Result<Summary> {
        let mut summary = Summary::default();
        for source in in_order(&self.sources).into_iter().filter(|source| !source.is_live()) {
            self.run_source(source.as_ref(), observer, &mut summary).await?;
        }
        Ok(summary)
    }

    async fn run_source(
        &self,
        source: &dyn Source,
        observer: &dyn Observer,
        summary: &mut Summary,
    ) -> Result<()> {
        let mut waiting = self.start(source, observer, summary).await?;
        let mut ahead: Option<(Cursor, Result<Page>)> = None;
        while let Some((_, before)) = waiting.first() {
            let before = before.clone();
            let begun = Instant::now();
            let page = match ahead.take() {
                Some((cursor, page)) if Some(&cursor) == before.as_ref() => page?,
                _ => source.fetch(before.as_ref()).await?,
            };
            let loads = async {
                for (sink, cursor) in waiting.iter_mut().filter(|(_, cursor)| *cursor == before) {
                    load(sink.as_ref(), source.name(), &page, cursor).await?;
                }
                Ok(())
            };
            if source.is_free() && !page.done {
                // Loads begin first: what they wait for is done elsewhere while the next page is made.
                let (loaded, next) = join(loads, source.fetch(Some(&page.cursor))).await;
                loaded?;
                ahead = Some((page.cursor.clone(), next));
            } else {
                loads.await?;
            }
            summary.add(source.name(), &page, begun.elapsed());
            observer.page_loaded(source.name(), summary::rows(&page));
            if page.done {
                let after = Some(page.cursor);
                waiting.retain(|(_, cursor)| *cursor != after);
            }
        }
        observer.source_finished(source.name());
        Ok(())
    }

    /// Makes the sinks ready for `source`; where each of them stands.
    async fn start(
        &self,
        source: &dyn Source,
        observer: &dyn Observer,
        summary: &mut Summary,
    ) -> Result<Vec<(&Arc<dyn Sink>, Option<Cursor>)>> {
        observer.source_started(source.name());
        let tables = source.tables();
        let mut standing = Vec::with_capacity(self.sinks.len());
        for sink in &self.sinks {
            sink.prepare(&tables).await?;
            standing.push((sink, sink.cursor(source.name()).await?));
        }
        for table in &tables {
            summary.expect(source.name(), table);
        }
        Ok(standing)
    }
}

/// Loads a page, unless there is nothing new in it, and moves the sink's cursor.
async fn load(
    sink: &dyn Sink,
    source: &str,
    page: &Page,
    cursor: &mut Option<Cursor>,
) -> Result<()> {
    let after = Some(page.cursor.clone());
    if page.rows() > 0 || *cursor != after {
        let before = cursor.as_ref();
        sink.load(Load { source, batches: &page.batches, before, after: &page.cursor }).await?;
    }
    *cursor = after;
    Ok(())
}

/// Sources whose tables others refer to come first; otherwise they stay as they were given.
fn in_order(sources: &[Arc<dyn Source>]) -> Vec<&Arc<dyn Source>> {
    let needs = |source: &Arc<dyn Source>, other: &Arc<dyn Source>| {
        let filled = other.tables();
        source.tables().iter().flat_map(|table| &table.foreign_keys).any(|key| {
            let own = source.tables().iter().any(|table| table.name == key.table);
            !own && filled.iter().any(|table| table.name == key.table)
        })
    };
    let mut left: Vec<_> = sources.iter().collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        // Two sources that need each other: no order is right, so take the first.
        let next = (0..left.len())
            .find(|at| {
                !left.iter().any(|other| !Arc::ptr_eq(left[*at], other) && needs(left[*at], other))
            })
            .unwrap_or(0);
        order.push(left.remove(next));
    }
    order
}
