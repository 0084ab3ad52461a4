//! The single source of truth, worked out from the raw tables: one price per coin and five minutes
//! ([`market_prices`]), how it moved ([`crypto_metrics`]), and one exchange rate per currency and
//! day ([`fx_daily`]). See `docs/metrics/market.md`.
//!
//! Each is a function of its frames alone: the order of rows says nothing, and the same rows give
//! the same output to the last bit, on any machine.
//!
//! ```
//! use tidegauge_analytics::market::{Observed, PriceParams, market_prices};
//! use tidegauge_core::Batch;
//! use tidegauge_core::instruments::Registry;
//! use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
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
//! let observed = Observed {
//!     raw: Batch::from_rows(RawCryptoMarketData::table(), raw)?.into_frame(),
//!     candles: Batch::from_rows(Candle::table(), [(); 0])?.into_frame(),
//!     quotes: Batch::from_rows(Quote::table(), [(); 0])?.into_frame(),
//!     trades: Batch::from_rows(MarketTrade::table(), [(); 0])?.into_frame(),
//! };
//! let until = "2026-01-05T13:00:00Z".parse()?;
//! let prices = market_prices(&observed, &Registry::default(), &PriceParams::default(), until)?;
//! let column = |name: &str| prices.frame().column(name).unwrap().clone();
//! assert_eq!(column("source").str()?.get(0), Some("coingecko"));
//! assert_eq!(column("other_source").str()?.get(0), Some("kraken"));
//! assert_eq!(column("difference").f64()?.get(0), Some(0.03));
//! assert_eq!(column("is_disputed").bool()?.get(0), Some(true)); // past 2 %
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
mod fx;
mod metrics;
mod observed;
mod precedence;
mod prices;

pub use fx::fx_daily;
pub use metrics::crypto_metrics;
pub use observed::Observed;
pub use prices::{PriceParams, market_prices};

pub(crate) use observed::{Observations, bucket_end};

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;

/// How long a bucket of [`market_prices`] is, in microseconds.
const BUCKET: i64 = 5 * MINUTE;
