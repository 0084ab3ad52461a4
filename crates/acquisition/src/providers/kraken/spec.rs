//! The registry entry of Kraken.

use super::{ATTRIBUTION, Config, Kraken, NAME};
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for Kraken {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "candles, trades and quotes of coins")
        .attribution(ATTRIBUTION)
        .alias(NAME)
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(settings.clone(), opening.context)?))
    }
}
