//! Configuration of the `exchange` preset.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::exchange::scenario::Scenario;

/// Exclusive limit of users: a user id and a per-user counter share 63 bits.
const MOST_USERS: u64 = 1 << 40;

/// Configuration of the `exchange` preset.
#[derive(Debug, Clone, PartialEq)]
pub struct ExchangeConfig {
    /// Seed of all random streams.
    pub seed: u64,
    /// First day of business.
    pub first_day: NaiveDate,
    /// Number of days on which new users sign up.
    pub days: u16,
    /// Total number of users at the end of the signup period.
    pub users: u64,
    /// Exclusive end of the simulated days; `None` for the first day alone.
    pub until: Option<NaiveDate>,
    /// Approximate number of rows per page.
    pub page_rows: usize,
    /// Number of threads; `None` for one per core. Does not affect the output.
    pub threads: Option<NonZero<usize>>,
    /// Shard of the users that is simulated.
    pub shard: Shard,
    /// `true` for trading that is uniform over time and independent of the market, exactly as BG/NBD assumes.
    pub stationary: bool,
    /// Deviations from the default exchange.
    pub scenarios: Vec<Scenario>,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            seed: 42,
            first_day: NaiveDate::from_ymd_opt(2020, 7, 3).unwrap_or_default(),
            days: 365,
            users: 10_000,
            until: None,
            page_rows: 250_000,
            threads: None,
            shard: Shard::default(),
            stationary: false,
            scenarios: Vec::new(),
        }
    }
}

impl ExchangeConfig {
    /// Returns the exclusive end of the simulated days.
    pub(crate) fn end(&self) -> NaiveDate {
        self.until.or_else(|| self.first_day.succ_opt()).unwrap_or(self.first_day)
    }

    /// Validates the configuration.
    ///
    /// # Errors
    /// Returns [`Error::InvalidSetting`] for the first invalid setting.
    pub(crate) fn check(&self) -> Result<()> {
        let invalid =
            |setting, reason: &str| Err(Error::InvalidSetting { setting, reason: reason.into() });
        if self.users == 0 || self.users >= MOST_USERS {
            return invalid("users", "there must be one, and not a million millions");
        }
        if self.days == 0 {
            return invalid("days", "somebody has to sign up on one day at least");
        }
        for scenario in &self.scenarios {
            scenario.check()?;
            if matches!(scenario, Scenario::FraudRing { .. }) && scenario.from() < self.first_day {
                let reason = format!(
                    "a ring cannot begin on {}, before the exchange does, on {}",
                    scenario.from(),
                    self.first_day
                );
                return Err(Error::InvalidSetting { setting: "scenarios", reason });
            }
        }
        Ok(())
    }
}

/// One of several equal, contiguous parts of the users in signup order.
///
/// Shards can be simulated on different machines. Together they produce the rows of the whole, in the same
/// order.
///
/// ```
/// use tidegauge_simulation::Shard;
///
/// let shard: Shard = "3/16".parse()?;
/// assert_eq!(shard.to_string(), "3/16");
/// assert!("0/16".parse::<Shard>().is_err(), "they are counted from 1");
/// # Ok::<(), tidegauge_simulation::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    part: u64,
    of: u64,
}

impl Shard {
    /// Creates the `part`th of `of` shards, counted from 1.
    ///
    /// # Errors
    /// Returns [`Error::InvalidSetting`] if `part` is not in `1..=of`.
    pub fn new(part: u64, of: u64) -> Result<Self> {
        if (1..=of).contains(&part) {
            return Ok(Self { part, of });
        }
        let reason = format!("there is no part {part} of {of}: they are counted from 1");
        Err(Error::InvalidSetting { setting: "shard", reason })
    }

    /// Returns `true` for the first shard, which also writes the rows that belong to no user.
    pub(crate) fn is_first(self) -> bool {
        self.part == 1
    }

    /// Returns `true` if there is only one shard.
    pub fn is_whole(&self) -> bool {
        self.of == 1
    }

    /// Returns the range of user numbers of this shard among `count` users.
    pub(crate) fn range(self, count: u64) -> std::ops::Range<u64> {
        let bound = |parts: u64| {
            let place = u128::from(count) * u128::from(parts) / u128::from(self.of);
            u64::try_from(place).unwrap_or(count)
        };
        bound(self.part - 1)..bound(self.part)
    }
}

/// The single shard with all users.
impl Default for Shard {
    fn default() -> Self {
        Self { part: 1, of: 1 }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        let Some((part, of)) = parts else {
            let reason = format!("`{text}` is not like 3/16, the third of sixteen parts");
            return Err(Error::InvalidSetting { setting: "shard", reason });
        };
        Self::new(part, of)
    }
}

impl TryFrom<String> for Shard {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_partition_all_users() {
        for (count, of) in [(10, 3), (0, 4), (2, 5), (10_000_000, 16)] {
            let mut next = 0;
            for part in 1..=of {
                let places = Shard::new(part, of).unwrap().range(count);
                assert_eq!(places.start, next);
                next = places.end;
            }
            assert_eq!(next, count);
        }
    }
}
