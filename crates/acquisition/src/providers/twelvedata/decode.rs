//! Twelve Data's replies as plain rows. Pure functions of the bytes: no reply makes them panic.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tidegauge_core::{Crypto, digits};

use super::client::time;
use crate::bad_rows::RowFilter;
use crate::decode::candles::{Bar, Bars};
use crate::decode::json::{self, JsonReader, Object};
use crate::decode::parse;
use crate::http::{Refusal, RefusalKind};
use crate::{Error, Result};

/// Bars, and what they are in, from `/time_series`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeSeries {
    /// What the prices are in, ISO 4217; none where the reply does not say (pairs).
    pub currency: Option<String>,
    /// The bars, oldest first. Those of a day and longer open at midnight UTC of their day.
    pub bars: Bars,
}

/// The latest quote, from `/quote`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The latest price.
    pub close: Crypto,
    /// What it is in, ISO 4217; none where the reply does not say (pairs).
    pub currency: Option<String>,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Traded in the session, in the instrument's own units.
    pub volume: Option<Crypto>,
}

/// An exchange rate, from `/exchange_rate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRate {
    /// Units of the quote for one of the base.
    pub rate: Crypto,
    /// When it held.
    pub at: DateTime<Utc>,
}

/// What the key's plan allows, from `/api_usage`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApiUsage {
    /// Credits used in the present minute.
    pub current_usage: u32,
    /// Credits a minute.
    pub plan_limit: u32,
    /// What the plan is called.
    pub plan_category: Option<String>,
    /// Credits used today.
    pub daily_usage: Option<u32>,
    /// Credits a day.
    pub plan_daily_limit: Option<u32>,
}

/// `/time_series` of one symbol, in any order.
///
/// # Errors
/// When a bar makes no sense, or the reply is of another shape.
pub fn time_series(symbol: &str, body: &[u8], sieve: &mut RowFilter) -> Result<TimeSeries> {
    let (mut currency, mut bars) = (None, None);
    let mut reader = JsonReader::new(symbol, body)?;
    reader.object(|reader, key| {
        match key.as_ref() {
            "meta" => {
                let meta = Object::parse(symbol, reader.value()?.as_bytes())?;
                check_symbol(symbol, &meta)?;
                currency = meta.maybe_text("currency")?;
            }
            "values" => bars = Some(values(symbol, reader, sieve)?),
            _ => {
                reader.value()?;
            }
        }
        Ok(())
    })?;
    reader.end()?;
    let bars = bars.ok_or_else(|| Error::decode(symbol, "values", "it is missing"))?;
    Ok(TimeSeries { currency, bars })
}

/// Checks that a reply is about `symbol`, as in `AAPL`, `RY:TSX`, `EUR/USD`, if it says.
fn check_symbol(symbol: &str, fields: &Object<'_>) -> Result<()> {
    let asked = symbol.split_once(':').map_or(symbol, |(asked, _)| asked);
    match fields.maybe_text("symbol")? {
        Some(found) if !found.eq_ignore_ascii_case(asked) => {
            Err(Error::value(symbol, "symbol", &found, "which is not the symbol asked for"))
        }
        _ => Ok(()),
    }
}

/// The fields of a bar, as they are written.
#[derive(Debug, Clone, Copy, Default)]
struct Fields<'a> {
    datetime: Option<&'a str>,
    prices: [Option<&'a str>; 4],
    volume: Option<&'a str>,
}

const PRICES: [&str; 4] = ["open", "high", "low", "close"];

fn values(symbol: &str, reader: &mut JsonReader<'_, '_>, sieve: &mut RowFilter) -> Result<Bars> {
    let (mut count, mut bars) = (0, Bars::default());
    reader.list(|reader| {
        count += 1;
        let (bar, row) = reader.row(|reader| bar(symbol, fields(reader)?))?;
        let place = || {
            let fields = Object::parse(symbol, row.as_bytes());
            fields.and_then(|it| it.text("datetime")).unwrap_or_else(|_| format!("row {count}"))
        };
        if let Some(bar) = sieve.pass(bar, place, || row.to_owned())? {
            bars.push(bar);
        }
        Ok(())
    })?;
    // The service's own order is newest first.
    Ok(bars.sorted(symbol))
}

fn fields<'a>(reader: &mut JsonReader<'_, 'a>) -> Result<Fields<'a>> {
    let mut fields = Fields::default();
    reader.object(|reader, key| {
        let value = Some(reader.value()?);
        match key.as_ref() {
            "datetime" => fields.datetime = value,
            "open" => fields.prices[0] = value,
            "high" => fields.prices[1] = value,
            "low" => fields.prices[2] = value,
            "close" => fields.prices[3] = value,
            "volume" => fields.volume = value,
            _ => {}
        }
        Ok(())
    })?;
    Ok(fields)
}

/// Returns the text of a field of a bar, which must be there.
fn written<'a>(symbol: &str, field: &str, value: Option<&'a str>) -> Result<&'a str> {
    let value = value.ok_or_else(|| Error::decode(symbol, field, "it is missing"))?;
    json::plain(symbol, field, value)
}

fn bar(symbol: &str, fields: Fields<'_>) -> Result<Bar> {
    let opened = written(symbol, "datetime", fields.datetime)?;
    let mut prices = [Crypto::default(); 4];
    for (at, name) in PRICES.into_iter().enumerate() {
        prices[at] = parse::price(symbol, name, written(symbol, name, fields.prices[at])?)?;
    }
    let [open, high, low, close] = prices;
    let base_volume = match fields.volume {
        None | Some("null") => None, // of currencies and most coins
        volume => parse::amount(symbol, "volume", written(symbol, "volume", volume)?)?,
    };
    let open_at = opening(symbol, opened)?;
    Bar { open_at, open, high, low, close, volume: None, base_volume }.checked(symbol)
}

/// `2026-08-21`, or `2026-08-21 15:30:00`, UTC.
fn opening(symbol: &str, text: &str) -> Result<DateTime<Utc>> {
    let bytes = text.as_bytes();
    let part = |from: usize, to: usize| digits::number(bytes.get(from..to)?);
    let parse = || {
        let day = digits::day(bytes.get(..10)?)?;
        let time = match bytes.get(10..)? {
            [] => day.and_hms_opt(0, 0, 0)?,
            [b' ', _, _, b':', _, _, b':', _, _] => {
                day.and_hms_opt(part(11, 13)?, part(14, 16)?, part(17, 19)?)?
            }
            _ => return None,
        };
        Some(time.and_utc())
    };
    let wrong = "which is not a time (YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS)";
    parse().ok_or_else(|| Error::value(symbol, "datetime", text, wrong))
}

/// `/quote` of one symbol.
///
/// # Errors
/// When it lacks its price or its time, or one makes no sense.
pub fn quote(symbol: &str, body: &[u8]) -> Result<Quote> {
    let fields = Object::parse(symbol, body)?;
    check_symbol(symbol, &fields)?;
    // `timestamp` is the opening of the bar; how fresh the price is, `last_quote_at` says.
    let at = if fields.find("last_quote_at").is_some() { "last_quote_at" } else { "timestamp" };
    let volume = match fields.maybe_text("volume")? {
        Some(text) => parse::amount(symbol, "volume", &text)?,
        None => None,
    };
    Ok(Quote {
        close: parse::price(symbol, "close", &fields.text("close")?)?,
        currency: fields.maybe_text("currency")?,
        at: fields.seconds(at)?,
        volume,
    })
}

/// `/price` of one symbol.
///
/// # Errors
/// When it is not there, or not above zero.
pub fn price(symbol: &str, body: &[u8]) -> Result<Crypto> {
    let fields = Object::parse(symbol, body)?.about(symbol.to_owned());
    parse::price(symbol, "price", &fields.text("price")?)
}

/// `/exchange_rate` of one pair.
///
/// # Errors
/// When it is of another pair, or makes no sense.
pub fn exchange_rate(pair: &str, body: &[u8]) -> Result<ExchangeRate> {
    let fields = Object::parse(pair, body)?.about(pair.to_owned());
    let found = fields.text("symbol")?;
    if found != pair {
        return Err(Error::value(pair, "symbol", &found, "which is not the pair asked for"));
    }
    Ok(ExchangeRate { rate: fields.price("rate")?, at: fields.seconds("timestamp")? })
}

/// `/api_usage`.
///
/// # Errors
/// When it is of another shape.
pub fn api_usage(body: &[u8]) -> Result<ApiUsage> {
    let usage: ApiUsage = json::typed("api_usage", "the whole", body)?;
    let fields = Object::parse("api_usage", body)?;
    let at = fields.text("timestamp")?;
    match time(&at) {
        Some(_) => Ok(usage),
        None => Err(Error::value("api_usage", "timestamp", &at, "which is not a time")),
    }
}

/// A reply about several symbols, taken apart: for each its own reply, or its refusal. With one
/// symbol left (or a list that names one twice) the service leaves out the outer object: the shape
/// tells.
///
/// # Errors
/// When it is no object, or a part of it refuses more than its symbol: the key, or the credits.
pub fn batch(symbols: &[&str], body: &[u8]) -> Result<Vec<(String, Result<Vec<u8>>)>> {
    let fields = Object::parse("batch", body)?;
    let bare = ["values", "price", "close", "rate"].iter().any(|key| fields.find(key).is_some());
    let refused = |symbol: &str, reason: String| Error::SymbolRefused {
        service: super::NAME,
        symbol: symbol.into(),
        reason,
    };
    let part = |symbol: &&str| {
        let part = if bare { Some(body) } else { fields.find(symbol).map(str::as_bytes) };
        let Some(part) = part else {
            return Ok(((*symbol).into(), Err(refused(symbol, "it is not in the answer".into()))));
        };
        let reply = match refusal(part) {
            Some(Refusal { code, message, kind, .. }) => {
                let reason = format!("{} ({})", message, code.unwrap_or_default());
                match kind {
                    RefusalKind::Absent | RefusalKind::Other => Err(refused(symbol, reason)),
                    _ => return Err(Error::decode(*symbol, "the whole", reason)),
                }
            }
            None => Ok(part.to_vec()),
        };
        Ok(((*symbol).to_owned(), reply))
    };
    let symbols = if bare { symbols.get(..1).unwrap_or_default() } else { symbols };
    symbols.iter().map(part).collect()
}

/// Finds the refusal in a reply, whatever its HTTP status: a numeric `code` with a `message`.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = Object::parse("error", body).ok()?;
    let (code, message): (u16, String) =
        (fields.integer("code").ok()?, fields.text("message").ok()?);
    // Messages are Markdown.
    let message = message.replace("**", "");
    let (kind, advice) = match code {
        401 => (RefusalKind::Auth, "check TIDEGAUGE_TWELVEDATA_KEY"),
        403 => (RefusalKind::Auth, "this needs a larger plan"),
        429 if message.contains("for the day") => {
            (RefusalKind::Spent, "the day's credits are gone: run again tomorrow (UTC)")
        }
        429 => (RefusalKind::Throttled, ""),
        400 | 404 if message.contains("plan") => {
            (RefusalKind::Absent, "leave the symbol out, or take a larger plan")
        }
        400 | 404 => (RefusalKind::Absent, "check the symbol in the registry"),
        500.. => (RefusalKind::Busy, ""),
        _ => (RefusalKind::Other, ""),
    };
    Some(Refusal { code: Some(code.to_string()), message, kind, advice })
}

/// Whether the service says that there is nothing in the range asked for.
pub(super) fn is_empty_range(error: &Error) -> bool {
    matches!(error, Error::Status { message, .. } if message.starts_with("No data is available"))
}
