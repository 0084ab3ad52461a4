//! A simulated crypto exchange with balanced accounts: a [`tidegauge_core::Source`].
//!
//! [`Classic`] simulates a small exchange with fixed counts: its first ninety days, and then one day per run.
//! [`Exchange`] simulates any number of users who trade and churn according to BG/NBD and gamma–gamma models,
//! and publishes the true parameters. Both are priced from the market tables
//! ([`tidegauge_core::market::Market`]) and are deterministic functions of one seed and of those prices.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chrono::NaiveDate;
//! use tidegauge_core::market::Market;
//! use tidegauge_simulation::{Classic, ClassicConfig};
//!
//! A missing price is reported with its symbol and day when it is first needed.
//! let config = ClassicConfig { seed: 7, ..ClassicConfig::default() };
//! assert_eq!(config.first_day()?, NaiveDate::from_ymd_opt(2020, 7, 3).unwrap());
//! let source = Classic::new(config, Arc::new(Market::default()))?;
//! # let _ = source;
//! # Ok::<(), tidegauge_simulation::Error>(())
//! ```

mod bent;
mod classic;
mod draw;
mod error;
mod exchange;
mod market;
mod played;
mod world;

pub use bent::Bent;
pub use classic::{Classic, ClassicConfig};
pub use error::{Error, Result};
pub use exchange::{Exchange, ExchangeConfig, Scenario, Shard};
pub use played::Played;
pub use world::playable_until;

/// The source name under which sinks store the cursor.
const NAME: &str = "simulation";

/// Returns the error for a cursor that cannot be resumed by this version or with these market tables.
fn refused(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::Cursor { source_name: NAME.into(), reason }
}

/// Returns the error for a cursor that was written with the preset `played` instead of `wanted`.
fn other_preset(played: &str, wanted: &str) -> tidegauge_core::Error {
    set_otherwise(format!(
        "it was played with the preset `{played}`, and is to go on with `{wanted}`: set simulation.preset = \
         \"{played}\", use another warehouse, or have it played from the beginning (`tidegauge reset simulation`)"
    ))
}

/// Returns the error for a cursor that was written with other settings.
fn set_otherwise(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::source(NAME, tidegauge_core::ErrorKind::Configuration, reason)
}
