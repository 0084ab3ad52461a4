//! What a user may choose about Kraken's stream.

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::http::HttpConfig;
use crate::live::LiveConfig;
use crate::providers::kraken::INTERVALS;
use crate::{Error, Interval, Result};

/// What a user may choose about Kraken's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to stream, as in the registry; default: all of the house.
    pub symbols: Vec<String>,
    /// What to stream of them.
    pub channels: Vec<Channel>,
    /// The lengths of the bars, where bars are streamed.
    pub intervals: Vec<Interval>,
    /// Pages, and when the line counts as dead.
    pub live: LiveConfig,
    /// How the line is opened; of the times, those that belong to connecting. Retries are those of
    /// [`LiveConfig::reconnect`].
    pub http: HttpConfig,
}

/// What Kraken streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The latest price with bid and ask, into `quotes`.
    Ticker,
    /// Every trade, into `market_trades`.
    Trade,
    /// Bars, into `candles` when they are finished.
    Ohlc,
}

impl Channel {
    /// As Kraken calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Ohlc => "ohlc",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|it| it.symbol.to_string()).collect(),
            channels: vec![Channel::Ticker, Channel::Trade, Channel::Ohlc],
            intervals: vec![Interval::M1],
            live: LiveConfig::default(),
            http: HttpConfig::default(),
        }
    }
}

impl Config {
    pub(super) fn validate(&self) -> Result<()> {
        let twice = |at: usize| self.channels[..at].contains(&self.channels[at]);
        if self.channels.is_empty() || (0..self.channels.len()).any(twice) {
            let reason = "name each at most once, and at least one of `ticker`, `trade`, `ohlc`";
            return Err(Error::config("channels", reason));
        }
        if self.channels.contains(&Channel::Ohlc) && self.intervals.is_empty() {
            return Err(Error::config("intervals", "name at least one length, as in `1m`"));
        }
        Interval::check(&self.intervals, &INTERVALS)
    }
}
