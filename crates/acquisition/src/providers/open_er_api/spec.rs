//! The registry entry of ExchangeRate-API's open endpoint.

use std::sync::Arc;

use super::{ATTRIBUTION, Config, NAME, OpenErApi};
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for OpenErApi {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "today's exchange rates")
        .attribution(ATTRIBUTION)
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        let source = Self::new(settings.clone(), opening.context)?;
        let budget = source.budget()?;
        Ok(SourceHandle::Counted(Arc::new(source), budget))
    }
}
