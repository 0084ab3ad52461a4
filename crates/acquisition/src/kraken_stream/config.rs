//! What a user may choose about Kraken's stream.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tidegauge_core::instruments::INSTRUMENTS;

use crate::http::HttpConfig;
use crate::live::LiveConfig;
use crate::{Error, Result};

/// What a user may choose about Kraken's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our symbols of what to stream, as in the registry; default: all of the house.
    pub symbols: Vec<String>,
    /// What to stream of them.
    pub channels: Vec<Channel>,
    /// The lengths of the bars, where bars are streamed.
    pub candles: Vec<CandleSize>,
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

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CandleSize {
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    QuarterHour,
    /// Half an hour.
    #[serde(rename = "30m")]
    HalfHour,
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// Four hours.
    #[serde(rename = "4h")]
    FourHours,
    /// A day.
    #[serde(rename = "1d")]
    Day,
}

impl CandleSize {
    /// As in the column `interval`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::QuarterHour => "15m",
            Self::HalfHour => "30m",
            Self::Hour => "1h",
            Self::FourHours => "4h",
            Self::Day => "1d",
        }
    }

    /// In minutes, as Kraken counts.
    pub const fn minutes(self) -> u32 {
        match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
            Self::QuarterHour => 15,
            Self::HalfHour => 30,
            Self::Hour => 60,
            Self::FourHours => 240,
            Self::Day => 1_440,
        }
    }

    /// As a length of time.
    pub const fn length(self) -> TimeDelta {
        TimeDelta::seconds(self.minutes() as i64 * 60)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            symbols: INSTRUMENTS.iter().map(|it| it.symbol.to_string()).collect(),
            channels: vec![Channel::Ticker, Channel::Trade, Channel::Ohlc],
            candles: vec![CandleSize::Minute],
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
        let twice = |at: usize| self.candles[..at].contains(&self.candles[at]);
        let none = self.channels.contains(&Channel::Ohlc) && self.candles.is_empty();
        if none || (0..self.candles.len()).any(twice) {
            let reason = "name each length at most once, and at least one, as in `1m`";
            return Err(Error::config("candles", reason));
        }
        Ok(())
    }
}
