//! The settings of Kraken's stream.

use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::http::HttpConfig;
use crate::live::LiveConfig;
use crate::providers::kraken::INTERVALS;
use crate::{Error, Interval, Result};

/// The settings of Kraken's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The symbols to stream, as in the registry; default: all built-in ones.
    pub symbols: Vec<String>,
    /// The channels to stream.
    pub channels: Vec<Channel>,
    /// The candle lengths, if candles are streamed.
    pub intervals: Vec<Interval>,
    /// The settings of pages and timeouts.
    pub live: LiveConfig,
    /// The settings of the opening request; of the timeouts, those for connecting apply. Retries are those of
    /// [`LiveConfig::reconnect`].
    pub http: HttpConfig,
}

/// A channel of Kraken's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The latest price with bid and ask, into `quotes`.
    Ticker,
    /// Every trade, into `market_trades`.
    Trade,
    /// Candles, into `candles` when they are final.
    Ohlc,
}

impl Channel {
    /// Returns Kraken's name of the channel.
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
            symbols: INSTRUMENTS.iter().map(|known| known.symbol.to_string()).collect(),
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
