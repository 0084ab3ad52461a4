//! The instruments, and looking for more of them.

use tidegauge_acquisition::{CoinGecko, Kraken};
use tidegauge_core::Error;
use tidegauge_core::instruments::Instrument;

use crate::{Result, Tidegauge};

/// An instrument that a service has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundInstrument {
    /// The service.
    pub service: &'static str,
    /// What the service calls it: what to write under `[[instruments]]`.
    pub id: String,
    /// Its symbol there.
    pub symbol: String,
    /// Its full name there.
    pub name: String,
}

impl Tidegauge {
    /// The instruments of the house, and those of the configuration.
    pub fn instruments(&self) -> &[Instrument] {
        self.context().registry.all()
    }

    /// What CoinGecko and Kraken list whose id, symbol or name holds `text`; exact symbols first.
    ///
    /// # Errors
    /// When one of them cannot be asked.
    pub async fn find_instruments(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let text = text.to_lowercase();
        let holds = |words: &[&str]| words.iter().any(|word| word.to_lowercase().contains(&text));
        let (secrets, context) = (self.secrets(), self.context());
        let coingecko =
            CoinGecko::new(self.config().coingecko.clone(), secrets.key("coingecko"), context)?;
        let mut found = Vec::new();
        let coins = coingecko.client().coins_list().await;
        for coin in coins.map_err(|error| Error::source("coingecko", error))? {
            if holds(&[&coin.id, &coin.symbol, &coin.name]) {
                let symbol = coin.symbol.to_uppercase();
                let service = "coingecko";
                found.push(FoundInstrument { service, id: coin.id, symbol, name: coin.name });
            }
        }
        let kraken = Kraken::new(self.config().kraken.clone(), context)?;
        let pairs = kraken.client().asset_pairs().await;
        for pair in pairs.map_err(|error| Error::source("kraken", error))? {
            let (base, quote) = pair.name.split_once('/').unwrap_or((&pair.name, ""));
            if quote == "USD" && holds(&[base]) {
                let (symbol, name) = (base.to_owned(), pair.internal.clone());
                found.push(FoundInstrument { service: "kraken", id: pair.name, symbol, name });
            }
        }
        found.sort_by_key(|it| (it.symbol.to_lowercase() != text, it.service));
        Ok(found)
    }
}
