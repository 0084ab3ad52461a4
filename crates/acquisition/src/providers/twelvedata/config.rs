//! What a user may choose about Twelve Data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::HttpConfig;
use crate::{Error, Interval, Result, duration};

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
        Interval::check(&self.intervals, &Interval::ALL)?;
        for pair in &self.rates {
            let (base, quote) = pair.split_once('/').unwrap_or((pair, ""));
            crate::decode::parse::check_currency("rates", base)?;
            crate::decode::parse::check_currency("rates", quote)?;
        }
        Ok(())
    }
}
