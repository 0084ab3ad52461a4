//! Statistics of the market: values of NumPy and SciPy, properties, and warehouses.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers are small and positive"
)]

mod daily;
mod lead_lag;
mod properties;
mod values;
mod warehouse;

use chrono::{Days, NaiveDate};
use polars::prelude::*;
use tidegauge_analytics::market_statistics::{DailyMarket, DailyMarketParams};

use crate::support::at;

/// Returns a day, counted from Monday, 2026-01-05 on.
fn day(number: u64) -> NaiveDate {
    "2026-01-05".parse::<NaiveDate>().unwrap() + Days::new(number)
}

/// Returns an element of a sequence without a pattern, from 0 to `modulus` − 1.
fn scattered(at: u64, (square, linear, modulus): (u64, u64, u64)) -> f64 {
    ((at * at * square + at * linear) % modulus) as f64
}

fn btc(at: u64) -> f64 {
    100.0 + scattered(at, (37, 11, 97))
}

/// Returns the price of ETH, which has a hole on day 20.
fn eth(at: u64) -> Option<f64> {
    (at != 20).then(|| 10.0 + scattered(at, (23, 7, 41)) + btc(at) / 10.0)
}

fn volume(at: u64) -> f64 {
    1_000.0 * (1.0 + scattered(at, (13, 3, 29)))
}

/// Returns the prices of BTC with volumes and of ETH without, on the first days.
fn prices(days: u64) -> DataFrame {
    let with_eth: Vec<u64> = (0..days).filter(|at| eth(*at).is_some()).collect();
    let instruments = [vec!["BTC"; days as usize], vec!["ETH"; with_eth.len()]].concat();
    let dates = (0..days).chain(with_eth.iter().copied()).map(day);
    let values = (0..days).map(btc).chain(with_eth.iter().filter_map(|at| eth(*at)));
    let volumes = (0..days).map(|at| Some(volume(at))).chain(with_eth.iter().map(|_| None));
    df!(
        "instrument" => instruments,
        "at" => dates.collect::<Vec<_>>(),
        "price" => values.collect::<Vec<_>>(),
        "volume" => volumes.collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Returns parameters whose end is the start of a day.
fn until(number: u64) -> DailyMarketParams {
    DailyMarketParams { end: Some(at(&day(number).to_string())), ..Default::default() }
}

/// Returns sixty days of BTC and ETH.
fn market() -> DailyMarket {
    DailyMarket::from_frame(&prices(60), &until(60)).unwrap()
}

fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}
