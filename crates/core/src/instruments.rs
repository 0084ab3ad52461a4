//! Instruments by symbol, with each provider's name for them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

type Text = Cow<'static, str>;

/// The kind of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstrumentKind {
    /// A coin or token.
    #[default]
    Crypto,
    /// A stock, fund or index.
    Stock,
    /// One currency priced in another.
    Currency,
}

/// An instrument, with each provider's name for it.
///
/// In a configuration an alias is a field named after its provider, next to the other fields: `{
/// symbol = "DOGE", coingecko = "dogecoin" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Instrument {
    /// The symbol in Tidegauge: `BTC`, `AAPL`, `EUR/USD`.
    pub symbol: Text,
    /// The full name; if empty, the symbol.
    #[serde(default)]
    pub name: Text,
    /// The kind of the instrument.
    #[serde(default)]
    pub kind: InstrumentKind,
    /// The aliases: pairs of a provider and its name for the instrument, at most one per provider.
    #[serde(flatten, with = "aliases")]
    pub aliases: Cow<'static, [(Text, Text)]>,
}

impl Instrument {
    /// Creates an instrument without aliases.
    pub fn new(symbol: impl Into<Text>, name: impl Into<Text>, kind: InstrumentKind) -> Self {
        Self { symbol: symbol.into(), name: name.into(), kind, aliases: Cow::Borrowed(&[]) }
    }

    /// Returns the name that `provider` has for the instrument, or `None` if it has none.
    ///
    /// ```
    /// use tidegauge_core::instruments::{Instrument, InstrumentKind};
    ///
    /// let doge = Instrument::new("DOGE", "Dogecoin", InstrumentKind::Crypto).with_alias("kraken", "DOGE/USD");
    /// assert_eq!(doge.alias("kraken"), Some("DOGE/USD"));
    /// assert_eq!(doge.alias("coingecko"), None);
    /// ```
    pub fn alias(&self, provider: &str) -> Option<&str> {
        self.aliases.iter().find(|(known, _)| known == provider).map(|(_, name)| name.as_ref())
    }

    /// Sets the name that `provider` has for the instrument, in place of an earlier one.
    #[must_use]
    pub fn with_alias(mut self, provider: impl Into<Text>, name: impl Into<Text>) -> Self {
        let (provider, name) = (provider.into(), name.into());
        let aliases = self.aliases.to_mut();
        match aliases.iter_mut().find(|(known, _)| *known == provider) {
            Some((_, known)) => *known = name,
            None => aliases.push((provider, name)),
        }
        self
    }
}

/// Serialization of aliases as fields of the instrument.
mod aliases {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Text;

    pub(super) fn serialize<S: Serializer>(
        aliases: &[(Text, Text)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(aliases.iter().map(|(provider, name)| (provider, name)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Cow<'static, [(Text, Text)]>, D::Error> {
        let aliases = BTreeMap::<String, String>::deserialize(deserializer)?;
        let owned = |(provider, name): (String, String)| (provider.into(), name.into());
        Ok(aliases.into_iter().map(owned).collect())
    }
}

/// The built-in instruments.
pub static INSTRUMENTS: [Instrument; 4] = [
    coin("BTC", "Bitcoin", &BTC),
    coin("ETH", "Ethereum", &ETH),
    coin("SOL", "Solana", &SOL),
    coin("USDT", "Tether", &USDT),
];

type Aliases = [(Text, Text); 4];

static BTC: Aliases = aliases_of("bitcoin", "BTC/USD", "(bitcoin OR $BTC OR #bitcoin) -is:retweet");
static ETH: Aliases =
    aliases_of("ethereum", "ETH/USD", "(ethereum OR $ETH OR #ethereum) -is:retweet");
static SOL: Aliases = aliases_of("solana", "SOL/USD", "(solana OR $SOL OR #solana) -is:retweet");
static USDT: Aliases = aliases_of("tether", "USDT/USD", "($USDT OR #USDT OR #tether) -is:retweet");

const fn coin(symbol: &'static str, name: &'static str, aliases: &'static Aliases) -> Instrument {
    Instrument {
        symbol: Cow::Borrowed(symbol),
        name: Cow::Borrowed(name),
        kind: InstrumentKind::Crypto,
        aliases: Cow::Borrowed(aliases),
    }
}

/// Returns the aliases of a coin: two providers use its pair with the dollar; posts are searched by
/// a query.
const fn aliases_of(coin: &'static str, pair: &'static str, query: &'static str) -> Aliases {
    [
        (Cow::Borrowed("coingecko"), Cow::Borrowed(coin)),
        (Cow::Borrowed("twelvedata"), Cow::Borrowed(pair)),
        (Cow::Borrowed("kraken"), Cow::Borrowed(pair)),
        (Cow::Borrowed("query"), Cow::Borrowed(query)),
    ]
}

/// Returns the built-in instrument with the symbol `symbol`, or `None`.
///
/// ```
/// use tidegauge_core::instruments;
///
/// let bitcoin = instruments::by_symbol("BTC").unwrap();
/// assert_eq!(bitcoin.alias("coingecko"), Some("bitcoin"));
/// ```
pub fn by_symbol(symbol: &str) -> Option<&'static Instrument> {
    INSTRUMENTS.iter().find(|instrument| instrument.symbol == symbol)
}

/// The instruments that sources may be asked for: the built-in ones and the user's own.
///
/// ```
/// use tidegauge_core::instruments::{Instrument, InstrumentKind, InstrumentRegistry};
///
/// let apple = Instrument::new("AAPL", "Apple", InstrumentKind::Stock).with_alias("twelvedata", "AAPL");
/// let registry = InstrumentRegistry::default().with(apple)?;
/// assert_eq!(registry.by_symbol("AAPL").map(|instrument| instrument.kind), Some(InstrumentKind::Stock));
/// assert!(registry.by_symbol("BTC").is_some());
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct InstrumentRegistry(Arc<Vec<Instrument>>);

impl Default for InstrumentRegistry {
    fn default() -> Self {
        Self(Arc::new(INSTRUMENTS.to_vec()))
    }
}

impl InstrumentRegistry {
    /// Adds an instrument, replacing one with the same symbol.
    ///
    /// # Errors
    /// When the symbol is empty or has whitespace, or a provider's name for it is empty.
    pub fn with(mut self, mut instrument: Instrument) -> Result<Self> {
        let empty = instrument.aliases.iter().any(|(_, name)| name.trim().is_empty());
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
        match all.iter_mut().find(|known| known.symbol == instrument.symbol) {
            Some(known) => *known = instrument,
            None => all.push(instrument),
        }
        Ok(self)
    }

    /// Returns all instruments, the built-in ones first.
    pub fn all(&self) -> &[Instrument] {
        &self.0
    }

    /// Returns the instrument with the symbol `symbol`, or `None`.
    pub fn by_symbol(&self, symbol: &str) -> Option<&Instrument> {
        self.0.iter().find(|instrument| instrument.symbol == symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_instruments_override_built_in_ones_and_invalid_ones_are_refused() {
        let bitcoin = Instrument::new("BTC", "Bitcoin", InstrumentKind::Crypto)
            .with_alias("coingecko", "wrapped-bitcoin");
        let registry = InstrumentRegistry::default().with(bitcoin.clone()).unwrap();
        assert_eq!(registry.all().len(), INSTRUMENTS.len());
        assert_eq!(registry.by_symbol("BTC"), Some(&bitcoin));
        for symbol in ["", "A B"] {
            let error = InstrumentRegistry::default().with(Instrument::new(
                symbol,
                "",
                InstrumentKind::Stock,
            ));
            assert!(error.unwrap_err().to_string().contains("spaces"), "{symbol:?}");
        }
        let nameless =
            Instrument::new("DOGE", "", InstrumentKind::Crypto).with_alias("kraken", " ");
        assert!(InstrumentRegistry::default().with(nameless).is_err());
    }

    #[test]
    fn aliases_are_unique_per_provider() {
        let twice = Instrument::new("DOGE", "", InstrumentKind::Crypto)
            .with_alias("kraken", "XDG/USD")
            .with_alias("coingecko", "dogecoin")
            .with_alias("kraken", "DOGE/USD");
        assert_eq!(twice.aliases.len(), 2);
        assert_eq!(twice.alias("kraken"), Some("DOGE/USD"));
    }
}
