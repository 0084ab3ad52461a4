//! Whether the settings make sense together with the world.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Config;
use crate::{Error, Result};

/// A century: more than any market has of history.
const DAYS: RangeInclusive<u32> = 1..=36_500;

impl Config {
    /// # Errors
    /// The first setting that makes no sense, and what would.
    pub(crate) fn check(&self) -> Result<()> {
        within("coingecko.history_days", &self.coingecko.history_days, &DAYS)?;
        within("frankfurter.history_days", &self.frankfurter.history_days, &DAYS)?;
        within("analytics.inactive_days", &self.analytics.inactive_days, &DAYS)?;
        let page_rows = self.simulation.page_rows.unwrap_or(1);
        within("simulation.page_rows", &page_rows, &(1..=10_000_000))?;
        within("simulation.users", &self.simulation.users, &(1..=1_000_000_000))?;
        within("simulation.days", &self.simulation.days, &(1..=3_660))?;
        self.market.check()?;
        let volume = self.analytics.high_volume_usd;
        if volume.is_finite() && volume > 0.0 {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "analytics.high_volume_usd",
            reason: format!("{volume} is not an amount above zero"),
        })
    }
}

fn within<T: PartialOrd + Display>(
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
