//! Where real data comes from: API clients and recorded data, each a [`tidegauge_core::Source`].
//!
//! | source | fills | needs |
//! |---|---|---|
//! | [`Recorded`] | `candles`, `raw_crypto_market_data`, `fx_rates` | nothing: the data is in the program |
//! | [`CoinGecko`] | `candles`, `raw_crypto_market_data` | nothing, or a key for more |
//! | [`Frankfurter`] | `fx_rates`, with history | nothing |
//! | [`OpenErApi`] | `fx_rates`, the latest | nothing |
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

pub mod coingecko;
mod context;
mod cursor;
mod duration;
mod error;
mod exact;
pub mod frankfurter;
pub mod http;
pub mod kraken_stream;
pub mod live;
pub mod open_er_api;
pub mod recorded;
mod registry;
pub mod series;
pub mod twelvedata_stream;

pub use coingecko::CoinGecko;
pub use context::Context;
pub use error::{Error, Result};
pub use frankfurter::Frankfurter;
pub use kraken_stream::KrakenStream;
pub use open_er_api::OpenErApi;
pub use recorded::Recorded;
pub use twelvedata_stream::TwelveDataStream;

/// The examples of the sources' pages compile and, where they need no network, run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/sources/coingecko.md")]
    struct CoinGecko;
    #[doc = include_str!("../../../docs/sources/frankfurter.md")]
    struct Frankfurter;
    #[doc = include_str!("../../../docs/sources/kraken_stream.md")]
    struct KrakenStream;
    #[doc = include_str!("../../../docs/sources/open_er_api.md")]
    struct OpenErApi;
    #[doc = include_str!("../../../docs/sources/recorded.md")]
    struct Recorded;
    #[doc = include_str!("../../../docs/sources/twelvedata_stream.md")]
    struct TwelveDataStream;
}
