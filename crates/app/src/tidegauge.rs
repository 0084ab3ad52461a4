//! A configuration with its open warehouse, backups and sources.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegauge_acquisition::Context;
use tidegauge_acquisition::http::Usage;
use tidegauge_analytics::audit::{self, AuditParams, RowOrigin, RowSelection};
use tidegauge_core::tables::RunRecord;
use tidegauge_core::{Clock, Sink, Source, Warehouse};
use tidegauge_simulation::{ShockedSource, SimulatedRows};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Secrets};
use crate::consistent::Watch;
use crate::history::Recorder;
use crate::pipeline::{Events, Member, Pipeline, RunEvent};
use crate::provenance::{self, simulations};
use crate::repair::refuse_one_place_twice;
use crate::sources::{self, Opened};
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
    handles: Arc<Mutex<BTreeMap<String, SourceHandle>>>,
    events: Events,
    cancellation: CancellationToken,
}

/// An open source, and the counter of its traffic.
#[derive(Debug, Clone)]
pub(crate) struct SourceHandle {
    pub(crate) opened: Opened,
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
        refuse_one_place_twice(&config)?;
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
            .map_err(|error| config.origins.of_store(&config.warehouse, error))?;
        let mut backups = Vec::with_capacity(config.backups.len());
        for url in &config.backups {
            let backup = tidegauge_storage::connect_sink(url.expose());
            backups.push(backup.map_err(|error| config.origins.of_store(url, error))?);
        }
        let (handles, events, cancellation) = Default::default();
        Ok(Self { config, secrets, context, warehouse, backups, handles, events, cancellation })
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
    pub(crate) fn handle(&self, name: &str) -> Result<SourceHandle> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handles.get(name) {
            return Ok(handle.clone());
        }
        let usage = self.context.usage.scoped();
        let context = Context { usage: usage.clone(), ..self.context.clone() };
        let opened = sources::open(name, &self.config, &self.secrets, &context)?;
        let handle = SourceHandle { opened, usage };
        handles.insert(name.to_owned(), handle.clone());
        Ok(handle)
    }

    /// Drops the live sources that are open.
    pub(crate) fn close_live(&self) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|_, handle| !matches!(handle.opened, Opened::Live(_)));
    }

    /// Returns the configured sources, live or not, without the simulation.
    ///
    /// # Errors
    /// When one of them cannot be opened as configured.
    pub(crate) fn configured(&self, live: bool) -> Result<Vec<SourceHandle>> {
        sources::check(&self.config)?;
        let configured = sources::configured(&self.config, live);
        configured.map(|offer| self.handle(&offer.name)).collect()
    }

    /// Returns a source as a member of a pipeline.
    pub(crate) fn member(&self, handle: &SourceHandle) -> Member {
        Member { source: self.bent(handle.opened.source()), usage: Some(handle.usage.clone()) }
    }

    /// Wraps a source with the market shocks of the scenarios.
    pub(crate) fn bent(&self, source: Arc<dyn Source>) -> Arc<dyn Source> {
        ShockedSource::wrap(source, &self.config.simulation.scenarios)
    }

    /// Selects the source called `name` for runs, and no other.
    pub(crate) fn only(&mut self, name: &str) {
        self.config.choose(vec![name.to_owned()]);
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
    /// cursor accounts for; [`Error::LoadUnderWay`] when it is loaded during every attempt, or a
    /// rule is violated while pages of a source are still to come.
    pub async fn verify(&self) -> Result<audit::AuditReport> {
        let mut watch = Watch::begin(self).await?;
        loop {
            let played = simulations(watch.cursors()).into_iter().map(|(_, played)| played);
            let params = AuditParams {
                simulated: RowSelection::ByOrigin(Arc::new(PlayedHere(played.collect()))),
                own: self.config.verify.clone(),
                ..AuditParams::default()
            };
            let report = audit::audit(self.warehouse.as_ref(), &params).await;
            let not_counted = provenance::not_counted(self.warehouse.as_ref()).await;
            let mut fault = None;
            for source in watch.cursors().keys() {
                fault = fault.or(self.fault(source).await?);
            }
            if !watch.stood_still().await? {
                watch.pause().await?;
                continue;
            }
            let mut report = report?;
            if let Some(fault) = fault {
                return Err(fault.into());
            }
            report.notes.extend(not_counted?);
            report.notes.extend(watch.interrupted_note());
            report.notes.extend(watch.unfinished_note());
            let is_empty = report.rules.iter().all(|rule| rule.checked == 0);
            if (is_empty || !report.passed()) && !watch.unfinished().is_empty() {
                return Err(watch.under_way());
            }
            if is_empty {
                return Err(self.nothing().await);
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
struct PlayedHere(Vec<SimulatedRows>);

impl RowOrigin for PlayedHere {
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        self.0.iter().any(|rows| rows.contains(table, key, user))
    }

    fn has_double_entry(&self) -> bool {
        self.0.iter().any(SimulatedRows::has_double_entry)
    }
}
