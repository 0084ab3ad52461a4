//! Tests that values written in the format of a service are read back unchanged, to the last digit.
#![cfg(all(feature = "coingecko", feature = "kraken", feature = "twelvedata"))]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use tidegauge_acquisition::__internal::{coingecko, kraken, twelvedata};
use tidegauge_acquisition::Ohlcv;
use tidegauge_acquisition::backfill::RowFilter;
use tidegauge_core::{Crypto, Fiat, Fixed};

/// Generates a price above zero.
fn price() -> impl Strategy<Value = Crypto> {
    (1i128..10i128.pow(18)).prop_map(Fixed::from_units)
}

fn second() -> impl Strategy<Value = i64> {
    1_300_000_000i64..4_000_000_000
}

fn candles() -> impl Strategy<Value = Vec<Ohlcv>> {
    let candle = (price(), price(), price(), price(), 0i128..10i128.pow(15));
    (second(), prop::collection::vec(candle, 1..40)).prop_map(|(start, candles)| {
        let start: DateTime<Utc> = DateTime::from_timestamp(start / 60 * 60, 0).unwrap();
        let candle =
            |(at, (a, b, c, d, volume)): (usize, (Crypto, Crypto, Crypto, Crypto, i128))| {
                let mut sorted = [a, b, c, d];
                sorted.sort();
                let [low, open, close, high] = sorted;
                let open_at = start + TimeDelta::minutes(i64::try_from(at).unwrap());
                let base_volume = Some(Fixed::from_units(volume));
                Ohlcv { open_at, open, high, low, close, volume: None, base_volume }
            };
        candles.into_iter().enumerate().map(candle).collect()
    })
}

proptest! {
    #[test]
    fn candles_of_twelve_data(candles in candles(), newest_first: bool) {
        let mut values: Vec<_> = candles
            .iter()
            .map(|candle| {
                format!(
                    r#"{{"datetime":"{}","open":"{}","high":"{}","low":"{}","close":"{}","volume":"{}"}}"#,
                    candle.open_at.format("%F %T"),
                    candle.open, candle.high, candle.low, candle.close, candle.base_volume.unwrap(),
                )
            })
            .collect();
        if newest_first {
            values.reverse();
        }
        let body = format!(r#"{{"meta":{{"currency":"USD"}},"values":[{}]}}"#, values.join(","));
        let series = twelvedata::decode::time_series("X", body.as_bytes(), &mut RowFilter::strict());
        let found: Vec<Ohlcv> = series.unwrap().candles.iter().collect();
        prop_assert_eq!(found, candles);
    }

    #[test]
    fn candles_of_kraken(candles in candles()) {
        let rows: Vec<_> = candles
            .iter()
            .map(|candle| {
                let at = candle.open_at.timestamp();
                format!(
                    r#"[{at},"{}","{}","{}","{}","0","{}",3]"#,
                    candle.open, candle.high, candle.low, candle.close, candle.base_volume.unwrap(),
                )
            })
            .collect();
        let body = format!(r#"{{"error":[],"result":{{"X":[{}],"last":1}}}}"#, rows.join(","));
        let found = kraken::decode::ohlc("X", body.as_bytes(), &mut RowFilter::strict()).unwrap();
        let at_no_price = |candle: &Ohlcv| Ohlcv { volume: Some(Fixed::from_units(0)), ..*candle };
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), candles.iter().map(at_no_price).collect::<Vec<_>>());
    }

    #[test]
    fn trades_of_kraken(
        trades in prop::collection::vec((second(), 0u32..1_000_000, price(), price(), any::<bool>()), 0..40),
    ) {
        let rows: Vec<_> = trades
            .iter()
            .enumerate()
            .map(|(id, (second, micros, price, amount, buy))| {
                let side = if *buy { "b" } else { "s" };
                format!(r#"["{price}","{amount}",{second}.{micros:06}9,"{side}","l","",{id}]"#)
            })
            .collect();
        let body = format!(r#"{{"error":[],"result":{{"X":[{}],"last":"7"}}}}"#, rows.join(","));
        let found = kraken::decode::trades("X", body.as_bytes(), &mut RowFilter::strict()).unwrap();
        prop_assert_eq!(found.trades.len(), trades.len());
        for (found, (second, micros, price, amount, buy)) in found.trades.iter().zip(&trades) {
            prop_assert_eq!(found.at.timestamp_micros(), second * 1_000_000 + i64::from(*micros));
            prop_assert_eq!((found.price, found.base_amount, found.is_buy), (*price, *amount, *buy));
        }
    }

    #[test]
    fn charts_of_coingecko(
        start in second(),
        points in prop::collection::vec((price(), prop::option::of(1i128..10i128.pow(16))), 0..60),
    ) {
        let at = |row: usize| (start + i64::try_from(row).unwrap() * 300) * 1_000;
        let series = |value: &dyn Fn(usize) -> String| {
            let points: Vec<_> = (0..points.len()).map(|row| format!("[{},{}]", at(row), value(row))).collect();
            points.join(",")
        };
        let cents = |row: usize| match points[row].1 {
            Some(cents) => Fiat::from_units(cents).to_string(),
            None => "null".into(),
        };
        let body = format!(
            r#"{{"prices":[{}],"market_caps":[{}],"total_volumes":[{}]}}"#,
            series(&|row| points[row].0.to_string()), series(&cents), series(&cents),
        );
        let chart = coingecko::decode::market_chart("x", body.as_bytes(), &mut RowFilter::strict()).unwrap();
        let prices: Vec<i128> = points.iter().map(|point| point.0.units()).collect();
        let caps: Vec<Option<i128>> = points.iter().map(|point| point.1).collect();
        prop_assert_eq!(&chart.price_usd, &prices);
        prop_assert_eq!(&chart.market_cap_usd, &caps);
        prop_assert_eq!(&chart.volume_24h_usd, &caps);
        prop_assert!(chart.at.iter().enumerate().all(|(row, micros)| *micros == at(row) * 1_000));
    }
}
