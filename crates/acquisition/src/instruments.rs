//! Which instruments a source is asked for, by the names that its service has for them.

use tidegauge_core::instruments::{Kind, Registry};

use crate::{Error, Result};

/// An instrument as one service lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedInstrument {
    /// Our symbol.
    pub(crate) symbol: String,
    /// Its full name.
    pub(crate) name: String,
    /// The service's own name for it.
    pub(crate) id: String,
    /// What kind of thing it is.
    pub(crate) kind: Kind,
}

/// Returns the instruments called `symbols`, each with its alias at `provider`; `service` is who
/// asks.
pub(crate) fn select(
    service: &'static str,
    registry: &Registry,
    symbols: &[String],
    provider: &str,
) -> Result<Vec<ListedInstrument>> {
    if symbols.is_empty() {
        return Err(Error::config("symbols", "it is empty: name at least one, as in `BTC`"));
    }
    let find = |(at, symbol): (usize, &String)| {
        if symbols[..at].contains(symbol) {
            return Err(Error::config("symbols", format!("`{symbol}` is there twice")));
        }
        let listed = registry.by_symbol(symbol).and_then(|instrument| {
            Some(ListedInstrument {
                symbol: instrument.symbol.to_string(),
                name: instrument.name.to_string(),
                id: instrument.alias(provider)?.to_owned(),
                kind: instrument.kind,
            })
        });
        listed.ok_or_else(|| {
            let known = registry.all().iter().filter(|known| known.alias(provider).is_some());
            let known: Vec<_> = known.map(|known| known.symbol.as_ref()).collect();
            Error::NoInstrument {
                service,
                symbol: symbol.clone(),
                known: format!("{}; add others under [[instruments]]", known.join(", ")),
            }
        })
    };
    symbols.iter().enumerate().map(find).collect()
}
