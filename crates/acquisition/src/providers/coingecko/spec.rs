//! The registry entry of CoinGecko.

use super::{ATTRIBUTION, CoinGecko, Config, NAME, Plan};
use crate::{Credentials, Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for CoinGecko {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "prices and candles of coins")
        .credentials(Credentials::Optional(NAME))
        .attribution(ATTRIBUTION)
        .alias(NAME)
        .template(include_str!("settings.toml"));

    fn credentials(settings: &Config) -> Credentials {
        match settings.plan {
            Plan::Keyless => Credentials::None,
            Plan::Demo | Plan::Pro => Credentials::Key(NAME),
        }
    }

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(
            settings.clone(),
            opening.key,
            opening.context,
        )?))
    }
}
