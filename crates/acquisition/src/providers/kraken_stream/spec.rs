//! The registry entry of Kraken's stream.

use super::{ATTRIBUTION, Config, KrakenStream, NAME};
use crate::providers::kraken;
use crate::{Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for KrakenStream {
    type Settings = Config;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "quotes and trades of coins as they happen")
        .attribution(ATTRIBUTION)
        .alias(kraken::NAME)
        .live()
        .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_stream(Self::new(settings.clone(), opening.context)?))
    }
}
