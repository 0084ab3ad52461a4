//! What a user may choose about CoinGecko.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use tidegauge_core::instruments::{INSTRUMENTS, Registry};

use crate::http::{HttpConfig, Key, PerMinute};
use crate::{Error, Result};

/// Who pays. A demo key and a pro key look alike, so the plan must be said.
///
/// ```
/// use tidegauge_acquisition::coingecko::Plan;
///
/// let plan = Plan::Demo("CG-secret".into());
/// assert!(!format!("{plan:?}").contains("CG-secret"));
/// ```
#[derive(Debug, Clone, Default)]
pub enum Plan {
    /// Nobody: few requests a minute, shared with everybody behind the same address.
    #[default]
    Keyless,
    /// A free key.
    Demo(SecretString),
    /// A paid key.
    Pro(SecretString),
}

impl Plan {
    pub(super) fn base_url(&self) -> &'static str {
        match self {
            Self::Keyless | Self::Demo(_) => "https://api.coingecko.com/api/v3",
            Self::Pro(_) => "https://pro-api.coingecko.com/api/v3",
        }
    }

    pub(super) fn key(&self) -> Option<Key> {
        let (header, value) = match self {
            Self::Keyless => return None,
            Self::Demo(key) => ("x-cg-demo-api-key", key),
            Self::Pro(key) => ("x-cg-pro-api-key", key),
        };
        Some(Key { header, value: value.clone() })
    }

    /// Well below what the plans allow on paper: the documented numbers have moved, both ways.
    pub(super) fn per_minute(&self) -> PerMinute {
        PerMinute::at_least_one(match self {
            Self::Keyless => 5,
            Self::Demo(_) => 25,
            Self::Pro(_) => 250,
        })
    }

    /// How far back the plan may look, with an hour to spare for the way there; none: to the start.
    pub(super) fn reach(&self) -> Option<TimeDelta> {
        match self {
            Self::Keyless | Self::Demo(_) => Some(TimeDelta::days(365) - TimeDelta::hours(1)),
            Self::Pro(_) => None,
        }
    }
}

/// How long a candle is. The service offers shorter ones for a shorter time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CandleSize {
    /// Half an hour, for the last day.
    HalfHour,
    /// Four hours, for the last 30 days.
    #[default]
    FourHours,
    /// Four days, for the last year.
    FourDays,
}

impl CandleSize {
    /// As in the column `interval`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HalfHour => "30m",
            Self::FourHours => "4h",
            Self::FourDays => "4d",
        }
    }

    /// As a length of time.
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::HalfHour => TimeDelta::minutes(30),
            Self::FourHours => TimeDelta::hours(4),
            Self::FourDays => TimeDelta::days(4),
        }
    }
}

/// What a user may choose about CoinGecko.
#[derive(Debug, Clone)]
pub struct Config {
    /// Our symbols of what to read, as in the registry; default: all of it.
    pub symbols: Vec<String>,
    /// What the symbols stand for.
    pub registry: Registry,
    /// Who pays.
    pub plan: Plan,
    /// How many days of history to start with; free plans reach back 365.
    pub history_days: u32,
    /// Which candles to read.
    pub candles: CandleSize,
    /// How long after a round the next one begins.
    pub refresh: Duration,
    /// How requests are made.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|it| it.symbol.to_string()).collect(),
            registry: Registry::default(),
            plan: Plan::Keyless,
            history_days: 90,
            candles: CandleSize::default(),
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
        if self.symbols.is_empty() {
            return Err(Error::config("symbols", "it is empty: name at least one, as in `BTC`"));
        }
        for (at, symbol) in self.symbols.iter().enumerate() {
            if self.symbols[..at].contains(symbol) {
                return Err(Error::config("symbols", format!("`{symbol}` is there twice")));
            }
        }
        // Bitcoin has had a price for some 6,000 days.
        let most = if self.plan.reach().is_some() { 365 } else { 10_000 };
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
