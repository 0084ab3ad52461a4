//! The same series from a warehouse and from a frame.

use chrono::TimeDelta;
use tidegauge_analytics::market_statistics::{
    DailyMarket, DailyMarketParams, DailySocial, DailySocialParams, log_returns, social_lead_lag,
};
use tidegauge_core::tables::{Candle, CryptoMetric, MarketPrice, SocialCount, SocialPost};

use super::{btc, day, eth, prices, scattered, until, volume};
use crate::support::{Memory, at, run};

fn price(symbol: &str, when: chrono::DateTime<chrono::Utc>, price: f64) -> MarketPrice {
    MarketPrice {
        symbol: symbol.into(),
        at: when,
        price_usd: format!("{price}").parse().unwrap(),
        source: "kraken".into(),
        sources: 1,
        other_source: None,
        other_price_usd: None,
        difference: None,
        is_disputed: false,
    }
}

fn metric(symbol: &str, when: chrono::DateTime<chrono::Utc>, volume: Option<f64>) -> CryptoMetric {
    CryptoMetric {
        symbol: symbol.into(),
        metric_time: when,
        price_change_5m: None,
        price_change_15m: None,
        price_change_1h: None,
        price_change_24h: None,
        mean_price_1h: None,
        min_price_1h: None,
        max_price_1h: None,
        volatility: None,
        volume,
    }
}

fn candle(source: &str, currency: &str, symbol: &str, when: &str, close: &str) -> Candle {
    Candle {
        source: source.into(),
        symbol: symbol.into(),
        interval: "1d".into(),
        open_at: at(when),
        open: close.parse().unwrap(),
        high: close.parse().unwrap(),
        low: close.parse().unwrap(),
        close: close.parse().unwrap(),
        volume: None,
        base_volume: Some("7".parse().unwrap()),
        currency: currency.into(),
    }
}

/// Returns a warehouse with the prices of [`prices`], several a day.
fn warehouse(days: u64) -> Memory {
    let mut rows = Vec::new();
    let mut metrics = Vec::new();
    for number in 0..days {
        // The price of 24:00 is the last of the day, since `at` is the end of its five minutes.
        let midnight = at(&day(number + 1).to_string());
        for hours in [0, 5, 23] {
            let when = midnight - TimeDelta::hours(hours);
            let factor = if hours == 0 { 1.0 } else { 1.5 };
            rows.push(price("BTC", when, btc(number) * factor));
            rows.extend(eth(number).map(|eth| price("ETH", when, eth * factor)));
            metrics.push(metric("BTC", when, (hours < 23).then(|| volume(number) * factor)));
        }
    }
    rows.reverse();
    let mut memory = Memory::default();
    memory.put(MarketPrice::table(), &rows);
    memory.put(CryptoMetric::table(), &metrics);
    memory
}

#[test]
fn a_warehouse_gives_what_a_frame_gives() {
    let memory = warehouse(60);
    let expected = DailyMarket::from_frame(&prices(60), &until(60)).unwrap();
    let found = run(DailyMarket::from_warehouse(&memory, &until(60))).unwrap();
    assert_eq!(found.days, expected.days);
    for (found, expected) in found.instruments.iter().zip(&expected.instruments) {
        assert_eq!(found.instrument, expected.instrument);
        let pairs = found.prices.iter().zip(&expected.prices);
        let near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-14;
        for (found, expected) in pairs.chain(found.volumes.iter().zip(&expected.volumes)) {
            assert_eq!(found.is_some(), expected.is_some());
            assert!(near(found.unwrap_or(1.0), expected.unwrap_or(1.0)), "{found:?} {expected:?}");
        }
    }
    // Without an end: the last price is of 24:00, so that its day is over.
    let found = run(DailyMarket::from_warehouse(&memory, &DailyMarketParams::default())).unwrap();
    assert_eq!((found.end, found.days.len()), (day(60), 60));
    let only = DailyMarketParams { instruments: vec!["ETH".into()], ..until(30) };
    let found = run(DailyMarket::from_warehouse(&memory, &only)).unwrap();
    assert_eq!((found.instruments.len(), found.days.len()), (1, 30));
}

#[test]
fn stocks_come_from_daily_candles_of_one_source() {
    let mut memory = warehouse(8);
    let hourly =
        Candle { interval: "1h".into(), ..candle("a", "USD", "AAPL", "2026-01-07", "999") };
    memory.put(
        Candle::table(),
        &[
            candle("twelvedata", "USD", "AAPL", "2026-01-05", "200"),
            candle("twelvedata", "USD", "AAPL", "2026-01-06", "210"),
            candle("other", "USD", "AAPL", "2026-01-05", "1"),
            candle("other", "USD", "AAPL", "2026-01-07", "2"),
            candle("twelvedata", "EUR", "SAP", "2026-01-06", "150"),
            candle("a", "USD", "BTC", "2026-01-05", "7"), // `market_prices` has it
            // A session that opens at 14:30 has its close after that, maybe on the next day.
            candle("twelvedata", "USD", "LATE", "2026-01-06 14:30", "50"),
            hourly,
        ],
    );
    let params =
        |precedence: &str| DailyMarketParams { precedence: vec![precedence.into()], ..until(3) };
    let market = run(DailyMarket::from_warehouse(&memory, &params("twelvedata"))).unwrap();
    let of = |name: &str| market.get(name).unwrap().prices.clone();
    assert_eq!(of("AAPL"), [Some(200.0), Some(210.0), None], "one source for all days");
    assert_eq!(market.get("AAPL").unwrap().volumes, [Some(7.0), Some(7.0), None]);
    assert_eq!(of("SAP"), [None, Some(150.0), None]);
    assert_eq!(of("LATE"), [None, None, Some(50.0)]);
    assert_eq!(of("BTC")[0], Some(btc(0)));
    let market = run(DailyMarket::from_warehouse(&memory, &params("other"))).unwrap();
    assert_eq!(market.get("AAPL").unwrap().prices, [Some(1.0), None, Some(2.0)]);
}

#[test]
fn a_day_in_progress_is_left_out() {
    let mut memory = warehouse(3);
    // Half of the fourth day is loaded, and its daily candle is not closed.
    let rows =
        [price("BTC", at("2026-01-07 12:00"), 1.0), price("BTC", at("2026-01-08 12:00"), 2.0)];
    memory.put(MarketPrice::table(), &rows);
    memory.put(Candle::table(), &[candle("a", "USD", "AAPL", "2026-01-08", "3")]);
    let error = run(DailyMarket::from_warehouse(&memory, &DailyMarketParams::default()));
    let market = error.unwrap();
    assert_eq!((market.days, market.end), (vec![day(2)], day(3)));
    assert_eq!(market.instruments.len(), 1, "AAPL has no day that is over");
}

fn count(start: chrono::DateTime<chrono::Utc>, hours: i64, posts: i64) -> SocialCount {
    let end_at = start + TimeDelta::hours(hours);
    SocialCount { symbol: "BTC".into(), start_at: start, end_at, posts }
}

fn post(number: i64, when: &str, sentiment: Option<f64>) -> SocialPost {
    SocialPost {
        post_id: format!("{number}"),
        author_id: "1".into(),
        text: "to the moon".into(),
        lang: None,
        created_at: at(when),
        like_count: 0,
        repost_count: 0,
        reply_count: 0,
        symbol: "BTC".into(),
        sentiment,
    }
}

#[test]
fn posts_of_days_that_are_counted_in_full() {
    let mut memory = Memory::default();
    let hour = |number: i64| at("2026-01-05") + TimeDelta::hours(number);
    // All hours of the first day, all but one of the second, and a whole third day.
    let hours = (0..24).chain(25..48).map(|number| count(hour(number), 1, 10));
    let counts: Vec<_> = hours.chain([count(hour(48), 24, 99)]).collect();
    memory.put(SocialCount::table(), &counts);
    memory.put(
        SocialPost::table(),
        &[
            post(1, "2026-01-05 10:00", Some(0.5)),
            post(2, "2026-01-05 23:59", Some(-0.25)),
            post(3, "2026-01-06 00:00", None),
            post(4, "2026-01-08 09:00", Some(1.0)), // a day in progress
        ],
    );
    let social = run(DailySocial::from_warehouse(&memory, &DailySocialParams::default())).unwrap();
    assert_eq!(social.days, [day(0), day(1), day(2)]);
    let btc = &social.instruments[0];
    assert_eq!(btc.posts, [Some(240.0), None, Some(99.0)]);
    assert_eq!(btc.sentiment, [Some(0.125), None, None]);
    assert_eq!(btc.scored, [2, 0, 0]);
}

#[test]
fn social_tables_give_what_a_frame_gives() {
    let posts = |number: u64| 50 + scattered(number, (17, 5, 31)) as i64;
    let mut memory = warehouse(40);
    let counts: Vec<_> =
        (0..40).map(|number| count(at(&day(number).to_string()), 24, posts(number))).collect();
    memory.put(SocialCount::table(), &counts);
    let params = DailySocialParams { end: until(40).end, ..DailySocialParams::default() };
    let from_tables = run(DailySocial::from_warehouse(&memory, &params)).unwrap();
    let frame = polars::prelude::df!(
        "instrument" => ["BTC"; 40],
        "at" => (0..40).map(day).collect::<Vec<_>>(),
        "posts" => (0..40).map(posts).collect::<Vec<_>>(),
    )
    .unwrap();
    let from_frame = DailySocial::from_frame(&frame, &params).unwrap();
    assert_eq!(from_tables.instruments, from_frame.instruments);
    let market = run(DailyMarket::from_warehouse(&memory, &until(40))).unwrap();
    assert_eq!(log_returns(&market).days.len(), 40);
    let [one, other] = [&from_tables, &from_frame]
        .map(|social| social_lead_lag(&market, social, &Default::default()).unwrap());
    assert_eq!(one, other);
}
