//! The sources that a configuration names.

use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_acquisition::{CoinGecko, Context, Frankfurter, OpenErApi, Recorded};
use tidegauge_core::market::Market;
use tidegauge_core::{Clock, Source, Warehouse};
use tidegauge_simulation::{Classic, ClassicConfig};

use crate::config::{Config, Preset, Secrets, SimulationConfig};
use crate::{Error, Result};

/// The simulated exchange, which is played last.
pub(crate) const SIMULATION: &str = "simulation";

/// Every source that a configuration may name.
pub(crate) const NAMES: [&str; 5] =
    ["recorded", "coingecko", "open_er_api", "frankfurter", SIMULATION];

/// Whether every name is one of ours, and the exchange can be played at all: so that nothing is
/// loaded for a run that cannot end well.
pub(crate) fn check(config: &Config) -> Result<()> {
    let known = |name: &&String| NAMES.contains(&name.as_str());
    if let Some(name) = config.sources.iter().find(|name| !known(name)) {
        return Err(Error::Setting {
            setting: "sources",
            reason: format!("there is no `{name}`; there are {}", NAMES.join(", ")),
        });
    }
    if simulates(config) {
        classic(config)
            .first_day()
            .map_err(|error| Error::Setting { setting: "simulation", reason: error.to_string() })?;
    }
    Ok(())
}

fn classic(config: &Config) -> ClassicConfig {
    let SimulationConfig { preset: Preset::Classic, seed, start_day, page_rows } =
        config.simulation;
    ClassicConfig { seed, start_day, page_rows, ..ClassicConfig::default() }
}

/// Whether the simulated exchange is to be played.
pub(crate) fn simulates(config: &Config) -> bool {
    config.sources.iter().any(|name| name == SIMULATION)
}

/// The sources of market data that are configured, in the order of [`NAMES`].
pub(crate) fn market(
    config: &Config,
    secrets: &Secrets,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<dyn Source>>> {
    let context = Context::new(clock.clone());
    let mut sources: Vec<Arc<dyn Source>> = Vec::new();
    for name in NAMES.iter().filter(|name| config.sources.iter().any(|it| it == *name)) {
        match *name {
            "recorded" => sources.push(Arc::new(Recorded::default())),
            "coingecko" => sources.push(Arc::new(CoinGecko::new(
                config.coingecko.clone(),
                secrets.coingecko.clone(),
                &context,
            )?)),
            "open_er_api" => {
                sources.push(Arc::new(OpenErApi::new(config.open_er_api.clone(), &context)?));
            }
            "frankfurter" => {
                sources.push(Arc::new(Frankfurter::new(config.frankfurter.clone(), &context)?));
            }
            _ => {} // the simulation comes when the market is there
        }
    }
    Ok(sources)
}

/// The day that a run plays up to which goes one day further than `warehouse`.
pub(crate) async fn next_until(config: &Config, warehouse: &dyn Warehouse) -> Result<NaiveDate> {
    let cursor = warehouse.cursor(SIMULATION).await?;
    Ok(classic(config).next_until(cursor.as_ref())?)
}

/// The simulated exchange, priced from the market tables of the warehouse and played up to
/// `until`: one end for all sinks, so that one that has fallen behind is brought up to it.
pub(crate) async fn simulation(
    config: &Config,
    warehouse: &dyn Warehouse,
    until: NaiveDate,
) -> Result<Arc<dyn Source>> {
    let market = Arc::new(Market::read(warehouse).await?);
    let cursor = warehouse.cursor(SIMULATION).await?;
    let config = ClassicConfig {
        until: Some(until),
        // One beginning, too: a backup that is added later must become the same exchange.
        expect: cursor.as_ref().and_then(Classic::market_of),
        ..classic(config)
    };
    Ok(Arc::new(Classic::new(config, market)?))
}
