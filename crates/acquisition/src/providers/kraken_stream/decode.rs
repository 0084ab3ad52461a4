//! Kraken's messages as plain values. Nothing here knows a connection.

use chrono::{DateTime, Utc};
use tidegauge_core::Crypto;

use super::NAME;
use crate::decode::json::{self, Object};
use crate::{Error, Result};

/// A message of the service.
#[derive(Debug)]
pub enum Message<'a> {
    /// The state of the exchange; also the greeting.
    Status {
        /// As in `online`, `maintenance`.
        system: String,
        /// The connection, as the service numbers it.
        connection_id: Option<u64>,
    },
    /// A sign of life.
    Life,
    /// A subscription is accepted.
    Subscribed {
        /// The request's number, as we gave it.
        request: Option<u64>,
        /// Kraken's name of the instrument.
        symbol: String,
        /// What it wants us to know.
        warnings: Vec<String>,
    },
    /// A subscription is refused.
    Refused {
        /// The request's number, as we gave it.
        request: Option<u64>,
        /// Kraken's name of the instrument; none: all that the request is about.
        symbol: Option<String>,
        /// The service's words.
        reason: String,
    },
    /// A complaint about us.
    Complaint(String),
    /// Latest prices.
    Tickers(Rows<'a, Ticker>),
    /// Trades, oldest first.
    Trades(Rows<'a, Trade>),
    /// Bars, oldest first; the last one of each instrument is not finished.
    Bars(Rows<'a, Bar>),
    /// A channel or an answer that we do not know.
    Unknown(String),
}

/// The rows of a message.
#[derive(Debug)]
pub struct Rows<'a, T> {
    /// Whether they are what was there before us, and not what has just happened.
    pub snapshot: bool,
    /// The rows.
    pub rows: Vec<Row<'a, T>>,
}

/// A row of a message, and how it came.
#[derive(Debug)]
pub struct Row<'a, T> {
    /// The row, if it makes sense.
    pub row: Result<T>,
    /// As it came.
    pub content: &'a str,
}

/// The latest price of an instrument, and its day.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticker {
    /// Kraken's name of the instrument.
    pub symbol: String,
    /// The last price.
    pub last: Crypto,
    /// The best bid.
    pub bid: Option<Crypto>,
    /// The best ask.
    pub ask: Option<Crypto>,
    /// Traded in 24 hours, in the instrument's own units.
    pub volume: Option<Crypto>,
    /// When; older versions of the service do not say.
    pub at: Option<DateTime<Utc>>,
}

/// A trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Kraken's name of the instrument.
    pub symbol: String,
    /// Its number.
    pub trade_id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// `buy` or `sell`.
    pub side: String,
    /// The price.
    pub price: Crypto,
    /// How much, in the instrument's own units.
    pub quantity: Crypto,
}

/// A bar, finished or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Kraken's name of the instrument.
    pub symbol: String,
    /// Where it begins.
    pub open_at: DateTime<Utc>,
    /// Its length in minutes.
    pub minutes: i64,
    /// The first price.
    pub open: Crypto,
    /// The highest.
    pub high: Crypto,
    /// The lowest.
    pub low: Crypto,
    /// The last.
    pub close: Crypto,
    /// Traded, in the instrument's own units.
    pub volume: Option<Crypto>,
}

/// What a text of the service says.
///
/// # Errors
/// When it is not JSON, or one of the messages above lacks what makes it one. A row that makes no
/// sense is an error in its own place.
pub fn message(text: &str) -> Result<Message<'_>> {
    let object = json::message(NAME, text)?;
    if object.find("Error").is_some() {
        return Ok(Message::Complaint(object.text("Error")?));
    }
    if object.find("method").is_some() {
        return answer(&object);
    }
    let channel = object.text("channel")?;
    match channel.as_str() {
        "heartbeat" => Ok(Message::Life),
        "status" => status(&object),
        "ticker" => Ok(Message::Tickers(rows(&object, ticker)?)),
        "trade" => Ok(Message::Trades(rows(&object, trade)?)),
        "ohlc" => Ok(Message::Bars(rows(&object, bar)?)),
        _ => Ok(Message::Unknown(channel)),
    }
}

/// The answer to one of our requests.
fn answer<'a>(object: &Object<'a>) -> Result<Message<'a>> {
    let method = object.text("method")?;
    match method.as_str() {
        "pong" => return Ok(Message::Life),
        "subscribe" => {}
        _ => return Ok(Message::Unknown(method)),
    }
    let request = object.maybe_integer("req_id")?;
    if !object.flag("success")? {
        let symbol = object.find("symbol").map(|_| object.text("symbol")).transpose()?;
        return Ok(Message::Refused { request, symbol, reason: object.text("error")? });
    }
    let result = object.object("result")?;
    let warnings = result.maybe_list("warnings")?.into_iter();
    let warnings: Result<_> =
        warnings.map(|warning| json::text(NAME, "warnings", warning)).collect();
    Ok(Message::Subscribed { request, symbol: result.text("symbol")?, warnings: warnings? })
}

fn status<'a>(object: &Object<'a>) -> Result<Message<'a>> {
    let data = object.list("data")?;
    let first = data.first().ok_or_else(|| Error::decode(NAME, "data", "it is empty"))?;
    let first = Object::parse("status", first.as_bytes())?;
    let connection_id = first.maybe_integer("connection_id")?;
    Ok(Message::Status { system: first.text("system")?, connection_id })
}

/// The rows of `data`, each read by itself.
fn rows<'a, T>(
    object: &Object<'a>,
    read: fn(&str, &Object<'a>) -> Result<T>,
) -> Result<Rows<'a, T>> {
    let snapshot = object.find("type") == Some(r#""snapshot""#);
    let row = |content: &'a str| {
        let row = Object::parse(NAME, content.as_bytes()).and_then(|row| {
            let symbol = row.text("symbol")?;
            let row = row.about(symbol.clone());
            read(&symbol, &row)
        });
        Row { row, content }
    };
    Ok(Rows { snapshot, rows: object.list("data")?.into_iter().map(row).collect() })
}

fn ticker(symbol: &str, row: &Object<'_>) -> Result<Ticker> {
    Ok(Ticker {
        symbol: symbol.into(),
        last: row.price("last")?,
        bid: row.amount("bid")?,
        ask: row.amount("ask")?,
        volume: row.amount("volume")?,
        at: row.find("timestamp").map(|_| row.time("timestamp")).transpose()?,
    })
}

fn trade(symbol: &str, row: &Object<'_>) -> Result<Trade> {
    let side = row.text("side")?;
    if !matches!(side.as_str(), "buy" | "sell") {
        return Err(Error::value(symbol, "side", &side, "which is neither `buy` nor `sell`"));
    }
    Ok(Trade {
        symbol: symbol.into(),
        trade_id: row.integer("trade_id")?,
        at: row.time("timestamp")?,
        side,
        price: row.price("price")?,
        quantity: row.price("qty")?,
    })
}

fn bar(symbol: &str, row: &Object<'_>) -> Result<Bar> {
    let bar = Bar {
        symbol: symbol.into(),
        // `timestamp` is the end, and on its way out.
        open_at: row.time("interval_begin")?,
        minutes: row.integer("interval")?,
        open: row.price("open")?,
        high: row.price("high")?,
        low: row.price("low")?,
        close: row.price("close")?,
        volume: row.amount("volume")?,
    };
    let (low, high) = (bar.open.min(bar.close), bar.open.max(bar.close));
    if bar.low > low || bar.high < high {
        let reason = "which lies within the prices that it bounds";
        let field = if bar.low > low { "low" } else { "high" };
        let bound = if bar.low > low { bar.low } else { bar.high };
        return Err(Error::value(symbol, field, &bound.to_string(), reason));
    }
    Ok(bar)
}
