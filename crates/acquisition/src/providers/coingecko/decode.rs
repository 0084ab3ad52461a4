//! The decoder of CoinGecko's replies to plain rows: pure functions of the bytes, which do not panic on any
//! reply.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tidegauge_core::{Crypto, Fiat, Fixed};

use crate::bad_rows::{FinePrices, RowFilter};
use crate::decode::candles::{Ohlcv, OhlcvSeries};
use crate::decode::dedup;
use crate::decode::json::{self, JsonReader};
use crate::decode::json_object::Object;
use crate::decode::parse;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::{Error, Result};

/// The latest price of a coin, from `/simple/price`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoinPrice {
    /// CoinGecko's id of the coin.
    pub coin: String,
    /// The price in US dollars.
    pub price_usd: Crypto,
    /// The market capitalization in US dollars; `None` if unknown.
    pub market_cap_usd: Option<Fiat>,
    /// The volume of 24 hours in US dollars; `None` if unknown.
    pub volume_24h_usd: Option<Fiat>,
    /// The time of the price; `None` if it was not requested.
    pub last_updated_at: Option<DateTime<Utc>>,
}

/// The market of a coin, from `/coins/markets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoinMarket {
    /// CoinGecko's id of the coin.
    pub coin: String,
    /// The symbol, in lowercase.
    pub symbol: String,
    /// The name.
    pub name: String,
    /// The price in US dollars.
    pub price_usd: Crypto,
    /// The market capitalization in US dollars; `None` if unknown.
    pub market_cap_usd: Option<Fiat>,
    /// The volume of 24 hours in US dollars; `None` if unknown.
    pub volume_24h_usd: Option<Fiat>,
    /// The time of the price.
    pub last_updated: DateTime<Utc>,
}

/// A price series in columnar form, from `/coins/{id}/market_chart` and its `/range`. Times are in
/// microseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    /// The times of the prices.
    pub at: Vec<i64>,
    /// The prices in US dollars, in units of [`Crypto`].
    pub price_usd: Vec<i128>,
    /// The market capitalizations in US cents; `None` if unknown.
    pub market_cap_usd: Vec<Option<i128>>,
    /// The volumes of 24 hours in US cents; `None` if unknown.
    pub volume_24h_usd: Vec<Option<i128>>,
}

/// Checks the reply of `/ping`.
///
/// # Errors
/// When the reply has another shape.
pub fn ping(body: &[u8]) -> Result<()> {
    Object::parse("ping", body)?.text("gecko_says").map(|_| ())
}

/// Decodes `/simple/price` in US dollars. The service omits unknown coins.
///
/// # Errors
/// When a coin has no price, or the reply has another shape.
pub fn simple_price(body: &[u8]) -> Result<Vec<CoinPrice>> {
    let price = |(coin, value): (String, &str)| {
        let fields = Object::parse(&coin, value.as_bytes())?;
        Ok(CoinPrice {
            price_usd: fields.price("usd")?,
            // These fields exist only if they were requested.
            market_cap_usd: nonzero(fields.amount("usd_market_cap")?),
            volume_24h_usd: fields.amount("usd_24h_vol")?,
            last_updated_at: match fields.find("last_updated_at") {
                Some(_) => Some(fields.seconds("last_updated_at")?),
                None => None,
            },
            coin,
        })
    };
    Object::parse("simple/price", body)?.sorted().entries().map(price).collect()
}

/// Decodes `/coins/markets` in US dollars.
///
/// # Errors
/// When a coin has no price or no time, and `row_filter` fails on it, or the reply has another shape.
pub fn coins_markets(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<CoinMarket>> {
    let mut markets = Vec::new();
    for (at, row) in json::elements("coins/markets", body)?.into_iter().enumerate() {
        let place = || {
            let fields = Object::parse("coins/markets", row.as_bytes());
            fields.and_then(|fields| fields.text("id")).unwrap_or_else(|_| format!("row {at}"))
        };
        let market = market(row, row_filter.fine_prices());
        markets.extend(row_filter.pass(market, place, || row.to_owned())?);
    }
    Ok(markets)
}

fn market(row: &str, fine: FinePrices) -> Result<CoinMarket> {
    let fields = Object::parse("coins/markets", row.as_bytes())?;
    let coin = fields.text("id")?;
    let fields = fields.with_subject(coin.clone());
    let at = fields.text("last_updated")?;
    // Both must exist, if only as `null`.
    let (_cap, _volume) = (fields.get("market_cap")?, fields.get("total_volume")?);
    let not_a_time = |_| Error::value(&coin, "last_updated", &at, "which is not a time");
    Ok(CoinMarket {
        price_usd: fields.price_or_rounded("current_price", fine)?,
        market_cap_usd: nonzero(fields.amount("market_cap")?),
        volume_24h_usd: fields.amount("total_volume")?,
        last_updated: DateTime::parse_from_rfc3339(&at).map_err(not_a_time)?.to_utc(),
        symbol: fields.text("symbol")?,
        name: fields.text("name")?,
        coin,
    })
}

/// Decodes `/coins/{id}/market_chart` and `/range` in US dollars, sorted by time and deduplicated.
///
/// # Errors
/// When a price is not above zero, and `row_filter` fails on it, or the reply has another shape.
pub fn market_chart(coin: &str, body: &[u8], row_filter: &mut RowFilter) -> Result<Chart> {
    let (mut prices, mut caps, mut volumes, fine) = (None, None, None, row_filter.fine_prices());
    let mut reader = JsonReader::new(coin, body)?;
    reader.object(|reader, key| {
        match key.as_ref() {
            "prices" => {
                prices = Some(series(coin, "prices", reader, row_filter, |text| {
                    parse::price_or_rounded(coin, "prices", text, fine).map(Crypto::units)
                })?);
            }
            "market_caps" => {
                caps = Some(series(coin, "market_caps", reader, row_filter, |text| {
                    let cap = parse::amount(coin, "market_caps", text)?;
                    Ok(nonzero(cap).map(Fixed::units))
                })?);
            }
            "total_volumes" => {
                volumes = Some(series(coin, "total_volumes", reader, row_filter, |text| {
                    let volume: Option<Fiat> = parse::amount(coin, "total_volumes", text)?;
                    Ok(volume.map(Fixed::units))
                })?);
            }
            _ => {
                reader.value()?;
            }
        }
        Ok(())
    })?;
    reader.end()?;
    let missing = |field| Error::decode(coin, field, "it is missing");
    let (at, price_usd) = prices.ok_or_else(|| missing("prices"))?;
    let market_cap_usd = aligned(&at, caps.ok_or_else(|| missing("market_caps"))?);
    let volume_24h_usd = aligned(&at, volumes.ok_or_else(|| missing("total_volumes"))?);
    Ok(Chart { at, price_usd, market_cap_usd, volume_24h_usd })
}

/// Reads `[[ms, value], …]` as two columns, sorted by time.
fn series<T>(
    coin: &str,
    field: &'static str,
    reader: &mut JsonReader<'_, '_>,
    row_filter: &mut RowFilter,
    value: impl Fn(&str) -> Result<T>,
) -> Result<(Vec<i64>, Vec<T>)> {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let mut count = 0;
    reader.list(|reader| {
        count += 1;
        let (point, row) = reader.row(|reader| {
            let [at, number] = reader.cells(field)?;
            Ok((parse::micros_of_millis(coin, field, at)?, value(number)?))
        })?;
        let place = || format!("{field} {}", place(row, count));
        if let Some((at, value)) = row_filter.pass(point, place, || row.to_owned())? {
            times.push(at);
            values.push(value);
        }
        Ok(())
    })?;
    if times.is_sorted_by(|one, other| one < other) {
        return Ok((times, values));
    }
    // The points are out of order, or an instant is repeated.
    let sorted = dedup::last_of_each(coin, times.into_iter().zip(values));
    Ok(sorted.unzip())
}

/// Returns the values at `times`. The three series are usually aligned, but the API does not guarantee it.
fn aligned(times: &[i64], (at, values): (Vec<i64>, Vec<Option<i128>>)) -> Vec<Option<i128>> {
    if at == times {
        return values;
    }
    let values: BTreeMap<_, _> = at.into_iter().zip(values).collect();
    times.iter().map(|at| values.get(at).copied().flatten()).collect()
}

/// Decodes `/coins/{id}/ohlc` in US dollars as candles of `size`. The service labels candles by their end;
/// the last one of a reply ends in the future, because it is not closed.
///
/// # Errors
/// When a price is not above zero or above the high, or candles are closer than their size, and `row_filter` fails
/// on it; or the reply has another shape.
pub fn ohlc(
    coin: &str,
    size: TimeDelta,
    body: &[u8],
    row_filter: &mut RowFilter,
) -> Result<OhlcvSeries> {
    let (mut reader, mut candles) = (JsonReader::new(coin, body)?, OhlcvSeries::default());
    let (mut count, fine) = (0, row_filter.fine_prices());
    reader.list(|reader| {
        count += 1;
        let before = candles.last_open();
        let (candle, row) =
            reader.row(|reader| candle(coin, (size, fine), reader.cells("ohlc")?, before))?;
        if let Some(candle) = row_filter.pass(candle, || place(row, count), || row.to_owned())? {
            candles.push(candle);
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(candles)
}

/// Returns the place of an unreadable row: its time, or else its number.
fn place(row: &str, count: usize) -> String {
    let cells = json::elements("a row", row.as_bytes()).unwrap_or_default();
    cells.first().map_or_else(|| format!("row {count}"), |time| (*time).to_owned())
}

fn candle(
    coin: &str,
    (size, fine): (TimeDelta, FinePrices),
    [at, open, high, low, close]: [&str; 5],
    before: Option<DateTime<Utc>>,
) -> Result<Ohlcv> {
    let open_at = parse::millis(coin, "close time", at)? - size;
    if before.is_some_and(|before| open_at - before < size) {
        let reason = "which is closer to the one before than candles of this size can be";
        return Err(Error::value(coin, "close time", at, reason));
    }
    let price = |field, text| parse::price_or_rounded(coin, field, text, fine);
    Ohlcv {
        open_at,
        open: price("open", open)?,
        high: price("high", high)?,
        low: price("low", low)?,
        close: price("close", close)?,
        volume: None,
        base_volume: None,
    }
    .checked(coin)
}

/// A coin of the service, from `/coins/list`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedCoin {
    /// CoinGecko's id of the coin, which is unique.
    pub id: String,
    /// The symbol, in lowercase; several coins may share one.
    pub symbol: String,
    /// The name.
    pub name: String,
}

/// Decodes `/coins/list`. Coins without an id, symbol or name are logged and omitted.
///
/// # Errors
/// When the reply is not a list.
pub fn coins_list(body: &[u8]) -> Result<Vec<ListedCoin>> {
    let coin = |coin: &str| json::deserialize("coins/list", "a coin", coin.as_bytes());
    let coins = json::elements("coins/list", body)?.into_iter().map(coin);
    let (coins, nameless): (Vec<_>, Vec<_>) = coins.partition(Result::is_ok);
    if let Some(Err::<ListedCoin, _>(error)) = nameless.first() {
        let count = nameless.len();
        tracing::warn!(source = "coingecko", count, %error, "coins without an id, symbol or name, skipped");
    }
    Ok(coins.into_iter().flatten().collect())
}

/// Returns `None` for 0, which the service sends for an unknown market capitalization.
fn nonzero(cap: Option<Fiat>) -> Option<Fiat> {
    cap.filter(|cap| *cap != Fixed::from_units(0))
}

/// Returns the refusal in a reply, if there is one. The service has five formats of it.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = Object::parse("error", body).ok()?;
    if let Ok(message) = fields.text("error") {
        return Some(new_refusal(code(&fields).or_else(|| fields.integer("status").ok()), message));
    }
    let nested = fields.object("error").and_then(|error| error.object("status"));
    let status = nested.or_else(|_| fields.object("status")).ok();
    if let Some(status) = status
        && let Ok(message) = status.text("error_message")
    {
        // The code may be beside the status instead of in it.
        return Some(new_refusal(code(&status).or_else(|| code(&fields)), message));
    }
    match (code(&fields), fields.text("error_message").ok()) {
        (None, None) => None,
        (code, message) => Some(new_refusal(code, message.unwrap_or_default())),
    }
}

fn code(fields: &Object<'_>) -> Option<u32> {
    fields.integer("error_code").ok()
}

fn new_refusal(code: Option<u32>, message: String) -> Refusal {
    use RefusalKind::{Absent, Auth, Other, Throttled};
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
        _ if message == "coin not found" => (Absent, "check the coin's id in the registry"),
        _ => (Other, ""),
    };
    Refusal { code: code.map(|code| code.to_string()), message, kind, advice }
}
