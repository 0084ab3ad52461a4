//! The registry entry of Frankfurter.

use super::{ATTRIBUTION, Config, Frankfurter, NAME};
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for Frankfurter {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "exchange rates of central banks, with history")
        .attribution(ATTRIBUTION)
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(settings.clone(), opening.context)?))
    }
}
