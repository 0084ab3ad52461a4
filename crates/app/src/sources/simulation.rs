//! The simulated exchange, priced from the market data of the warehouse.

use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_acquisition::SourceSpec;
use tidegauge_core::Warehouse;
use tidegauge_core::market::Market;
use tidegauge_simulation::{Classic, ClassicConfig, Exchange, ExchangeConfig, priced_until};

use crate::Result;
use crate::config::{Config, Preset, SimulationConfig};
use crate::pipeline::PreparedSource;
use crate::source_names::SIMULATION;

/// Its entry in the registry. It is opened by [`open_simulation`], since it needs the market tables.
pub(super) const SPEC: SourceSpec = SourceSpec::new(
    SIMULATION,
    "a simulated exchange, priced from the market data in the warehouse",
)
.template(include_str!("simulation.toml"));

pub(super) fn classic_config(config: &SimulationConfig) -> ClassicConfig {
    let SimulationConfig { seed, start_day, page_rows, .. } = *config;
    let default = ClassicConfig::default();
    let page_rows = page_rows.unwrap_or(default.page_rows);
    ClassicConfig { seed, start_day, page_rows, ..default }
}

/// Returns the settings of the exchange, which begins ninety days before the start day, as the
/// classic one does.
fn exchange_config(config: &SimulationConfig) -> Result<ExchangeConfig> {
    let SimulationConfig { seed, page_rows, users, days, stationary, shard, .. } = *config;
    let default = ExchangeConfig::default();
    Ok(ExchangeConfig {
        seed,
        first_day: classic_config(config).first_day()?,
        page_rows: page_rows.unwrap_or(default.page_rows),
        users,
        days,
        stationary,
        shard,
        scenarios: config.scenarios.clone(),
        ..default
    })
}

/// Returns the name under which sinks keep the cursor of the simulated exchange; each shard has its
/// own.
pub(crate) fn simulation_name(config: &Config) -> String {
    match config.simulation.preset {
        Preset::Classic => SIMULATION.into(),
        Preset::Exchange => Exchange::source_name(config.simulation.shard),
    }
}

/// Returns `true` if the simulated exchange is part of a run.
pub(crate) fn includes_simulation(config: &Config) -> bool {
    config.active_sources().iter().any(|name| name == SIMULATION)
}

/// Returns the day before which a run ends that simulates one day more than `warehouse` has.
pub(crate) async fn next_until(config: &Config, warehouse: &dyn Warehouse) -> Result<NaiveDate> {
    let simulation = &config.simulation;
    let cursor = warehouse.cursor(&simulation_name(config)).await?;
    Ok(match simulation.preset {
        Preset::Classic => classic_config(simulation).next_until(cursor.as_ref())?,
        Preset::Exchange => match cursor.as_ref().and_then(Exchange::parse_cursor) {
            Some((_, _, Some(day))) if day >= simulation.start_day => day.succ_opt().unwrap_or(day),
            _ => simulation.start_day,
        },
    })
}

/// Returns the simulated exchange, priced from the market tables of the warehouse and simulated up to
/// `until`: one end for all sinks, so that a sink that has fallen behind reaches the same day. If
/// the market ends before, so does the simulation, with a note.
pub(crate) async fn open_simulation(
    config: &Config,
    warehouse: &dyn Warehouse,
    until: NaiveDate,
) -> Result<PreparedSource> {
    let mut market = Market::read(warehouse).await?;
    if config.analytics.strict {
        market = market.strict()?;
    }
    for left_out in market.set_aside() {
        tracing::warn!("market of the simulation: {left_out}");
    }
    let mut notes = Vec::new();
    let until = match priced_until(&market) {
        // The first ninety days are simulated as a whole, or fail with an error that lists what is
        // missing.
        Some(end) if config.simulation.start_day <= end && end < until => {
            notes.push(format!(
                "prices and exchange rates end before {end}, and so does the simulation: there is no more to play \
                 until a source brings more of them"
            ));
            end
        }
        _ => until,
    };
    let market = Arc::new(market);
    let cursor = warehouse.cursor(&simulation_name(config)).await?;
    if config.simulation.preset == Preset::Exchange {
        let config = ExchangeConfig { until: Some(until), ..exchange_config(&config.simulation)? };
        return Ok(PreparedSource::new(Arc::new(Exchange::new(config, market)?), notes));
    }
    let config = ClassicConfig {
        until: Some(until),
        // One start, too: a backup that is added later must hold the same exchange.
        expected_market: cursor.as_ref().and_then(Classic::market_fingerprint),
        ..classic_config(&config.simulation)
    };
    Ok(PreparedSource::new(Arc::new(Classic::new(config, market)?), notes))
}
