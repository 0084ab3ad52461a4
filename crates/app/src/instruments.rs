//! The instruments, and looking for more of them.

use tidegauge_acquisition::Credentials;
use tidegauge_core::Error;
use tidegauge_core::instruments::Instrument;

use crate::{Result, Tidegauge, sources};

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

    /// Returns the names of the services that call instruments by names of their own.
    pub fn services(&self) -> Vec<&'static str> {
        let own = self.config().providers.specs().filter(|spec| spec.alias == Some(spec.name));
        own.map(|spec| spec.name).collect()
    }

    /// Returns what the services list whose id, symbol or name holds `text`; exact symbols first.
    /// A service whose key is missing is not asked, nor one that has no list to look through.
    ///
    /// # Errors
    /// When one of them cannot be asked.
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
            let opened = sources::open(service, config, secrets, self.context())?;
            let Some(archive) = opened.archive() else { continue };
            let listed = archive.find(text).await;
            let listed =
                listed.map_err(|error| Error::source(service, error.kind(), error))?.into_iter();
            found.extend(listed.map(|it| FoundInstrument {
                service,
                id: it.id,
                symbol: it.symbol,
                name: it.name,
            }));
        }
        let text = text.to_lowercase();
        found.sort_by_key(|it| (it.symbol.to_lowercase() != text, it.service));
        Ok(found)
    }
}
