//! What happens in a run, as events that observers and subscribers hear.

use serde::{Deserialize, Serialize};
use tidegauge_core::ErrorKind;
use tokio::sync::broadcast;

/// How a source, or a whole run, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// There is nothing more for now; of a live source: it was told to stop.
    Succeeded,
    /// An error ended it.
    Failed,
    /// It was cancelled before its end.
    Cancelled,
}

impl Outcome {
    /// Returns the name, as in the column `outcome` of the table `runs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An event of a run. Events of one source come in order; those of live sources are interleaved.
///
/// As JSON, an event is an object with the field `event`: `{"event":"source_started","run_id":…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunEvent {
    /// A run begins.
    RunStarted {
        /// The run, as in the table `runs`.
        run_id: String,
    },
    /// A source begins.
    SourceStarted {
        /// The run.
        run_id: String,
        /// The source.
        source: String,
    },
    /// A page of a source is committed in the sinks that lacked it.
    PageCommitted {
        /// The run.
        run_id: String,
        /// The source.
        source: String,
        /// The rows of the page, without those of the gap ledger.
        rows: usize,
        /// The time from asking for the page to its last commit.
        seconds: f64,
    },
    /// A source has nothing more for now.
    SourceFinished {
        /// The run.
        run_id: String,
        /// The source.
        source: String,
        /// The rows that were committed.
        rows: usize,
        /// The time that the source took.
        seconds: f64,
    },
    /// An error ended a source; the others go on.
    SourceFailed {
        /// The run.
        run_id: String,
        /// The source.
        source: String,
        /// The rows that were committed before.
        rows: usize,
        /// The kind of error, as in the column `error_kind` of the table `runs`.
        kind: ErrorKind,
        /// What the error says, without secrets.
        message: String,
    },
    /// A source was cancelled after a page, before its end.
    SourceCancelled {
        /// The run.
        run_id: String,
        /// The source.
        source: String,
        /// The rows that were committed before.
        rows: usize,
    },
    /// A run ends: `Failed` if any of its sources did.
    RunFinished {
        /// The run.
        run_id: String,
        /// How it ended.
        outcome: Outcome,
    },
}

impl RunEvent {
    /// Logs the event: a page as `debug`, all else as `info`. That a source failed is an error of the run, and
    /// told as such.
    pub(super) fn log(&self) {
        match self {
            Self::RunStarted { run_id } => tracing::info!(run_id, "run started"),
            Self::SourceStarted { source, .. } => tracing::info!(source, "source started"),
            Self::PageCommitted { source, rows, seconds, .. } => {
                tracing::debug!(source, rows, seconds, "page committed");
            }
            Self::SourceFinished { source, rows, seconds, .. } => {
                tracing::info!(source, rows, seconds, "source finished");
            }
            Self::SourceFailed { source, rows, kind, .. } => {
                tracing::info!(source, rows, %kind, "source failed");
            }
            Self::SourceCancelled { source, rows, .. } => {
                tracing::info!(source, rows, "source cancelled");
            }
            Self::RunFinished { run_id, outcome } => {
                tracing::info!(run_id, outcome = outcome.name(), "run finished");
            }
        }
    }
}

/// Hears the events of a run. Libraries do not print; the app passes in an observer that does.
pub trait Observer: Send + Sync {
    /// Takes note of an event. The run waits for it, so it is to be quick.
    fn observe(&self, event: &RunEvent);
}

/// An observer that takes no note.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &RunEvent) {}
}

/// An observer that calls a closure.
impl<F: Fn(&RunEvent) + Send + Sync> Observer for F {
    fn observe(&self, event: &RunEvent) {
        self(event);
    }
}

/// So many events wait for a subscriber that is slow; it is told how many it has missed.
const CAPACITY: usize = 1_024;

/// A hub that passes every event on to its subscribers, by channels. Its clones are the same hub.
///
/// ```
/// # async fn run(pipeline: tidegauge::pipeline::Pipeline) -> tidegauge::Result<()> {
/// use tidegauge::pipeline::{Events, RunEvent};
///
/// let events = Events::default();
/// let mut subscription = events.subscribe();
/// pipeline.run(&events).await?;
/// while let Ok(event) = subscription.try_recv() {
///     if let RunEvent::PageCommitted { source, rows, .. } = event {
///         println!("{source}: {rows} rows");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<RunEvent>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Events {
    /// Returns a channel of all events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<RunEvent> {
        self.0.subscribe()
    }
}

impl Observer for Events {
    fn observe(&self, event: &RunEvent) {
        // Without a subscriber there is nothing to do.
        let _ = self.0.send(event.clone());
    }
}

/// Several observers as one, told in their order.
#[derive(Clone, Copy)]
pub struct Observers<'a>(pub &'a [&'a dyn Observer]);

impl std::fmt::Debug for Observers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}

impl Observer for Observers<'_> {
    fn observe(&self, event: &RunEvent) {
        for observer in self.0 {
            observer.observe(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_and_comes_back() {
        let (run_id, source) = ("4f".to_owned(), "ecb".to_owned());
        let event = RunEvent::PageCommitted { run_id, source, rows: 3, seconds: 0.5 };
        let text = serde_json::to_string(&event).unwrap();
        let json =
            r#"{"event":"page_committed","run_id":"4f","source":"ecb","rows":3,"seconds":0.5}"#;
        assert_eq!(text, json);
        assert_eq!(serde_json::from_str::<RunEvent>(&text).unwrap(), event);
    }
}
