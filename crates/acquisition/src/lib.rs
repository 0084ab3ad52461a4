//! Where real data comes from: API clients and recorded data, each a [`tidegauge_core::Source`].
//!
//! | source | fills | needs |
//! |---|---|---|
//! | [`Recorded`] | `candles`, `raw_crypto_market_data`, `fx_rates` | nothing: the data is in the program |
//! | [`CoinGecko`] | `candles`, `raw_crypto_market_data` | nothing, or a key for more |
//! | [`Kraken`] | `candles`, `market_trades`, `quotes` | nothing |
//! | [`TwelveData`] | `candles`, `quotes`, `fx_rates` | a key |
//! | [`Ecb`] | `fx_rates`, with history | nothing |
//! | [`Frankfurter`] | `fx_rates`, with history | nothing |
//! | [`OpenErApi`] | `fx_rates`, the latest | nothing |
//! | [`ExchangeRateApi`] | `fx_rates`, the latest | a key |
//! | [`X`] | `social_counts`, `social_posts` with their sentiment | a key |
//! | [`FileSource`] | any table, built-in or declared by the user | files: CSV, JSON lines, Parquet |
//! | [`DatabaseSource`] | any table | PostgreSQL, MySQL, MariaDB or SQLite, and a query |
//! | [`KrakenStream`] | `quotes`, `market_trades`, `candles`, live | nothing |
//! | [`TwelveDataStream`] | `quotes`, live | a key |
//!
//! Every source is a folder of the same shape: `config` says what the user may choose, `client`
//! speaks to the API through the one [`http`] module, `decode` turns replies into plain rows, and
//! `mod` makes pages of them. Numbers are read from the text of the reply, digit by digit, never
//! through a float.
//!
//! ```
//! use tidegauge_acquisition::Recorded;
//! use tidegauge_core::Source;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> tidegauge_core::Result<()> {
//! let source = Recorded::default();
//! let page = source.fetch(None).await?;
//! assert!(page.rows() > 0);
//! # Ok(())
//! # }
//! ```

mod bars;
pub mod coingecko;
mod context;
mod cursor;
pub mod database;
mod duration;
pub mod ecb;
mod error;
mod exact;
pub mod exchangerate_api;
pub mod files;
pub mod frankfurter;
pub mod http;
mod interval;
pub mod kraken;
pub mod kraken_stream;
pub mod live;
pub mod mapping;
pub mod open_er_api;
mod rates;
pub mod recorded;
mod registry;
mod scan;
pub mod sentiment;
pub mod series;
pub mod twelvedata;
pub mod twelvedata_stream;
pub mod x;

pub use bars::{Bar, Bars, Label};
pub use coingecko::CoinGecko;
pub use context::Context;
pub use database::DatabaseSource;
pub use ecb::Ecb;
pub use error::{Error, Result};
pub use exchangerate_api::ExchangeRateApi;
pub use files::FileSource;
pub use frankfurter::Frankfurter;
pub use interval::Interval;
pub use kraken::Kraken;
pub use kraken_stream::KrakenStream;
pub use open_er_api::OpenErApi;
pub use recorded::Recorded;
pub use twelvedata::TwelveData;
pub use twelvedata_stream::TwelveDataStream;
pub use x::X;

/// The examples of the sources' pages compile and, where they need no network, run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/sources/coingecko.md")]
    struct CoinGecko;
    #[doc = include_str!("../../../docs/sources/database.md")]
    struct Database;
    #[doc = include_str!("../../../docs/sources/ecb.md")]
    struct Ecb;
    #[doc = include_str!("../../../docs/sources/exchangerate_api.md")]
    struct ExchangeRateApi;
    #[doc = include_str!("../../../docs/sources/files.md")]
    struct Files;
    #[doc = include_str!("../../../docs/sources/frankfurter.md")]
    struct Frankfurter;
    #[doc = include_str!("../../../docs/sources/kraken.md")]
    struct Kraken;
    #[doc = include_str!("../../../docs/sources/kraken_stream.md")]
    struct KrakenStream;
    #[doc = include_str!("../../../docs/sources/open_er_api.md")]
    struct OpenErApi;
    #[doc = include_str!("../../../docs/sources/recorded.md")]
    struct Recorded;
    #[doc = include_str!("../../../docs/sources/twelvedata.md")]
    struct TwelveData;
    #[doc = include_str!("../../../docs/sources/twelvedata_stream.md")]
    struct TwelveDataStream;
    #[doc = include_str!("../../../docs/sources/x.md")]
    struct X;
}
