//! The registry entry of ExchangeRate-API with a key.

use std::sync::Arc;

use super::{ATTRIBUTION, Config, ExchangeRateApi, NAME};
use crate::{Credentials, Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for ExchangeRateApi {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "today's exchange rates, with a key")
        .credentials(Credentials::Key(NAME))
        .attribution(ATTRIBUTION)
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        let source = Self::new(settings.clone(), opening.key, opening.context)?;
        let budget = source.budget()?;
        Ok(SourceHandle::Counted(Arc::new(source), budget))
    }
}
