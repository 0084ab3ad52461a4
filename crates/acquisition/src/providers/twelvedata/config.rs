//! The settings of the source Twelve Data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::HttpConfig;
use crate::{Error, Interval, Result, duration};

/// The settings of the source Twelve Data. The defaults suit the free plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to read, as in the registry: coins, stocks, currency pairs.
    pub symbols: Vec<String>,
    /// The candle lengths to read.
    pub intervals: Vec<Interval>,
    /// The days of history to start with.
    pub history_days: u32,
    /// Whether to read the latest quotes as well, for a credit per symbol and round.
    pub quotes: bool,
    /// The currency pairs whose exchange rate to read, as in `EUR/USD`, for a credit per pair and round.
    pub rates: Vec<String>,
    /// The time between rounds.
    #[serde(with = "duration")]
    pub refresh: Duration,
    /// The settings of HTTP requests. The default quota is that of the free plan, 8 credits a minute and 800
    /// a day; configure it for a larger plan.
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
        Interval::check(&self.intervals, &Interval::ALL)?;
        for pair in &self.rates {
            let (base, quote) = pair.split_once('/').unwrap_or((pair, ""));
            crate::decode::parse::check_currency("rates", base)?;
            crate::decode::parse::check_currency("rates", quote)?;
        }
        Ok(())
    }
}
