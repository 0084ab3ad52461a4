//! Which instruments a source is asked for, by the names that its service has for them.

use std::borrow::Cow;

use tidegauge_core::instruments::{Instrument, Kind, Registry};

use crate::{Error, Result};

/// An instrument as one service lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Our symbol.
    pub(crate) symbol: String,
    /// Its full name.
    pub(crate) name: String,
    /// The service's own name for it.
    pub(crate) id: String,
    /// What kind of thing it is.
    pub(crate) kind: Kind,
}

/// The instruments called `symbols`, each with the name that `service` has for it.
pub(crate) fn select(
    service: &'static str,
    registry: &Registry,
    symbols: &[String],
    id: fn(&Instrument) -> &Option<Cow<'static, str>>,
) -> Result<Vec<Listed>> {
    if symbols.is_empty() {
        return Err(Error::config("symbols", "it is empty: name at least one, as in `BTC`"));
    }
    let find = |(at, symbol): (usize, &String)| {
        if symbols[..at].contains(symbol) {
            return Err(Error::config("symbols", format!("`{symbol}` is there twice")));
        }
        let listed = registry.by_symbol(symbol).and_then(|it| {
            Some(Listed {
                symbol: it.symbol.to_string(),
                name: it.name.to_string(),
                id: id(it).as_ref()?.to_string(),
                kind: it.kind,
            })
        });
        listed.ok_or_else(|| {
            let known = registry.all().iter().filter(|it| id(it).is_some());
            let known: Vec<_> = known.map(|it| it.symbol.as_ref()).collect();
            Error::NoInstrument {
                service,
                symbol: symbol.clone(),
                known: format!("{}; add others under [[instruments]]", known.join(", ")),
            }
        })
    };
    symbols.iter().enumerate().map(find).collect()
}
