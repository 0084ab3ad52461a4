use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tidegauge_analytics::market::{Observations, crypto_metrics};
use tidegauge_core::instruments::InstrumentRegistry;
use tidegauge_core::tables::{MarketPrice, RawCryptoMarketData};
use tidegauge_core::{Batch, Crypto};

use super::{lines, raw, second};

const COLUMNS: [&str; 9] = [
    "price_change_5m",
    "price_change_15m",
    "price_change_1h",
    "price_change_24h",
    "mean_price_1h",
    "min_price_1h",
    "max_price_1h",
    "volatility",
    "volume",
];

fn noon() -> DateTime<Utc> {
    second("2026-01-05T12:00:00Z")
}

/// Returns a price of BTC by `a`, `minutes` from noon.
fn price(minutes: i64, cents: i128) -> MarketPrice {
    MarketPrice {
        symbol: "BTC".into(),
        at: noon() + TimeDelta::minutes(minutes),
        price_usd: Crypto::from_units(cents * Crypto::ONE / 100),
        source: "a".into(),
        sources: 1,
        other_source: None,
        other_price_usd: None,
        difference: None,
        is_disputed: false,
    }
}

fn volume(source: &str, minutes: i64, dollars: i64) -> RawCryptoMarketData {
    let at = noon() + TimeDelta::minutes(minutes);
    let volume = Some(dollars.to_string().parse().unwrap());
    RawCryptoMarketData { volume_24h_usd: volume, ..raw(source, "BTC", at, "1") }
}

fn metrics(prices: &[MarketPrice], volumes: &[RawCryptoMarketData]) -> Batch {
    let prices = Batch::from_rows(MarketPrice::table(), prices).unwrap();
    let raw = Batch::from_rows(RawCryptoMarketData::table(), volumes).unwrap();
    let precedence = ["first".to_owned(), "second".to_owned()];
    let observed = Observations::from_batches(&[raw], &InstrumentRegistry::default()).unwrap();
    crypto_metrics(&[prices], &observed, &precedence).unwrap()
}

/// Returns the metrics of the last price, as text.
fn last(prices: &[MarketPrice], volumes: &[RawCryptoMarketData]) -> Vec<String> {
    let told = lines(&metrics(prices, volumes), &COLUMNS);
    told.last().unwrap().split(' ').map(str::to_owned).collect()
}

#[test]
fn metrics_equal_values_computed_by_hand() {
    let prices = [
        price(-24 * 60, 8_000),
        price(-60, 10_000), // the bucket that ends an hour before: not within the hour
        price(-55, 9_000),
        price(-15, 12_000),
        price(-5, 10_500),
        price(0, 10_000),
    ];
    let told = last(&prices, &[volume("a", -1, 77)]);
    let fall = (10_000.0 - 10_500.0) / 10_500.0;
    let expected = [
        format!("{fall}"),
        format!("{}", -2_000.0 / 12_000.0),
        "0.0".into(),
        "0.25".into(),
        "103.75".into(), // (90 + 120 + 105 + 100) ÷ 4
        "90.0".into(),
        "120.0".into(),
        "-".into(), // five returns are too few
        "77.0".into(),
    ];
    assert_eq!(told, expected);
    let first = lines(&metrics(&prices, &[]), &COLUMNS).remove(0);
    assert_eq!(first, "- - - - 80.0 80.0 80.0 - -");
}

#[test]
fn changes_tolerate_a_slightly_older_price() {
    // Per span: the tolerance of the age of the price before it, in minutes.
    for (column, span, tolerance) in [(0, 5, 5), (1, 15, 5), (2, 60, 5), (3, 24 * 60, 120)] {
        for (older, change) in [(0, "0.25"), (tolerance, "0.25"), (tolerance + 5, "-")] {
            let told = last(&[price(-span - older, 8_000), price(0, 10_000)], &[]);
            assert_eq!(told[column], change, "{span} minutes, {older} older");
        }
        // Of several prices the latest is used, and no later one.
        let before = price(-span - 5, 5_000);
        let told = last(&[before, price(-span, 8_000), price(0, 10_000)], &[]);
        assert_eq!(told[column], "0.25", "{span} minutes");
    }
}

#[test]
fn volatility_is_the_sample_deviation_of_the_returns_within_a_day() {
    // Alternating prices: 13 prices, 12 returns of ± ln 1.1.
    let mut prices: Vec<_> =
        (0..13).map(|hour| price(hour * 60, if hour % 2 == 0 { 10_000 } else { 11_000 })).collect();
    let told = |prices: &[MarketPrice]| last(prices, &[])[7].clone();
    let expected = 1.1f64.ln() * (12.0f64 / 11.0).sqrt();
    let found: f64 = told(&prices).parse().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    // A change before the day began is not part of it; the price at its beginning is.
    prices.push(price(-30, 1));
    prices.push(price(24 * 60, 10_000));
    let found: f64 = told(&prices).parse().unwrap();
    // Twelve returns of ± ln 1.1, and one of 0.
    let expected = 1.1f64.ln(); // √(12 r² ÷ 12)
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    prices.pop();
    prices.push(price(24 * 60 + 5, 10_000)); // begins after the first price: twelve returns
    let found: f64 = told(&prices).parse().unwrap();
    let mean = -(1.1f64.ln()) / 12.0; // five up, six down, and none
    let expected = ((11.0 * 1.1f64.ln().powi(2) - 12.0 * mean * mean) / 11.0).sqrt();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    prices.pop();
    prices.push(price(25 * 60, 10_000));
    prices.remove(12);
    assert_eq!(told(&prices), "-", "eleven returns are too few");
}

#[test]
fn volume_is_of_the_winning_source_or_of_the_first_recent_one() {
    let told = |volumes: &[RawCryptoMarketData]| last(&[price(0, 10_000)], volumes)[8].clone();
    let (other, second) = (volume("other", -5, 4), volume("second", -5, 3));
    let (first, winner) = (volume("first_stream", -5, 2), volume("a", -120, 1));
    let mut all = vec![other, second, first, winner];
    for expected in ["1.0", "2.0", "3.0", "4.0", "-"] {
        assert_eq!(told(&all), expected);
        all.pop();
    }
    // One report is too old, and one came after the end of the five minutes.
    assert_eq!(told(&[volume("a", -121, 1)]), "-");
    assert_eq!(told(&[volume("a", 0, 1)]), "-");
    assert_eq!(told(&[volume("a", -9, 1), volume("a", -1, 2), volume("a", -5, 3)]), "2.0");
}

/// Returns the metrics by their definition: every window scans all rows.
fn by_definition(prices: &[MarketPrice], volumes: &[RawCryptoMarketData]) -> Vec<Vec<Option<f64>>> {
    let mut prices = prices.to_vec();
    prices.sort_by_key(|price| price.at);
    let value = |price: &MarketPrice| price.price_usd.to_f64();
    let row = |(number, now): (usize, &MarketPrice)| {
        let mut row = Vec::new();
        for (span, tolerance) in [(5, 5), (15, 5), (60, 5), (1_440, 120)] {
            let then = now.at - TimeDelta::minutes(span);
            let oldest = then - TimeDelta::minutes(tolerance);
            let held = prices.iter().filter(|price| oldest <= price.at && price.at <= then);
            let held = held.max_by_key(|price| price.at);
            row.push(held.map(|held| value(now) / value(held) - 1.0));
        }
        let hour = now.at - TimeDelta::hours(1);
        let hour: Vec<f64> = prices
            .iter()
            .filter(|price| hour < price.at && price.at <= now.at)
            .map(value)
            .collect();
        row.push(Some(hour.iter().sum::<f64>() / hour.len() as f64));
        row.push(hour.iter().copied().reduce(f64::min));
        row.push(hour.iter().copied().reduce(f64::max));
        let day = now.at - TimeDelta::hours(24);
        let returns: Vec<f64> = (1..=number)
            .filter(|at| prices[at - 1].at >= day)
            .map(|at| value(&prices[at]).ln() - value(&prices[at - 1]).ln())
            .collect();
        let count = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / count;
        let squares: f64 = returns.iter().map(|value| (value - mean).powi(2)).sum();
        row.push((returns.len() >= 12).then(|| (squares / (count - 1.0)).sqrt()));
        let fresh = |source: &str| {
            let told = volumes.iter().filter(|volume| {
                volume.source == source
                    && volume.observed_at < now.at
                    && now.at - volume.observed_at <= TimeDelta::hours(2)
            });
            told.max_by_key(|volume| volume.observed_at)
                .map(|volume| volume.volume_24h_usd.unwrap().to_f64())
        };
        row.push(["a", "first", "second", "z"].into_iter().find_map(fresh));
        row
    };
    prices.iter().enumerate().map(row).collect()
}

fn close(found: &str, expected: Option<f64>) -> bool {
    match (found.parse::<f64>(), expected) {
        (Ok(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
        (Err(_), None) => found == "-",
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Checks series with gaps of any length, among them whole days of five minutes each.
    #[test]
    fn metrics_equal_their_definition(
        gaps in proptest::collection::vec(
            prop_oneof![6 => Just(1i64), 3 => 2i64..6, 2 => 10i64..14, 1 => 20i64..400], 1..90,
        ),
        cents in proptest::collection::vec(5_000i128..20_000, 90),
        volumes in proptest::collection::vec((0usize..4, 0i64..6_000, 1i64..1_000), 0..30),
        turn in 0usize..90,
    ) {
        let mut minutes = 0;
        let mut prices: Vec<MarketPrice> = gaps
            .iter()
            .zip(&cents)
            .map(|(gap, cents)| {
                minutes += 5 * gap;
                price(minutes, *cents)
            })
            .collect();
        let mut volumes: Vec<_> = volumes
            .into_iter()
            .map(|(source, at, dollars)| volume(["a", "first", "second", "z"][source], at, dollars))
            .collect();
        volumes.sort_by_key(|volume| (volume.source.clone(), volume.observed_at));
        volumes.dedup_by_key(|volume| (volume.source.clone(), volume.observed_at));
        let expected = by_definition(&prices, &volumes);
        let told = lines(&metrics(&prices, &volumes), &COLUMNS);
        prop_assert_eq!(told.len(), expected.len());
        for (line, row) in told.iter().zip(&expected) {
            for ((found, expected), column) in line.split(' ').zip(row).zip(COLUMNS) {
                prop_assert!(close(found, *expected), "{}: {} {:?}", column, line, row);
            }
        }
        // The order of rows does not affect the last digit.
        let half = turn % prices.len();
        prices.rotate_left(half);
        volumes.reverse();
        prop_assert_eq!(&told, &lines(&metrics(&prices, &volumes), &COLUMNS));
        // Rows more than 26 hours before do not affect it either.
        prices.sort_by_key(|price| price.at);
        let cut = prices[half].at;
        let rest = lines(&metrics(&prices[half..], &volumes), &COLUMNS);
        for (row, line) in prices[half..].iter().zip(rest) {
            if row.at - cut > TimeDelta::hours(26) {
                let at = prices.iter().position(|price| price.at == row.at).unwrap();
                prop_assert_eq!(&told[at], &line);
            }
        }
    }
}
