//! Every source that a configuration may name, and how it is made.

use std::sync::Arc;

use tidegauge_acquisition::http::Budget;
use tidegauge_acquisition::live::Stream;
use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_acquisition::series::Archive;
use tidegauge_acquisition::{
    CoinGecko, Context, DatabaseSource, Ecb, ExchangeRateApi, FileSource, Frankfurter, Kraken,
    KrakenStream, OpenErApi, Recorded, TwelveData, TwelveDataStream, X, coingecko,
};
use tidegauge_core::Source;

use super::SIMULATION;
use crate::config::{Config, Secrets};
use crate::{Error, Result};

/// A source that a configuration may name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it gives, in a few words.
    pub what: String,
    /// What it needs to be let in.
    pub needs: Needs,
    /// Whether it never ends.
    pub is_live: bool,
}

/// What a source needs to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A key, in this environment variable.
    Key(String),
    /// A URL, in this environment variable.
    Url(String),
}

/// A source, ready to be read.
#[derive(Debug, Clone)]
pub(crate) enum Opened {
    /// With what its service allows, where that is counted.
    Plain(Arc<dyn Source>, Option<Budget>),
    /// It never ends.
    Live(Arc<dyn Stream>),
    /// Any span of it can be asked for.
    Archive(Arc<dyn Archive>),
}

/// One of ours.
struct Ours {
    name: &'static str,
    what: &'static str,
    needs_key: bool,
    is_live: bool,
}

const fn open_to_all(name: &'static str, what: &'static str) -> Ours {
    Ours { name, what, needs_key: false, is_live: false }
}

const fn keyed(name: &'static str, what: &'static str) -> Ours {
    Ours { needs_key: true, ..open_to_all(name, what) }
}

const fn live(ours: Ours) -> Ours {
    Ours { is_live: true, ..ours }
}

const OURS: [Ours; 11] = [
    open_to_all("recorded", "bundled prices and exchange rates, 2020-04-11 to 2021-02-27"),
    open_to_all("coingecko", "prices and candles of coins"),
    open_to_all("kraken", "candles, trades and quotes of coins"),
    keyed("twelvedata", "candles, quotes and rates of coins, stocks and currencies"),
    open_to_all("ecb", "the ECB's exchange rates, with history"),
    open_to_all("frankfurter", "exchange rates of central banks, with history"),
    open_to_all("open_er_api", "today's exchange rates"),
    keyed("exchangerate_api", "today's exchange rates, with a key"),
    keyed("x", "posts that mention an instrument, how they sound, and how many"),
    live(open_to_all("kraken_stream", "quotes and trades of coins as they happen")),
    live(keyed("twelvedata_stream", "quotes of coins, stocks and currencies as they happen")),
];

/// All sources that there are with these settings.
pub(crate) fn offers(config: &Config) -> Vec<Offer> {
    let ours = OURS.iter().map(|ours| {
        // CoinGecko needs one by its plan; a stream shares that of its service.
        let by_plan = config.coingecko.plan != coingecko::Plan::Keyless;
        let key = ours.needs_key || (ours.name == "coingecko" && by_plan);
        let needs = if key { Needs::Key(Secrets::variable(ours.name)) } else { Needs::Nothing };
        Offer { name: ours.name.into(), what: ours.what.into(), needs, is_live: ours.is_live }
    });
    let files = config.files.iter().map(|file| Offer {
        name: file.name.clone(),
        what: format!("your files {}, into {}", file.path, file.table),
        needs: Needs::Nothing,
        is_live: false,
    });
    let databases = config.databases.iter().map(|database| Offer {
        name: database.name.clone(),
        what: format!("your database, into {}", database.table),
        needs: Needs::Url(database.url_env.clone()),
        is_live: false,
    });
    let simulation = Offer {
        name: SIMULATION.into(),
        what: "a simulated exchange, priced from the market data in the warehouse".into(),
        needs: Needs::Nothing,
        is_live: false,
    };
    ours.chain(files).chain(databases).chain([simulation]).collect()
}

/// The source called `name`, which is not the simulation.
pub(crate) fn open(
    name: &str,
    config: &Config,
    secrets: &Secrets,
    context: &Context,
) -> Result<Opened> {
    let key = || secrets.key(name);
    Ok(match name {
        "recorded" => plain(Recorded::default()),
        "coingecko" => archive(CoinGecko::new(config.coingecko.clone(), key(), context)?),
        "kraken" => archive(Kraken::new(config.kraken.clone(), context)?),
        "twelvedata" => archive(TwelveData::new(config.twelvedata.clone(), key(), context)?),
        "ecb" => archive(Ecb::new(config.ecb.clone(), context)?),
        "frankfurter" => archive(Frankfurter::new(config.frankfurter.clone(), context)?),
        "open_er_api" => {
            let source = OpenErApi::new(config.open_er_api.clone(), context)?;
            counted(source, OpenErApi::budget)?
        }
        "exchangerate_api" => {
            let config = config.exchangerate_api.clone();
            counted(ExchangeRateApi::new(config, key(), context)?, ExchangeRateApi::budget)?
        }
        "x" => archive(X::new(config.x.clone(), key(), context)?),
        "kraken_stream" => {
            Opened::Live(Arc::new(KrakenStream::new(config.kraken_stream.clone(), context)?))
        }
        "twelvedata_stream" => {
            let config = config.twelvedata_stream.clone();
            Opened::Live(Arc::new(TwelveDataStream::new(config, key(), context)?))
        }
        _ => users(name, config, secrets, context)?,
    })
}

/// One of the user's own.
fn users(name: &str, config: &Config, secrets: &Secrets, context: &Context) -> Result<Opened> {
    let declared = declare(&config.tables)?;
    if let Some(file) = config.files.iter().find(|file| file.name == name) {
        let table = resolve(&file.table, &declared)?;
        return Ok(plain(FileSource::new(file.clone(), table, context.clock.clone())?));
    }
    let found = config.databases.iter().find(|database| database.name == name);
    let database = found.ok_or_else(|| Error::Setting {
        setting: "sources",
        reason: format!("there is no `{name}`"),
    })?;
    let url = secrets.url(&database.url_env).ok_or_else(|| Error::Setting {
        setting: "databases.url_env",
        reason: format!(
            "`{name}` is to find its URL in the variable {}, which is not set",
            database.url_env
        ),
    })?;
    let table = resolve(&database.table, &declared)?;
    let clock = context.clock.clone();
    Ok(plain(DatabaseSource::new(database.clone(), &url, table, clock)?))
}

fn plain(source: impl Source + 'static) -> Opened {
    Opened::Plain(Arc::new(source), None)
}

fn counted<S: Source + 'static>(
    source: S,
    budget: impl Fn(&S) -> tidegauge_acquisition::Result<Budget>,
) -> Result<Opened> {
    let budget = budget(&source)?;
    Ok(Opened::Plain(Arc::new(source), Some(budget)))
}

fn archive(source: impl Archive + 'static) -> Opened {
    Opened::Archive(Arc::new(source))
}
