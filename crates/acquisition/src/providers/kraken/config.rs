//! The settings of the source Kraken.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::HttpConfig;
use crate::{Error, Interval, Result, duration};

/// The candle lengths that both APIs of the service support.
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

/// The settings of the source Kraken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to read, as in the registry.
    pub symbols: Vec<String>,
    /// The candle lengths to read. The service keeps the last 720 candles of each.
    pub intervals: Vec<Interval>,
    /// The days of candles to start with, as far as the service has them.
    pub history_days: u32,
    /// Whether to read the latest quotes as well.
    pub quotes: bool,
    /// The days of single trades to start with; 0: no trades.
    pub trades_days: u32,
    /// The time between rounds.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// The settings of HTTP requests.
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
