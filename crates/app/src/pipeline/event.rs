//! The events of a run, for observers and subscribers.

use serde::{Deserialize, Serialize};
use tidegauge_core::ErrorKind;
use tokio::sync::broadcast;

/// The outcome of a source, or of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// There are no more rows for now; for a live source: it was stopped.
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
        /// The id of the run, as in the table `runs`.
        run_id: String,
    },
    /// A source begins.
    SourceStarted {
        /// The id of the run.
        run_id: String,
        /// The name of the source.
        source: String,
    },
    /// A page of a source is committed in the sinks that lacked it.
    PageCommitted {
        /// The id of the run.
        run_id: String,
        /// The name of the source.
        source: String,
        /// The number of rows of the page, without those of the gap ledger.
        rows: usize,
        /// The time from the request of the page to its last commit, in seconds.
        seconds: f64,
    },
    /// A source has no more rows for now.
    SourceFinished {
        /// The id of the run.
        run_id: String,
        /// The name of the source.
        source: String,
        /// The number of rows that were committed.
        rows: usize,
        /// The duration of the source, in seconds.
        seconds: f64,
    },
    /// An error ended a source; the others continue.
    SourceFailed {
        /// The id of the run.
        run_id: String,
        /// The name of the source.
        source: String,
        /// The number of rows that were committed before.
        rows: usize,
        /// The kind of error, as in the column `error_kind` of the table `runs`.
        kind: ErrorKind,
        /// The message of the error, without secrets.
        message: String,
    },
    /// A source was cancelled after a page, before its end.
    SourceCancelled {
        /// The id of the run.
        run_id: String,
        /// The name of the source.
        source: String,
        /// The number of rows that were committed before.
        rows: usize,
    },
    /// A run ends: `Failed` if any of its sources failed.
    RunFinished {
        /// The id of the run.
        run_id: String,
        /// The outcome of the run.
        outcome: Outcome,
    },
}

impl RunEvent {
    /// Logs the event: a page as `debug`, all others as `info`. The failure of a source is logged
    /// as an error of the run.
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

/// An observer of the events of a run. Libraries do not print; the command passes an observer that
/// does.
pub trait Observer: Send + Sync {
    /// Handles an event. The run waits until it returns, so it must be quick.
    fn observe(&self, event: &RunEvent);
}

/// An observer that ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &RunEvent) {}
}

/// Calls the closure for each event.
impl<F: Fn(&RunEvent) + Send + Sync> Observer for F {
    fn observe(&self, event: &RunEvent) {
        self(event);
    }
}

/// The number of events that are buffered for a slow subscriber, which then learns how many it has
/// missed.
const CAPACITY: usize = 1_024;

/// A hub that passes every event on to its subscribers, by channels. Clones share the hub.
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
        // An error means that there is no subscriber.
        let _ = self.0.send(event.clone());
    }
}

/// Several observers as one, called in their order.
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
    fn event_round_trips_through_json() {
        let (run_id, source) = ("4f".to_owned(), "ecb".to_owned());
        let event = RunEvent::PageCommitted { run_id, source, rows: 3, seconds: 0.5 };
        let text = serde_json::to_string(&event).unwrap();
        let json =
            r#"{"event":"page_committed","run_id":"4f","source":"ecb","rows":3,"seconds":0.5}"#;
        assert_eq!(text, json);
        assert_eq!(serde_json::from_str::<RunEvent>(&text).unwrap(), event);
    }
}
