//! Resets: sources back to their beginning, with all rows that they have filled.

mod plan;

use std::collections::BTreeSet;

use tidegauge_core::{Cursor, Error as CoreError, Lease, RUN_HISTORY, Reset, Sink};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

pub use plan::KeptTable;
use plan::{FilledTables, ResetPlan};

use crate::history::{self, RunState};
use crate::{Error, Result, Tidegauge, source_names, sources};

/// The part of a reset in one sink, planned or done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SinkReset {
    /// The name of the sink, without secrets.
    pub sink: String,
    /// The sources that are reset, each with its cursor there (`None`: never loaded).
    pub cursors: Vec<(String, Option<Cursor>)>,
    /// The number of removed rows by table; tables without any are left out.
    pub tables: Vec<(String, usize)>,
    /// The tables whose rows stay, since other sources fill them as well.
    pub kept: Vec<KeptTable>,
}

impl SinkReset {
    /// Returns `true` if there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.cursors.iter().all(|(_, cursor)| cursor.is_none())
    }

    /// Returns the number of rows in all tables.
    pub fn rows(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }
}

impl Tidegauge {
    /// Removes all rows that `names` have loaded, with their cursors, from the backups and then
    /// from the warehouse: the next run is a full refresh of them. Tables derived from removed
    /// market data are removed as well. With `dry_run` the result is computed, and nothing is
    /// written. A source that the settings no longer know is reset by its history.
    ///
    /// Each sink is reset atomically. If a later one fails, the same call again finishes it.
    ///
    /// # Errors
    /// When a source does not exist, or its rows cannot be distinguished from those of other sources: then
    /// nothing is removed. When a sink cannot be read or written, or a source was loaded meanwhile;
    /// [`Error::PartialReset`] if other sinks were reset before.
    pub async fn reset(&self, names: &[String], dry_run: bool) -> Result<Vec<SinkReset>> {
        let filled = self.filled_tables(names).await?;
        // The warehouse comes last: as long as it has the rows, the reset is not done.
        let warehouse: &dyn Sink = self.warehouse().as_ref();
        let sinks: Vec<&dyn Sink> =
            self.backups().iter().map(AsRef::as_ref).chain([warehouse]).collect();
        let mut plans = Vec::with_capacity(sinks.len());
        for sink in sinks {
            if !sink.capabilities().resets {
                return Err(CoreError::NoReset { name: sink.name().to_owned() }.into());
            }
            let plan = ResetPlan::new(names, &sink.cursors().await?, &filled)?;
            plans.push((sink, plan));
        }
        let mut done: Vec<SinkReset> = Vec::with_capacity(plans.len());
        for (sink, plan) in plans {
            match execute(sink, plan, dry_run).await {
                Ok(reset) => done.push(reset),
                Err(error) if dry_run || done.is_empty() => return Err(error.into()),
                Err(error) => {
                    let done = done.into_iter().map(|reset| reset.sink).collect();
                    return Err(Error::PartialReset { done, error: Box::new(error) });
                }
            }
        }
        if let Some(reset) = done.last().filter(|_| !dry_run) {
            self.record_reset(reset).await?;
        }
        Ok(done)
    }

    /// Resets `names` for a run that loads them again, after checking that the run can begin: that
    /// all configured sources exist and can be opened, and that files and databases of the user's
    /// own can be read.
    ///
    /// # Errors
    /// As for [`reset`](Self::reset), and when the configured sources cannot be opened, or the
    /// first page of a file or a database cannot be read: then nothing is removed.
    pub async fn reset_before_run(
        &self,
        names: &[String],
        dry_run: bool,
    ) -> Result<Vec<SinkReset>> {
        sources::validate(self.config())?;
        self.reject_mixed_rows().await?;
        for live in [false, true] {
            self.open_configured(live)?;
        }
        let is_own = |name: &String| self.config().user_sources().any(|own| own.name == name);
        for name in names.iter().filter(|name| is_own(name)) {
            // A source of its own: what this read finds is logged and noted by the run.
            let handle = sources::open(name, self.config(), self.secrets(), self.context())?;
            let page = handle.source().fetch(None).with_subscriber(NoSubscriber::default()).await;
            page.map_err(Error::UnreadableSource)?;
        }
        self.reset(names, dry_run).await
    }

    /// Returns the tables that the sources fill: all that the settings know, and for the other
    /// sources those of the history.
    async fn filled_tables(&self, names: &[String]) -> Result<FilledTables> {
        let mut loaded = self.warehouse().cursors().await?;
        for backup in self.backups() {
            loaded.extend(backup.cursors().await?);
        }
        let history = history::filled_tables_by_source(&self.runs().await?);
        let mut filled = FilledTables { history, ..FilledTables::default() };
        for name in names {
            let is_source = *name != RUN_HISTORY && !name.starts_with(Lease::PREFIX);
            let tables = match sources::tables_of(name, self.config(), self.context())? {
                None if is_source && loaded.contains_key(name) => {
                    Some(filled.by_history(name, self.config())?)
                }
                tables => tables,
            };
            let Some(tables) = tables else {
                return Err(Error::Setting {
                    setting: "reset",
                    reason: format!(
                        "there is no source `{name}`, and nothing was loaded under that name: `tidegauge sources` \
                         lists those of the settings, `tidegauge status` those that were loaded"
                    ),
                });
            };
            filled.known.insert(name.clone(), tables);
        }
        let configured = sources::known_sources(self.config()).into_iter().map(|info| info.name);
        let others: BTreeSet<String> = loaded.into_keys().chain(configured).collect();
        for name in others.into_iter().filter(|name| !names.contains(name)) {
            // A source that cannot be opened as configured is known by its history alone.
            if let Ok(Some(tables)) = sources::tables_of(&name, self.config(), self.context()) {
                filled.known.insert(name, tables);
            }
        }
        Ok(filled)
    }

    /// Writes the reset of the warehouse into the history; a simulated run that is reset is
    /// finished.
    async fn record_reset(&self, reset: &SinkReset) -> Result<()> {
        let (warehouse, now) = (self.warehouse().as_ref(), self.context().clock.now());
        let names: Vec<&str> = reset.cursors.iter().map(|(source, _)| source.as_str()).collect();
        let rows = match reset.is_empty() {
            true => Vec::new(),
            false => history::reset_records(&names, &reset.tables, now),
        };
        let resets_simulation = names.iter().any(|name| source_names::is_simulation(name));
        let end = |state: &mut RunState| {
            if resets_simulation && state.until.is_some() {
                (state.until, state.finished) = (None, true);
            }
        };
        Ok(history::write(warehouse, &rows, end).await?)
    }
}

/// Executes the plan for `sink`.
async fn execute(sink: &dyn Sink, plan: ResetPlan, dry_run: bool) -> Result<SinkReset, CoreError> {
    let ResetPlan { cursors, never_loaded, removals, kept } = plan;
    let known = cursors.iter().map(|(source, cursor)| (source.as_str(), cursor.as_ref()));
    let new = never_loaded.iter().map(|source| (source.as_str(), None));
    let before: Vec<_> = known.chain(new).collect();
    let reset = Reset { cursors: &before, removals: &removals, dry_run };
    let counts = sink.reset(reset).await?;
    let rows = removals.iter().map(|removal| removal.table().name.to_string()).zip(counts);
    let tables = rows.filter(|(_, rows)| *rows > 0).collect();
    Ok(SinkReset { sink: sink.name().to_owned(), cursors, tables, kept })
}
