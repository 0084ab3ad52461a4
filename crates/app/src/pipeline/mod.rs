//! The pipeline: sources into sinks, page by page, each page once in each sink.

mod error;
mod event;
mod live;
mod session;
mod summary;

use std::sync::Arc;

use tidegauge_acquisition::http::Usage;
use tidegauge_core::{Sink, Source};
use tokio_util::sync::CancellationToken;

pub use error::{RunError, SourceFailure};
pub use event::{Events, Observer, Observers, Outcome, RunEvent, Silent};
pub(crate) use session::{Made, Session};
pub use summary::{Failure, Note, Summary, TableSummary};

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
    members: Vec<Member>,
    sinks: Vec<Arc<dyn Sink>>,
    cancellation: CancellationToken,
    /// The writer of the history of runs, if there is a warehouse to keep it.
    recorder: Option<Arc<Recorder>>,
    /// The hub that receives every event in addition to the observer of a run.
    events: Option<Events>,
}

/// A source of a pipeline, and the counter of its traffic.
#[derive(Debug, Clone)]
pub(crate) struct Member {
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
        self.member(Member { source, usage: None })
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

    pub(crate) fn member(mut self, member: Member) -> Self {
        self.members.push(member);
        self
    }

    pub(crate) fn recorded_by(mut self, recorder: Recorder, events: Events) -> Self {
        (self.recorder, self.events) = (Some(Arc::new(recorder)), Some(events));
        self
    }

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

/// Returns the sources so that those whose tables others refer to come first, otherwise in the
/// given order.
fn in_order(members: &[Member]) -> Vec<&Member> {
    let needs = |member: &Member, other: &Member| {
        let (own, filled) = (member.source.tables(), other.source.tables());
        own.iter().flat_map(|table| &table.foreign_keys).any(|key| {
            let is_own = own.iter().any(|table| table.name == key.table);
            !is_own && filled.iter().any(|table| table.name == key.table)
        })
    };
    let mut left: Vec<_> = members.iter().collect();
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
