//! A run, and the state that the warehouse keeps of it until it is finished.

use chrono::NaiveDate;
use tidegauge_core::{Result, Sink};

use crate::history::{self, RunState};

/// A run that has begun. Until it is finished, each later run simulates up to the same day.
#[derive(Debug)]
#[must_use = "a run that is never finished is done again"]
pub struct SimulationRun {
    /// The day before which the simulation ends; `None` if there is no simulation.
    until: Option<NaiveDate>,
}

impl SimulationRun {
    /// Creates a run without a simulation.
    pub(crate) fn without_simulation() -> Self {
        Self { until: None }
    }

    /// Creates a run that simulates every day before `until`.
    pub(crate) fn until_day(until: NaiveDate) -> Self {
        Self { until: Some(until) }
    }

    /// Returns the unfinished run of `warehouse`, unless another runner has gone further meanwhile;
    /// else a run up to `next`, one day further than the simulation has come.
    pub(crate) async fn next(warehouse: &dyn Sink, next: NaiveDate) -> Result<Self> {
        let RunState { until, finished, .. } = RunState::read(warehouse).await?;
        let is_current = |until: &NaiveDate| until.succ_opt().is_none_or(|day| next <= day);
        let unfinished = until.filter(|until| !finished && is_current(until));
        Ok(Self { until: Some(unfinished.unwrap_or(next)) })
    }

    /// Returns the day before which the simulation ends, or `None` if there is no simulation.
    pub fn until(&self) -> Option<NaiveDate> {
        self.until
    }

    /// Stores in `warehouse` that the run is going on.
    pub(crate) async fn start(&self, warehouse: &dyn Sink) -> Result<()> {
        let Some(day) = self.until else { return Ok(()) };
        let start = |state: &mut RunState| (state.until, state.finished) = (Some(day), false);
        history::write(warehouse, &[], start).await
    }

    /// Stores in `warehouse` that the run is finished, unless a later one has begun.
    pub(crate) async fn finish(self, warehouse: &dyn Sink) -> Result<()> {
        let Some(day) = self.until else { return Ok(()) };
        let finish = |state: &mut RunState| state.finished |= state.until == Some(day);
        history::write(warehouse, &[], finish).await
    }
}
