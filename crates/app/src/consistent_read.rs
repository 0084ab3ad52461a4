//! Reads of one consistent state of the warehouse. Each scan is of one snapshot, several together
//! are not, so the cursors are read before and after: they move with the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidegauge_core::tables::RunRecord;
use tidegauge_core::{Cursor, Lease, RUN_HISTORY};

use crate::history::{self, RUNNING};
use crate::pipeline::Outcome;
use crate::provenance::simulated_rows;
use crate::{Error, Result, Tidegauge, sources};

/// The number of attempts to read a warehouse that is loaded meanwhile, and the pause after the
/// first; each pause is twice as long as the one before.
const MAX_ATTEMPTS: u32 = 5;
const INITIAL_BACKOFF: Duration = Duration::from_millis(100);

/// The progress of the sources of a warehouse, as of one moment.
#[derive(Debug)]
struct LoadState {
    /// The cursors of finite sources. A live stream is left out: it adds rows of the market as long
    /// as it runs, which affects no rule and no metric.
    cursors: BTreeMap<String, Cursor>,
    /// The sources not all of whose pages are loaded: a load is under way, or was interrupted.
    unfinished: BTreeSet<String>,
    /// The sources that were interrupted and that no load continues. Not all of their pages are
    /// loaded either, and the missing ones are not waited for.
    interrupted: BTreeSet<String>,
    /// The sources whose last run failed: some of their rows may be missing.
    failed: BTreeSet<String>,
}

impl LoadState {
    async fn read(tidegauge: &Tidegauge) -> Result<Self> {
        let known = sources::known_sources(tidegauge.config());
        let is_live = |name: &str| known.iter().any(|info| info.is_live && info.name == name);
        let mut cursors = tidegauge.warehouse().cursors().await?;
        cursors.retain(|name, _| {
            name != RUN_HISTORY && !name.starts_with(Lease::PREFIX) && !is_live(name)
        });
        let simulated = simulated_rows(&cursors).into_iter();
        let pending =
            simulated.filter(|(_, simulated)| simulated.has_pending_pages()).map(|(name, _)| name);
        let runs = history::last_run_per_source(tidegauge.runs().await?);
        let now = tidegauge.context().clock.now();
        let is_abandoned = |source: &str| {
            let run = runs.iter().find(|run| run.source == source);
            run.is_some_and(|run| history::is_abandoned(run, now))
        };
        let interrupted_outcomes = [RUNNING, Outcome::Cancelled.name()];
        let running = runs
            .iter()
            .filter(|run| {
                interrupted_outcomes.contains(&run.outcome.as_str()) && !is_live(&run.source)
            })
            .map(|run| run.source.clone());
        let active = tidegauge.config().active_sources();
        let has_failed = |run: &&RunRecord| {
            run.outcome == Outcome::Failed.name() && active.contains(&run.source)
        };
        let failed = runs.iter().filter(has_failed).map(|run| run.source.clone()).collect();
        let (interrupted, unfinished) =
            pending.chain(running).partition(|record| is_abandoned(record));
        Ok(Self { cursors, unfinished, interrupted, failed })
    }
}

/// A watch on the loads of a warehouse while it is read.
#[derive(Debug)]
pub(crate) struct ConsistentRead<'t> {
    tidegauge: &'t Tidegauge,
    before: LoadState,
    /// The sources that were loaded meanwhile, or not all of whose pages are loaded.
    loaded: BTreeSet<String>,
    attempts: u32,
}

impl<'t> ConsistentRead<'t> {
    /// Records the progress of the sources before anything is read.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(crate) async fn begin(tidegauge: &'t Tidegauge) -> Result<Self> {
        let before = LoadState::read(tidegauge).await?;
        Ok(Self { tidegauge, before, loaded: BTreeSet::new(), attempts: 0 })
    }

    /// Returns the cursors of the sources as of the moment before the rows were read.
    pub(crate) fn cursors(&self) -> &BTreeMap<String, Cursor> {
        &self.before.cursors
    }

    /// Returns `true` if nothing was loaded since the last call, or since `begin`: what was read in
    /// between is of one state.
    pub(crate) async fn is_unchanged(&mut self) -> Result<bool> {
        let after = LoadState::read(self.tidegauge).await?;
        let names = self.before.cursors.keys().chain(after.cursors.keys());
        let is_other = |name: &&String| self.before.cursors.get(*name) != after.cursors.get(*name);
        let moved: BTreeSet<String> = names.filter(is_other).cloned().collect();
        let is_unchanged = moved.is_empty();
        self.loaded = moved;
        self.loaded.extend(self.before.unfinished.iter().cloned());
        self.loaded.extend(after.unfinished.iter().cloned());
        self.before = after;
        Ok(is_unchanged)
    }

    /// Returns the sources whose pages were not all loaded when the rows were read, and may still
    /// come.
    pub(crate) fn unfinished(&self) -> &BTreeSet<String> {
        &self.loaded
    }

    /// Returns a sentence about the sources that were interrupted and not continued, or `None` if
    /// there are none.
    pub(crate) fn interrupted_note(&self) -> Option<String> {
        let names: Vec<&str> = self.before.interrupted.iter().map(String::as_str).collect();
        (!names.is_empty()).then(|| {
            format!(
                "The last run of {} was broken off more than a day ago, and its pages are not all there: run it \
                 again, or reset it.",
                names.join(", ")
            )
        })
    }

    /// Returns a sentence about the sources not all of whose pages are loaded, because they may
    /// still come or because the last run failed; `None` if there are none.
    pub(crate) fn unfinished_note(&self) -> Option<String> {
        let all = self.loaded.union(&self.before.failed);
        let names: Vec<&str> = all.map(String::as_str).collect();
        (!names.is_empty()).then(|| {
            format!(
                "The last run of {} is under way, was broken off or failed: what is there by now was judged.",
                names.join(", ")
            )
        })
    }

    /// Waits before the rows are read again; each pause is twice as long as the one before.
    ///
    /// # Errors
    /// [`Error::LoadInProgress`] after the last attempt.
    pub(crate) async fn back_off(&mut self) -> Result<()> {
        self.attempts += 1;
        if self.attempts >= MAX_ATTEMPTS {
            return Err(self.load_in_progress());
        }
        tokio::time::sleep(INITIAL_BACKOFF * 2u32.pow(self.attempts - 1)).await;
        Ok(())
    }

    /// Returns the error that names the sources that were being loaded.
    pub(crate) fn load_in_progress(&self) -> Error {
        let warehouse = self.tidegauge.warehouse().name().to_owned();
        Error::LoadInProgress { warehouse, sources: self.loaded.iter().cloned().collect() }
    }
}
