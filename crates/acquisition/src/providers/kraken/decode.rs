//! The decoder of Kraken's replies to plain rows: pure functions of the bytes, which do not panic on any
//! reply.

use chrono::{DateTime, Utc};
use tidegauge_core::{Crypto, multiply_divide};

use crate::bad_rows::RowFilter;
use crate::decode::candles::{Ohlcv, OhlcvSeries};
use crate::decode::json::{self, JsonReader, bare};
use crate::decode::json_object::Object;
use crate::decode::parse;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::{Error, Result};

/// The latest prices of a pair, from `/Ticker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticker {
    /// The price of the last trade.
    pub last: Crypto,
    /// The best bid.
    pub bid: Crypto,
    /// The best ask.
    pub ask: Crypto,
    /// The volume of the last 24 hours, in the base currency.
    pub base_volume_24h: Crypto,
}

/// A trade, from `/Trades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The id of the trade.
    pub trade_id: i64,
    /// The time, in whole microseconds.
    pub at: DateTime<Utc>,
    /// Whether the taker bought.
    pub is_buy: bool,
    /// The price.
    pub price: Crypto,
    /// The amount, in the base currency.
    pub base_amount: Crypto,
}

/// A page of trades, from `/Trades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trades {
    /// The number of trades in the reply, including quarantined ones.
    pub sent: usize,
    /// The trades, oldest first.
    pub trades: Vec<Trade>,
    /// The position to continue from: nanoseconds since 1970, as the service writes them.
    pub last: String,
}

/// A pair of the exchange, from `/AssetPairs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPair {
    /// The name that all parts of the API accept, as in `BTC/USD`.
    pub name: String,
    /// The internal name of the exchange, as in `XXBTZUSD`.
    pub internal: String,
    /// The status: `online`, `cancel_only`, `post_only`, `limit_only` or `reduce_only`.
    pub status: String,
}

/// Decodes `/OHLC`, including the candle that is not closed yet. The volume in the quote currency is the
/// volume in the base currency multiplied by its average price.
///
/// # Errors
/// When `row_filter` fails on a bad candle, or the reply has another shape.
pub fn ohlc(pair: &str, body: &[u8], row_filter: &mut RowFilter) -> Result<OhlcvSeries> {
    let (mut count, mut candles) = (0, OhlcvSeries::default());
    result(pair, body, |reader| {
        reader.list(|reader| {
            count += 1;
            let (candle, row) =
                reader.row(|reader| candle(pair, reader.cells("a row")?.map(bare)))?;
            let passed = row_filter.pass(candle, || place(row, 0, count), || row.to_owned())?;
            passed.into_iter().for_each(|candle| candles.push(candle));
            Ok(())
        })
    })?;
    Ok(candles.sorted(pair))
}

/// Returns the place of an unreadable row: the cell that identifies it, or else its number.
fn place(row: &str, cell: usize, count: usize) -> String {
    let cells = json::elements("a row", row.as_bytes()).unwrap_or_default();
    cells.get(cell).map_or_else(|| format!("row {count}"), |name| bare(name).to_owned())
}

fn candle(pair: &str, cells: [&str; 8]) -> Result<Ohlcv> {
    let [time, open, high, low, close, vwap, volume, _count] = cells;
    let amount = |field, text| -> Result<Crypto> {
        let amount = parse::amount(pair, field, text)?;
        amount.ok_or_else(|| Error::decode(pair, field, "it is null"))
    };
    let (vwap, base_volume) = (amount("vwap", vwap)?, amount("volume", volume)?);
    let volume = multiply_divide(vwap.units(), base_volume.units(), Crypto::ONE);
    let volume = volume.ok_or_else(|| {
        let reason = "which is more than can be reckoned";
        Error::value(pair, "volume", &base_volume.to_string(), reason)
    })?;
    Ohlcv {
        open_at: parse::seconds(pair, "time", time)?,
        open: parse::price(pair, "open", open)?,
        high: parse::price(pair, "high", high)?,
        low: parse::price(pair, "low", low)?,
        close: parse::price(pair, "close", close)?,
        volume: Some(Crypto::from_units(volume)),
        base_volume: Some(base_volume),
    }
    .checked(pair)
}

/// Decodes `/Trades`.
///
/// # Errors
/// When `row_filter` fails on a bad trade, or the reply has another shape.
pub fn trades(pair: &str, body: &[u8], row_filter: &mut RowFilter) -> Result<Trades> {
    let (mut sent, mut trades) = (0, Vec::new());
    let last = result(pair, body, |reader| {
        reader.list(|reader| {
            sent += 1;
            let (trade, row) =
                reader.row(|reader| trade(pair, reader.cells("a row")?.map(bare)))?;
            trades.extend(row_filter.pass(trade, || place(row, 6, sent), || row.to_owned())?);
            Ok(())
        })
    })?;
    let last = last.ok_or_else(|| Error::decode(pair, "last", "it is missing"))?;
    if last.is_empty() || !last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::value(pair, "last", &last, "which is not a number of nanoseconds"));
    }
    Ok(Trades { sent, trades, last })
}

fn trade(pair: &str, cells: [&str; 7]) -> Result<Trade> {
    let [price, volume, time, side, _order, _misc, id] = cells;
    let is_buy = match side {
        "b" => true,
        "s" => false,
        _ => return Err(Error::value(pair, "side", side, "which is neither `b` nor `s`")),
    };
    let not_an_id = |_| Error::value(pair, "trade_id", id, "which is not a number");
    Ok(Trade {
        trade_id: id.parse().map_err(not_an_id)?,
        at: micros(pair, time)?,
        is_buy,
        price: parse::price(pair, "price", price)?,
        base_amount: parse::price(pair, "volume", volume)?,
    })
}

/// Parses seconds with a fraction as text, because a float would lose digits.
fn micros(pair: &str, text: &str) -> Result<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let second = parse::seconds(pair, "time", whole)?;
    let fraction = format!("{fraction:0<6}");
    let wrong = || Error::value(pair, "time", text, "which is not a time in seconds");
    let digits = fraction.get(..6).filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit()));
    let micros: i64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    Ok(second + chrono::TimeDelta::microseconds(micros))
}

/// Decodes `/Ticker` of one pair.
///
/// # Errors
/// When a price is invalid, or the reply has another shape.
pub fn ticker(pair: &str, body: &[u8]) -> Result<Ticker> {
    let mut found = None;
    result(pair, body, |reader| {
        let fields = Object::parse(pair, reader.value()?.as_bytes())?;
        let cell = |field: &str, at: usize| -> Result<&str> {
            let cell = fields.list(field)?.get(at).map(|cell| bare(cell));
            cell.ok_or_else(|| Error::decode(pair, field, "it is too short"))
        };
        let volume = parse::amount(pair, "v", cell("v", 1)?)?;
        found = Some(Ticker {
            last: parse::price(pair, "c", cell("c", 0)?)?,
            bid: parse::price(pair, "b", cell("b", 0)?)?,
            ask: parse::price(pair, "a", cell("a", 0)?)?,
            base_volume_24h: volume.ok_or_else(|| Error::decode(pair, "v", "it is null"))?,
        });
        Ok(())
    })?;
    found.ok_or_else(|| Error::decode(pair, "result", "it names no pair"))
}

/// Decodes `/AssetPairs`. Pairs without a name or status are logged and omitted.
///
/// # Errors
/// When the reply has another shape.
pub fn asset_pairs(body: &[u8]) -> Result<Vec<AssetPair>> {
    let (mut pairs, mut nameless) = (Vec::new(), Vec::new());
    let result = Object::parse("AssetPairs", body)?.object("result")?;
    for (internal, value) in result.entries() {
        let read = || {
            let fields = Object::parse(&internal, value.as_bytes())?;
            let (name, status) = (usual_name(&fields.text("wsname")?), fields.text("status")?);
            Ok(AssetPair { name, internal: internal.clone(), status })
        };
        match read() {
            Ok(pair) => pairs.push(pair),
            Err::<_, Error>(error) => nameless.push(error),
        }
    }
    if let Some(error) = nameless.first() {
        let count = nameless.len();
        tracing::warn!(source = "kraken", count, %error, "pairs without a name or status, skipped");
    }
    Ok(pairs)
}

/// Replaces the exchange's own names of two coins by the usual ones.
fn usual_name(name: &str) -> String {
    let usual_name = |coin| match coin {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        other => other,
    };
    name.split('/').map(usual_name).collect::<Vec<_>>().join("/")
}

/// Decodes `/Time`.
///
/// # Errors
/// When the reply has another shape.
pub fn time(body: &[u8]) -> Result<DateTime<Utc>> {
    Object::parse("Time", body)?.object("result")?.seconds("unixtime")
}

/// Decodes `/SystemStatus`.
///
/// # Errors
/// When the reply has another shape.
pub fn system_status(body: &[u8]) -> Result<String> {
    Object::parse("SystemStatus", body)?.object("result")?.text("status")
}

/// Passes the one value in `result` beside `last` to `read`, whatever its key, because the service answers
/// under another name than requested. Returns `last`.
fn result(
    pair: &str,
    body: &[u8],
    mut read: impl FnMut(&mut JsonReader<'_, '_>) -> Result<()>,
) -> Result<Option<String>> {
    let (mut last, mut found) = (None, 0);
    let mut reader = JsonReader::new(pair, body)?;
    reader.object(|reader, key| {
        if key != "result" {
            return reader.value().map(|_| ());
        }
        reader.object(|reader, key| {
            if key == "last" {
                last = Some(bare(reader.value()?).to_owned());
                return Ok(());
            }
            found += 1;
            read(reader)
        })
    })?;
    reader.end()?;
    match found {
        1 => Ok(last),
        found => Err(Error::decode(pair, "result", format!("it names {found} pairs, not 1"))),
    }
}

/// Returns the refusal in a reply, if there is one. Refusals have the status 200, and those that begin with
/// `W` are only warnings.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let errors = Object::parse("error", body).ok()?.list("error").ok()?;
    let mut errors =
        errors.into_iter().filter_map(|error| json::text("error", "error", error).ok());
    let message = errors.find(|error| !error.starts_with('W'))?;
    let (kind, advice) = match message.as_str() {
        "EGeneral:Too many requests" | "EAPI:Rate limit exceeded" => (RefusalKind::Throttled, ""),
        "EGeneral:Temporary lockout" => (RefusalKind::Throttled, ""),
        "EGeneral:Internal error" | "EService:Unavailable" | "EService:Busy" => {
            (RefusalKind::Busy, "see https://status.kraken.com")
        }
        "EQuery:Unknown asset pair" => (RefusalKind::Absent, "check the pair in the registry"),
        _ if message.starts_with("EGeneral:Invalid arguments") => (RefusalKind::Absent, ""),
        _ => (RefusalKind::Other, ""),
    };
    Some(Refusal { code: None, message, kind, advice })
}
