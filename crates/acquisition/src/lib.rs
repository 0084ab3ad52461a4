//! Where real data comes from: API clients and recorded data, each a [`tidegauge_core::Source`].
//!
//! Each provider is a cargo feature of the same name; none is on by default, and `all` switches on
//! every one. [`SOURCES`] lists those that are on: their names, what they give, what they need and
//! what their terms want shown.
//!
//! | source | feature | fills | needs |
//! |---|---|---|---|
//! | `Recorded` | `recorded` | `candles`, `raw_crypto_market_data`, `fx_rates` | nothing: the data is in the program |
//! | `SyntheticMarket` | `synthetic-market` | the same, made up, from where the recorded data ends | nothing |
//! | `CoinGecko` | `coingecko` | `candles`, `raw_crypto_market_data` | nothing, or a key for more |
//! | `Kraken` | `kraken` | `candles`, `market_trades`, `quotes` | nothing |
//! | `TwelveData` | `twelvedata` | `candles`, `quotes`, `fx_rates` | a key |
//! | `Ecb` | `ecb` | `fx_rates`, with history | nothing |
//! | `Frankfurter` | `frankfurter` | `fx_rates`, with history | nothing |
//! | `OpenErApi` | `open-er-api` | `fx_rates`, the latest | nothing |
//! | `ExchangeRateApi` | `exchangerate-api` | `fx_rates`, the latest | a key |
//! | `X` | `x` | `social_counts`, `social_posts` with their sentiment | a key |
//! | `FileSource` | `files` | any table, built-in or declared by the user | files: CSV, JSON lines, Parquet |
//! | `DatabaseSource` | `database` | any table | PostgreSQL, MySQL, MariaDB or SQLite, and a query |
//! | `KrakenStream` | `kraken-stream` | `quotes`, `market_trades`, `candles`, live | nothing |
//! | `TwelveDataStream` | `twelvedata-stream` | `quotes`, live | a key |
//!
//! Every source is a folder of the same shape: `config` says what the user may choose, `client`
//! speaks to the API through the one `http` module, `decode` turns replies into plain rows, `mod`
//! makes pages of them, and `spec` with `settings.toml` is its entry in the registry. Numbers are read from the text of the reply, digit by digit, never
//! through a float.
//!
//! ```
//! use tidegauge_acquisition::SOURCES;
//!
//! for source in SOURCES {
//!     println!("{:<18} {}", source.name, source.summary);
//! }
//! ```

#![cfg_attr(not(feature = "all"), allow(dead_code, unreachable_pub))] // what providers share, one alone does not use

#[cfg(feature = "_http")]
mod backoff;
pub mod bad_rows;
mod bars;
#[cfg(feature = "coingecko")]
pub mod coingecko;
mod context;
mod cursor;
#[cfg(feature = "database")]
pub mod database;
#[cfg(feature = "_mapping")]
pub mod duplicate_rows;
mod duration;
#[cfg(feature = "ecb")]
pub mod ecb;
mod error;
mod exact;
#[cfg(feature = "_exchangerate")]
pub mod exchangerate_api;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "frankfurter")]
pub mod frankfurter;
mod hidden;
#[cfg(feature = "_http")]
pub mod http;
mod instruments;
mod interval;
mod json;
mod kind;
#[cfg(feature = "kraken")]
pub mod kraken;
#[cfg(feature = "kraken-stream")]
pub mod kraken_stream;
#[cfg(feature = "_live")]
pub mod live;
#[cfg(feature = "_mapping")]
pub mod mapping;
#[cfg(feature = "_exchangerate")]
pub mod open_er_api;
mod rates;
#[cfg(feature = "recorded")]
pub mod recorded;
mod refusal;
mod registry;
#[cfg(feature = "_mapping")]
mod reload;
mod repeats;
#[cfg(feature = "x")]
pub mod sentiment;
#[cfg(feature = "_series")]
pub mod series;
#[cfg(feature = "_mapping")]
mod settings;
#[cfg(feature = "_mapping")]
pub mod snapshot;
mod spec;
#[cfg(feature = "synthetic-market")]
pub mod synthetic_market;
#[cfg(feature = "twelvedata")]
pub mod twelvedata;
#[cfg(feature = "twelvedata-stream")]
pub mod twelvedata_stream;
#[cfg(feature = "x")]
pub mod x;

pub use bars::{Bar, Bars, Label};
#[cfg(feature = "coingecko")]
pub use coingecko::CoinGecko;
pub use context::Context;
#[cfg(feature = "database")]
pub use database::DatabaseSource;
#[cfg(feature = "ecb")]
pub use ecb::Ecb;
pub use error::{Error, Result};
#[cfg(feature = "_exchangerate")]
pub use exchangerate_api::ExchangeRateApi;
#[cfg(feature = "files")]
pub use files::FileSource;
#[cfg(feature = "frankfurter")]
pub use frankfurter::Frankfurter;
pub use interval::Interval;
#[cfg(feature = "kraken")]
pub use kraken::Kraken;
#[cfg(feature = "kraken-stream")]
pub use kraken_stream::KrakenStream;
#[cfg(feature = "_exchangerate")]
pub use open_er_api::OpenErApi;
#[cfg(feature = "recorded")]
pub use recorded::Recorded;
pub use refusal::{Endpoint, RefusalKind};
pub use registry::{SOURCES, Visitor, visit};
#[cfg(feature = "_mapping")]
pub use reload::Reload;
pub use spec::{
    Credentials, FoundInstrument, NoSettings, Opening, Provider, Settings, SourceHandle, SourceSpec,
};
#[cfg(feature = "synthetic-market")]
pub use synthetic_market::SyntheticMarket;
#[cfg(feature = "twelvedata")]
pub use twelvedata::TwelveData;
#[cfg(feature = "twelvedata-stream")]
pub use twelvedata_stream::TwelveDataStream;
#[cfg(feature = "x")]
pub use x::X;

/// The examples of the pages on files and databases compile; those of the sources' pages do so by
/// [`registry`].
#[cfg(doctest)]
mod pages {
    #[cfg(feature = "database")]
    #[doc = include_str!("../../../docs/sources/database.md")]
    struct Database;
    #[cfg(feature = "files")]
    #[doc = include_str!("../../../docs/sources/files.md")]
    struct Files;
}
