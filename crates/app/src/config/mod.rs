//! The configuration: `tidegauge.toml`, overridden by the environment, overridden by flags.

mod check;
mod dotenv;
mod file;
mod market;
mod origins;
mod refused;
mod secrets;
mod selection;
mod store;
mod template;
mod text;

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use figment::Figment;
use figment::providers::{Env, Serialized};
use figment::value::{Dict, Value};
use serde::{Deserialize, Serialize};
use tidegauge_acquisition::backfill::BadRows;
use tidegauge_acquisition::mapping::TableConfig;
use tidegauge_acquisition::{database, files};
use tidegauge_analytics::audit::OwnRules;
use tidegauge_core::instruments::Instrument;
use tidegauge_simulation::{ClassicConfig, ExchangeConfig, Scenario, Shard};

pub use self::dotenv::load_env_file;
use self::file::ConfigFile;
pub use self::market::MarketConfig;
pub(crate) use self::origins::Origins;
use self::refused::refused;
pub use self::secrets::Secrets;
pub(crate) use self::selection::OwnSource;
pub use self::store::StoreUrl;
pub use self::text::without_userinfo;
use crate::sources::{Providers, SIMULATION};
use crate::{Error, Result};

/// The name of the configuration file in the working directory.
pub const FILE: &str = "tidegauge.toml";

/// The prefix of the variables that are settings.
const PREFIX: &str = "TIDEGAUGE_";

/// The variables that are neither settings of [`Config`] nor keys: the file to read, and a switch
/// of the tests.
const NOT_SETTINGS: [&str; 2] = ["config", "require_servers"];

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
    /// The thresholds of the analytics.
    pub analytics: AnalyticsConfig,
    /// Audit rules of the user's own exchange, by which `verify` checks rows that are not
    /// simulated.
    pub verify: OwnRules,
    /// The origins of the settings.
    #[serde(skip)]
    pub(crate) origins: Origins,
    /// The sources that are loaded instead of those of the settings.
    #[serde(skip)]
    pub(crate) chosen: Option<Vec<String>>,
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
            chosen: None,
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
    /// The shard of the users that is played: `3/16`.
    pub shard: Shard,
    /// The scenarios that are played, such as market shocks.
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

/// An exchange that the simulator can play.
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

/// The thresholds of the analytics.
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
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self { inactive_days: 30, high_volume_usd: 10_000.0, strict: false }
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

    /// Reads `file`, or `tidegauge.toml` in the working directory if that exists, and then the
    /// environment (`TIDEGAUGE_WAREHOUSE`, `TIDEGAUGE_SIMULATION__SEED`…).
    ///
    /// # Errors
    /// When `file` is missing or not TOML, or a setting is unknown or of another type. The error is
    /// one line with the position of the setting, and never repeats its value.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Self::load_with(file, Providers::default())
    }

    /// Reads the same with sections for `providers`: for a program that registers its own sources.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_with(file: Option<&Path>, providers: Providers) -> Result<Self> {
        let read = ConfigFile::read(file.unwrap_or(Path::new(FILE)))?;
        if let (Some(file), None) = (file, &read) {
            return Err(Error::NoConfig { file: file::shown(file).into() });
        }
        let env = Env::prefixed(PREFIX)
            .ignore(&NOT_SETTINGS)
            .filter(|name| !name.as_str().to_ascii_uppercase().ends_with("_KEY"))
            .split("__");
        Self::merged(read.as_ref(), Figment::from(env), providers)
    }

    /// Reads `text` as the content of the file at `path`, without the environment.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub(crate) fn read_text(path: &Path, text: &str) -> Result<Self> {
        let file = ConfigFile::parse(path, text)?;
        Self::merged(Some(&file), Figment::new(), Providers::default())
    }

    /// Merges the defaults, then `file`, then `over`.
    fn merged(file: Option<&ConfigFile>, over: Figment, providers: Providers) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(file);
        }
        let figment = figment.merge(over);
        let lines = file.map(ConfigFile::lines);
        let mut config =
            Self::extract(&figment, providers).map_err(|error| refused(*error, &figment, lines))?;
        config.origins = Origins::new(&config, lines.cloned());
        config.check().map_err(|error| config.origins.placed(error))?;
        Ok(config)
    }

    fn extract(figment: &Figment, providers: Providers) -> Result<Self, Box<figment::Error>> {
        let mut config: Self = figment.extract()?;
        config.providers = providers.read(figment)?;
        let found: Dict = figment.extract()?;
        let mut known = settings();
        known.extend(config.providers.specs().map(|spec| spec.name.to_owned()));
        match found.into_keys().find(|name| !known.contains(name)) {
            Some(name) => Err(unknown(figment, name, &known).into()),
            None => Ok(config),
        }
    }
}

/// Returns the names of the settings that belong to no source.
fn settings() -> Vec<String> {
    let own = Value::serialize(Config::default()).ok();
    own.as_ref().and_then(Value::as_dict).into_iter().flat_map(Dict::keys).cloned().collect()
}

/// Returns `true` if a setting called `name` exists that belongs to no source.
fn is_setting(name: &str) -> bool {
    settings().iter().any(|setting| setting == name)
}

/// Returns the error of an unknown setting.
fn unknown(figment: &Figment, name: String, known: &[String]) -> figment::Error {
    let mut error = figment::Error::from(refused::unknown(known));
    error.metadata = figment.find_metadata(&name).cloned();
    error.profile = Some(figment.profile().clone());
    error.path = vec![name];
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        let file = ConfigFile::parse(Path::new(FILE), text)?;
        Config::merged(Some(&file), Figment::new(), Providers::default())
    }

    #[test]
    fn the_template_is_the_default_and_has_a_part_of_every_source() {
        let config = Config::default();
        let template = config.template();
        assert_eq!(read(&template).unwrap(), config);
        let today = "2026-11-27".parse().unwrap();
        assert_eq!(read(&config.demo_template(today)).unwrap(), Config::demo_until(today));
        assert!(!template.contains("\n[simulation]\n"), "nothing is simulated unasked");
        for spec in config.providers.specs() {
            let section = format!("\n[{}]\n", spec.name);
            assert_eq!(template.contains(&section), !spec.template.is_empty(), "{}", spec.name);
            assert!(template.contains(&format!("#   {} ", spec.name)), "{}", spec.name);
        }
        assert!(!template.contains("#{"), "{template}");
    }

    #[test]
    fn an_unknown_setting_is_named() {
        for (text, words) in [
            ("[simulation]\nsede = 1", ["sede", "seed"]),
            ("[coingecko]\nplna = 1", ["coingecko", "plan"]),
            ("[coingekco]\nplan = 1", ["coingekco", "`coingecko`"]),
            ("warehuose = 1", ["warehuose", "`warehouse`"]),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
        let error = read("[coingecko.http]\nmax_body = 'x'").unwrap_err().to_string();
        assert!(error.contains("coingecko.http.max_body"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_not_repeated() {
        for text in ["coingecko = 'CG-canary'", "[coingecko]\nplan = 'CG-canary'", "report = []"] {
            let error = read(text).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
            assert!(error.contains("coingecko") || error.contains("report"), "{error}");
        }
    }
}
