//! The settings of the source CoinGecko.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use super::name::NAME;
use crate::bad_rows::FinePrices;
use crate::http::service::Key;
use crate::http::{HttpConfig, Quota};
use crate::{Error, Result, duration};

/// A plan of the service. It must be configured, because a demo key and a pro key look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// No key: few requests per minute, shared by all clients with the same IP address.
    #[default]
    Keyless,
    /// A free key.
    Demo,
    /// A paid key.
    Pro,
}

impl Plan {
    /// Returns the name as in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyless => "keyless",
            Self::Demo => "demo",
            Self::Pro => "pro",
        }
    }

    pub(super) fn base_url(self) -> &'static str {
        match self {
            Self::Keyless | Self::Demo => "https://api.coingecko.com/api/v3",
            Self::Pro => "https://pro-api.coingecko.com/api/v3",
        }
    }

    /// Returns the key and the header in which it is sent, or `None` for the keyless plan.
    ///
    /// # Errors
    /// When the plan needs a key and there is none.
    pub(super) fn key(self, key: Option<&SecretString>) -> Result<Option<Key>> {
        let header = match self {
            Self::Keyless => return Ok(None),
            Self::Demo => "x-cg-demo-api-key",
            Self::Pro => "x-cg-pro-api-key",
        };
        match key {
            Some(key) => Ok(Some(Key { header, prefix: "", value: key.clone() })),
            None => Err(Error::NoKey { service: NAME }),
        }
    }

    /// Returns the quota of the plan, well below the published rate limits per minute, which have changed in
    /// both directions. The demo plan has 10,000 credits per month; those of a paid plan are configured by
    /// the user.
    pub(super) fn quota(self) -> Quota {
        match self {
            Self::Keyless => Quota::per_minute(5),
            Self::Demo => Quota { per_month: Some(10_000), ..Quota::per_minute(25) },
            Self::Pro => Quota::per_minute(250),
        }
    }

    /// Returns the lookback of the plan, with a margin of an hour for latency; `None`: unlimited.
    pub(super) fn lookback(self) -> Option<TimeDelta> {
        match self {
            Self::Keyless | Self::Demo => Some(TimeDelta::days(365) - TimeDelta::hours(1)),
            Self::Pro => None,
        }
    }
}

/// The length of candles. The service has shorter ones for a shorter time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CandleSize {
    /// Half an hour, for the last day.
    #[serde(rename = "30m")]
    HalfHour,
    /// Four hours, for the last 30 days.
    #[default]
    #[serde(rename = "4h")]
    FourHours,
    /// Four days, for the last year.
    #[serde(rename = "4d")]
    FourDays,
}

impl CandleSize {
    /// Returns the name as in the column `interval`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HalfHour => "30m",
            Self::FourHours => "4h",
            Self::FourDays => "4d",
        }
    }

    /// Returns the lookback of the service for candles of this length.
    pub(super) const fn lookback(self) -> TimeDelta {
        match self {
            Self::HalfHour => TimeDelta::days(1),
            Self::FourHours => TimeDelta::days(30),
            Self::FourDays => TimeDelta::days(365),
        }
    }

    /// Returns the length.
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::HalfHour => TimeDelta::minutes(30),
            Self::FourHours => TimeDelta::hours(4),
            Self::FourDays => TimeDelta::days(4),
        }
    }
}

/// The settings of the source CoinGecko.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to read, as in the registry; default: all built-in ones.
    pub symbols: Vec<String>,
    /// The plan.
    pub plan: Plan,
    /// The days of history to start with; free plans have 365.
    pub history_days: u32,
    /// The length of the candles to read.
    pub candles: CandleSize,
    /// The number of largest markets to take a snapshot of instead of the symbols; 0: of the symbols. A coin
    /// that is not in the registry is called `SYMBOL.id`, as in `PEPE.pepe`, because symbols are not unique.
    pub top: usize,
    /// The policy for prices with more than eighteen decimal places: charts of coins below a cent have floats
    /// of seventeen digits.
    pub fine_prices: FinePrices,
    /// The time between rounds.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// The settings of HTTP requests.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|known| known.symbol.to_string()).collect(),
            plan: Plan::Keyless,
            history_days: 90,
            candles: CandleSize::default(),
            top: 0,
            fine_prices: FinePrices::default(),
            refresh: Duration::from_secs(300),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn history(&self) -> TimeDelta {
        TimeDelta::days(self.history_days.into())
    }

    pub(super) fn validate(&self) -> Result<()> {
        // Bitcoin has had a price for some 6,000 days.
        let most = if self.plan.lookback().is_some() { 365 } else { 10_000 };
        if self.history_days == 0 || self.history_days > most {
            let reason = format!(
                "{} is not between 1 and {most}; on a free plan the history ends after 365 days, \
                 a paid one has all of it",
                self.history_days
            );
            return Err(Error::config("history_days", reason));
        }
        Ok(())
    }
}
