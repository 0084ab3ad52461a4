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
//! // A missing price is reported with its symbol and day when it is first needed.
//! let config = ClassicConfig { seed: 7, ..ClassicConfig::default() };
//! assert_eq!(config.first_day()?, NaiveDate::from_ymd_opt(2020, 7, 3).unwrap());
//! let source = Classic::new(config, Arc::new(Market::default()))?;
//! # let _ = source;
//! # Ok::<(), tidegauge_simulation::Error>(())
//! ```

mod classic;
mod error;
mod exchange;
mod fees;
mod market_coverage;
mod market_shock;
mod preset;
mod rng;
mod simulated_rows;
mod units;

pub use classic::{Classic, ClassicConfig};
pub use error::{Error, Result};
pub use exchange::{Exchange, ExchangeConfig, Scenario, Shard};
pub use market_coverage::priced_until;
pub use market_shock::ShockedSource;
pub use simulated_rows::SimulatedRows;
