//! The providers, one folder each: clients of services, and embedded data.

#[cfg(feature = "coingecko")]
pub mod coingecko;
#[cfg(feature = "ecb")]
pub mod ecb;
#[cfg(feature = "_exchangerate")]
pub mod exchangerate_api;
#[cfg(feature = "frankfurter")]
pub mod frankfurter;
#[cfg(feature = "kraken")]
pub mod kraken;
#[cfg(feature = "kraken-stream")]
pub mod kraken_stream;
#[cfg(feature = "_exchangerate")]
pub mod open_er_api;
#[cfg(feature = "recorded")]
pub mod recorded;
#[cfg(feature = "synthetic-market")]
pub mod synthetic_market;
#[cfg(feature = "twelvedata")]
pub mod twelvedata;
#[cfg(feature = "twelvedata-stream")]
pub mod twelvedata_stream;
#[cfg(feature = "x")]
pub mod x;
