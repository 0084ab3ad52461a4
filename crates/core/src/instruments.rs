//! One name for an instrument, whatever each API calls it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

type Text = Cow<'static, str>;

/// What kind of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A coin or token.
    #[default]
    Crypto,
    /// A share, a fund, an index.
    Stock,
    /// One currency priced in another.
    Currency,
}

/// An instrument, and what the world calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Instrument {
    /// Our symbol: `BTC`, `AAPL`, `EUR/USD`.
    pub symbol: Text,
    /// Its full name; empty: its symbol.
    #[serde(default)]
    pub name: Text,
    /// What kind of thing it is.
    #[serde(default)]
    pub kind: Kind,
    /// CoinGecko's coin id.
    #[serde(default)]
    pub coingecko: Option<Text>,
    /// Twelve Data's symbol.
    #[serde(default)]
    pub twelvedata: Option<Text>,
    /// Kraken's pair, as in `BTC/USD`.
    #[serde(default)]
    pub kraken: Option<Text>,
    /// What to search posts for.
    #[serde(default)]
    pub query: Option<Text>,
}

impl Instrument {
    /// An instrument that no service is known to have yet.
    pub fn new(symbol: impl Into<Text>, name: impl Into<Text>, kind: Kind) -> Self {
        Self {
            symbol: symbol.into(),
            name: name.into(),
            kind,
            coingecko: None,
            twelvedata: None,
            kraken: None,
            query: None,
        }
    }
}

/// The instruments that ship with the house.
pub static INSTRUMENTS: [Instrument; 4] = [
    coin("BTC", "Bitcoin", "bitcoin", "BTC/USD", "(bitcoin OR $BTC OR #bitcoin) -is:retweet"),
    coin("ETH", "Ethereum", "ethereum", "ETH/USD", "(ethereum OR $ETH OR #ethereum) -is:retweet"),
    coin("SOL", "Solana", "solana", "SOL/USD", "(solana OR $SOL OR #solana) -is:retweet"),
    coin("USDT", "Tether", "tether", "USDT/USD", "($USDT OR #USDT OR #tether) -is:retweet"),
];

const fn coin(
    symbol: &'static str,
    name: &'static str,
    coingecko: &'static str,
    pair: &'static str,
    query: &'static str,
) -> Instrument {
    Instrument {
        symbol: Cow::Borrowed(symbol),
        name: Cow::Borrowed(name),
        kind: Kind::Crypto,
        coingecko: Some(Cow::Borrowed(coingecko)),
        twelvedata: Some(Cow::Borrowed(pair)),
        kraken: Some(Cow::Borrowed(pair)),
        query: Some(Cow::Borrowed(query)),
    }
}

/// The instrument of the house with our symbol `symbol`.
///
/// ```
/// use tidegauge_core::instruments;
///
/// let bitcoin = instruments::by_symbol("BTC").unwrap();
/// assert_eq!(bitcoin.coingecko.as_deref(), Some("bitcoin"));
/// ```
pub fn by_symbol(symbol: &str) -> Option<&'static Instrument> {
    INSTRUMENTS.iter().find(|instrument| instrument.symbol == symbol)
}

/// The instruments that sources may be asked for: those of the house, and a user's own.
///
/// ```
/// use tidegauge_core::instruments::{Instrument, Kind, Registry};
///
/// let mut apple = Instrument::new("AAPL", "Apple", Kind::Stock);
/// apple.twelvedata = Some("AAPL".into());
/// let registry = Registry::default().with(apple)?;
/// assert_eq!(registry.by_symbol("AAPL").map(|it| it.kind), Some(Kind::Stock));
/// assert!(registry.by_symbol("BTC").is_some());
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Registry(Arc<Vec<Instrument>>);

impl Default for Registry {
    fn default() -> Self {
        Self(Arc::new(INSTRUMENTS.to_vec()))
    }
}

impl Registry {
    /// The same with one more, which takes the place of the one that had its symbol.
    ///
    /// # Errors
    /// When its symbol is empty or has spaces, or a name that a service has for it is empty.
    pub fn with(mut self, mut instrument: Instrument) -> Result<Self> {
        let names =
            [&instrument.coingecko, &instrument.twelvedata, &instrument.kraken, &instrument.query];
        let empty = names.into_iter().flatten().any(|name| name.trim().is_empty());
        let symbol = &instrument.symbol;
        if symbol.is_empty() || symbol.contains(char::is_whitespace) || empty {
            return Err(Error::Instrument {
                symbol: symbol.to_string(),
                reason: "symbols have no spaces, and no name is empty: leave out what no service has",
            });
        }
        if instrument.name.is_empty() {
            instrument.name = symbol.clone();
        }
        let all = Arc::make_mut(&mut self.0);
        match all.iter_mut().find(|it| it.symbol == instrument.symbol) {
            Some(known) => *known = instrument,
            None => all.push(instrument),
        }
        Ok(self)
    }

    /// All of them, those of the house first.
    pub fn all(&self) -> &[Instrument] {
        &self.0
    }

    /// The instrument with our symbol `symbol`.
    pub fn by_symbol(&self, symbol: &str) -> Option<&Instrument> {
        self.0.iter().find(|instrument| instrument.symbol == symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_s_own_takes_the_place_of_ours_and_nonsense_is_refused() {
        let mut bitcoin = Instrument::new("BTC", "Bitcoin", Kind::Crypto);
        bitcoin.coingecko = Some("wrapped-bitcoin".into());
        let registry = Registry::default().with(bitcoin.clone()).unwrap();
        assert_eq!(registry.all().len(), INSTRUMENTS.len());
        assert_eq!(registry.by_symbol("BTC"), Some(&bitcoin));
        for symbol in ["", "A B"] {
            let error = Registry::default().with(Instrument::new(symbol, "", Kind::Stock));
            assert!(error.unwrap_err().to_string().contains("spaces"), "{symbol:?}");
        }
    }
}
