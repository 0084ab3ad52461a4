//! The pipeline: sources into sinks, page by page, each page once in each sink.

mod error;
pub(crate) mod event;
mod live;
mod load;
mod pages;
mod session;
pub(crate) mod summary;

use std::sync::Arc;

use tidegauge_acquisition::http::Usage;
use tidegauge_core::{Sink, Source};
use tokio_util::sync::CancellationToken;

pub use error::{RunError, SourceFailure};
pub use event::{Events, Observer, Observers, Outcome, RunEvent, Silent};
pub(crate) use load::PreparedSource;
pub(crate) use session::Session;
pub use summary::{Note, RefusedSpan, Summary, TableSummary};

use crate::history::Recorder;

/// A pipeline that fills sinks from sources.
///
/// Each sink keeps its own cursor of each source, so a run that was killed, or a sink that was
/// added later, resumes from *its* cursor. Sinks with the same cursor share a page; a sink that has
/// fallen behind catches up separately. A source that fails does not prevent the others from being
/// loaded.
///
/// ```
/// use tidegauge::pipeline::{Pipeline, Silent};
///
/// # async fn run(
/// #     source: std::sync::Arc<dyn tidegauge::core::Source>,
/// #     sink: std::sync::Arc<dyn tidegauge::core::Sink>,
/// # ) -> tidegauge::Result<()> {
/// let summary = Pipeline::new().source(source).sink(sink).run(&Silent).await?;
/// println!("{} rows", summary.rows());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Pipeline {
    sources: Vec<PipelineSource>,
    sinks: Vec<Arc<dyn Sink>>,
    cancellation: CancellationToken,
    /// The writer of the history of runs, if there is a warehouse to keep it.
    recorder: Option<Arc<Recorder>>,
    /// The hub that receives every event in addition to the observer of a run.
    events: Option<Events>,
}

/// A source of a pipeline, and the counter of its traffic.
#[derive(Debug, Clone)]
pub(crate) struct PipelineSource {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) usage: Option<Usage>,
}

impl Pipeline {
    /// Creates a pipeline without sources and sinks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source.
    #[must_use]
    pub fn source(self, source: Arc<dyn Source>) -> Self {
        self.add(PipelineSource { source, usage: None })
    }

    /// Adds a sink.
    #[must_use]
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Sets the cancellation token of all runs: a cancelled run finishes the current page and ends.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Adds a source with the counter of its traffic.
    pub(crate) fn add(mut self, source: PipelineSource) -> Self {
        self.sources.push(source);
        self
    }

    /// Sets the writer of the history, and the hub of the events.
    pub(crate) fn recorded_by(mut self, recorder: Recorder, events: Events) -> Self {
        (self.recorder, self.events) = (Some(Arc::new(recorder)), Some(events));
        self
    }
}
