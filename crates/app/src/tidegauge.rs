//! A configuration with its open warehouse, backups and sources.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegauge_acquisition::http::Usage;
use tidegauge_acquisition::{Context, SourceHandle};
use tidegauge_analytics::audit::{self, AuditParams, RowOrigin, RowSelection};
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{Clock, Sink, Source, Warehouse};
use tidegauge_simulation::{ShockedSource, SimulatedRows};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Secrets};
use crate::consistent_read::ConsistentRead;
use crate::history::Recorder;
use crate::pipeline::{Events, Pipeline, PipelineSource, RunEvent};
use crate::provenance::{self, simulated_rows};
use crate::repair::reject_duplicate_stores;
use crate::sources;
use crate::{Error, Result, clock, history};

/// A configuration, with its warehouse and its backups open, and every source from its first use
/// on.
///
/// Clones share all of them; each may be [cancelled](Self::cancelled_by) by its own token.
#[derive(Debug, Clone)]
pub struct Tidegauge {
    config: Config,
    secrets: Secrets,
    context: Context,
    warehouse: Arc<dyn Warehouse>,
    backups: Vec<Arc<dyn Sink>>,
    /// The sources that were opened so far, by name.
    open_sources: Arc<Mutex<BTreeMap<String, OpenSource>>>,
    events: Events,
    cancellation: CancellationToken,
}

/// An open source, and the counter of its traffic.
#[derive(Debug, Clone)]
pub(crate) struct OpenSource {
    pub(crate) handle: SourceHandle,
    pub(crate) usage: Usage,
}

impl Tidegauge {
    /// Opens the warehouse and the backups that `config` names.
    ///
    /// # Errors
    /// When the clock of the machine is implausible, a setting is invalid, or a store cannot be
    /// opened.
    pub fn open(config: Config, secrets: Secrets, clock: Arc<dyn Clock>) -> Result<Self> {
        clock::check(clock.now())?;
        config.check()?;
        reject_duplicate_stores(&config)?;
        let mut context = Context::new(clock);
        for instrument in &config.instruments {
            let with = context.registry.with(instrument.clone());
            context.registry = with.map_err(|error| Error::Setting {
                setting: "instruments",
                reason: error.to_string(),
            })?;
        }
        context.bad_rows = config.bad_rows;
        if let Some(folder) = &config.state {
            context.usage = Usage::kept_in(folder);
        }
        let warehouse = tidegauge_storage::connect(config.warehouse.expose())
            .map_err(|error| config.origins.store_error(&config.warehouse, error))?;
        let mut backups = Vec::with_capacity(config.backups.len());
        for url in &config.backups {
            let backup = tidegauge_storage::connect_sink(url.expose());
            backups.push(backup.map_err(|error| config.origins.store_error(url, error))?);
        }
        let (open_sources, events, cancellation) = Default::default();
        Ok(Self {
            config,
            secrets,
            context,
            warehouse,
            backups,
            open_sources,
            events,
            cancellation,
        })
    }

    /// Sets the cancellation token of all runs: a cancelled run finishes the current page and
    /// returns an error that says so. Rows that were loaded stay, and the next run resumes there.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Returns a channel of the events of all runs from now on, in addition to their observers. A
    /// subscriber that falls too far behind receives the number of events that it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<RunEvent> {
        self.events.subscribe()
    }

    /// Returns the configuration that it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the backups, in the order of the configuration.
    pub(crate) fn backups(&self) -> &[Arc<dyn Sink>] {
        &self.backups
    }

    /// Returns the warehouse.
    pub fn warehouse(&self) -> &Arc<dyn Warehouse> {
        &self.warehouse
    }

    /// Returns the source called `name`, which is not the simulation. It is opened once and kept.
    ///
    /// # Errors
    /// When it does not exist, or cannot be opened as configured.
    pub(crate) fn open_source(&self, name: &str) -> Result<OpenSource> {
        let mut open_sources = self.open_sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = open_sources.get(name) {
            return Ok(source.clone());
        }
        let usage = self.context.usage.scoped();
        let context = Context { usage: usage.clone(), ..self.context.clone() };
        let handle = sources::open(name, &self.config, &self.secrets, &context)?;
        let source = OpenSource { handle, usage };
        open_sources.insert(name.to_owned(), source.clone());
        Ok(source)
    }

    /// Drops the live sources that are open.
    pub(crate) fn close_live(&self) {
        let mut open_sources = self.open_sources.lock().unwrap_or_else(PoisonError::into_inner);
        open_sources.retain(|_, source| !matches!(source.handle, SourceHandle::Live(_)));
    }

    /// Returns the configured sources, live or not, without the simulation.
    ///
    /// # Errors
    /// When one of them cannot be opened as configured.
    pub(crate) fn open_configured(&self, live: bool) -> Result<Vec<OpenSource>> {
        sources::validate(&self.config)?;
        let configured = sources::configured(&self.config, live);
        configured.map(|info| self.open_source(&info.name)).collect()
    }

    /// Returns a source with the counter of its traffic, for a pipeline.
    pub(crate) fn pipeline_source(&self, source: &OpenSource) -> PipelineSource {
        PipelineSource {
            source: self.with_market_shocks(source.handle.source()),
            usage: Some(source.usage.clone()),
        }
    }

    /// Wraps a source with the market shocks of the scenarios.
    pub(crate) fn with_market_shocks(&self, source: Arc<dyn Source>) -> Arc<dyn Source> {
        ShockedSource::wrap(source, &self.config.simulation.scenarios)
    }

    /// Selects the source called `name` for runs, and no other.
    pub(crate) fn select_only(&mut self, name: &str) {
        self.config.select_sources(vec![name.to_owned()]);
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Returns a pipeline into the warehouse and the backups, for sources of your own. Its runs are
    /// recorded in the history and are cancelled by the same token.
    pub fn pipeline(&self) -> Pipeline {
        let warehouse: Arc<dyn Sink> = self.warehouse.clone();
        let recorder = Recorder {
            warehouse: warehouse.clone(),
            clock: self.context.clock.clone(),
            secrets: self.secrets.clone(),
        };
        let pipeline = Pipeline::new().sink(warehouse).cancelled_by(self.cancellation.clone());
        let pipeline = pipeline.recorded_by(recorder, self.events.clone());
        self.backups.iter().fold(pipeline, |pipeline, backup| pipeline.sink(backup.clone()))
    }

    /// Checks every audit rule on the warehouse, as of one state of it. Rules of the simulated
    /// world apply to the rows that the simulation wrote, those of `[verify]` to all other rows.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or holds nothing to check; when rows are missing that a
    /// cursor accounts for; [`Error::LoadInProgress`] when it is loaded during every attempt, or a
    /// rule is violated while pages of a source are still to come.
    pub async fn verify(&self) -> Result<audit::AuditReport> {
        let mut read = ConsistentRead::begin(self).await?;
        loop {
            let simulated = simulated_rows(read.cursors()).into_iter().map(|(_, rows)| rows);
            let params = AuditParams {
                simulated: RowSelection::ByOrigin(Arc::new(StoredSimulations(simulated.collect()))),
                own: self.config.verify.clone(),
                ..AuditParams::default()
            };
            let report = audit::audit(self.warehouse.as_ref(), &params).await;
            let not_counted = provenance::uncounted_rows(self.warehouse.as_ref()).await;
            let mut fault = None;
            for source in read.cursors().keys() {
                fault = fault.or(self.fault(source).await?);
            }
            if !read.is_unchanged().await? {
                read.back_off().await?;
                continue;
            }
            let mut report = report?;
            if let Some(fault) = fault {
                return Err(fault.into());
            }
            report.notes.extend(not_counted?);
            report.notes.extend(read.interrupted_note());
            report.notes.extend(read.unfinished_note());
            let is_empty = report.rules.iter().all(|rule| rule.checked == 0);
            if (is_empty || !report.passed()) && !read.unfinished().is_empty() {
                return Err(read.load_in_progress());
            }
            if is_empty {
                return Err(self.no_rows_error().await);
            }
            return Ok(report);
        }
    }

    /// Returns the history of runs of the warehouse, the latest first: a row per run and source.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn runs(&self) -> Result<Vec<RunRecord>> {
        Ok(history::read(self.warehouse.as_ref()).await?)
    }
}

/// The rows that the simulations have written into the warehouse.
#[derive(Debug)]
struct StoredSimulations(Vec<SimulatedRows>);

impl RowOrigin for StoredSimulations {
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        self.0.iter().any(|rows| rows.contains(table, key, user))
    }

    fn has_double_entry(&self) -> bool {
        self.0.iter().any(SimulatedRows::has_double_entry)
    }
}
