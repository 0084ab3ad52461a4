//! Kraken's replies as plain rows. Pure functions of the bytes: no reply makes them panic.

use chrono::{DateTime, Utc};
use tidegauge_core::{Crypto, multiply_divide};

use crate::bad_rows::RowFilter;
use crate::decode::candles::{Bar, Bars};
use crate::decode::json::{self, JsonReader, Object, bare};
use crate::decode::parse;
use crate::http::{Refusal, RefusalKind};
use crate::{Error, Result};

/// The latest prices of a pair, from `/Ticker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticker {
    /// The price of the last trade.
    pub last: Crypto,
    /// What buyers offer.
    pub bid: Crypto,
    /// What sellers ask.
    pub ask: Crypto,
    /// Traded in the last 24 hours, in the base currency.
    pub base_volume_24h: Crypto,
}

/// A trade, from `/Trades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// The trade.
    pub trade_id: i64,
    /// When; whole microseconds.
    pub at: DateTime<Utc>,
    /// Whether the one who did not wait bought.
    pub is_buy: bool,
    /// The price.
    pub price: Crypto,
    /// How much, in the base currency.
    pub base_amount: Crypto,
}

/// Trades, from `/Trades`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trades {
    /// How many the service sent, those counted that were put aside.
    pub sent: usize,
    /// Oldest first.
    pub trades: Vec<Trade>,
    /// Where to go on: nanoseconds since 1970, as the service writes them.
    pub last: String,
}

/// A pair that is traded, from `/AssetPairs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetPair {
    /// As in `BTC/USD`: the name that every part of the API takes.
    pub name: String,
    /// As the exchange calls it within, as in `XXBTZUSD`.
    pub internal: String,
    /// `online`, `cancel_only`, `post_only`, `limit_only` or `reduce_only`.
    pub status: String,
}

/// `/OHLC`, the bar that is not closed yet with them. The volume in the quote currency is the
/// volume at its average price.
///
/// # Errors
/// When a bar makes no sense, or the reply is of another shape.
pub fn ohlc(pair: &str, body: &[u8], sieve: &mut RowFilter) -> Result<Bars> {
    let (mut count, mut bars) = (0, Bars::default());
    result(pair, body, |reader| {
        reader.list(|reader| {
            count += 1;
            let (bar, row) = reader.row(|reader| bar(pair, reader.cells("a row")?.map(bare)))?;
            let passed = sieve.pass(bar, || place(row, 0, count), || row.to_owned())?;
            passed.into_iter().for_each(|bar| bars.push(bar));
            Ok(())
        })
    })?;
    Ok(bars.sorted(pair))
}

/// Returns where a row stands that cannot be read: the cell that names it, or which one it is.
fn place(row: &str, cell: usize, count: usize) -> String {
    let cells = json::elements("a row", row.as_bytes()).unwrap_or_default();
    cells.get(cell).map_or_else(|| format!("row {count}"), |name| bare(name).to_owned())
}

fn bar(pair: &str, cells: [&str; 8]) -> Result<Bar> {
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
    Bar {
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

/// `/Trades`.
///
/// # Errors
/// When a trade makes no sense, or the reply is of another shape.
pub fn trades(pair: &str, body: &[u8], sieve: &mut RowFilter) -> Result<Trades> {
    let (mut sent, mut trades) = (0, Vec::new());
    let last = result(pair, body, |reader| {
        reader.list(|reader| {
            sent += 1;
            let (trade, row) =
                reader.row(|reader| trade(pair, reader.cells("a row")?.map(bare)))?;
            trades.extend(sieve.pass(trade, || place(row, 6, sent), || row.to_owned())?);
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

/// Seconds with a fraction, as text: a float would lose its last digits.
fn micros(pair: &str, text: &str) -> Result<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let second = parse::seconds(pair, "time", whole)?;
    let fraction = format!("{fraction:0<6}");
    let wrong = || Error::value(pair, "time", text, "which is not a time in seconds");
    let digits = fraction.get(..6).filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit()));
    let micros: i64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    Ok(second + chrono::TimeDelta::microseconds(micros))
}

/// `/Ticker` of one pair.
///
/// # Errors
/// When a price makes no sense, or the reply is of another shape.
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

/// `/AssetPairs`. Pairs that lack their name or status are told and left out.
///
/// # Errors
/// When the reply is of another shape.
pub fn asset_pairs(body: &[u8]) -> Result<Vec<AssetPair>> {
    let (mut pairs, mut nameless) = (Vec::new(), Vec::new());
    let result = Object::parse("AssetPairs", body)?.object("result")?;
    for (internal, value) in result.entries() {
        let read = || {
            let fields = Object::parse(&internal, value.as_bytes())?;
            let (name, status) = (modern(&fields.text("wsname")?), fields.text("status")?);
            Ok(AssetPair { name, internal: internal.clone(), status })
        };
        match read() {
            Ok(pair) => pairs.push(pair),
            Err::<_, Error>(error) => nameless.push(error),
        }
    }
    if let Some(error) = nameless.first() {
        let count = nameless.len();
        tracing::warn!(source = "kraken", count, %error, "pairs left out, as this");
    }
    Ok(pairs)
}

/// Two coins have names of their own within the exchange.
fn modern(name: &str) -> String {
    let modern = |coin| match coin {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        other => other,
    };
    name.split('/').map(modern).collect::<Vec<_>>().join("/")
}

/// `/Time`.
///
/// # Errors
/// When it is of another shape.
pub fn time(body: &[u8]) -> Result<DateTime<Utc>> {
    Object::parse("Time", body)?.object("result")?.seconds("unixtime")
}

/// `/SystemStatus`.
///
/// # Errors
/// When it is of another shape.
pub fn system_status(body: &[u8]) -> Result<String> {
    Object::parse("SystemStatus", body)?.object("result")?.text("status")
}

/// Walks to what `result` holds beside `last`, whatever it is called: the service answers under
/// another name than it was asked for. Gives `last` back.
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

/// Finds the refusal in a reply: they come with HTTP 200, and `W` begins a mere warning.
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
