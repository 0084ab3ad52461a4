//! The registry entry of the ECB.

use super::{ATTRIBUTION, Config, Ecb, NAME};
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for Ecb {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "the ECB's exchange rates, with history")
        .attribution(ATTRIBUTION)
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(settings.clone(), opening.context)?))
    }
}
