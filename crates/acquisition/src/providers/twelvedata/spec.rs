//! The registry entry of Twelve Data.

use super::{ATTRIBUTION, Config, NAME, TwelveData};
use crate::{Credentials, Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for TwelveData {
    type Settings = Config;

    const SPEC: SourceSpec =
        SourceSpec::new(NAME, "candles, quotes and rates of coins, stocks and currencies")
            .credentials(Credentials::Key(NAME))
            .attribution(ATTRIBUTION)
            .alias(NAME)
            .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(
            settings.clone(),
            opening.key,
            opening.context,
        )?))
    }
}
