//! What a user may choose about Twelve Data.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::http::HttpConfig;
use crate::{Error, Result, duration};

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // each is its name
pub enum Interval {
    #[serde(rename = "1m")]
    M1,
    #[serde(rename = "5m")]
    M5,
    #[serde(rename = "15m")]
    M15,
    #[serde(rename = "30m")]
    M30,
    #[serde(rename = "45m")]
    M45,
    #[serde(rename = "1h")]
    H1,
    #[serde(rename = "2h")]
    H2,
    #[serde(rename = "4h")]
    H4,
    #[serde(rename = "8h")]
    H8,
    #[serde(rename = "1d")]
    D1,
    #[serde(rename = "1w")]
    W1,
    #[serde(rename = "1mo")]
    Mo1,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 12] = [
        Self::M1,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::M45,
        Self::H1,
        Self::H2,
        Self::H4,
        Self::H8,
        Self::D1,
        Self::W1,
        Self::Mo1,
    ];

    /// As in the column `interval`, as the service writes it, and its minutes.
    const fn parts(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::M1 => ("1m", "1min", 1),
            Self::M5 => ("5m", "5min", 5),
            Self::M15 => ("15m", "15min", 15),
            Self::M30 => ("30m", "30min", 30),
            Self::M45 => ("45m", "45min", 45),
            Self::H1 => ("1h", "1h", 60),
            Self::H2 => ("2h", "2h", 120),
            Self::H4 => ("4h", "4h", 240),
            Self::H8 => ("8h", "8h", 480),
            Self::D1 => ("1d", "1day", 1_440),
            Self::W1 => ("1w", "1week", 7 * 1_440),
            Self::Mo1 => ("1mo", "1month", 31 * 1_440),
        }
    }

    /// As in the column `interval`.
    pub const fn name(self) -> &'static str {
        self.parts().0
    }

    /// As the service writes it.
    pub const fn api_name(self) -> &'static str {
        self.parts().1
    }

    /// As a length of time; that of the longest month.
    pub const fn length(self) -> TimeDelta {
        TimeDelta::minutes(self.parts().2)
    }

    /// Whether its bars are told by a day, and not by a time.
    pub(super) const fn is_daily(self) -> bool {
        self.parts().2 >= 1_440
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }
}

/// What a user may choose about Twelve Data. The defaults suit the free plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to read, as in the registry: coins, stocks, currency pairs.
    pub symbols: Vec<String>,
    /// Which bars to read.
    pub intervals: Vec<Interval>,
    /// How many days of history to start with.
    pub history_days: u32,
    /// Whether to read the latest quotes as well, at a credit a symbol and round.
    pub quotes: bool,
    /// Currency pairs whose exchange rate to read, as in `EUR/USD`, at a credit each and round.
    pub rates: Vec<String>,
    /// How long after a round the next one begins.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// How requests are made. The free plan has 8 credits a minute and 800 a day: say here if yours
    /// has more.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: ["BTC", "ETH", "SOL"].map(str::to_owned).into(),
            intervals: vec![Interval::H1],
            history_days: 30,
            quotes: false,
            rates: Vec::new(),
            refresh: Duration::from_secs(3_600),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if !(1..=36_500).contains(&self.history_days) {
            return Err(Error::config("history_days", "it is not between 1 and 36500"));
        }
        if self.intervals.is_empty() && !self.quotes && self.rates.is_empty() {
            return Err(Error::config(
                "intervals",
                "there is nothing to read: name one, as in `1h`, or set quotes = true",
            ));
        }
        for (at, interval) in self.intervals.iter().enumerate() {
            if self.intervals[..at].contains(interval) {
                let reason = format!("`{}` is there twice", interval.name());
                return Err(Error::config("intervals", reason));
            }
        }
        for pair in &self.rates {
            let (base, quote) = pair.split_once('/').unwrap_or((pair, ""));
            crate::exact::check_currency("rates", base)?;
            crate::exact::check_currency("rates", quote)?;
        }
        Ok(())
    }
}
