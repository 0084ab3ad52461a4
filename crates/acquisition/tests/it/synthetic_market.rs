//! Tests of the market after the recorded days: deterministic for a seed, and similar to the
//! recorded days.
#![cfg(feature = "synthetic-market")]

use std::sync::Arc;

use crate::support::clock;
use chrono::NaiveDate;
use tidegauge_acquisition::synthetic_market::{Config, SyntheticMarket};
use tidegauge_core::market::Market;
use tidegauge_core::{Batch, Cell, Cursor, Source};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn until(text: &str) -> Config {
    Config { until: Some(day(text)), ..Config::default() }
}

/// Returns the batches from `cursor` to the end of `config`.
async fn read(config: Config, cursor: &mut Option<Cursor>) -> Vec<Batch> {
    let source = SyntheticMarket::new(config, clock("2021-03-10T12:00:00Z")).unwrap();
    let mut batches = Vec::new();
    loop {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        batches.extend(page.batches);
        *cursor = Some(page.cursor);
        if page.done {
            return batches;
        }
    }
}

/// Returns the rows of a table as text, in order.
fn rows(batches: &[Batch], table: &str) -> Vec<String> {
    let of_table = batches.iter().filter(|batch| batch.table().name == table);
    of_table
        .flat_map(|batch| {
            let columns = batch.views().unwrap();
            (0..batch.rows()).map(move |row| {
                let cells: Vec<_> =
                    columns.iter().map(|column| column.shown(row).unwrap_or_default()).collect();
                cells.join(",")
            })
        })
        .collect()
}

const TABLES: [&str; 3] = ["candles", "raw_crypto_market_data", "fx_rates"];

#[tokio::test]
async fn pages_of_any_size_have_the_same_rows() {
    let whole = read(until("2022-03-01"), &mut None).await;
    assert_eq!(rows(&whole, "candles").len(), 4 * 366);
    for page_rows in [1, 50, 100_000] {
        let paged = read(Config { page_rows, ..until("2022-03-01") }, &mut None).await;
        for table in TABLES {
            assert_eq!(rows(&paged, table), rows(&whole, table), "{page_rows}");
        }
    }
    let (mut cursor, mut daily) = (None, Vec::new());
    for day in day("2021-02-20").iter_days().take_while(|next| *next <= day("2022-03-01")) {
        daily.extend(read(Config { until: Some(day), ..Config::default() }, &mut cursor).await);
    }
    for table in TABLES {
        assert_eq!(rows(&daily, table), rows(&whole, table));
    }
}

/// Checks that a seed gives the same rows in every release.
#[tokio::test]
async fn a_seed_gives_these_rows() {
    let batches = read(until("2021-03-04"), &mut None).await;
    insta::assert_snapshot!(TABLES.map(|table| rows(&batches, table).join("\n")).join("\n\n"));
    let other = read(Config { seed: 43, ..until("2021-03-04") }, &mut None).await;
    assert_ne!(rows(&other, "candles"), rows(&batches, "candles"));
}

#[tokio::test]
async fn days_end_with_yesterday_and_continue_later() {
    let batches = read(Config::default(), &mut None).await;
    let market = Market::from_batches(&batches, &[], &[]);
    assert!(market.is_err(), "batches of other tables are no candles");
    let candles: Vec<_> =
        batches.into_iter().filter(|batch| batch.table().name == "candles").collect();
    let market = Market::from_batches(&candles, &[], &[]).unwrap();
    for coin in ["BTC", "ETH", "SOL", "USDT"] {
        assert_eq!(market.last_day(coin), Some(day("2021-03-09")));
    }
    let mut cursor = None;
    read(until("2021-03-05"), &mut cursor).await;
    let again = read(until("2021-03-05"), &mut cursor.clone()).await;
    assert!(again.is_empty());
}

#[tokio::test]
async fn ten_years_have_no_gap_no_weekend_rates_and_plausible_prices() {
    let batches = read(until("2031-02-28"), &mut None).await;
    let of = |table: &str| -> Vec<Batch> {
        batches.iter().filter(|batch| batch.table().name == table).cloned().collect()
    };
    let market =
        Market::from_batches(&of("candles"), &of("raw_crypto_market_data"), &of("fx_rates"));
    let market = market.unwrap().strict().unwrap();
    let mut closes = Vec::new();
    for day in day("2021-03-02").iter_days().take_while(|next| *next < day("2031-02-28")) {
        for coin in ["BTC", "ETH", "SOL"] {
            let prices = market.prices(coin, day).unwrap();
            assert!(prices.low <= prices.open.min(prices.close));
            assert!(prices.high >= prices.open.max(prices.close));
        }
        closes.push(market.prices("BTC", day).unwrap().close as f64);
        let dollar = market.prices("USDT", day).unwrap().close;
        assert!((dollar - 10i128.pow(18)).abs() * 20 < 10i128.pow(18), "{day}: {dollar}");
        for currency in ["EUR", "GBP", "CAD"] {
            market.rate(currency, day).unwrap();
        }
    }
    // In the recorded year Bitcoin moved by 3.7 % a day without its trend, and the synthetic market
    // has no trend.
    let changes: Vec<f64> = closes.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    let spread =
        changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / changes.len() as f64;
    assert!((0.03..0.045).contains(&spread.sqrt()), "{}", spread.sqrt());
    assert!(mean.abs() < 0.002, "{mean}");
    for batch in of("fx_rates") {
        for row in 0..batch.rows() {
            let Cell::Date(days) = batch.column("rate_date").unwrap().cell(row) else { panic!() };
            assert!(
                !matches!((days + 4).rem_euclid(7), 0 | 6),
                "a weekend, {days} days after 1970"
            );
        }
    }
}

#[tokio::test]
async fn a_cursor_of_other_settings_is_rejected() {
    let mut cursor = None;
    read(until("2021-03-05"), &mut cursor).await;
    for config in [
        Config { seed: 43, ..until("2021-03-09") },
        Config { block_days: 5, ..until("2021-03-09") },
    ] {
        let source = SyntheticMarket::new(config, clock("2021-03-10T12:00:00Z")).unwrap();
        let error = source.fetch(cursor.as_ref()).await.unwrap_err().to_string();
        assert!(error.contains("seed 42 in blocks of 20 days"), "{error}");
        assert!(error.contains("tidegauge reset synthetic_market"), "{error}");
    }
    let clock: Arc<dyn tidegauge_core::Clock> = clock("2021-03-10T12:00:00Z");
    let none = Config { block_days: 0, ..Config::default() };
    assert!(SyntheticMarket::new(none, clock).is_err());
}
