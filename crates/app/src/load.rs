//! Loads: the new data of the sources, the derived tables, and the simulation.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_core::{Lease, RUN_HISTORY};

use crate::derived_tables::DerivedTables;
use crate::pipeline::{Observer, Pipeline, PreparedSource, Session, Summary};
use crate::simulation_run::SimulationRun;
use crate::source_names::{self, SIMULATION};
use crate::sources;
use crate::{Error, Result, Tidegauge, history};

impl Tidegauge {
    /// Loads the new data of the configured sources: market data first, then the tables derived
    /// from it, then the simulated exchange, which is priced from it. The simulation adds its
    /// first ninety days, or one more day; with `until`, every day before that one. Live sources
    /// are not part of it: see [`stream`](Self::stream).
    ///
    /// A source that fails does not prevent the others from being loaded. A run that was killed is
    /// resumed by the next one, which simulates up to the same day. If a run has more steps than
    /// loading, call the steps separately: [`begin`](Self::begin), [`load`](Self::load),
    /// [`finish`](Self::finish).
    ///
    /// # Errors
    /// As for [`begin`](Self::begin) and [`load`](Self::load).
    pub async fn run(&self, until: Option<NaiveDate>, observer: &dyn Observer) -> Result<Summary> {
        let run = self.begin(until).await?;
        match self.load(&run, observer).await {
            // A failed source must not hold the simulated days back.
            Err(Error::Run(error))
                if error.is_complete(&sources::simulation_name(self.config())) =>
            {
                self.finish(run).await?;
                Err(error.into())
            }
            loaded => {
                let summary = loaded?;
                self.finish(run).await?;
                Ok(summary)
            }
        }
    }

    /// Returns the next run, with the day up to which it simulates. Nothing is written yet.
    ///
    /// # Errors
    /// When a source cannot be opened, sources would mix their rows, the warehouse cannot be read,
    /// or `until` lies before the end of the first ninety days.
    pub async fn begin(&self, until: Option<NaiveDate>) -> Result<SimulationRun> {
        sources::validate(self.config())?;
        // Live sources start when the others are loaded; failures to open one are reported before.
        self.open_configured(true)?;
        self.reject_mixed_rows().await?;
        if !sources::includes_simulation(self.config()) {
            return Ok(SimulationRun::without_simulation());
        }
        let Some(until) = until else {
            let warehouse = self.warehouse().as_ref();
            let next = sources::next_until(self.config(), warehouse).await?;
            return Ok(SimulationRun::next(warehouse, next).await?);
        };
        let start_day = self.config().simulation.start_day;
        if until < start_day {
            return Err(Error::Setting {
                setting: "until",
                reason: format!(
                    "{until} lies before simulation.start_day, {start_day}, where the first \
                     ninety days end; they are played as a whole"
                ),
            });
        }
        Ok(SimulationRun::until_day(until))
    }

    /// Loads the new data, up to the day of `run`.
    ///
    /// # Errors
    /// When a source cannot be opened as configured: then nothing is loaded. [`Error::Run`] when
    /// sources or sinks failed, or the run was cancelled: rows that were loaded stay.
    pub async fn load(&self, run: &SimulationRun, observer: &dyn Observer) -> Result<Summary> {
        let market = self.open_configured(false)?;
        let pipeline = market.iter().map(|source| self.pipeline_source(source));
        let pipeline = pipeline.fold(self.pipeline(), Pipeline::add);
        let mut session = Session::begin(&pipeline, observer);
        session.load_all().await;
        self.load_derived_tables(&mut session).await;
        self.load_simulation(&mut session, run).await;
        Ok(session.finish().await?)
    }

    /// Loads the new data of one source, configured or not, and nothing else:
    /// [`derive`](Self::derive) computes the derived tables. The simulation adds its next day.
    ///
    /// # Errors
    /// When the source does not exist, is a live one, or cannot be opened as configured.
    /// [`Error::Run`] when it failed or was cancelled.
    pub async fn load_source(&self, name: &str, observer: &dyn Observer) -> Result<Summary> {
        let known = sources::known_sources(self.config());
        let info = known.iter().find(|info| info.name == name);
        if info.is_none_or(|info| info.is_live) {
            let reason = match info {
                Some(_) => format!("`{name}` never ends: it is streamed"),
                None => format!("there is no source `{name}`: `tidegauge sources` lists them"),
            };
            return Err(Error::Setting { setting: "sources", reason });
        }
        let mut alone = self.clone();
        alone.select_only(name);
        alone.reject_mixed_rows().await?;
        if name == SIMULATION {
            let run = alone.begin(None).await?;
            let pipeline = alone.pipeline();
            let mut session = Session::begin(&pipeline, observer);
            alone.load_simulation(&mut session, &run).await;
            let summary = session.finish().await?;
            alone.finish(run).await?;
            return Ok(summary);
        }
        let pipeline = self.pipeline().add(self.pipeline_source(&self.open_source(name)?));
        Ok(pipeline.run(observer).await?)
    }

    /// Computes `market_prices`, `crypto_metrics` and `fx_daily` from the raw tables of the
    /// warehouse, and loads the rows that have changed. [`load`](Self::load) does so unless
    /// `market.derive` is off; call it after a source of your own has delivered prices or rates.
    ///
    /// # Errors
    /// [`Error::Run`] when the warehouse cannot be read, a sink fails, or it was cancelled; with
    /// `analytics.strict` also when a price or a rate is implausible. Otherwise such rows are left
    /// out and reported.
    pub async fn derive(&self, observer: &dyn Observer) -> Result<Summary> {
        let pipeline = self.pipeline();
        let mut session = Session::begin(&pipeline, observer);
        session.load_prepared(source_names::MARKET, self.derived_tables()).await;
        Ok(session.finish().await?)
    }

    /// Refuses a run that would mix rows of a user's own data with those of another source, whether
    /// of the run or loaded before.
    ///
    /// # Errors
    /// When rows would mix, or the warehouse cannot be read.
    pub(crate) async fn reject_mixed_rows(&self) -> Result<()> {
        let (config, context) = (self.config(), self.context());
        let active = config.active_sources();
        let mut cursors = self.warehouse().cursors().await?;
        cursors.retain(|name, _| name != RUN_HISTORY && !name.starts_with(Lease::PREFIX));
        let is_known = |name: &String| {
            sources::tables_of(name, config, context).is_ok_and(|tables| tables.is_some())
        };
        // The history may be long; it is read only where the settings do not say what a source has
        // filled.
        let mut history = match cursors.keys().all(is_known) {
            true => BTreeMap::new(),
            false => history::filled_tables_by_source(&self.runs().await?),
        };
        let loaded = cursors.into_keys().map(|name| {
            let tables = history.remove(&name).unwrap_or_default();
            (name, tables)
        });
        sources::reject_mixed_rows(config, context, &active, &loaded.collect())
    }

    /// Returns `true` if live sources are configured.
    pub fn is_live(&self) -> bool {
        sources::configured(self.config(), true).next().is_some()
    }

    /// Runs the configured live sources concurrently until `stop` completes, then recomputes the
    /// derived tables. A source that fails does not stop the others.
    ///
    /// # Errors
    /// When a source cannot be opened as configured; [`Error::Run`] when sources or sinks failed:
    /// rows that were loaded stay.
    pub async fn stream(
        &self,
        observer: &dyn Observer,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Summary> {
        let live = self.open_configured(true)?;
        let pipeline = live.iter().map(|source| self.pipeline_source(source));
        let pipeline = pipeline.fold(self.pipeline(), Pipeline::add);
        let mut session = Session::begin(&pipeline, observer);
        session.stream_all(stop).await;
        // A live source holds a connection and a position in its stream; the next run opens it again.
        self.close_live();
        session.reset_cancellation();
        self.load_derived_tables(&mut session).await;
        Ok(session.finish().await?)
    }

    /// Marks `run` as finished, so that the next one goes further.
    ///
    /// # Errors
    /// When the warehouse cannot be written.
    pub async fn finish(&self, run: SimulationRun) -> Result<()> {
        Ok(run.finish(self.warehouse().as_ref()).await?)
    }

    /// Computes and loads the derived tables, if that is configured.
    pub(crate) async fn load_derived_tables(&self, session: &mut Session<'_>) {
        if self.config().market.derive {
            session.load_prepared(source_names::MARKET, self.derived_tables()).await;
        }
    }

    /// Plays the simulation up to the day of `run`.
    async fn load_simulation(&self, session: &mut Session<'_>, run: &SimulationRun) {
        let Some(until) = run.until() else { return };
        let (name, warehouse) =
            (sources::simulation_name(self.config()), self.warehouse().as_ref());
        let prepared = async {
            let prepared = sources::open_simulation(self.config(), warehouse, until).await?;
            run.start(warehouse).await?;
            Ok(prepared)
        };
        session.load_prepared(&name, prepared).await;
    }

    async fn derived_tables(&self) -> Result<PreparedSource> {
        let (market, context) = (&self.config().market, self.context());
        let (warehouse, now) = (self.warehouse().as_ref(), context.clock.now());
        let strict = self.config().analytics.strict;
        let source = DerivedTables::read(warehouse, market, &context.registry, now, strict).await?;
        Ok(PreparedSource::new(Arc::new(source), Vec::new()))
    }
}
