//! The command `tidegauge instruments`.

use std::collections::BTreeMap;

use serde::Serialize;
use tidegauge::core::instruments::InstrumentKind;
use tidegauge::text::Table;
use tidegauge::{FoundInstrument, Result, Tidegauge};

use crate::output::{self, Document, Text};

/// The known instruments.
#[derive(Debug, Serialize)]
struct Known {
    /// The services that have their own ids of instruments.
    services: Vec<&'static str>,
    instruments: Vec<Instrument>,
}

#[derive(Debug, Serialize)]
struct Instrument {
    symbol: String,
    name: String,
    kind: InstrumentKind,
    /// The id of the instrument at each service.
    aliases: BTreeMap<&'static str, String>,
}

/// The instruments that services list.
#[derive(Debug, Serialize)]
struct Found {
    found: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    service: &'static str,
    id: String,
    symbol: String,
    name: String,
}

impl Document for Known {
    fn text(&self) -> Text {
        let mut table = Table::new(["symbol", "name", "kind"].iter().chain(&self.services));
        for Instrument { symbol, name, kind, aliases } in &self.instruments {
            let own = [symbol.clone(), name.clone(), format!("{kind:?}").to_lowercase()];
            let alias = |service| aliases.get(service).map_or("–", String::as_str).to_owned();
            table.row(own.into_iter().chain(self.services.iter().map(alias)));
        }
        let mut text = Text::default();
        text.table(&table);
        text
    }
}

impl Document for Found {
    fn text(&self) -> Text {
        let mut table = Table::new(["service", "its name", "symbol", "called"]);
        for Listed { service, id, symbol, name } in &self.found {
            table.row([service, id.as_str(), symbol, name]);
        }
        let mut text = Text::default();
        text.table(&table);
        text.line("");
        text.line("name those you want under [[instruments]] in tidegauge.toml");
        text
    }
}

impl From<FoundInstrument> for Listed {
    fn from(found: FoundInstrument) -> Self {
        let FoundInstrument { service, id, symbol, name, .. } = found;
        Self { service, id, symbol, name }
    }
}

/// Lists the instruments, or those of the services whose id, symbol or name contains `find`.
pub(crate) async fn instruments(tidegauge: &Tidegauge, find: Option<String>) -> Result<()> {
    if let Some(find) = find {
        let found = tidegauge.find_instruments(&find).await?;
        output::document(&Found { found: found.into_iter().map(Listed::from).collect() });
        return Ok(());
    }
    let services = tidegauge.services();
    let instruments = tidegauge.instruments().iter().map(|instrument| {
        let alias =
            |service: &&'static str| Some((*service, instrument.alias(service)?.to_owned()));
        Instrument {
            symbol: instrument.symbol.to_string(),
            name: instrument.name.to_string(),
            kind: instrument.kind,
            aliases: services.iter().filter_map(alias).collect(),
        }
    });
    let instruments = instruments.collect();
    output::document(&Known { services, instruments });
    Ok(())
}
