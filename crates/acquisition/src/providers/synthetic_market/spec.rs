//! The registry entry of the synthetic market.

use super::{ATTRIBUTION, Config, NAME, SyntheticMarket};
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for SyntheticMarket {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(
        NAME,
        "made-up prices and exchange rates that continue the recorded ones up to yesterday",
    )
    .attribution(ATTRIBUTION)
    .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        let clock = opening.context.clock.clone();
        Ok(SourceHandle::plain(Self::new(settings.clone(), clock)?))
    }
}
