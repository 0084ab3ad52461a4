//! Scripts: the scripted behavior of the server.

use std::time::Duration;

use crate::{Market, TimeSource};

/// The service that the server imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Kraken's WebSocket API, version 2: `ticker`, `trade` and `ohlc`; instruments as in `BTC/USD`.
    Kraken,
    /// Twelve Data's prices; instruments as in `BTC/USD` or `AAPL`.
    TwelveData,
}

/// The scripted behavior of the server.
#[derive(Debug, Clone)]
pub struct Script {
    /// The service that is imitated.
    pub service: Service,
    /// The market; its symbols are the part of the service's symbols before the slash.
    pub market: Market,
    /// The source of the market's time.
    pub time: TimeSource,
    /// The API key that the query must have, if any.
    pub key: Option<String>,
    /// The refused instruments, each with the error message.
    pub refused: Vec<(String, String)>,
    /// The behavior of each connection, in the order in which they are opened; the last one
    /// repeats.
    pub connections: Vec<Connection>,
    /// The interval between heartbeats, for services that send them.
    pub heartbeat: Duration,
}

impl Script {
    /// Creates a script that answers subscriptions and sends nothing else; ticks are one second
    /// apart, from 2026 on.
    pub fn new(service: Service, market: Market) -> Self {
        let from = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            service,
            market,
            time: TimeSource::Steps { from, step: chrono::TimeDelta::seconds(1) },
            key: None,
            refused: Vec::new(),
            connections: vec![Connection::Serve(Vec::new())],
            heartbeat: Duration::from_millis(100),
        }
    }
}

/// The behavior of one connection.
#[derive(Debug, Clone)]
pub enum Connection {
    /// Answers subscriptions, performs these actions, and then only sends heartbeats.
    Serve(Vec<Action>),
    /// Opens the connection and never sends a message.
    Silent,
    /// Rejects the connection with this response.
    Reject {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

/// An action on an open connection, after the first subscription.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends this many ticks of every instrument at once.
    Ticks(usize),
    /// Sends a tick at this interval, forever.
    Every(Duration),
    /// Skips this many ticks without sending them.
    Skip(usize),
    /// Sends the last tick a second time.
    Duplicate,
    /// Sends two ticks, the later one first.
    OutOfOrder,
    /// Sends this text message.
    Text(String),
    /// Sends a binary message of this many bytes.
    Binary(usize),
    /// Sends ticks, but drops the connection after a number of bytes, possibly in the middle of a
    /// frame.
    Truncate {
        /// The number of ticks.
        ticks: usize,
        /// The number of bytes, modulo the total length.
        bytes: usize,
    },
    /// Waits for this long.
    Wait(Duration),
    /// Closes the connection with this code and reason.
    Close(u16, String),
    /// Drops the connection without a close frame.
    Drop,
    /// Keeps the connection open without sending anything, not even heartbeats.
    Silence,
}
