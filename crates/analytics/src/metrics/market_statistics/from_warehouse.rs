//! Daily series from the market tables of a warehouse.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use tidegauge_core::tables::{Candle, CryptoMetric, MarketPrice};
use tidegauge_core::{Batch, Crypto, Filter, Scan, SetAsideReason, TableRef, Warehouse};

use super::daily_market::DailyMarket;
use super::daily_rows::DailyRows;
use super::params::DailyMarketParams;
use crate::Result;
use crate::dates::DAY;
use crate::market::source_rank;
use crate::typed_columns::{Nullable, typed_column};

impl DailyMarket {
    /// Reads daily prices and volumes from the market tables of a warehouse.
    ///
    /// - Coins are in `market_prices`, the single source of truth: the price of a day is the last
    ///   with `at` in (00:00, 24:00], since `at` is the end of the five minutes that a price is of.
    ///   The volume is the last of the day in `crypto_metrics`, of the 24 hours before, US dollars.
    /// - Instruments without a row there, such as stocks, are in `candles` of a day (`1d`): the
    ///   price is the close, the volume that in units of the instrument. Of several sources and
    ///   currencies one counts for all days, by [`precedence`](DailyMarketParams::precedence), in
    ///   US dollars if it has those.
    ///
    /// Rows are read in columns and batches: memory grows with instruments and days, not with rows.
    ///
    /// # Errors
    /// When the warehouse cannot be read; with [`BadRows::Fail`](crate::BadRows::Fail) when a row
    /// lacks a value or has a price that is not above zero; when no price is left.
    pub async fn from_warehouse(
        warehouse: &dyn Warehouse,
        params: &DailyMarketParams,
    ) -> Result<Self> {
        read(warehouse, params).await?.finish(params)
    }
}

/// Reads the market tables.
///
/// # Errors
/// When the warehouse cannot be read.
async fn read(warehouse: &dyn Warehouse, params: &DailyMarketParams) -> Result<DailyRows> {
    let mut rows = DailyRows::default();
    let prices = scan(MarketPrice::table(), ["symbol", "at", "price_usd"], params);
    for_each_batch(warehouse, &ends_by(prices, "at", params), |batch| add_prices(&mut rows, batch))
        .await?;
    let volumes = scan(CryptoMetric::table(), ["symbol", "metric_time", "volume"], params);
    for_each_batch(warehouse, &ends_by(volumes, "metric_time", params), |batch| {
        add_volumes(&mut rows, batch)
    })
    .await?;
    let columns = ["source", "symbol", "open_at", "close", "base_volume", "currency"];
    let candles = scan(Candle::table(), columns, params).filter(Filter::eq("interval", "1d"));
    let mut closes = Closes::new();
    for_each_batch(warehouse, &ends_by(candles, "open_at", params), |batch| {
        add_candles(&mut closes, &mut rows, batch)
    })
    .await?;
    add_closes(closes, &mut rows, params);
    Ok(rows)
}

/// Returns a scan of columns, of the wanted instruments.
fn scan<const N: usize>(table: &TableRef, columns: [&str; N], params: &DailyMarketParams) -> Scan {
    let scan = Scan::columns(&table.as_read(), columns);
    match params.instruments.as_slice() {
        [] => scan,
        wanted => scan.filter(Filter::is_in("symbol", wanted.iter().map(String::as_str))),
    }
}

/// Returns a scan of the rows up to the end of observation.
fn ends_by(scan: Scan, time: &str, params: &DailyMarketParams) -> Scan {
    match params.end {
        Some(end) => scan.filter(Filter::range(time, ..=end)),
        None => scan,
    }
}

async fn for_each_batch(
    warehouse: &dyn Warehouse,
    scan: &Scan,
    mut add: impl FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    let mut batches = warehouse.scan(scan).await?;
    while let Some(batch) = batches.try_next().await? {
        add(&batch)?;
    }
    Ok(())
}

/// Returns the UTC day of a value whose time is the end of the time that it is of.
fn day_that_ends(at: i64) -> i64 {
    at.saturating_sub(1).div_euclid(DAY)
}

/// Returns the UTC day in which a candle of a day ends, so that its close is not of a later day.
fn day_of_candle(open_at: i64) -> i64 {
    day_that_ends(open_at.saturating_add(DAY))
}

fn add_prices(rows: &mut DailyRows, batch: &Batch) -> Result<()> {
    let symbols = typed_column(batch, "symbol", |column| column.as_text())?;
    let times = Nullable(typed_column(batch, "at", |column| column.as_timestamp())?);
    let prices = Nullable(typed_column(batch, "price_usd", |column| column.as_decimal())?);
    for row in 0..batch.rows() {
        let (symbol, at, units) = (symbols.get(row), times.get(row), prices.get(row));
        let (Some(symbol), Some(at), Some(units)) = (symbol, at, units) else {
            let reason = SetAsideReason::Incomplete;
            rows.set_row_aside("market_prices", reason, symbol, at.map(day_that_ends));
            continue;
        };
        let price = Crypto::from_units(units).to_f64();
        rows.add_price("market_prices", (symbol, day_that_ends(at)), (at, price));
    }
    Ok(())
}

fn add_volumes(rows: &mut DailyRows, batch: &Batch) -> Result<()> {
    let symbols = typed_column(batch, "symbol", |column| column.as_text())?;
    let times = Nullable(typed_column(batch, "metric_time", |column| column.as_timestamp())?);
    let volumes = Nullable(typed_column(batch, "volume", |column| column.as_f64())?);
    for row in 0..batch.rows() {
        let values = (symbols.get(row), times.get(row), volumes.get(row));
        let (Some(symbol), Some(at), Some(volume)) = values else { continue };
        rows.add_volume(symbol, day_that_ends(at), (at, volume));
    }
    Ok(())
}

/// The closes of an instrument by source and currency, each with its volume, by day.
type Closes = BTreeMap<String, BTreeMap<(String, String), BTreeMap<i64, (i64, f64, Option<f64>)>>>;

/// Adds candles of instruments that `market_prices` lacks.
fn add_candles(closes: &mut Closes, rows: &mut DailyRows, batch: &Batch) -> Result<()> {
    let text = |name: &str| typed_column(batch, name, |column| column.as_text());
    let (sources, symbols, currencies) = (text("source")?, text("symbol")?, text("currency")?);
    let times = Nullable(typed_column(batch, "open_at", |column| column.as_timestamp())?);
    let prices = Nullable(typed_column(batch, "close", |column| column.as_decimal())?);
    let volumes = Nullable(typed_column(batch, "base_volume", |column| column.as_decimal())?);
    for row in 0..batch.rows() {
        let (symbol, at) = (symbols.get(row), times.get(row));
        if symbol.is_some_and(|symbol| rows.has(symbol)) {
            continue;
        }
        let values = (symbol, at, prices.get(row), sources.get(row), currencies.get(row));
        let (Some(symbol), Some(at), Some(units), Some(source), Some(currency)) = values else {
            let day = at.map(day_of_candle);
            rows.set_row_aside("candles", SetAsideReason::Incomplete, symbol, day);
            continue;
        };
        if !closes.contains_key(symbol) {
            closes.insert(symbol.to_owned(), BTreeMap::new());
        }
        let Some(of_symbol) = closes.get_mut(symbol) else { continue };
        let series = of_symbol.entry((source.to_owned(), currency.to_owned())).or_default();
        let volume = volumes.get(row).map(|units| Crypto::from_units(units).to_f64());
        let close = (at, Crypto::from_units(units).to_f64(), volume);
        let known = series.entry(day_of_candle(at)).or_insert(close);
        // A day has one candle, unless it begins at another hour in a part of the history.
        if known.0 < at {
            *known = close;
        }
    }
    Ok(())
}

/// Adds the closes of the first source by precedence, in US dollars if it has those.
fn add_closes(closes: Closes, rows: &mut DailyRows, params: &DailyMarketParams) {
    for (symbol, series) in closes {
        let order = |(source, currency): &(String, String)| {
            let rank = source_rank(&params.precedence, source);
            (Reverse(currency == "USD"), rank, source.clone(), currency.clone())
        };
        let Some((_, days)) = series.into_iter().min_by_key(|(key, _)| order(key)) else {
            continue;
        };
        for (day, (at, price, volume)) in days {
            rows.add_price("candles", (&symbol, day), (at, price));
            if let Some(volume) = volume {
                rows.add_volume(&symbol, day, (at, volume));
            }
        }
    }
}
