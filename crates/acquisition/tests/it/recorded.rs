//! Tests of the data in the program: complete, exact, and in pages.
#![cfg(feature = "recorded")]

use std::collections::BTreeSet;

use tidegauge_acquisition::__internal::recorded::decode;
use tidegauge_acquisition::recorded::{self, Config, Recorded};
use tidegauge_core::{Cursor, Error, Page, Source};

async fn all(source: &Recorded) -> Vec<Page> {
    let (mut pages, mut cursor): (Vec<Page>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        cursor = Some(page.cursor.clone());
        pages.push(page);
        if pages.last().unwrap().done {
            return pages;
        }
    }
}

fn rows(pages: &[Page], table: &str) -> usize {
    let batches = pages.iter().flat_map(|page| &page.batches);
    batches.filter(|batch| batch.table().name == table).map(|batch| batch.rows()).sum()
}

#[tokio::test]
async fn every_page_size_returns_all_rows_once() {
    for page_rows in [1, 7, 2_000, 100_000] {
        let source = Recorded::new(Config { page_rows }).unwrap();
        let pages = all(&source).await;
        assert_eq!(rows(&pages, "candles"), 4 * 323);
        assert_eq!(rows(&pages, "raw_crypto_market_data"), 4 * 323);
        assert_eq!(rows(&pages, "fx_rates"), 3 * 234);
        for page in &pages {
            assert!(page.rows() > 0 && page.rows() <= page_rows.max(3), "{} rows", page.rows());
        }
    }
    assert!(Recorded::new(Config { page_rows: 0 }).is_err());
}

#[tokio::test]
async fn after_the_end_no_rows_are_returned() {
    let source = Recorded::default();
    let end = all(&source).await.pop().unwrap().cursor;
    let page = source.fetch(Some(&end)).await.unwrap();
    assert!(page.batches.is_empty() && page.done);
    assert_eq!(page.cursor, end);
}

#[tokio::test]
async fn the_same_cursor_returns_the_same_page() {
    let source = Recorded::new(Config { page_rows: 50 }).unwrap();
    let first = source.fetch(None).await.unwrap();
    let (one, two) = (
        source.fetch(Some(&first.cursor)).await.unwrap(),
        source.fetch(Some(&first.cursor)).await.unwrap(),
    );
    assert_eq!(one.cursor, two.cursor);
    for (one, two) in one.batches.iter().zip(&two.batches) {
        assert_eq!(one.record(), two.record());
    }
}

#[tokio::test]
async fn a_foreign_cursor_is_rejected() {
    let error = Recorded::default().fetch(Some(&Cursor::new("page 7"))).await.unwrap_err();
    assert!(matches!(error, Error::Cursor { .. }), "{error}");
}

#[test]
fn values_are_those_of_the_file_to_the_last_digit() {
    let days = decode::prices(recorded::PRICES, 0, usize::MAX).unwrap();
    let (candle, observed) = &days[0]; // 2020-04-11,BTC,6867.4404519,6926.0696338,…
    assert_eq!((candle.symbol.as_str(), candle.interval.as_str()), ("BTC", "1d"));
    assert_eq!(candle.open_at.to_rfc3339(), "2020-04-11T00:00:00+00:00");
    let prices =
        [candle.open, candle.high, candle.low, candle.close].map(|price| price.to_string());
    assert_eq!(prices, ["6867.44045190", "6926.06963380", "6789.92070240", "6859.08296343"]);
    assert_eq!(candle.volume.unwrap().to_string(), "31222085946.27340000");
    assert_eq!(observed.observed_at.to_rfc3339(), "2020-04-11T23:59:59+00:00");
    assert_eq!(observed.name, "Bitcoin");
    assert_eq!(observed.price_usd, candle.close);
    assert_eq!(observed.volume_24h_usd.unwrap().to_string(), "31222085946.27");
    assert_eq!(observed.market_cap_usd.unwrap().to_string(), "125651623116.07");

    let (sol, unknown) = &days[2]; // …,0.95105395758,…,0.776818582977,43862443.7931816,0.0
    assert_eq!(sol.open.to_string(), "0.95105395758");
    assert_eq!(sol.close.to_string(), "0.776818582977");
    assert_eq!(unknown.market_cap_usd, None);

    let volume = |day: &str| {
        let mut days = days.iter().filter(|(candle, _)| candle.symbol == "USDT");
        let found = days.find(|(candle, _)| candle.open_at.to_rfc3339().starts_with(day)).unwrap();
        found.1.volume_24h_usd.unwrap().to_string()
    };
    assert_eq!(volume("2020-11-26"), "114617000000.00"); // 1.14617E+11

    let (rates, lines) = decode::rates(recorded::FX, 0, usize::MAX).unwrap();
    assert_eq!(lines, 234);
    let newest: Vec<_> = rates[rates.len() - 3..]
        .iter()
        .map(|rate| (rate.quote.as_str(), rate.rate.to_string()))
        .collect();
    let expected = [("USD", "1.20530000"), ("GBP", "0.86558000"), ("CAD", "1.52740000")];
    assert_eq!(newest, expected.map(|(quote, rate)| (quote, rate.to_owned())));
    let days = [&rates[0], &rates[rates.len() - 1]].map(|rate| rate.rate_date.to_string());
    assert_eq!(days, ["2020-04-01", "2021-03-01"], "the oldest first");
}

#[test]
fn every_symbol_has_every_day_and_every_candle_bounds_its_prices() {
    let days = decode::prices(recorded::PRICES, 0, usize::MAX).unwrap();
    let keys: BTreeSet<_> =
        days.iter().map(|(candle, _)| (&candle.symbol, candle.open_at)).collect();
    assert_eq!(keys.len(), 4 * 323);
    for (candle, _) in &days {
        assert!(
            candle.low <= candle.open.min(candle.close)
                && candle.high >= candle.open.max(candle.close),
            "{candle:?}"
        );
    }
}

#[test]
fn missing_rates_are_skipped_and_invalid_ones_rejected() {
    let file = "Date,USD,JPY,\n2021-01-05,N/A,126.25,\n2021-01-04,1.2296,N/A,\n";
    let (rates, lines) = decode::rates(file, 0, 10).unwrap();
    let found: Vec<_> = rates.iter().map(|rate| format!("{} {}", rate.quote, rate.rate)).collect();
    assert_eq!((found, lines), (vec!["USD 1.22960000".into(), "JPY 126.25000000".to_owned()], 2));
    for cell in ["0", "-1", "", "one", "1,2"] {
        let file = format!("Date,USD,\n2021-01-05,{cell},\n");
        assert!(decode::rates(&file, 0, 1).is_err(), "{cell}");
    }
    for line in ["2020-04-11,BTC,1,2,1", "2020-04-11,DOGE,1,2,1,1,1,1", "11.4.20,BTC,1,2,1,1,1,1"] {
        let file = format!("date,symbol,open,high,low,close,volume_usd,market_cap_usd\n{line}\n");
        assert!(decode::prices(&file, 0, 1).is_err(), "{line}");
    }
}

#[test]
fn the_attribution_names_origin_and_license() {
    for part in ["S. Rajkumar", "CoinMarketCap", "public domain", "Source: ECB", "2021-02-27"] {
        assert!(recorded::ATTRIBUTION.contains(part), "{part}");
    }
}
