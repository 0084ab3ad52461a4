//! The sources of real data: API clients and recorded data, each a [`tidegauge_core::Source`].
//!
//! Each provider is a cargo feature of the same name; none is on by default, and `all` switches on every one.
//! [`SOURCES`] lists those that are on: their names, what they provide, which credentials they need, and the
//! attribution that their terms require.
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
//! Every source is a folder of the same layout: `name` has its name, `config` the settings, `client` makes
//! the requests through the shared `http` module, `decode` deserializes replies to plain rows, `mod` builds
//! pages of them, and `spec` with `settings.toml` is the entry in the registry. Numbers are parsed from the
//! text of the reply, digit by digit, never through a float.
//!
//! ```
//! use tidegauge_acquisition::SOURCES;
//!
//! for source in SOURCES {
//!     println!("{:<18} {}", source.name, source.summary);
//! }
//! ```

#![cfg_attr(not(feature = "all"), allow(dead_code, unreachable_pub))] // shared items are unused with a single provider

#[doc(hidden)]
#[path = "internal.rs"]
pub mod __internal;
#[cfg(feature = "_series")]
pub mod backfill;
mod bad_row_policy;
pub mod bad_rows;
mod context;
mod cursor;
mod decode;
mod duration;
mod error;
#[cfg(feature = "_http")]
pub mod http;
mod instruments;
mod kind;
#[cfg(feature = "_live")]
pub mod live;
mod providers;
mod redact;
mod refusal;
mod registry;
#[cfg(feature = "x")]
pub mod sentiment;
mod spec;
mod text;
#[cfg(feature = "_mapping")]
mod user_data;

pub use context::Context;
pub use decode::candles::{CandleKey, Ohlcv, OhlcvSeries};
pub use decode::interval::Interval;
pub use error::{Error, Result};
#[cfg(feature = "coingecko")]
pub use providers::coingecko::{self, CoinGecko};
#[cfg(feature = "ecb")]
pub use providers::ecb::{self, Ecb};
#[cfg(feature = "_exchangerate")]
pub use providers::exchangerate_api::{self, ExchangeRateApi};
#[cfg(feature = "frankfurter")]
pub use providers::frankfurter::{self, Frankfurter};
#[cfg(feature = "kraken")]
pub use providers::kraken::{self, Kraken};
#[cfg(feature = "kraken-stream")]
pub use providers::kraken_stream::{self, KrakenStream};
#[cfg(feature = "_exchangerate")]
pub use providers::open_er_api::{self, OpenErApi};
#[cfg(feature = "recorded")]
pub use providers::recorded::{self, Recorded};
#[cfg(feature = "synthetic-market")]
pub use providers::synthetic_market::{self, SyntheticMarket};
#[cfg(feature = "twelvedata")]
pub use providers::twelvedata::{self, TwelveData};
#[cfg(feature = "twelvedata-stream")]
pub use providers::twelvedata_stream::{self, TwelveDataStream};
#[cfg(feature = "x")]
pub use providers::x::{self, X};
pub use refusal::{Endpoint, RefusalKind};
pub use registry::{SOURCES, Visitor, visit};
pub use spec::{
    Credentials, FoundInstrument, NoSettings, Opening, Provider, Settings, SourceHandle, SourceSpec,
};
#[cfg(feature = "database")]
pub use user_data::database::{self, DatabaseSource};
#[cfg(feature = "files")]
pub use user_data::files::{self, FileSource};
#[cfg(feature = "_mapping")]
pub use user_data::reload::Reload;
#[cfg(feature = "_mapping")]
pub use user_data::{duplicate_rows, mapping, snapshot};

/// The examples of the pages on files and databases, which compile as doctests; [`registry`] does the same
/// for the pages of the sources.
#[cfg(doctest)]
mod pages {
    #[cfg(feature = "database")]
    #[doc = include_str!("../../../docs/sources/database.md")]
    struct Database;
    #[cfg(feature = "files")]
    #[doc = include_str!("../../../docs/sources/files.md")]
    struct Files;
}
