//! The selection of the instruments that a source requests.

use tidegauge_core::instruments::{InstrumentKind, InstrumentRegistry};

use crate::{Error, Result};

/// An instrument as one service lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedInstrument {
    /// The symbol in Tidegauge.
    pub(crate) symbol: String,
    /// The full name.
    pub(crate) name: String,
    /// The service's name for the instrument.
    pub(crate) id: String,
    /// The kind of instrument.
    pub(crate) kind: InstrumentKind,
}

/// Returns the instruments called `symbols`, each with its alias at `provider`; `service` is the source that
/// is named in errors.
///
/// # Errors
/// When `symbols` is empty, has a symbol twice, or has one that is unknown or has no alias at `provider`.
pub(crate) fn select(
    service: &'static str,
    registry: &InstrumentRegistry,
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
