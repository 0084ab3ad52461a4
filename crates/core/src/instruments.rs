//! One name for an instrument, whatever each API calls it.

/// An instrument, and what the world calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instrument {
    /// Our symbol: `BTC`.
    pub symbol: &'static str,
    /// Its full name.
    pub name: &'static str,
    /// CoinGecko's coin id.
    pub coingecko: &'static str,
    /// Twelve Data's symbol.
    pub twelvedata: &'static str,
    /// Kraken's pair against the US dollar, REST spelling.
    pub kraken: &'static str,
}

/// The instruments that ship with the house.
pub const INSTRUMENTS: &[Instrument] = &[
    instrument("BTC", "Bitcoin", "bitcoin", "BTC/USD", "XXBTZUSD"),
    instrument("ETH", "Ethereum", "ethereum", "ETH/USD", "XETHZUSD"),
    instrument("SOL", "Solana", "solana", "SOL/USD", "SOLUSD"),
    instrument("USDT", "Tether", "tether", "USDT/USD", "USDTZUSD"),
];

const fn instrument(
    symbol: &'static str,
    name: &'static str,
    coingecko: &'static str,
    twelvedata: &'static str,
    kraken: &'static str,
) -> Instrument {
    Instrument { symbol, name, coingecko, twelvedata, kraken }
}

/// The instrument with our symbol `symbol`.
///
/// ```
/// use tidegauge_core::instruments;
///
/// assert_eq!(instruments::by_symbol("BTC").map(|it| it.coingecko), Some("bitcoin"));
/// ```
pub fn by_symbol(symbol: &str) -> Option<&'static Instrument> {
    INSTRUMENTS.iter().find(|instrument| instrument.symbol == symbol)
}
