//! The registry entry of Twelve Data's stream.

use super::{ATTRIBUTION, Config, NAME, TwelveDataStream};
use crate::providers::twelvedata;
use crate::{Credentials, Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for TwelveDataStream {
    type Settings = Config;

    const SPEC: SourceSpec =
        SourceSpec::new(NAME, "quotes of coins, stocks and currencies as they happen")
            .credentials(Credentials::Key(twelvedata::NAME))
            .attribution(ATTRIBUTION)
            .alias(twelvedata::NAME)
            .live()
            .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_stream(Self::new(settings.clone(), opening.key, opening.context)?))
    }
}
