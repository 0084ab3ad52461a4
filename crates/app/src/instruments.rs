//! The instruments, and the search for more of them.

use tidegauge_acquisition::Credentials;
use tidegauge_core::Error;
use tidegauge_core::instruments::Instrument;

use crate::{Result, Tidegauge, sources};

/// An instrument that a service lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundInstrument {
    /// The name of the service.
    pub service: &'static str,
    /// The service's id of the instrument, to be written under `[[instruments]]`.
    pub id: String,
    /// The symbol at the service.
    pub symbol: String,
    /// The full name at the service.
    pub name: String,
}

impl Tidegauge {
    /// Returns the built-in instruments and those of the configuration.
    pub fn instruments(&self) -> &[Instrument] {
        self.context().registry.all()
    }

    /// Returns the names of the services that have their own ids of instruments.
    pub fn services(&self) -> Vec<&'static str> {
        let own = self.config().providers.specs().filter(|spec| spec.alias == Some(spec.name));
        own.map(|spec| spec.name).collect()
    }

    /// Returns the listed instruments whose id, symbol or name contains `text`; exact symbols
    /// first. Services whose key is missing, or that have no list, are not queried.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn find_instruments(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let mut found = Vec::new();
        for service in self.services() {
            let (config, secrets) = (self.config(), self.secrets());
            let entry = config.providers.find(service).map(|entry| entry.credentials());
            if let Some(Credentials::Key(key)) = entry
                && secrets.key(key).is_none()
            {
                continue;
            }
            let handle = sources::open(service, config, secrets, self.context())?;
            let Some(historical) = handle.historical() else { continue };
            let listed = historical.find(text).await;
            let listed =
                listed.map_err(|error| Error::source(service, error.kind(), error))?.into_iter();
            found.extend(listed.map(|instrument| FoundInstrument {
                service,
                id: instrument.id,
                symbol: instrument.symbol,
                name: instrument.name,
            }));
        }
        let text = text.to_lowercase();
        found.sort_by_key(|instrument| {
            (instrument.symbol.to_lowercase() != text, instrument.service)
        });
        Ok(found)
    }
}
