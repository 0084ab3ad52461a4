//! The decoder of Twelve Data's replies to plain rows: pure functions of the bytes, which do not panic on any
//! reply.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Deserialize;
use tidegauge_core::{Crypto, digits};

use crate::bad_rows::RowFilter;
use crate::decode::candles::{Ohlcv, OhlcvSeries};
use crate::decode::json::{self, JsonReader};
use crate::decode::json_object::Object;
use crate::decode::parse;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::{Error, Result};

/// Candles and their currency, from `/time_series`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeSeries {
    /// The quote currency, ISO 4217; `None` if the reply does not name it (pairs).
    pub currency: Option<String>,
    /// The candles, oldest first. Those of a day and longer open at midnight UTC of their day.
    pub candles: OhlcvSeries,
}

/// The latest quote, from `/quote`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The latest price.
    pub close: Crypto,
    /// The quote currency, ISO 4217; `None` if the reply does not name it (pairs).
    pub currency: Option<String>,
    /// The time of the quote.
    pub at: DateTime<Utc>,
    /// The volume of the session, in units of the instrument.
    pub volume: Option<Crypto>,
}

/// An exchange rate, from `/exchange_rate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRate {
    /// Units of the quote currency per unit of the base currency.
    pub rate: Crypto,
    /// The time of the rate.
    pub at: DateTime<Utc>,
}

/// The quota of the key's plan and its usage, from `/api_usage`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ApiUsage {
    /// Credits used in the present minute.
    pub current_usage: u32,
    /// Credits per minute.
    pub plan_limit: u32,
    /// The name of the plan.
    pub plan_category: Option<String>,
    /// Credits used today.
    pub daily_usage: Option<u32>,
    /// Credits per day.
    pub plan_daily_limit: Option<u32>,
}

/// Decodes `/time_series` of one symbol, in any order.
///
/// # Errors
/// When `row_filter` fails on a bad candle, or the reply has another shape.
pub fn time_series(symbol: &str, body: &[u8], row_filter: &mut RowFilter) -> Result<TimeSeries> {
    let (mut currency, mut candles) = (None, None);
    let mut reader = JsonReader::new(symbol, body)?;
    reader.object(|reader, key| {
        match key.as_ref() {
            "meta" => {
                let meta = Object::parse(symbol, reader.value()?.as_bytes())?;
                check_symbol(symbol, &meta)?;
                currency = meta.maybe_text("currency")?;
            }
            "values" => candles = Some(values(symbol, reader, row_filter)?),
            _ => {
                reader.value()?;
            }
        }
        Ok(())
    })?;
    reader.end()?;
    let candles = candles.ok_or_else(|| Error::decode(symbol, "values", "it is missing"))?;
    Ok(TimeSeries { currency, candles })
}

/// Checks that a reply is about `symbol`, as in `AAPL`, `RY:TSX`, `EUR/USD`, if it names one.
fn check_symbol(symbol: &str, fields: &Object<'_>) -> Result<()> {
    let asked = symbol.split_once(':').map_or(symbol, |(asked, _)| asked);
    match fields.maybe_text("symbol")? {
        Some(found) if !found.eq_ignore_ascii_case(asked) => {
            Err(Error::value(symbol, "symbol", &found, "which is not the symbol asked for"))
        }
        _ => Ok(()),
    }
}

/// The fields of a candle as raw JSON.
#[derive(Debug, Clone, Copy, Default)]
struct Fields<'a> {
    datetime: Option<&'a str>,
    prices: [Option<&'a str>; 4],
    volume: Option<&'a str>,
}

const PRICES: [&str; 4] = ["open", "high", "low", "close"];

fn values(
    symbol: &str,
    reader: &mut JsonReader<'_, '_>,
    row_filter: &mut RowFilter,
) -> Result<OhlcvSeries> {
    let (mut count, mut candles) = (0, OhlcvSeries::default());
    reader.list(|reader| {
        count += 1;
        let (candle, row) = reader.row(|reader| candle(symbol, fields(reader)?))?;
        let place = || {
            let fields = Object::parse(symbol, row.as_bytes());
            fields
                .and_then(|fields| fields.text("datetime"))
                .unwrap_or_else(|_| format!("row {count}"))
        };
        if let Some(candle) = row_filter.pass(candle, place, || row.to_owned())? {
            candles.push(candle);
        }
        Ok(())
    })?;
    // The default order of the service is newest first.
    Ok(candles.sorted(symbol))
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

/// Returns the string in a required field of a candle.
fn required_text<'a>(symbol: &str, field: &str, value: Option<&'a str>) -> Result<&'a str> {
    let value = value.ok_or_else(|| Error::decode(symbol, field, "it is missing"))?;
    json::plain(symbol, field, value)
}

fn candle(symbol: &str, fields: Fields<'_>) -> Result<Ohlcv> {
    let opened = required_text(symbol, "datetime", fields.datetime)?;
    let mut prices = [Crypto::default(); 4];
    for (at, name) in PRICES.into_iter().enumerate() {
        prices[at] = parse::price(symbol, name, required_text(symbol, name, fields.prices[at])?)?;
    }
    let [open, high, low, close] = prices;
    let base_volume = match fields.volume {
        None | Some("null") => None, // for currencies and most coins
        volume => parse::amount(symbol, "volume", required_text(symbol, "volume", volume)?)?,
    };
    let open_at = opening_time(symbol, opened)?;
    Ohlcv { open_at, open, high, low, close, volume: None, base_volume }.checked(symbol)
}

/// Parses `2026-08-21`, or `2026-08-21 15:30:00`, as UTC.
fn opening_time(symbol: &str, text: &str) -> Result<DateTime<Utc>> {
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

/// Decodes `/quote` of one symbol.
///
/// # Errors
/// When the price or the time is missing or invalid.
pub fn quote(symbol: &str, body: &[u8]) -> Result<Quote> {
    let fields = Object::parse(symbol, body)?;
    check_symbol(symbol, &fields)?;
    // `timestamp` is the opening of the candle; `last_quote_at` is the time of the price.
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

/// Decodes `/price` of one symbol.
///
/// # Errors
/// When the price is missing, or not above zero.
pub fn price(symbol: &str, body: &[u8]) -> Result<Crypto> {
    let fields = Object::parse(symbol, body)?.with_subject(symbol.to_owned());
    parse::price(symbol, "price", &fields.text("price")?)
}

/// Decodes `/exchange_rate` of one pair.
///
/// # Errors
/// When the reply is about another pair, or the rate is invalid.
pub fn exchange_rate(pair: &str, body: &[u8]) -> Result<ExchangeRate> {
    let fields = Object::parse(pair, body)?.with_subject(pair.to_owned());
    let found = fields.text("symbol")?;
    if found != pair {
        return Err(Error::value(pair, "symbol", &found, "which is not the pair asked for"));
    }
    Ok(ExchangeRate { rate: fields.price("rate")?, at: fields.seconds("timestamp")? })
}

/// Decodes `/api_usage`.
///
/// # Errors
/// When the reply has another shape.
pub fn api_usage(body: &[u8]) -> Result<ApiUsage> {
    let usage: ApiUsage = json::deserialize("api_usage", "the whole", body)?;
    let fields = Object::parse("api_usage", body)?;
    let at = fields.text("timestamp")?;
    match time(&at) {
        Some(_) => Ok(usage),
        None => Err(Error::value("api_usage", "timestamp", &at, "which is not a time")),
    }
}

/// Parses a time of the service, which has no zone: UTC is requested.
fn time(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().map(|time| time.and_utc())
}

/// Splits a reply about several symbols. Returns for each symbol its own reply or its refusal.
///
/// For one symbol (or a list that names one twice) the service omits the outer object, which is recognized by
/// the fields.
///
/// # Errors
/// When the reply is not an object, or a part refuses more than its symbol: the key, or the credits.
pub fn batch(symbols: &[&str], body: &[u8]) -> Result<Vec<(String, Result<Vec<u8>>)>> {
    let fields = Object::parse("batch", body)?;
    let bare = ["values", "price", "close", "rate"].iter().any(|key| fields.find(key).is_some());
    let refused = |symbol: &str, reason: String| Error::SymbolRefused {
        service: super::name::NAME,
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

/// Returns the refusal in a reply, if there is one, whatever its HTTP status: a numeric `code` with a
/// `message`.
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

/// Returns `true` if the service reports that the requested range is empty.
pub(super) fn is_empty_range(error: &Error) -> bool {
    matches!(error, Error::Status { message, .. } if message.starts_with("No data is available"))
}
