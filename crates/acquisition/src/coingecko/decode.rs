//! CoinGecko's replies as plain rows. Pure functions of the bytes: no reply makes them panic.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use tidegauge_core::{Crypto, Fiat, Fixed};

use crate::exact::{self, Object};
use crate::http::{Refusal, RefusalKind};
use crate::{Error, Result};

/// The latest price of a coin, from `/simple/price`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoinPrice {
    /// CoinGecko's id of the coin.
    pub coin: String,
    /// US dollars.
    pub price_usd: Crypto,
    /// US dollars; none where unknown.
    pub market_cap_usd: Option<Fiat>,
    /// US dollars; none where unknown.
    pub volume_24h_usd: Option<Fiat>,
    /// When the price held; none where it was not asked for.
    pub last_updated_at: Option<DateTime<Utc>>,
}

/// A coin's market, from `/coins/markets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoinMarket {
    /// CoinGecko's id of the coin.
    pub coin: String,
    /// US dollars.
    pub price_usd: Crypto,
    /// US dollars; none where unknown.
    pub market_cap_usd: Option<Fiat>,
    /// US dollars; none where unknown.
    pub volume_24h_usd: Option<Fiat>,
    /// When the price held.
    pub last_updated: DateTime<Utc>,
}

/// A price at a time, from `/coins/{id}/market_chart` and its `/range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartPoint {
    /// When the price held.
    pub at: DateTime<Utc>,
    /// US dollars.
    pub price_usd: Crypto,
    /// US dollars; none where unknown.
    pub market_cap_usd: Option<Fiat>,
    /// US dollars; none where unknown.
    pub volume_24h_usd: Option<Fiat>,
}

/// A candle, from `/coins/{id}/ohlc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ohlc {
    /// When it ends. The last one of a reply ends in the future: it is not finished.
    pub close_at: DateTime<Utc>,
    /// The first price, US dollars.
    pub open: Crypto,
    /// The highest.
    pub high: Crypto,
    /// The lowest.
    pub low: Crypto,
    /// The last.
    pub close: Crypto,
}

/// `/ping`.
///
/// # Errors
/// When it is anything else.
pub fn ping(body: &[u8]) -> Result<()> {
    Object::parse("ping", body)?.text("gecko_says").map(|_| ())
}

/// `/simple/price` in US dollars. A coin that the service does not know is not there.
///
/// # Errors
/// When a coin has no price, or the reply is of another shape.
pub fn simple_price(body: &[u8]) -> Result<Vec<CoinPrice>> {
    let price = |(coin, raw): (String, &RawValue)| {
        let fields = Object::parse(&coin, raw.get().as_bytes())?;
        let amount = |field| match fields.find(field) {
            Some(raw) => exact::amount(&coin, field, raw),
            None => Ok(None), // given only if asked for
        };
        Ok(CoinPrice {
            price_usd: fields.price("usd")?,
            market_cap_usd: known(amount("usd_market_cap")?),
            volume_24h_usd: amount("usd_24h_vol")?,
            last_updated_at: match fields.find("last_updated_at") {
                Some(_) => Some(fields.seconds("last_updated_at")?),
                None => None,
            },
            coin,
        })
    };
    Object::parse("simple/price", body)?.entries().map(price).collect()
}

/// `/coins/markets` in US dollars.
///
/// # Errors
/// When a coin has no price or no time, or the reply is of another shape.
pub fn coins_markets(body: &[u8]) -> Result<Vec<CoinMarket>> {
    let market = |raw: &RawValue| {
        let fields = Object::parse("coins/markets", raw.get().as_bytes())?;
        let coin = fields.text("id")?;
        let fields = fields.about(coin.clone());
        let at = fields.text("last_updated")?;
        let not_a_time = |_| Error::value(&coin, "last_updated", &at, "which is not a time");
        Ok(CoinMarket {
            price_usd: fields.price("current_price")?,
            market_cap_usd: known(exact::amount(&coin, "market_cap", fields.get("market_cap")?)?),
            volume_24h_usd: exact::amount(&coin, "total_volume", fields.get("total_volume")?)?,
            last_updated: DateTime::parse_from_rfc3339(&at).map_err(not_a_time)?.to_utc(),
            coin,
        })
    };
    let rows: Vec<&RawValue> = exact::parse("coins/markets", "the whole", body)?;
    rows.into_iter().map(market).collect()
}

/// `/coins/{id}/market_chart` and `/range` in US dollars, in the order of time, each instant once.
///
/// # Errors
/// When a price is not above zero, or the reply is of another shape.
pub fn market_chart(coin: &str, body: &[u8]) -> Result<Vec<ChartPoint>> {
    let fields = Object::parse(coin, body)?;
    let prices = series(coin, "prices", &fields, exact::price::<8>)?;
    let caps = series(coin, "market_caps", &fields, exact::amount)?;
    let volumes = series(coin, "total_volumes", &fields, exact::amount)?;
    // The three are joined by time: they mostly line up, but nobody promises it.
    let point = |(at, price_usd)| ChartPoint {
        at,
        price_usd,
        market_cap_usd: known(caps.get(&at).copied().flatten()),
        volume_24h_usd: volumes.get(&at).copied().flatten(),
    };
    Ok(prices.into_iter().map(point).collect())
}

/// `[[ms, value], …]`.
fn series<T>(
    coin: &str,
    field: &str,
    fields: &Object<'_>,
    value: fn(&str, &str, &RawValue) -> Result<T>,
) -> Result<BTreeMap<DateTime<Utc>, T>> {
    let pairs: Vec<(&RawValue, &RawValue)> =
        exact::parse(coin, field, fields.get(field)?.get().as_bytes())?;
    let pair = |(at, raw)| Ok((exact::millis(coin, field, at)?, value(coin, field, raw)?));
    pairs.into_iter().map(pair).collect()
}

/// `/coins/{id}/ohlc` in US dollars, as candles of `size`.
///
/// # Errors
/// When a price is not above zero or above the high, candles are closer than their size, or the
/// reply is of another shape.
pub fn ohlc(coin: &str, size: TimeDelta, body: &[u8]) -> Result<Vec<Ohlc>> {
    let rows: Vec<[&RawValue; 5]> = exact::parse(coin, "ohlc", body)?;
    let mut candles: Vec<Ohlc> = Vec::with_capacity(rows.len());
    for [at, open, high, low, close] in rows {
        let candle = Ohlc {
            close_at: exact::millis(coin, "close time", at)?,
            open: exact::price(coin, "open", open)?,
            high: exact::price(coin, "high", high)?,
            low: exact::price(coin, "low", low)?,
            close: exact::price(coin, "close", close)?,
        };
        if candle.high < candle.open.max(candle.close) || candle.low > candle.open.min(candle.close)
        {
            let value = format!("{}..{}", candle.low, candle.high);
            return Err(Error::value(coin, "low..high", &value, "which leaves out open or close"));
        }
        if candles.last().is_some_and(|last| candle.close_at - last.close_at < size) {
            let reason = "which is closer to the one before than candles of this size can be";
            return Err(Error::value(coin, "close time", at.get(), reason));
        }
        candles.push(candle);
    }
    Ok(candles)
}

/// The service writes 0 for a market capitalisation that it does not know.
fn known(cap: Option<Fiat>) -> Option<Fiat> {
    cap.filter(|cap| *cap != Fixed::from_units(0))
}

/// Finds the refusal in a reply. The service writes it in five ways.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = fields(body)?;
    let error = fields.get("error").copied();
    if let Some(message) = error.and_then(text) {
        return Some(new_refusal(code(&fields).or_else(|| number(&fields, "status")), message));
    }
    let nested = error.and_then(object).and_then(|error| object(error.get("status").copied()?));
    let status = nested.or_else(|| object(fields.get("status").copied()?));
    if let Some(status) = status
        && let Some(message) = status.get("error_message").and_then(|raw| text(raw))
    {
        // The code may stand beside the status instead of in it.
        return Some(new_refusal(code(&status).or_else(|| code(&fields)), message));
    }
    let code = code(&fields);
    let message = fields.get("error_message").and_then(|raw| text(raw));
    match (code, message) {
        (None, None) => None,
        (code, message) => Some(new_refusal(code, message.unwrap_or_default())),
    }
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn fields(body: &[u8]) -> Option<Fields<'_>> {
    serde_json::from_slice(body).ok()
}

fn object(raw: &RawValue) -> Option<Fields<'_>> {
    fields(raw.get().as_bytes())
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn number(fields: &Fields<'_>, name: &str) -> Option<u32> {
    serde_json::from_str(fields.get(name)?.get()).ok()
}

fn code(fields: &Fields<'_>) -> Option<u32> {
    number(fields, "error_code")
}

fn new_refusal(code: Option<u32>, message: String) -> Refusal {
    use RefusalKind::{Auth, Other, Throttled};
    let (kind, advice) = match code {
        Some(429) => (Throttled, ""),
        Some(10002) => (Auth, "set the key that belongs to the plan"),
        Some(10005) => (Auth, "this request needs the paid plan"),
        Some(10010) => (Auth, "a pro key needs the pro plan, a demo key the demo plan: check both"),
        Some(10011) => (Auth, "this is a demo key: configure the demo plan"),
        Some(10012) => (
            Auth,
            "history before the past 365 days needs a paid plan: lower `history_days`, or \
             configure the pro plan with its key",
        ),
        Some(401 | 403) => (Auth, "check the key and the plan"),
        _ if message == "coin not found" => (Other, "check the coin's id in the registry"),
        _ => (Other, ""),
    };
    Refusal { code: code.map(|code| code.to_string()), message, kind, advice }
}
