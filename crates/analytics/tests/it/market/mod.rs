//! The derived market tables: computed by hand, and by a slow reference implementation.

mod crypto_metrics;
mod fx_daily;
mod market_prices;

use chrono::{DateTime, NaiveDate, Utc};
use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{Batch, Cell, Crypto};

/// Returns the rows of a batch as text, with columns separated by a space, nulls as `-`, and times
/// without their year.
fn lines(batch: &Batch, columns: &[&str]) -> Vec<String> {
    let cell = |row: usize, name: &str| match batch.column(name).unwrap().cell(row) {
        Cell::Null => "-".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => format!("{value:?}"),
        Cell::Text(value) => value.to_owned(),
        Cell::Date(days) => NaiveDate::from_epoch_days(days).unwrap().to_string(),
        Cell::Timestamp(at) => time(at).format("%m-%dT%H:%M").to_string(),
        Cell::Decimal(units) => Crypto::from_units(units).to_string(),
    };
    (0..batch.rows())
        .map(|row| columns.iter().map(|name| cell(row, name)).collect::<Vec<_>>().join(" "))
        .collect()
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

fn second(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn money(text: &str) -> Crypto {
    text.parse().unwrap()
}

fn raw(source: &str, symbol: &str, at: DateTime<Utc>, price: &str) -> RawCryptoMarketData {
    RawCryptoMarketData {
        symbol: symbol.into(),
        observed_at: at,
        source: source.into(),
        name: symbol.into(),
        price_usd: money(price),
        volume_24h_usd: None,
        market_cap_usd: None,
    }
}

fn candle(source: &str, symbol: &str, interval: &str, at: DateTime<Utc>, close: &str) -> Candle {
    Candle {
        source: source.into(),
        symbol: symbol.into(),
        interval: interval.into(),
        open_at: at,
        open: money("1"),
        high: money("9"),
        low: money("1"),
        close: money(close),
        volume: None,
        base_volume: None,
        currency: "USD".into(),
    }
}

fn quote(source: &str, symbol: &str, at: DateTime<Utc>, price: &str) -> Quote {
    Quote {
        source: source.into(),
        symbol: symbol.into(),
        at,
        price: money(price),
        currency: "USD".into(),
        bid: None,
        ask: None,
        base_volume: None,
    }
}

fn trade(source: &str, symbol: &str, id: i64, at: DateTime<Utc>, price: &str) -> MarketTrade {
    MarketTrade {
        source: source.into(),
        symbol: symbol.into(),
        trade_id: id,
        at,
        side: "buy".into(),
        price: money(price),
        base_amount: money("1"),
        currency: "USD".into(),
    }
}
