//! The settings: their types, names and defaults.

use std::path::PathBuf;

use chrono::{NaiveDate, Weekday};
use figment::value::{Dict, Value};
use serde::{Deserialize, Serialize};
use tidegauge_acquisition::backfill::BadRows;
use tidegauge_acquisition::mapping::TableConfig;
use tidegauge_acquisition::{database, files};
use tidegauge_analytics::audit::OwnRules;
use tidegauge_analytics::{Calendar, Tz};
use tidegauge_core::instruments::Instrument;
use tidegauge_report::Parameters;
use tidegauge_simulation::{ClassicConfig, ExchangeConfig, Scenario, Shard};

use super::market::MarketConfig;
use super::origins::Origins;
use super::store::StoreUrl;
use crate::providers::Providers;
use crate::source_names::SIMULATION;
use crate::{Error, Result};

/// The configuration of the command and of [`Tidegauge`](crate::Tidegauge).
///
/// ```
/// let config = tidegauge::Config::default();
/// assert_eq!(config.warehouse, "sqlite://tidegauge.db");
/// assert!(config.active_sources().is_empty(), "nothing is loaded or simulated unasked");
/// assert_eq!(tidegauge::Config::demo().sources, ["recorded", "simulation"]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)] // unknown settings are refused by `extract`, which knows all sources
#[non_exhaustive]
pub struct Config {
    /// The URL of the warehouse.
    pub warehouse: StoreUrl,
    /// The URLs of further sinks that every run fills as well.
    pub backups: Vec<StoreUrl>,
    /// The sources of a run besides the declared files and databases, as `tidegauge sources` lists
    /// them.
    pub sources: Vec<String>,
    /// The path to which the report is written.
    pub report: PathBuf,
    /// The handling of implausible rows of an API.
    pub bad_rows: BadRows,
    /// The folder in which requests are counted, so that a budget outlives a run; `None`: they are
    /// counted within a run only. The command sets the user's state folder.
    pub state: Option<PathBuf>,
    /// Instruments in addition to the built-in ones.
    pub instruments: Vec<Instrument>,
    /// The simulated exchange.
    pub simulation: SimulationConfig,
    /// The registered sources, each with its settings; their keys come from the environment alone,
    /// such as `TIDEGAUGE_COINGECKO_KEY`.
    #[serde(skip)]
    pub providers: Providers,
    /// The user's own tables.
    pub tables: Vec<TableConfig>,
    /// The user's own files, each a source that is part of every run unless it is switched off.
    pub files: Vec<files::Config>,
    /// The user's own databases, likewise.
    pub databases: Vec<database::Config>,
    /// The tables derived from raw market data.
    pub market: MarketConfig,
    /// The definitions and thresholds of the analytics.
    pub analytics: AnalyticsConfig,
    /// Audit rules of the user's own exchange, by which `verify` checks rows that are not
    /// simulated.
    pub verify: OwnRules,
    /// The origins of the settings.
    #[serde(skip)]
    pub(crate) origins: Origins,
    /// The sources that are loaded instead of those of the settings.
    #[serde(skip)]
    pub(crate) selected_sources: Option<Vec<String>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            warehouse: "sqlite://tidegauge.db".into(),
            backups: Vec::new(),
            sources: Vec::new(),
            report: "report.html".into(),
            bad_rows: BadRows::default(),
            state: None,
            instruments: Vec::new(),
            simulation: SimulationConfig::default(),
            providers: Providers::default(),
            tables: Vec::new(),
            files: Vec::new(),
            databases: Vec::new(),
            market: MarketConfig::default(),
            analytics: AnalyticsConfig::default(),
            verify: OwnRules::default(),
            origins: Origins::default(),
            selected_sources: None,
        }
    }
}

/// The settings of the simulated exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SimulationConfig {
    /// The preset of the exchange.
    pub preset: Preset,
    /// The seed from which every random draw follows.
    pub seed: u64,
    /// The day at whose start the first ninety days end.
    pub start_day: NaiveDate,
    /// The maximum number of rows in a page; for `exchange`, an approximate one. `None`: the
    /// default of the preset.
    pub page_rows: Option<usize>,
    /// The number of users who sign up. This setting and the following ones apply to `exchange`
    /// only.
    pub users: u64,
    /// The number of days over which they sign up.
    pub days: u16,
    /// Whether their trading rate is constant over time, independent of the market.
    pub stationary: bool,
    /// The shard of the users that is simulated: `3/16`.
    pub shard: Shard,
    /// The scenarios that are simulated, such as market shocks.
    pub scenarios: Vec<Scenario>,
}

impl Default for SimulationConfig {
    fn default() -> Self {
        let ClassicConfig { seed, start_day, .. } = ClassicConfig::default();
        let exchange = ExchangeConfig::default();
        let ExchangeConfig { users, days, stationary, shard, scenarios, .. } = exchange;
        let preset = Preset::Classic;
        let page_rows = None;
        Self { preset, seed, start_day, page_rows, users, days, stationary, shard, scenarios }
    }
}

/// An exchange of the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preset {
    /// 1,000 users; 500 ramp purchases a day.
    Classic,
    /// Any number of users, who sign up through channels with known costs and trade by known
    /// processes.
    Exchange,
}

/// The definitions and thresholds of the analytics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AnalyticsConfig {
    /// The number of days without activity after which a user has churned.
    pub inactive_days: u32,
    /// The volume of trades and purchases in US dollars from which a user is a high-volume trader.
    pub high_volume_usd: f64,
    /// Whether a row that is implausible or cannot be valued is an error of the report, the derived
    /// tables and the simulation; otherwise it is left out, counted and reported.
    pub strict: bool,
    /// The day before which observation ends; `None`: where the sources end, or before the day of
    /// the last row.
    pub end: Option<NaiveDate>,
    /// The time zone in which days, weeks and months are counted.
    pub zone: Tz,
    /// The first day of the week.
    pub week_start: Weekday,
    /// The nominal level of intervals.
    pub level: f64,
    /// The ages, in days since signup, at which revenue per user is shown.
    pub ages: Vec<u32>,
    /// The cohorts by which users are compared, as `channel` and `channel*country`; empty: the
    /// dimensions that the users have, and the month of signup.
    pub cohorts: Vec<String>,
    /// The length of the periods of retention: `day`, `week` or `month`; `None`: weeks and months.
    pub period: Option<String>,
    /// The maximum number of periods of retention that are shown; `None`: 14 of a cohort, and 26 of
    /// all cohorts as one.
    pub periods: Option<u32>,
    /// The definition of a retained user: `on`, `on_or_after`, `within:DAYS`, `brackets:0,1,3`.
    pub retention: String,
    /// The clock by which periods are counted: `calendar` or `relative`.
    pub windows: String,
    /// The event from which periods are counted, as `signup` and `first_trade`; `None`: the signup,
    /// and for months also the first trade.
    pub anchor: Option<String>,
    /// The days from signup within which the share of high-volume traders is computed, and cohorts
    /// are compared; empty: 7 to 180 days, compared at 30, 90 and 180.
    pub horizons: Vec<u32>,
    /// The share of revenue that is contribution margin.
    pub margin: f64,
    /// The revenue that counts: `net` of reversals, or `gross`.
    pub revenue: String,
}

impl AnalyticsConfig {
    /// Returns the parameters of the report.
    ///
    /// # Errors
    /// The first setting that is none, with the values that are allowed.
    pub(crate) fn parameters(&self) -> Result<Parameters> {
        let mut parameters = Parameters::default();
        let days = |days: &[u32]| {
            let days: Vec<String> = days.iter().map(u32::to_string).collect();
            days.join(",")
        };
        let horizons = Some(&self.horizons).filter(|horizons| !horizons.is_empty());
        let mut texts = vec![
            ("analytics.ages", "ages", days(&self.ages)),
            ("analytics.inactive_days", "inactive_days", self.inactive_days.to_string()),
            ("analytics.high_volume_usd", "threshold_usd", self.high_volume_usd.to_string()),
            ("analytics.level", "level", self.level.to_string()),
            ("analytics.margin", "margin", self.margin.to_string()),
            ("analytics.retention", "retention", self.retention.clone()),
            ("analytics.revenue", "revenue", self.revenue.clone()),
            ("analytics.week_start", "week_start", self.week_start.to_string()),
            ("analytics.windows", "windows", self.windows.clone()),
            ("analytics.zone", "zone", self.zone.name().to_owned()),
        ];
        let cohorts = self.cohorts.iter();
        texts.extend(cohorts.map(|cohort| ("analytics.cohorts", "cohort", cohort.clone())));
        texts.extend(self.anchor.iter().map(|text| ("analytics.anchor", "anchor", text.clone())));
        texts.extend(self.end.iter().map(|day| ("analytics.end", "end", day.to_string())));
        texts.extend(horizons.map(|horizons| ("analytics.horizons", "horizons", days(horizons))));
        let periods = self.periods.iter().map(u32::to_string);
        texts.extend(periods.map(|number| ("analytics.periods", "periods", number)));
        texts.extend(self.period.iter().map(|text| ("analytics.period", "period", text.clone())));
        for (setting, name, text) in texts {
            parameters.set(name, &text).map_err(|error| Error::Setting {
                setting,
                reason: match error {
                    tidegauge_report::Error::InvalidParameter { expected, .. } => expected.into(),
                    error => error.to_string(),
                },
            })?;
        }
        Ok(parameters)
    }
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        let Calendar { zone, week_start } = Calendar::default();
        Self {
            inactive_days: 30,
            high_volume_usd: 10_000.0,
            strict: false,
            end: None,
            zone,
            week_start,
            level: 0.9,
            ages: vec![7, 14, 30, 45, 60, 75, 90],
            cohorts: Vec::new(),
            period: None,
            periods: None,
            retention: "on".into(),
            windows: "calendar".into(),
            anchor: None,
            horizons: Vec::new(),
            margin: 1.0,
            revenue: "net".into(),
        }
    }
}

impl Config {
    /// Returns the settings of the demo: recorded prices, and an exchange that is simulated from
    /// them.
    pub fn demo() -> Self {
        Self { sources: vec!["recorded".into(), SIMULATION.into()], ..Self::default() }
    }

    /// Returns the settings of a demo whose first run ends with the day before `today`: the
    /// recorded prices are continued by synthetic ones.
    pub fn demo_until(today: NaiveDate) -> Self {
        let mut config = Self::demo();
        config.sources.insert(1, tidegauge_acquisition::synthetic_market::NAME.into());
        config.simulation.start_day = today;
        // The classic exchange accepts one market only.
        config.simulation.preset = Preset::Exchange;
        config
    }
}

/// Returns the names of the settings that belong to no source.
pub(super) fn setting_names() -> Vec<String> {
    let own = Value::serialize(Config::default()).ok();
    own.as_ref().and_then(Value::as_dict).into_iter().flat_map(Dict::keys).cloned().collect()
}

/// Returns `true` if a setting called `name` exists that belongs to no source.
pub(super) fn is_setting(name: &str) -> bool {
    setting_names().iter().any(|setting| setting == name)
}
