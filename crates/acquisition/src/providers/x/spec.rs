//! The registry entry of X.

use super::{ALIAS, ATTRIBUTION, Config, NAME, X};
use crate::{Credentials, Opening, Provider, Result, SourceHandle, SourceSpec};

impl Provider for X {
    type Settings = Config;

    const SPEC: SourceSpec =
        SourceSpec::new(NAME, "posts that mention an instrument, how they sound, and how many")
            .credentials(Credentials::Key(NAME))
            .attribution(ATTRIBUTION)
            .alias(ALIAS)
            .template(include_str!("settings.toml"));

    fn open(settings: &Config, opening: Opening<'_>) -> Result<SourceHandle> {
        Ok(SourceHandle::from_historical(Self::new(
            settings.clone(),
            opening.key,
            opening.context,
        )?))
    }
}
