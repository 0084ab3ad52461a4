//! The single source of truth, computed from the raw tables: one price per coin and five minutes
//! ([`market_prices`]), its changes ([`crypto_metrics`]), and one exchange rate per currency and
//! day ([`fx_daily`]). See `docs/metrics/market.md`.
//!
//! Each is a function of its rows alone: the order of rows does not matter, and the same rows give
//! the same output to the last bit, on any machine.
//!
//! ```
//! use tidegauge_analytics::market::{Observations, PriceParams, market_prices};
//! use tidegauge_core::{Batch, Cell};
//! use tidegauge_core::instruments::InstrumentRegistry;
//! use tidegauge_core::tables::RawCryptoMarketData;
//!
//! let seen = |source: &str, price: &str| RawCryptoMarketData {
//!     symbol: "BTC".into(),
//!     observed_at: "2026-01-05T12:01:30Z".parse().unwrap(),
//!     source: source.into(),
//!     name: "Bitcoin".into(),
//!     price_usd: price.parse().unwrap(),
//!     volume_24h_usd: None,
//!     market_cap_usd: None,
//! };
//! let raw = [seen("coingecko", "100"), seen("kraken", "103")];
//! let raw = Batch::from_rows(RawCryptoMarketData::table(), raw)?;
//! let observations = Observations::from_batches(&[raw], &InstrumentRegistry::default())?;
//! let until = "2026-01-05T13:00:00Z".parse()?;
//! let prices = market_prices(&observations, &PriceParams::default(), until)?;
//! let value = |name: &str| prices.column(name).unwrap().cell(0);
//! assert_eq!(value("source"), Cell::Text("coingecko"));
//! assert_eq!(value("other_source"), Cell::Text("kraken"));
//! assert_eq!(value("difference"), Cell::Float(0.03));
//! assert_eq!(value("is_disputed"), Cell::Bool(true)); // past 2 %
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod crypto_metrics;
mod fx_daily;
mod interner;
mod market_prices;
mod observations;
mod precedence;
mod raw_columns;

pub use crypto_metrics::crypto_metrics;
pub use fx_daily::fx_daily;
pub(crate) use fx_daily::is_representable;
pub use market_prices::{PriceParams, market_prices};
pub use observations::Observations;

pub(crate) use interner::NameInterner;
pub(crate) use observations::{RawTable, bucket_end, for_each_observation};
pub(crate) use precedence::rank as source_rank;

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;

/// The length of a bucket of [`market_prices`], in microseconds.
const BUCKET: i64 = 5 * MINUTE;
