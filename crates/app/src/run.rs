//! A run, and what the warehouse remembers of it until it is finished.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Error, Load, Result, Sink};

/// The name under which the warehouse keeps the mark, beside the cursors of the sources.
const NAME: &str = "pipeline";

/// A run that has begun. Until it is finished, every next one plays up to the same day.
#[derive(Debug)]
#[must_use = "a run that is never finished is done again"]
pub struct Run {
    /// The day before which the simulation ends; `None` where none is played.
    until: Option<NaiveDate>,
}

/// What is kept of a run, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    until: NaiveDate,
    finished: bool,
}

impl Run {
    /// A run that plays no simulation.
    pub(crate) fn without_simulation() -> Self {
        Self { until: None }
    }

    /// A run that simulates every day before `until`.
    pub(crate) fn until_day(until: NaiveDate) -> Self {
        Self { until: Some(until) }
    }

    /// The run that is unfinished in `warehouse`, unless another has gone further meanwhile; else
    /// one up to `next`, a day further than the simulation has come.
    pub(crate) async fn next(warehouse: &dyn Sink, next: NaiveDate) -> Result<Self> {
        let unfinished = mark(warehouse.cursor(NAME).await?.as_ref())
            .filter(|mark| !mark.finished && mark.until.succ_opt().is_none_or(|day| next <= day));
        Ok(Self { until: Some(unfinished.map_or(next, |mark| mark.until)) })
    }

    /// The day before which the simulation ends.
    pub fn until(&self) -> Option<NaiveDate> {
        self.until
    }

    /// Has `warehouse` remember that the run is going on.
    pub(crate) async fn start(&self, warehouse: &dyn Sink) -> Result<()> {
        let Some(until) = self.until else { return Ok(()) };
        let before = warehouse.cursor(NAME).await?;
        write(warehouse, before, Mark { until, finished: false }).await
    }

    /// Has `warehouse` remember that the run is finished.
    pub(crate) async fn finish(self, warehouse: &dyn Sink) -> Result<()> {
        let before = warehouse.cursor(NAME).await?;
        match (self.until, mark(before.as_ref())) {
            (Some(until), Some(mark)) if mark.until == until => {
                match write(warehouse, before, Mark { until, finished: true }).await {
                    // Whoever was at the same day meanwhile has finished it.
                    Err(Error::Conflict { .. }) => Ok(()),
                    written => written,
                }
            }
            // Nothing to remember, or a later run has begun.
            _ => Ok(()),
        }
    }
}

fn mark(cursor: Option<&Cursor>) -> Option<Mark> {
    serde_json::from_str(cursor?.as_str()).ok()
}

async fn write(warehouse: &dyn Sink, before: Option<Cursor>, next: Mark) -> Result<()> {
    if mark(before.as_ref()) == Some(next) {
        return Ok(());
    }
    let text = serde_json::to_string(&next).map_err(|error| Error::sink(NAME, error))?;
    let after = Cursor::new(text);
    let load = Load { source: NAME, batches: &[], before: before.as_ref(), after: &after };
    warehouse.load(load).await
}
