//! The validation of settings after they were read.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::settings::Config;
use crate::{Error, Result};

/// The range of settings in days; a century is more history than any market has.
const VALID_DAYS: RangeInclusive<u32> = 1..=36_500;

impl Config {
    /// Validates the settings.
    ///
    /// # Errors
    /// The first invalid setting, with the valid values.
    pub(crate) fn check(&self) -> Result<()> {
        self.check_aliases()?;
        self.check_variables()?;
        for (setting, path) in [("report", Some(&self.report)), ("state", self.state.as_ref())] {
            // The path would be created, with the password in its name.
            if path.is_some_and(|path| path.to_string_lossy().contains("://")) {
                let reason = "it is the path of a place on this machine, and no URL".into();
                return Err(Error::Setting { setting, reason });
            }
        }
        check_range("analytics.inactive_days", &self.analytics.inactive_days, &VALID_DAYS)?;
        let page_rows = self.simulation.page_rows.unwrap_or(1);
        check_range("simulation.page_rows", &page_rows, &(1..=10_000_000))?;
        check_range("simulation.users", &self.simulation.users, &(1..=1_000_000_000))?;
        check_range("simulation.days", &self.simulation.days, &(1..=3_660))?;
        self.market.check()?;
        if let Some((setting, reason)) = self.verify.first_invalid() {
            return Err(Error::Setting { setting, reason });
        }
        let level = self.analytics.level;
        if level.is_nan() || level <= 0.0 || level >= 1.0 {
            let reason = format!("{level} is not between 0 and 1");
            return Err(Error::Setting { setting: "analytics.level", reason });
        }
        let volume = self.analytics.high_volume_usd;
        if !volume.is_finite() || volume <= 0.0 {
            return Err(Error::Setting {
                setting: "analytics.high_volume_usd",
                reason: format!("{volume} is not an amount above zero"),
            });
        }
        self.analytics.parameters().map(drop)
    }
}

impl Config {
    /// Refuses aliases of unknown providers, which are misspelled.
    fn check_aliases(&self) -> Result<()> {
        let mut known: Vec<_> = self.providers.specs().filter_map(|spec| spec.alias).collect();
        for instrument in &self.instruments {
            let unknown = |(provider, _): &&(_, _)| !known.iter().any(|known| provider == known);
            if let Some((provider, _)) = instrument.aliases.iter().find(unknown) {
                known.sort_unstable();
                known.dedup();
                let (symbol, known) = (&instrument.symbol, known.join(", "));
                let reason = format!(
                    "`{symbol}` has a `{provider}`, by which no source calls it; there are symbol, \
                     name, kind, {known}"
                );
                return Err(Error::Setting { setting: "instruments", reason });
            }
        }
        Ok(())
    }
}

impl Config {
    /// Refuses names of variables that cannot be names: a user may have written the secret itself.
    fn check_variables(&self) -> Result<()> {
        let is_name = |name: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            name.bytes().all(is_part) && !name.starts_with(|first: char| first.is_ascii_digit())
        };
        if self.databases.iter().all(|database| is_name(&database.url_env)) {
            return Ok(());
        }
        let reason = "it names the environment variable that holds the URL, as in CRM_URL; the URL \
                      itself does not stand here";
        Err(Error::Setting { setting: "databases.url_env", reason: reason.into() })
    }
}

fn check_range<T: PartialOrd + Display>(
    setting: &'static str,
    value: &T,
    range: &RangeInclusive<T>,
) -> Result<()> {
    if range.contains(value) {
        return Ok(());
    }
    let reason = format!("{value} is not between {} and {}", range.start(), range.end());
    Err(Error::Setting { setting, reason })
}
