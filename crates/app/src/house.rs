//! The house with its doors open: a configuration, its warehouse and its backups.

use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_acquisition::Context;
use tidegauge_acquisition::http::{Traffic, Usage};
use tidegauge_analytics::verify;
use tidegauge_core::{Clock, Cursor, Sink, Source, TableRef, Warehouse, tables};
use tidegauge_simulation::Bent;

use crate::config::{Config, Secrets};
use crate::derived::Derived;
use crate::pipeline::{Observer, Pipeline, Summary};
use crate::run::Run;
use crate::sources::{self, Offer, Opened};
use crate::{Error, Result, provenance};

/// A configuration, with its warehouse and its backups open.
#[derive(Debug)]
pub struct Tidegauge {
    config: Config,
    secrets: Secrets,
    context: Context,
    warehouse: Arc<dyn Warehouse>,
    backups: Vec<Arc<dyn Sink>>,
}

/// How far a source has been loaded.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The source.
    pub source: String,
    /// Its cursor in the warehouse (`None`: never loaded).
    pub cursor: Option<Cursor>,
}

/// What a warehouse holds.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The tables that have rows, and how many.
    pub tables: Vec<(TableRef, usize)>,
    /// How far each source has been loaded.
    pub sources: Vec<Progress>,
}

impl Tidegauge {
    /// Opens the warehouse and the backups that `config` names.
    ///
    /// # Errors
    /// When a setting makes no sense, or one of them cannot be opened.
    pub fn open(config: Config, secrets: Secrets, clock: Arc<dyn Clock>) -> Result<Self> {
        config.check()?;
        let mut context = Context::new(clock);
        for instrument in &config.instruments {
            context.registry = context.registry.with(instrument.clone())?;
        }
        context.bad_rows = config.bad_rows;
        if let Some(folder) = &config.state {
            context.usage = Usage::kept_in(folder);
        }
        let warehouse = tidegauge_storage::connect(config.warehouse.expose())?;
        let mut backups = Vec::with_capacity(config.backups.len());
        for url in &config.backups {
            backups.push(tidegauge_storage::connect_sink(url.expose())?);
        }
        Ok(Self { config, secrets, context, warehouse, backups })
    }

    /// What it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The warehouse.
    pub fn warehouse(&self) -> &Arc<dyn Warehouse> {
        &self.warehouse
    }

    /// Loads what the configured sources have that is new: market data first and what is worked out
    /// from it, then the simulated exchange, which is priced from it. The simulation plays its first
    /// ninety days, or one day more; or, with `until`, every day before that one. Live sources are
    /// not part of it: see [`stream`](Self::stream).
    ///
    /// A run that was killed is taken up by the next one, which goes no further than it would have.
    /// Where more belongs to a run than loading, take its steps one by one: [`begin`](Self::begin),
    /// [`load`](Self::load), [`finish`](Self::finish).
    ///
    /// # Errors
    /// The first error of a source or a sink; what was loaded before it stays.
    pub async fn run(&self, until: Option<NaiveDate>, observer: &dyn Observer) -> Result<Summary> {
        let run = self.begin(until).await?;
        let summary = self.load(&run, observer).await?;
        self.finish(run).await?;
        Ok(summary)
    }

    /// Decides how far the next run goes. Nothing is written yet.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or `until` lies before the first ninety days are over.
    pub async fn begin(&self, until: Option<NaiveDate>) -> Result<Run> {
        sources::check(&self.config)?;
        if !sources::simulates(&self.config) {
            return Ok(Run::without_simulation());
        }
        let Some(until) = until else {
            let next = sources::next_until(&self.config, self.warehouse.as_ref()).await?;
            return Ok(Run::next(self.warehouse.as_ref(), next).await?);
        };
        let start_day = self.config.simulation.start_day;
        if until < start_day {
            return Err(Error::Setting {
                setting: "until",
                reason: format!(
                    "{until} lies before simulation.start_day, {start_day}, where the first \
                     ninety days end; they are played as a whole"
                ),
            });
        }
        Ok(Run::until_day(until))
    }

    /// Loads what is new, as far as `run` goes.
    ///
    /// # Errors
    /// The first error of a source or a sink; what was loaded before it stays.
    pub async fn load(&self, run: &Run, observer: &dyn Observer) -> Result<Summary> {
        let mut market = self.pipeline();
        for opened in self.opened(false)? {
            market = market.source(self.bent(opened.source()));
        }
        let mut summary = market.run(observer).await?;
        summary.extend(self.derive_if_wanted(observer).await?);
        if let Some(until) = run.until() {
            let source = sources::simulation(&self.config, self.warehouse.as_ref(), until).await?;
            run.start(self.warehouse.as_ref()).await?;
            summary.extend(self.pipeline().source(source).run(observer).await?);
        }
        Ok(summary)
    }

    /// Works out `market_prices`, `crypto_metrics` and `fx_daily` from the raw tables of the
    /// warehouse, and loads what of them has changed. [`load`](Self::load) does so unless
    /// `market.derive` is off; call it after a source of your own has brought prices or rates.
    ///
    /// # Errors
    /// When the warehouse cannot be read, a price or a rate in it makes no sense, or a sink fails.
    pub async fn derive(&self, observer: &dyn Observer) -> Result<Summary> {
        let (market, coins) = (&self.config.market, &self.context.registry);
        let warehouse = self.warehouse.as_ref();
        let source = Derived::read(warehouse, market, coins, self.context.clock.now()).await?;
        Ok(self.pipeline().source(Arc::new(source)).run(observer).await?)
    }

    /// Whether live sources are configured.
    pub fn is_live(&self) -> bool {
        sources::configured(&self.config, true).next().is_some()
    }

    /// Runs the live sources that are configured, all at once, until `stop` comes; then works out
    /// what follows from what they brought.
    ///
    /// # Errors
    /// The first error of a source or a sink; what was loaded before it stays.
    pub async fn stream(
        &self,
        observer: &dyn Observer,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<Summary> {
        let live = self.opened(true)?;
        let live = live.iter().map(|it| self.bent(it.source()));
        let pipeline = live.fold(self.pipeline(), Pipeline::source);
        let mut summary = pipeline.stream(observer, stop).await?;
        summary.extend(self.derive_if_wanted(observer).await?);
        Ok(summary)
    }

    pub(crate) async fn derive_if_wanted(&self, observer: &dyn Observer) -> Result<Summary> {
        if self.config.market.derive { self.derive(observer).await } else { Ok(Summary::default()) }
    }

    /// Says that all that belongs to `run` is done, so that the next one goes further.
    ///
    /// # Errors
    /// When the warehouse cannot be written.
    pub async fn finish(&self, run: Run) -> Result<()> {
        Ok(run.finish(self.warehouse.as_ref()).await?)
    }

    /// The sources that are configured, live or not, but for the simulation.
    pub(crate) fn opened(&self, live: bool) -> Result<Vec<Opened>> {
        sources::check(&self.config)?;
        let open =
            |offer: Offer| sources::open(&offer.name, &self.config, &self.secrets, &self.context);
        sources::configured(&self.config, live).map(open).collect()
    }

    /// A source as it is in the market of the scenarios.
    pub(crate) fn bent(&self, source: Arc<dyn Source>) -> Arc<dyn Source> {
        Bent::of(source, &self.config.simulation.scenarios)
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// What went over the wire so far, by service.
    pub fn traffic(&self) -> Vec<(&'static str, Traffic)> {
        self.context.usage.traffic()
    }

    /// A pipeline into the warehouse and the backups, for sources of your own.
    pub fn pipeline(&self) -> Pipeline {
        let warehouse: Arc<dyn Sink> = self.warehouse.clone();
        let pipeline = Pipeline::new().sink(warehouse);
        self.backups.iter().fold(pipeline, |pipeline, backup| pipeline.sink(backup.clone()))
    }

    /// Checks every rule of consistency on the warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or holds nothing to check.
    pub async fn verify(&self) -> Result<verify::Report> {
        let report = verify::verify(self.warehouse.as_ref()).await?;
        if report.rules.iter().all(|rule| rule.tried == 0) {
            return Err(Error::Nothing { warehouse: self.warehouse.name().into() });
        }
        Ok(report)
    }

    /// What the warehouse holds, and how far each source has been loaded.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn status(&self) -> Result<Standing> {
        let mut standing = Standing { tables: Vec::new(), sources: Vec::new() };
        for table in tables::all() {
            let count = provenance::count(self.warehouse.as_ref(), &table).await?;
            if let Ok(rows) = usize::try_from(count)
                && rows > 0
            {
                standing.tables.push((table, rows));
            }
        }
        for offer in sources::offers(&self.config) {
            let cursor = self.warehouse.cursor(&offer.name).await?;
            standing.sources.push(Progress { source: offer.name, cursor });
        }
        Ok(standing)
    }
}
