//! What the server is told to do.

use std::time::Duration;

use crate::{Market, Time};

/// Whom the server plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Kraken's WebSocket API, version 2: `ticker`, `trade` and `ohlc`; instruments as in `BTC/USD`.
    Kraken,
    /// Twelve Data's prices; instruments as in `BTC/USD` or `AAPL`.
    TwelveData,
}

/// What the server is told to do.
#[derive(Debug, Clone)]
pub struct Script {
    /// Whom it plays.
    pub service: Service,
    /// What is traded; its symbols are those before the slash of the service's.
    pub market: Market,
    /// What time it is there.
    pub time: Time,
    /// The key that has to be in the query, where one has to.
    pub key: Option<String>,
    /// The instruments that it refuses, and in which words.
    pub refused: Vec<(String, String)>,
    /// What it does on each line, in the order in which they are opened; the last one repeats.
    pub lines: Vec<Line>,
    /// From one heartbeat to the next, where the service has a heart.
    pub heartbeat: Duration,
}

impl Script {
    /// A server that answers and then has nothing to tell, one tick a second from 2026 on.
    pub fn new(service: Service, market: Market) -> Self {
        let from = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            service,
            market,
            time: Time::Steps { from, step: chrono::TimeDelta::seconds(1) },
            key: None,
            refused: Vec::new(),
            lines: vec![Line::Talk(Vec::new())],
            heartbeat: Duration::from_millis(100),
        }
    }
}

/// What the server does on one line.
#[derive(Debug, Clone)]
pub enum Line {
    /// Answers subscriptions, does all this, and then only lives on.
    Talk(Vec<Act>),
    /// Opens the line, and never says a word.
    Mute,
    /// Opens no line, and says this instead.
    Away {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
}

/// What the server does on an open line, once it was subscribed to.
#[derive(Debug, Clone)]
pub enum Act {
    /// So many ticks of every instrument, at once.
    Ticks(usize),
    /// A tick each time that so long has passed, for ever.
    Every(Duration),
    /// So many ticks that are not told.
    Miss(usize),
    /// Tells the last tick again.
    Again,
    /// Two ticks, the later one first.
    Swapped,
    /// Says just this.
    Say(String),
    /// Says so many bytes, which are not text.
    Binary(usize),
    /// Tells so many ticks, and drops the line after so many bytes of them, in the middle of a frame
    /// or not.
    Cut {
        /// The ticks.
        ticks: usize,
        /// The bytes, counted anew from the beginning when there are fewer.
        bytes: usize,
    },
    /// Does nothing for so long.
    Wait(Duration),
    /// Closes with this code and reason.
    Close(u16, String),
    /// Drops the line without a word.
    Drop,
    /// Keeps the line open and never speaks again, nor has a heart.
    Silence,
}
