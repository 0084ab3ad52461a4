//! What a user may choose about Kraken.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::HttpConfig;
use crate::{Error, Interval, Result, duration};

/// The lengths that the service has, over both of its APIs.
pub(crate) const INTERVALS: [Interval; 8] = [
    Interval::M1,
    Interval::M5,
    Interval::M15,
    Interval::M30,
    Interval::H1,
    Interval::H4,
    Interval::D1,
    Interval::W1,
];

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
        Interval::check(&self.intervals, &INTERVALS)?;
        Ok(())
    }
}
