//! The decoder of Kraken's messages, independent of a connection.

use chrono::{DateTime, Utc};
use tidegauge_core::Crypto;

use super::name::NAME;
use crate::decode::json;
use crate::decode::json_object::{self, Object};
use crate::{Error, Result};

/// A message of the service.
#[derive(Debug)]
pub enum Message<'a> {
    /// The state of the exchange; also sent as a greeting.
    Status {
        /// The state, as in `online`, `maintenance`.
        system: String,
        /// The id of the connection.
        connection_id: Option<u64>,
    },
    /// A heartbeat.
    Heartbeat,
    /// An accepted subscription.
    Subscribed {
        /// The id of the request.
        request: Option<u64>,
        /// Kraken's name of the instrument.
        symbol: String,
        /// The warnings of the service.
        warnings: Vec<String>,
    },
    /// A refused subscription.
    Refused {
        /// The id of the request.
        request: Option<u64>,
        /// Kraken's name of the instrument; `None`: all of the request.
        symbol: Option<String>,
        /// The reason, in the service's own words.
        reason: String,
    },
    /// An error about the connection as a whole.
    Error(String),
    /// Latest prices.
    Tickers(MessageRows<'a, Ticker>),
    /// Trades, oldest first.
    Trades(MessageRows<'a, Trade>),
    /// Candles, oldest first; the last one of each instrument is not closed.
    Candles(MessageRows<'a, CandleUpdate>),
    /// An unknown channel or answer.
    Unknown(String),
}

/// The rows of a message.
#[derive(Debug)]
pub struct MessageRows<'a, T> {
    /// Whether the rows are the state at the time of the subscription instead of new events.
    pub snapshot: bool,
    /// The rows.
    pub rows: Vec<MessageRow<'a, T>>,
}

/// A row of a message, with its raw text.
#[derive(Debug)]
pub struct MessageRow<'a, T> {
    /// The row, or the reason for which it is invalid.
    pub row: Result<T>,
    /// The raw JSON.
    pub content: &'a str,
}

/// The latest price of an instrument, with its statistics of the day.
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
    /// The volume of 24 hours, in the base currency.
    pub volume: Option<Crypto>,
    /// The time; older versions of the service omit it.
    pub at: Option<DateTime<Utc>>,
}

/// A trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Kraken's name of the instrument.
    pub symbol: String,
    /// The id of the trade.
    pub trade_id: i64,
    /// The time.
    pub at: DateTime<Utc>,
    /// The side: `buy` or `sell`.
    pub side: String,
    /// The price.
    pub price: Crypto,
    /// The amount, in the base currency.
    pub quantity: Crypto,
}

/// A candle, closed or not.
#[derive(Debug, Clone, PartialEq)]
pub struct CandleUpdate {
    /// Kraken's name of the instrument.
    pub symbol: String,
    /// The opening time.
    pub open_at: DateTime<Utc>,
    /// The length in minutes.
    pub minutes: i64,
    /// The opening price.
    pub open: Crypto,
    /// The highest price.
    pub high: Crypto,
    /// The lowest price.
    pub low: Crypto,
    /// The closing price.
    pub close: Crypto,
    /// The volume, in the base currency.
    pub volume: Option<Crypto>,
}

/// Decodes a message of the service.
///
/// # Errors
/// When the text is not JSON, or a message lacks a required field. The error of an invalid row is in
/// [`MessageRow::row`].
pub fn message(text: &str) -> Result<Message<'_>> {
    let object = json_object::message(NAME, text)?;
    if object.find("Error").is_some() {
        return Ok(Message::Error(object.text("Error")?));
    }
    if object.find("method").is_some() {
        return answer(&object);
    }
    let channel = object.text("channel")?;
    match channel.as_str() {
        "heartbeat" => Ok(Message::Heartbeat),
        "status" => status(&object),
        "ticker" => Ok(Message::Tickers(rows(&object, ticker)?)),
        "trade" => Ok(Message::Trades(rows(&object, trade)?)),
        "ohlc" => Ok(Message::Candles(rows(&object, candle)?)),
        _ => Ok(Message::Unknown(channel)),
    }
}

/// Decodes the answer to a request.
fn answer<'a>(object: &Object<'a>) -> Result<Message<'a>> {
    let method = object.text("method")?;
    match method.as_str() {
        "pong" => return Ok(Message::Heartbeat),
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

/// Decodes the rows of `data`, each independently.
fn rows<'a, T>(
    object: &Object<'a>,
    read: fn(&str, &Object<'a>) -> Result<T>,
) -> Result<MessageRows<'a, T>> {
    let snapshot = object.find("type") == Some(r#""snapshot""#);
    let row = |content: &'a str| {
        let row = Object::parse(NAME, content.as_bytes()).and_then(|row| {
            let symbol = row.text("symbol")?;
            let row = row.with_subject(symbol.clone());
            read(&symbol, &row)
        });
        MessageRow { row, content }
    };
    Ok(MessageRows { snapshot, rows: object.list("data")?.into_iter().map(row).collect() })
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

fn candle(symbol: &str, row: &Object<'_>) -> Result<CandleUpdate> {
    let candle = CandleUpdate {
        symbol: symbol.into(),
        // `timestamp` is the end of the candle, and deprecated.
        open_at: row.time("interval_begin")?,
        minutes: row.integer("interval")?,
        open: row.price("open")?,
        high: row.price("high")?,
        low: row.price("low")?,
        close: row.price("close")?,
        volume: row.amount("volume")?,
    };
    let (low, high) = (candle.open.min(candle.close), candle.open.max(candle.close));
    if candle.low > low || candle.high < high {
        let reason = "which lies within the prices that it bounds";
        let field = if candle.low > low { "low" } else { "high" };
        let bound = if candle.low > low { candle.low } else { candle.high };
        return Err(Error::value(symbol, field, &bound.to_string(), reason));
    }
    Ok(candle)
}
