//! Instruments of the user's own.

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::{Instrument, Kind, Registry};

use crate::Result;

/// An instrument that sources may be asked for, beside those of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InstrumentConfig {
    /// Our symbol: `DOGE`, `AAPL`, `EUR/USD`.
    pub symbol: String,
    /// Its full name; by default the symbol.
    #[serde(default)]
    pub name: Option<String>,
    /// What kind of thing it is.
    #[serde(default)]
    pub kind: KindConfig,
    /// CoinGecko's id of the coin: `dogecoin`.
    #[serde(default)]
    pub coingecko: Option<String>,
    /// Twelve Data's symbol: `DOGE/USD`, `AAPL`.
    #[serde(default)]
    pub twelvedata: Option<String>,
    /// Kraken's pair: `DOGE/USD`.
    #[serde(default)]
    pub kraken: Option<String>,
    /// What to search posts for.
    #[serde(default)]
    pub query: Option<String>,
}

/// What kind of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindConfig {
    /// A coin or token.
    #[default]
    Crypto,
    /// A share, a fund, an index.
    Stock,
    /// One currency priced in another.
    Currency,
}

/// Those of the house, and the user's.
pub(crate) fn registry(own: &[InstrumentConfig]) -> Result<Registry> {
    let mut registry = Registry::default();
    for it in own {
        let kind = match it.kind {
            KindConfig::Crypto => Kind::Crypto,
            KindConfig::Stock => Kind::Stock,
            KindConfig::Currency => Kind::Currency,
        };
        let name = it.name.clone().unwrap_or_else(|| it.symbol.clone());
        let mut instrument = Instrument::new(it.symbol.clone(), name, kind);
        let owned = |name: &Option<String>| name.clone().map(Into::into);
        instrument.coingecko = owned(&it.coingecko);
        instrument.twelvedata = owned(&it.twelvedata);
        instrument.kraken = owned(&it.kraken);
        instrument.query = owned(&it.query);
        registry = registry.with(instrument)?;
    }
    Ok(registry)
}
