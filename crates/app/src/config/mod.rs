//! What the user wants: `tidegauge.toml`, overridden by the environment, overridden by flags.

mod check;
mod market;

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use figment::Figment;
use figment::error::{Actual, Kind};
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tidegauge_acquisition::{coingecko, frankfurter, open_er_api};
use tidegauge_simulation::ClassicConfig;

pub use self::market::MarketConfig;
use crate::{Error, Result};

/// The configuration file, commented, as `tidegauge init` writes it.
pub const TEMPLATE: &str = include_str!("tidegauge.toml");

/// The name of the configuration file in the working directory.
pub const FILE: &str = "tidegauge.toml";

/// The variables that are not settings of [`Config`]: the file to read, and secrets.
const NOT_SETTINGS: [&str; 3] = ["config", "coingecko_key", "require_servers"];

/// What the user wants.
///
/// ```
/// let config = tidegauge::Config::default();
/// assert_eq!(config.warehouse, "sqlite://tidegauge.db");
/// assert_eq!(config.sources, ["recorded", "simulation"]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// The warehouse's URL.
    pub warehouse: String,
    /// URLs of further sinks that every run fills as well.
    pub backups: Vec<String>,
    /// The sources of a run: `recorded`, `coingecko`, `open_er_api`, `frankfurter`, `simulation`.
    pub sources: Vec<String>,
    /// Where the report is written.
    pub report: PathBuf,
    /// The simulated exchange.
    pub simulation: SimulationConfig,
    /// CoinGecko; its key comes from `TIDEGAUGE_COINGECKO_KEY` alone.
    pub coingecko: coingecko::Config,
    /// ExchangeRate-API's open endpoint.
    pub open_er_api: open_er_api::Config,
    /// Frankfurter.
    pub frankfurter: frankfurter::Config,
    /// What is worked out from the raw market tables.
    pub market: MarketConfig,
    /// What the answers count.
    pub analytics: AnalyticsConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            warehouse: "sqlite://tidegauge.db".into(),
            backups: Vec::new(),
            sources: vec!["recorded".into(), "simulation".into()],
            report: "report.html".into(),
            simulation: SimulationConfig::default(),
            coingecko: coingecko::Config::default(),
            open_er_api: open_er_api::Config::default(),
            frankfurter: frankfurter::Config::default(),
            market: MarketConfig::default(),
            analytics: AnalyticsConfig::default(),
        }
    }
}

/// The simulated exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SimulationConfig {
    /// Which exchange is played.
    pub preset: Preset,
    /// Everything that is drawn follows from it.
    pub seed: u64,
    /// The first ninety days end where this day begins.
    pub start_day: NaiveDate,
    /// The most rows in a page.
    pub page_rows: usize,
}

impl Default for SimulationConfig {
    fn default() -> Self {
        let ClassicConfig { seed, start_day, page_rows, .. } = ClassicConfig::default();
        Self { preset: Preset::Classic, seed, start_day, page_rows }
    }
}

/// An exchange that the simulator can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preset {
    /// 1,000 users; 500 ramp purchases a day.
    Classic,
}

/// What the answers count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AnalyticsConfig {
    /// A user who has done nothing for so many days has churned.
    pub inactive_days: u32,
    /// A user who has traded and bought for so much is a high-volume trader, in US dollars.
    pub high_volume_usd: f64,
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self { inactive_days: 30, high_volume_usd: 10_000.0 }
    }
}

impl Config {
    /// Reads `file`, or `tidegauge.toml` in the working directory if that is there, and then the
    /// environment (`TIDEGAUGE_WAREHOUSE`, `TIDEGAUGE_SIMULATION__SEED`…).
    ///
    /// # Errors
    /// When `file` is missing, or a setting is unknown or of another type, naming where it stands.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(Error::NoConfig { file: file.into() });
        }
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        let file = file.unwrap_or(Path::new(FILE));
        if file.exists() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let env = Env::prefixed("TIDEGAUGE_").ignore(&NOT_SETTINGS).split("__");
        let figment = figment.merge(env);
        figment.extract().map_err(refused)
    }
}

/// What figment says, without the values that it found: one may be a key that was meant for another
/// variable.
fn refused(error: figment::Error) -> Error {
    let found = || Actual::Other("something else".into());
    let reasons = error.into_iter().map(|mut error| {
        error.kind = match error.kind {
            Kind::InvalidType(_, expected) => Kind::InvalidType(found(), expected),
            Kind::InvalidValue(_, expected) => Kind::InvalidValue(found(), expected),
            Kind::UnknownVariant(_, known) => {
                Kind::InvalidValue(found(), format!("one of {}", known.join(", ")))
            }
            other => other,
        };
        error.to_string()
    });
    Error::Config { reason: reasons.collect::<Vec<_>>().join("; ") }
}

/// What must never stand in a file, an error or a log.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Secrets {
    /// CoinGecko's key.
    pub coingecko: Option<SecretString>,
}

impl Secrets {
    /// Reads `TIDEGAUGE_COINGECKO_KEY`.
    pub fn from_env() -> Self {
        let read = |name: &str| {
            std::env::var(name).ok().filter(|key| !key.is_empty()).map(SecretString::from)
        };
        Self { coingecko: read("TIDEGAUGE_COINGECKO_KEY") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_the_default() {
        let read: Config = Figment::from(Toml::string(TEMPLATE)).extract().unwrap();
        assert_eq!(read, Config::default());
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let read = Figment::from(Toml::string("[simulation]\nsede = 1")).extract::<Config>();
        let error = refused(read.unwrap_err()).to_string();
        assert!(error.contains("sede") && error.contains("seed"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_not_repeated() {
        for text in ["coingecko = 'CG-canary'", "[coingecko]\nplan = 'CG-canary'", "report = []"] {
            let read = Figment::from(Toml::string(text)).extract::<Config>();
            let error = refused(read.unwrap_err()).to_string();
            assert!(!error.contains("canary"), "{error}");
            assert!(error.contains("coingecko") || error.contains("report"), "{error}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let secrets = Secrets { coingecko: Some("CG-canary".to_owned().into()) };
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
