//! A configuration with its warehouse, its backups and its sources open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tidegauge_acquisition::Context;
use tidegauge_acquisition::http::Usage;
use tidegauge_analytics::verify::{self, Origin, Simulated, VerifyParams};
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

/// A configuration, with its warehouse and its backups open, and every source from its first use on.
///
/// Its clones share all of them; each may be [cancelled](Self::cancelled_by) by a token of its own.
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

/// A source that is open, and what counts its traffic.
#[derive(Debug, Clone)]
pub(crate) struct SourceHandle {
    pub(crate) opened: Opened,
    pub(crate) usage: Usage,
}

impl Tidegauge {
    /// Opens the warehouse and the backups that `config` names.
    ///
    /// # Errors
    /// When a setting makes no sense, or one of them cannot be opened.
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

    /// Has every run hear `token`: cancelled, it finishes the page that it is at and leaves with an error that
    /// says so. What was loaded stays, and the next run goes on from there.
    #[must_use]
    pub fn cancelled_by(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// Returns a channel of the events of all runs from now on, beside their observers. A subscriber that
    /// falls far behind is told how many events it has missed.
    pub fn subscribe(&self) -> broadcast::Receiver<RunEvent> {
        self.events.subscribe()
    }

    /// What it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The backups, in the order of the configuration.
    pub(crate) fn backups(&self) -> &[Arc<dyn Sink>] {
        &self.backups
    }

    /// The warehouse.
    pub fn warehouse(&self) -> &Arc<dyn Warehouse> {
        &self.warehouse
    }

    /// Returns the source called `name`, which is not the simulation. It is opened once, and kept.
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

    /// Lets go of the live sources that are open.
    pub(crate) fn close_live(&self) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|_, handle| !matches!(handle.opened, Opened::Live(_)));
    }

    /// Returns the sources that are configured, live or not, but for the simulation.
    pub(crate) fn configured(&self, live: bool) -> Result<Vec<SourceHandle>> {
        sources::check(&self.config)?;
        let configured = sources::configured(&self.config, live);
        configured.map(|offer| self.handle(&offer.name)).collect()
    }

    /// Returns a source as a member of a pipeline.
    pub(crate) fn member(&self, handle: &SourceHandle) -> Member {
        Member { source: self.bent(handle.opened.source()), usage: Some(handle.usage.clone()) }
    }

    /// A source as it is in the market of the scenarios.
    pub(crate) fn bent(&self, source: Arc<dyn Source>) -> Arc<dyn Source> {
        ShockedSource::wrap(source, &self.config.simulation.scenarios)
    }

    /// Has runs load the source called `name` and no other.
    pub(crate) fn only(&mut self, name: &str) {
        self.config.choose(vec![name.to_owned()]);
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Returns a pipeline into the warehouse and the backups, for sources of your own. Its runs are part of the
    /// history and hear the same token.
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

    /// Checks every rule of consistency on the warehouse, as of one state of it. Rules of the simulator's
    /// world judge the rows that the simulation wrote, those of `[verify]` all other rows.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or holds nothing to check; when rows are gone that a cursor says were
    /// loaded; [`Error::LoadUnderWay`] when it is
    /// loaded meanwhile, or a rule does not hold while pages of a source are still to come.
    pub async fn verify(&self) -> Result<verify::Report> {
        let mut watch = Watch::begin(self).await?;
        loop {
            let played = simulations(watch.cursors()).into_iter().map(|(_, played)| played);
            let params = VerifyParams {
                simulated: Simulated::Told(Arc::new(PlayedHere(played.collect()))),
                own: self.config.verify.clone(),
                ..VerifyParams::default()
            };
            let report = verify::verify(self.warehouse.as_ref(), &params).await;
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
            let is_empty = report.rules.iter().all(|rule| rule.tried == 0);
            if (is_empty || !report.passed()) && !watch.unfinished().is_empty() {
                return Err(watch.under_way());
            }
            if is_empty {
                return Err(self.nothing().await);
            }
            return Ok(report);
        }
    }

    /// Returns the history of runs that the warehouse keeps, the latest first: a row per run and source.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn runs(&self) -> Result<Vec<RunRecord>> {
        Ok(history::read(self.warehouse.as_ref()).await?)
    }
}

/// What the simulations have written into the warehouse.
#[derive(Debug)]
struct PlayedHere(Vec<SimulatedRows>);

impl Origin for PlayedHere {
    fn is_simulated(&self, table: &str, key: i64, user: i64) -> bool {
        self.0.iter().any(|rows| rows.contains(table, key, user))
    }

    fn keeps_books(&self) -> bool {
        self.0.iter().any(SimulatedRows::has_double_entry)
    }
}
