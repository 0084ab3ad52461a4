//! The daily grid: last prices, holes, the end of observation, rows that are left out.

use polars::prelude::*;
use tidegauge_analytics::market_statistics::{
    DailyMarket, DailyMarketParams, DailySocial, DailySocialParams, Grid, log_returns,
};
use tidegauge_analytics::{BadRows, Error};

use super::{day, until};
use crate::support::{at, times};

fn frame(rows: &[(&str, &str, f64)]) -> DataFrame {
    df!(
        "instrument" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "price" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

#[test]
fn the_last_price_of_the_day_counts_and_none_from_after_it() {
    let rows = frame(&[
        ("BTC", "2026-01-05 23:59", 3.0),
        ("BTC", "2026-01-05 10:00", 1.0),
        ("BTC", "2026-01-06 00:00", 9.0), // the first instant of the next day
        ("BTC", "2026-01-08 12:00", 4.0),
    ]);
    let market = DailyMarket::from_frame(&rows, &until(4)).unwrap();
    assert_eq!(market.days, [day(0), day(1), day(2), day(3)]);
    assert_eq!(market.instruments[0].prices, [Some(3.0), Some(9.0), None, Some(4.0)]);
    // Without an end the day of the last row is left out, since it may not be over.
    let market = DailyMarket::from_frame(&rows, &DailyMarketParams::default()).unwrap();
    assert_eq!((market.end, market.days.len()), (day(3), 3));
    // An end within a day leaves that day out.
    let end = Some(at("2026-01-06 12:00"));
    let params = DailyMarketParams { end, ..DailyMarketParams::default() };
    let market = DailyMarket::from_frame(&rows, &params).unwrap();
    assert_eq!((market.days, market.end), (vec![day(0)], day(1)));
}

#[test]
fn a_grid_of_trading_days_has_no_weekends() {
    // Friday the 9th and Monday the 12th; BTC trades in between.
    let rows = frame(&[
        ("AAPL", "2026-01-09 21:00", 200.0),
        ("AAPL", "2026-01-12 21:00", 210.0),
        ("BTC", "2026-01-09 21:00", 10.0),
        ("BTC", "2026-01-10 21:00", 5.0),
        ("BTC", "2026-01-11 21:00", 50.0),
        ("BTC", "2026-01-12 21:00", 20.0),
    ]);
    let every = DailyMarket::from_frame(&rows, &until(8)).unwrap();
    assert_eq!(log_returns(&every).instruments[0].log_returns, [None; 4]);
    let grid = Grid::DaysOf(vec!["AAPL".into()]);
    let trading = DailyMarket::from_frame(&rows, &DailyMarketParams { grid, ..until(8) }).unwrap();
    assert_eq!(trading.days, [day(4), day(7)]);
    let returns = log_returns(&trading);
    let monday = |at: usize| returns.instruments[at].log_returns[1].unwrap();
    assert!((monday(0) - 1.05_f64.ln()).abs() < 1e-15);
    assert!((monday(1) - 2.0_f64.ln()).abs() < 1e-15, "BTC over the same three days");
    let any = DailyMarketParams { grid: Grid::DaysOf(Vec::new()), ..until(8) };
    assert_eq!(DailyMarket::from_frame(&rows, &any).unwrap().days.len(), 4);
    let unknown = DailyMarketParams { grid: Grid::DaysOf(vec!["SPY".into()]), ..until(8) };
    let error = DailyMarket::from_frame(&rows, &unknown).unwrap_err().to_string();
    assert_eq!(error, "`grid` must name instruments that have a price before the end");
}

#[test]
fn bad_rows_are_set_aside_or_refused() {
    let rows = df!(
        "instrument" => [Some("BTC"), Some("BTC"), None, Some("BTC")],
        "at" => [day(0), day(1), day(1), day(2)],
        "price" => [Some(1.0), Some(0.0), Some(2.0), None],
        "volume" => [Some(5), None, None, None],
    )
    .unwrap();
    let market = DailyMarket::from_frame(&rows, &until(3)).unwrap();
    assert_eq!(market.instruments[0].prices, [Some(1.0), None, None]);
    assert_eq!(market.instruments[0].volumes, [Some(5.0), None, None]);
    let told: Vec<_> = market.set_aside.iter().map(ToString::to_string).collect();
    let expected = [
        "1 row of prices is left out: the price of `BTC` on 2026-01-06 is not above zero",
        "2 rows of prices are left out: a price without instrument on 2026-01-06 is missing or not finite; \
         also the price of `BTC` on 2026-01-07",
    ];
    assert_eq!(told, expected);
    let strict = DailyMarketParams { bad_rows: BadRows::Fail, ..until(3) };
    let error = DailyMarket::from_frame(&rows, &strict).unwrap_err().to_string();
    assert!(error.contains("the price of `BTC` on 2026-01-06 is not above zero"), "{error}");
}

#[test]
fn frames_of_other_columns_and_without_prices_are_refused() {
    let params = DailyMarketParams::default();
    let error = DailyMarket::from_frame(&df!("at" => [day(0)]).unwrap(), &params).unwrap_err();
    assert_eq!(error.to_string(), "prices need a column `instrument`; they have at");
    let texts = df!("instrument" => ["BTC"], "at" => ["2026-01-05"], "price" => [1.0]).unwrap();
    let error = DailyMarket::from_frame(&texts, &params).unwrap_err().to_string();
    assert!(error.starts_with("prices, column `at` is str"), "{error}");
    let rows = frame(&[("BTC", "2026-01-05", 1.0)]);
    let none = DailyMarketParams { instruments: vec!["ETH".into()], ..until(1) };
    let error = DailyMarket::from_frame(&rows, &none).unwrap_err();
    assert!(matches!(error, Error::NoPrices), "{error}");
}

#[test]
fn volumes_of_a_day_are_summed() {
    let rows = df!(
        "instrument" => ["BTC"; 3],
        "at" => times(&["2026-01-05 10:00", "2026-01-05 11:00", "2026-01-06"]),
        "price" => [1.0, 2.0, 3.0],
        "volume" => [Some(5.0), Some(6.0), None],
    )
    .unwrap();
    let market = DailyMarket::from_frame(&rows, &until(2)).unwrap();
    assert_eq!(market.instruments[0].volumes, [Some(11.0), None]);
    let frame = market.frame().unwrap();
    assert_eq!((frame.height(), frame.column("volume").unwrap().null_count()), (2, 1));
}

#[test]
fn posts_of_a_frame_are_counted_or_summed() {
    let end = Some(at("2026-01-08"));
    let params = DailySocialParams { end, min_scored: 2, ..DailySocialParams::default() };
    let rows = df!(
        "instrument" => ["BTC", "BTC", "BTC"],
        "at" => [day(0), day(0), day(2)],
        "posts" => [Some(10), Some(5), None],
        "sentiment" => [0.5, 0.0, 1.0],
    )
    .unwrap();
    let social = DailySocial::from_frame(&rows, &params).unwrap();
    let btc = &social.instruments[0];
    assert_eq!(btc.posts, [Some(15.0), None, None]);
    assert_eq!(btc.sentiment, [Some(0.25), None, None], "one score is fewer than two");
    assert_eq!(btc.scored, [2, 0, 1]);
    let frame = social.frame().unwrap();
    assert_eq!((frame.height(), frame.column("posts").unwrap().null_count()), (3, 2));
    let wrong = df!("instrument" => ["BTC"], "at" => [day(0)], "posts" => ["many"]).unwrap();
    let error = DailySocial::from_frame(&wrong, &params).unwrap_err().to_string();
    assert!(error.starts_with("posts, column `posts` is str, must be whole numbers"), "{error}");
}
