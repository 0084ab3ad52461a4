//! The protocol of a service: encodes subscriptions and decodes messages.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::{Candle, MarketTrade, Quote};

use crate::{Error, Result};

/// The protocol of one service: it encodes requests and decodes messages, independent of the connection.
pub(crate) trait Protocol: Debug + Send + Sync {
    /// Returns the name of the source.
    fn name(&self) -> &'static str;

    /// Returns the path below the base URL.
    fn path(&self) -> &'static [&'static str];

    /// Returns the names of the series, as in the gap ledger: `quotes BTC`.
    fn series(&self) -> Vec<String>;

    /// Returns the messages that subscribe to all series.
    fn subscribe(&self) -> Vec<String>;

    /// Returns the interval and the text of heartbeats to send, or `None` if the service needs none.
    fn heartbeat(&self) -> Option<(Duration, &'static str)>;

    /// Decodes a message. Series are identified by their index in [`Self::series`].
    ///
    /// # Errors
    /// When the message cannot be decoded.
    fn read(&self, text: &str, now: DateTime<Utc>) -> Result<Vec<ServerMessage>>;
}

/// A decoded message of a service.
#[derive(Debug)]
pub(crate) enum ServerMessage {
    /// The subscription to a series was accepted.
    Accepted(usize),
    /// The subscription to a series was refused, with the reason.
    Refused(usize, String),
    /// An error of the service about the whole connection, which is then closed.
    ConnectionError(String),
    /// A market event.
    Event { series: usize, event: Event, snapshot: bool },
    /// An invalid row.
    Bad { table: &'static str, content: String, error: Error },
}

/// An event on a market.
#[derive(Debug)]
pub(crate) enum Event {
    Quote(Quote),
    Trade(MarketTrade),
    /// The latest state of a candle, and its length.
    Candle(Candle, TimeDelta),
}
