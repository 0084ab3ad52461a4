//! A simulated crypto exchange with balanced accounts: a [`tidegauge_core::Source`] of synthetic records with
//! known ground truth.
//!
//! ```text
//! seed, config ──┐
//!                ├─▶ Classic, Exchange ── pages of users, orders, trades, deposits … ──▶ any sink
//! Market ────────┘   (market tables: candles, fx_rates)
//! ```
//!
//! | item | contents |
//! |---|---|
//! | [`Classic`], [`ClassicConfig`] | a small exchange with fixed row counts: its first ninety days, then one day per run |
//! | [`Exchange`], [`ExchangeConfig`] | any number of users, who trade and churn according to BG/NBD and gamma–gamma models; the true parameters are in `truth_users` and `truth_channels` |
//! | [`Scenario`] | deviations from the default exchange: a channel switched off, a KYC outage, a fraud ring, a price crash |
//! | [`Shard`] | a part of the users, simulated by a process of its own |
//! | [`ShockedSource`] | a source of market tables with the price shocks of scenarios applied |
//! | [`SimulatedRows`] | the rows of a simulator in a warehouse, recognized by its cursor |
//! | [`priced_until`] | the end of the days that a market can price |
//!
//! All output is a deterministic function of one seed, the configuration and the prices of the
//! [`Market`](tidegauge_core::market::Market): threads, shards and page sizes do not change it, and one run of
//! ninety days gives the same rows as ninety runs of a day.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use chrono::Days;
//! use tidegauge_core::Source;
//! use tidegauge_simulation::{Exchange, ExchangeConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = ExchangeConfig { seed: 7, users: 50, days: 30, ..ExchangeConfig::default() };
//! config.until = config.first_day.checked_add_days(Days::new(14));
//! // Synthetic prices of the tests; prices of a warehouse are read by `Market::read(&warehouse)`.
//! let market = tidegauge_testkit::market(config.first_day, 30, 1.0)?;
//!
//! let source = Exchange::new(config, Arc::new(market))?;
//! let page = source.fetch(None).await?;
//! let users = page.batches.iter().find(|batch| *batch.table().name == *"users");
//! assert!(users.is_some_and(|users| users.rows() > 0));
//! # Ok(())
//! # }
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
