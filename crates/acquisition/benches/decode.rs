//! A benchmark of decoding replies into columns, compared with serde_json into structs. `cargo xtask bench
//! decode` runs this and Python's json with pandas together.
//!
//! If a folder is given, the replies are written there for the Python benchmark.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, missing_docs)] // a bench

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use serde::Deserialize;
use tidegauge_acquisition::__internal::{coingecko, twelvedata};
use tidegauge_acquisition::CandleKey;
use tidegauge_acquisition::backfill::RowFilter;

/// A month of hourly prices, as sent by CoinGecko.
const CHART: &str =
    "tests/recordings/coingecko/market_chart_bitcoin_usd_30d_hourly.recorded-2021-05-15.json";

/// The usual structs for `market_chart`.
#[derive(Deserialize)]
struct Chart {
    prices: Vec<(i64, f64)>,
    market_caps: Vec<(i64, Option<f64>)>,
    total_volumes: Vec<(i64, Option<f64>)>,
}

/// The usual structs for `time_series`.
#[derive(Deserialize)]
struct TimeSeries {
    values: Vec<Bar>,
}

#[derive(Deserialize)]
struct Bar {
    datetime: String,
    open: String,
    high: String,
    low: String,
    close: String,
    volume: String,
}

/// Returns 5,000 one-minute candles in the format of Twelve Data.
fn time_series() -> String {
    let mut values = String::new();
    let start = DateTime::from_timestamp(1_700_000_000 / 60 * 60, 0).unwrap();
    for at in 0..5_000i64 {
        let cents = 1_000_000 + at * 7 % 9_973;
        let time = (start + TimeDelta::minutes(at)).format("%F %T");
        let price = |cents: i64| format!("{}.{:02}001", cents / 100, cents % 100);
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            values,
            r#"{comma}{{"datetime":"{time}","open":"{}","high":"{}","low":"{}","close":"{}","volume":"{}"}}"#,
            price(cents),
            price(cents + 120),
            price(cents - 90),
            price(cents + 30),
            100_000 + at * 13,
        );
    }
    format!(
        r#"{{"meta":{{"symbol":"AAPL","interval":"1min","currency":"USD","exchange":"NASDAQ"}},"values":[{values}],"status":"ok"}}"#
    )
}

/// Returns the median time of a call, over a second of calls.
fn median(mut call: impl FnMut()) -> Duration {
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed() < Duration::from_secs(1) || times.len() < 20 {
        let begun = Instant::now();
        call();
        times.push(begun.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

fn told(reply: &str, by: &str, bytes: usize, rows: usize, time: Duration) {
    let seconds = time.as_secs_f64();
    println!("{reply}\t{by}\t{:.1}\t{:.0}", bytes as f64 / 1e6 / seconds, rows as f64 / seconds);
}

fn main() {
    let chart = std::fs::read(CHART).expect(CHART);
    let series = time_series();
    if let Some(folder) = std::env::args().nth(1).filter(|word| !word.starts_with('-')) {
        std::fs::write(format!("{folder}/market_chart.json"), &chart).unwrap();
        std::fs::write(format!("{folder}/time_series.json"), &series).unwrap();
    }

    let rows = coingecko::decode::market_chart("bitcoin", &chart, &mut RowFilter::strict())
        .unwrap()
        .at
        .len();
    let ours = median(|| {
        let chart =
            coingecko::decode::market_chart("bitcoin", black_box(&chart), &mut RowFilter::strict());
        black_box(chart.unwrap().into_batch("BTC", "Bitcoin").unwrap());
    });
    told("market_chart", "tidegauge", chart.len(), rows, ours);
    let structs = median(|| {
        let chart: Chart = serde_json::from_slice(black_box(&chart)).unwrap();
        black_box((chart.prices.len(), chart.market_caps.len(), chart.total_volumes.len(), chart));
    });
    told("market_chart", "serde_json", chart.len(), rows, structs);

    let body = series.as_bytes();
    let candle_key =
        CandleKey { source: "twelvedata", symbol: "AAPL", interval: "1m", currency: "USD" };
    let ours = median(|| {
        let series =
            twelvedata::decode::time_series("AAPL", black_box(body), &mut RowFilter::strict());
        black_box(series.unwrap().candles.into_batch(candle_key).unwrap());
    });
    told("time_series", "tidegauge", body.len(), 5_000, ours);
    let structs = median(|| {
        let series: TimeSeries = serde_json::from_slice(black_box(body)).unwrap();
        let number = |text: &str| text.parse::<f64>().unwrap();
        // The result needs parsed numbers and times, so parsing is measured too.
        let rows: Vec<_> = series
            .values
            .iter()
            .map(|bar| {
                let at = NaiveDateTime::parse_from_str(&bar.datetime, "%Y-%m-%d %H:%M:%S").unwrap();
                let (open, high) = (number(&bar.open), number(&bar.high));
                (at, open, high, number(&bar.low), number(&bar.close), number(&bar.volume))
            })
            .collect();
        black_box(rows);
    });
    told("time_series", "serde_json", body.len(), 5_000, structs);
}
