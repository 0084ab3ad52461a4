//! What a user may choose about Kraken.

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
    #[serde(rename = "1h")]
    H1,
    #[serde(rename = "4h")]
    H4,
    #[serde(rename = "1d")]
    D1,
    #[serde(rename = "1w")]
    W1,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 8] =
        [Self::M1, Self::M5, Self::M15, Self::M30, Self::H1, Self::H4, Self::D1, Self::W1];

    /// As in the column `interval`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::M1 => "1m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H4 => "4h",
            Self::D1 => "1d",
            Self::W1 => "1w",
        }
    }

    /// In minutes, as the service wants it.
    pub const fn minutes(self) -> i64 {
        match self {
            Self::M1 => 1,
            Self::M5 => 5,
            Self::M15 => 15,
            Self::M30 => 30,
            Self::H1 => 60,
            Self::H4 => 240,
            Self::D1 => 1_440,
            Self::W1 => 10_080,
        }
    }

    /// As a length of time.
    pub const fn length(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes())
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }
}

/// What a user may choose about Kraken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to read, as in the registry.
    pub symbols: Vec<String>,
    /// Which bars to read. The service keeps the last 720 of each length.
    pub intervals: Vec<Interval>,
    /// How many days of bars to start with, as far as there are.
    pub history_days: u32,
    /// Whether to read the latest quotes as well.
    pub quotes: bool,
    /// How many days of single trades to start with; 0: no trades.
    pub trades_days: u32,
    /// How long after a round the next one begins.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// How requests are made.
    pub http: HttpConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: ["BTC", "ETH", "SOL", "USDT"].map(str::to_owned).into(),
            intervals: vec![Interval::H1, Interval::D1],
            history_days: 30,
            quotes: true,
            trades_days: 0,
            refresh: Duration::from_secs(300),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        if !(1..=36_500).contains(&self.history_days) {
            return Err(Error::config("history_days", "it is not between 1 and 36500"));
        }
        if self.trades_days > 36_500 {
            return Err(Error::config("trades_days", "it is not between 0 and 36500"));
        }
        if self.intervals.is_empty() && !self.quotes && self.trades_days == 0 {
            let reason = "there is nothing to read: name one, as in `1h`, or set quotes = true";
            return Err(Error::config("intervals", reason));
        }
        for (at, interval) in self.intervals.iter().enumerate() {
            if self.intervals[..at].contains(interval) {
                let reason = format!("`{}` is there twice", interval.name());
                return Err(Error::config("intervals", reason));
            }
        }
        Ok(())
    }
}
