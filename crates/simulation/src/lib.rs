//! A simulated crypto exchange whose books balance: a [`tidegauge_core::Source`].
//!
//! [`Classic`] plays a small exchange through its first ninety days and then day by day. It is
//! priced from real market tables ([`tidegauge_core::market::Market`]), never from constants, and everything it does is a
//! function of one seed. [`Exchange`] plays one of any size, whose users trade, stay and leave by known
//! processes, and says what these are.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chrono::NaiveDate;
//! use tidegauge_core::market::Market;
//! use tidegauge_simulation::{Classic, ClassicConfig};
//!
//! // A market without prices is refused with the symbol and day that it lacks, when it matters.
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

/// What sinks know the source by.
const NAME: &str = "simulation";

/// Returns the error of a cursor that this version of the simulator, or this market, cannot go on from.
fn refused(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::Cursor { source_name: NAME.into(), reason }
}

/// Returns the error of a cursor that was written with another preset than `wanted`.
fn other_preset(played: &str, wanted: &str) -> tidegauge_core::Error {
    set_otherwise(format!(
        "it was played with the preset `{played}`, and is to go on with `{wanted}`: set simulation.preset = \
         \"{played}\", use another warehouse, or have it played from the beginning (`tidegauge reset simulation`)"
    ))
}

/// Returns the error of settings that are not those that the cursor was written with.
fn set_otherwise(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::source(NAME, tidegauge_core::ErrorKind::Configuration, reason)
}
