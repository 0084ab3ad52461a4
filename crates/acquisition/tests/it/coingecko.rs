//! Tests of the CoinGecko source page by page: windows, cursors, and what is new.
#![cfg(feature = "coingecko")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::log::Log;
use crate::support::{
    Turned, at, batches, context, first, hurried, json, query, round, rows, texts,
};
use chrono::TimeDelta;
use tidegauge_acquisition::Context;
use tidegauge_acquisition::backfill::BadRows;
use tidegauge_acquisition::coingecko::{CandleSize, CoinGecko, Config as GeckoConfig, Plan};
use tidegauge_core::{Cell, Clock, Page, Source};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A fake of CoinGecko with a price for every whole hour and one for the present.
struct Gecko(Arc<dyn Clock>);

impl Respond for Gecko {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let now = self.0.now().timestamp();
        let path = request.url.path();
        if path.ends_with("/range") {
            let (from, to): (i64, i64) =
                (query(request, "from").parse().unwrap(), query(request, "to").parse().unwrap());
            let hours = (from + 3599) / 3600..=to / 3600;
            let mut times: Vec<_> = hours.map(|hour| hour * 3_600_000).collect();
            if to == now && now % 3600 != 0 {
                times.push(now * 1000);
            }
            let series = |value: &str| {
                let points = times.iter().map(|at| format!("[{at},{value}]"));
                points.collect::<Vec<_>>().join(",")
            };
            return json(format!(
                r#"{{"prices":[{}],"market_caps":[{}],"total_volumes":[{}]}}"#,
                series("50675.258073370765"),
                series("0.0"),
                series("null")
            ));
        }
        if path.ends_with("/ohlc") {
            let (days, size): (i64, i64) = match query(request, "days").as_str() {
                "1" => (1, 1800),
                days @ ("7" | "14" | "30") => (days.parse().unwrap(), 4 * 3600),
                days => (days.parse().unwrap(), 4 * 86_400),
            };
            // The last candle closes in the future.
            let closes = (now - days * 86_400) / size + 1..=now / size + 1;
            let rows = closes.map(|close| format!("[{},10,12,9,11]", close * size * 1000));
            return json(format!("[{}]", rows.collect::<Vec<_>>().join(",")));
        }
        let market = |id: &str| {
            let at = self.0.now().to_rfc3339();
            format!(
                r#"{{"id":"{id}","symbol":"{id}","name":"{id}","current_price":77671,"market_cap":null,"total_volume":1.005,"last_updated":"{at}"}}"#
            )
        };
        // Without ids, it returns a page of the largest coins, some of which are impostors.
        let ids: Vec<String> = match query(request, "ids") {
            ids if ids.is_empty() => largest(query(request, "page").parse().unwrap()),
            ids => ids.split(',').map(str::to_owned).collect(),
        };
        let markets: Vec<_> = ids.iter().map(|id| market(id)).collect();
        json(format!("[{}]", markets.join(",")))
    }
}

/// Returns the ids of a page of 250 coins: bitcoin first, then one that has its symbol as id.
fn largest(page: usize) -> Vec<String> {
    let name = |rank| match rank {
        0 => "bitcoin".to_owned(),
        1 => "btc".to_owned(),
        rank => format!("coin-{rank}"),
    };
    ((page - 1) * 250..page * 250).map(name).collect()
}

async fn gecko(clock: &Arc<Turned>, config: GeckoConfig) -> (MockServer, CoinGecko) {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(Gecko(clock.clone())).mount(&server).await;
    let http = hurried(&server.uri());
    let source =
        CoinGecko::new(GeckoConfig { http, ..config }, None, &Context::new(clock.clone())).unwrap();
    (server, source)
}

/// Returns the times of a column over all pages, in milliseconds since 1970.
fn times(pages: &[Page], table: &str, column: &str) -> Vec<i64> {
    let columns = batches(pages, table).into_iter().flat_map(|batch| {
        let column = batch.column(column).unwrap().as_timestamp().unwrap();
        column.values().iter().map(|micros| micros / 1000).collect::<Vec<_>>()
    });
    columns.collect()
}

fn one_symbol() -> GeckoConfig {
    GeckoConfig { symbols: vec!["BTC".into()], ..GeckoConfig::default() }
}

#[tokio::test]
async fn a_long_history_is_read_in_windows_without_gaps_or_duplicates() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let config = GeckoConfig { history_days: 200, ..one_symbol() };
    let (server, source) = gecko(&clock, config).await;
    let (pages, _) = round(&source, None).await;
    assert_eq!(pages.len(), 5, "three windows, candles, the snapshot");
    for page in &pages {
        assert!(page.rows() <= 90 * 24 + 3);
    }
    let found = times(&pages[..3], "raw_crypto_market_data", "observed_at");
    assert_eq!(found.len(), 200 * 24 + 1);
    let hourly = found.windows(2).take(200 * 24 - 1);
    assert!(hourly.into_iter().all(|pair| pair[1] - pair[0] == 3_600_000));
    assert_eq!(
        found.last(),
        Some(&at("2026-05-18T12:34:56Z").timestamp_millis()),
        "the one of now"
    );
    let windows = server.received_requests().await.unwrap();
    for request in windows.iter().filter(|request| request.url.path().ends_with("/range")) {
        let (from, to): (i64, i64) =
            (query(request, "from").parse().unwrap(), query(request, "to").parse().unwrap());
        assert!(to - from <= 90 * 86_400, "more than 90 days come daily");
    }
}

#[tokio::test]
async fn values_are_exact_and_unknown_ones_null() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (_server, source) = gecko(&clock, GeckoConfig { history_days: 1, ..one_symbol() }).await;
    let (pages, _) = round(&source, None).await;
    let raw = batches(&pages, "raw_crypto_market_data")[0];
    assert_eq!(first(raw, "price_usd"), Cell::Decimal(50_675_258_073_370_765_000_000));
    assert_eq!(raw.column("market_cap_usd").unwrap().null_count(), raw.rows());
    assert_eq!(raw.column("volume_24h_usd").unwrap().null_count(), raw.rows());
    assert_eq!(first(raw, "name"), Cell::Text("Bitcoin"));
    assert_eq!(first(raw, "source"), Cell::Text("coingecko"));
    let snapshot = batches(&pages[2..], "raw_crypto_market_data")[0];
    let volume = first(snapshot, "volume_24h_usd");
    assert_eq!(volume, Cell::Decimal(100), "1.005 is 1.00, half to even");
}

#[tokio::test]
async fn only_closed_candles_are_stored_by_their_opening_time() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    for (size, name, length) in [
        (CandleSize::HalfHour, "30m", 1_800_000),
        (CandleSize::FourHours, "4h", 14_400_000),
        (CandleSize::FourDays, "4d", 345_600_000),
    ] {
        let (_server, source) = gecko(&clock, GeckoConfig { candles: size, ..one_symbol() }).await;
        let (pages, cursor) = round(&source, None).await;
        let opens = times(&pages, "candles", "open_at");
        let now = clock.now().timestamp_millis();
        assert!(opens.iter().all(|open| open % length == 0 && open + length <= now), "{name}");
        assert!(opens.last().unwrap() + 2 * length > now, "{name}: the last finished one is there");
        let candles = batches(&pages, "candles")[0];
        assert_eq!(first(candles, "interval"), Cell::Text(name));
        assert_eq!(candles.column("volume").unwrap().null_count(), candles.rows());
        // One candle size later there is exactly one more.
        let later = Turned::new("2026-05-18T12:34:56Z");
        later.on(TimeDelta::milliseconds(length));
        let (_server, source) = gecko(&later, GeckoConfig { candles: size, ..one_symbol() }).await;
        let (pages, _) = round(&source, Some(cursor)).await;
        assert_eq!(times(&pages, "candles", "open_at"), [opens.last().unwrap() + length], "{name}");
    }
}

#[tokio::test]
async fn a_second_round_reads_only_new_rows_and_not_before_the_refresh() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (server, source) = gecko(&clock, GeckoConfig::default()).await;
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(pages.len(), 4 + 4 + 1);
    let asked = server.received_requests().await.unwrap().len();

    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.batches.is_empty() && page.done && page.cursor == cursor);
    assert_eq!(server.received_requests().await.unwrap().len(), asked, "and nobody was asked");

    clock.on(TimeDelta::hours(2));
    let (pages, later) = round(&source, Some(cursor.clone())).await;
    assert_ne!(later, cursor);
    assert_eq!(rows(&pages, "candles"), 0, "the next candle closes at 16:00");
    let found = times(&pages, "raw_crypto_market_data", "observed_at");
    // For each symbol the hours 13 and 14, and the present; then the snapshot of the present.
    assert_eq!(found.len(), 4 * 3 + 4);
    let before = at("2026-05-18T12:34:56Z").timestamp_millis();
    assert!(found.iter().all(|at| *at > before), "none twice");
}

#[tokio::test]
async fn the_largest_markets_are_paginated_and_never_share_a_symbol() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (server, source) = gecko(&clock, GeckoConfig { top: 300, ..one_symbol() }).await;
    let (pages, _) = round(&source, None).await;
    let markets: Vec<_> = pages.iter().skip(2).cloned().collect(); // after prices and candles
    let symbols = texts(&markets, "raw_crypto_market_data", "symbol");
    assert_eq!(symbols.len(), 299, "300, but for the one that is called BTC and is not");
    assert_eq!(symbols[0], "BTC");
    assert_eq!(symbols[1], "COIN-2.coin-2", "symbols are not unique, ids are");
    assert_eq!(symbols[298], "COIN-299.coin-299");
    let unique: BTreeSet<_> = symbols.iter().collect();
    assert_eq!(unique.len(), symbols.len());
    let asked = server.received_requests().await.unwrap();
    let pages = asked.iter().filter(|request| request.url.path().ends_with("/markets"));
    assert_eq!(pages.map(|request| query(request, "page")).collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn the_same_cursor_makes_the_same_request() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (_server, source) = gecko(&clock, one_symbol()).await;
    let start = source.fetch(None).await.unwrap();
    let one = source.fetch(Some(&start.cursor)).await.unwrap();
    clock.on(TimeDelta::minutes(3)); // after a crash, a little later
    let two = source.fetch(Some(&start.cursor)).await.unwrap();
    assert_eq!(one.cursor, two.cursor);
    assert_eq!(one.batches[0].record(), two.batches[0].record());
}

#[tokio::test]
async fn a_bad_row_fails_its_page_and_a_future_row_does_not_move_the_cursor() {
    for (body, says) in [
        (
            r#"{"prices":[[1779100000000,1],[1779100300000,-2]],"market_caps":[],"total_volumes":[]}"#,
            "`-2`",
        ),
        (r#"{"prices":[[1879100000000,1]],"market_caps":[],"total_volumes":[]}"#, "in the future"),
    ] {
        let server = MockServer::start().await;
        Mock::given(path_regex("range$")).respond_with(json(body.into())).mount(&server).await;
        let config = GeckoConfig { http: hurried(&server.uri()), ..one_symbol() };
        let source = CoinGecko::new(config, None, &context("2026-05-18T12:34:56Z")).unwrap();
        let error = source.fetch(None).await.unwrap_err().to_string();
        assert!(error.contains("bitcoin") && error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn an_unlisted_coin_is_recorded_and_wrapped_ones_are_requested() {
    let server = MockServer::start().await;
    let markets = |_: &Request| {
        let market = |id: &str, price: i32| {
            format!(
                r#"{{"id":"{id}","symbol":"{id}","name":"{id}","current_price":{price},"market_cap":null,"total_volume":null,"last_updated":"2026-05-18T12:00:00Z"}}"#
            )
        };
        // One coin was not requested, one comes twice, and one is missing.
        let all = [market("dogwifhat", 1), market("bitcoin", 2), market("bitcoin", 3)];
        json(format!("[{}]", all.join(",")))
    };
    Mock::given(path_regex("markets$")).respond_with(markets).mount(&server).await;
    Mock::given(path_regex("/(range|ohlc)$"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    let symbols = vec!["BTC".into(), "ETH".into()];
    let config = GeckoConfig { http: hurried(&server.uri()), symbols, ..GeckoConfig::default() };
    let source = CoinGecko::new(config, None, &context("2026-05-18T12:34:56Z")).unwrap();
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (pages, _) = round(&source, None).await;
    assert_eq!(texts(&pages, "raw_crypto_market_data", "symbol"), ["BTC"]);
    assert_eq!(texts(&pages, "raw_crypto_market_data", "price_usd"), ["3.00000000"]);
    let last = [pages.last().unwrap().clone()];
    assert_eq!(texts(&last, "coverage", "series"), ["markets ETH"]);
    assert_eq!(texts(&last, "coverage", "state"), ["failed"]);
    assert!(texts(&last, "coverage", "reason")[0].contains("lists no market of `ethereum`"));
    assert_eq!(texts(&last, "coverage", "start_at"), ["2026-05-18 00:00:00"], "one row a day");
    let asked = server.received_requests().await.unwrap();
    let asked = asked.iter().find(|request| request.url.path().ends_with("/markets")).unwrap();
    assert_eq!(query(asked, "include_rehypothecated"), "true");
    assert!(log.output().contains("dogwifhat") && log.output().contains("keeping the last"));
}

#[tokio::test]
async fn a_repeated_key_is_stored_in_rows_and_redacted_in_messages() {
    const KEY: &str = "CG-canary-7f3a";
    let server = MockServer::start().await;
    let market = format!(
        r#"[{{"id":"odd","symbol":"odd","name":"The {KEY} coin","current_price":1,"market_cap":null,"total_volume":null,"last_updated":"2026-05-18T12:00:00Z"}},
            {{"id":"{KEY}","symbol":"odd","name":"x","current_price":-1,"market_cap":null,"total_volume":null,"last_updated":"2026-05-18T12:00:00Z"}}]"#
    );
    Mock::given(path_regex("markets$")).respond_with(json(market)).mount(&server).await;
    Mock::given(path_regex("/(range|ohlc)$"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&server)
        .await;
    let context = Context { bad_rows: BadRows::Quarantine, ..context("2026-05-18T12:34:56Z") };
    let config =
        GeckoConfig { http: hurried(&server.uri()), plan: Plan::Demo, top: 2, ..one_symbol() };
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let source = CoinGecko::new(config, Some(KEY.into()), &context).unwrap();
    let (pages, _) = round(&source, None).await;
    let name = format!("The {KEY} coin");
    assert_eq!(texts(&pages, "raw_crypto_market_data", "name"), [name]);
    assert!(texts(&pages, "quarantine", "content")[0].contains(KEY), "as it came");
    for output in [texts(&pages, "quarantine", "place"), texts(&pages, "quarantine", "reason")] {
        assert!(output[0].contains("[key]") || output[0].contains("-1"), "{output:?}");
        assert!(!output[0].contains(KEY), "{output:?}");
    }
    assert!(!log.output().contains(KEY));
}

#[tokio::test]
async fn with_quarantine_future_rows_and_invalid_windows_do_not_stop_the_source() {
    let server = MockServer::start().await;
    let chart =
        r#"{"prices":[[1779100000000,1],[1879100000000,2]],"market_caps":[],"total_volumes":[]}"#;
    Mock::given(path_regex("range$")).respond_with(json(chart.into())).mount(&server).await;
    Mock::given(path_regex("ohlc$")).respond_with(json("{}".into())).mount(&server).await;
    Mock::given(path_regex("markets$")).respond_with(json("[null]".into())).mount(&server).await;
    let context = Context { bad_rows: BadRows::Quarantine, ..context("2026-05-18T12:34:56Z") };
    let config = GeckoConfig { http: hurried(&server.uri()), ..one_symbol() };
    let (pages, _) = round(&CoinGecko::new(config, None, &context).unwrap(), None).await;
    assert_eq!(rows(&pages, "raw_crypto_market_data"), 1);
    let reasons = texts(&pages, "quarantine", "reason");
    assert!(reasons[0].contains("in the future") && reasons[1].contains("null"), "{reasons:?}");
    let failed = texts(&pages, "coverage", "reason");
    assert!(failed.iter().any(|reason| reason.contains("instead of a list")), "{failed:?}");
}

#[test]
fn an_invalid_configuration_is_rejected_with_advice() {
    let context = context("2026-05-18T12:34:56Z");
    for (config, says) in [
        (
            GeckoConfig { symbols: vec!["NOPE".into()], ..GeckoConfig::default() },
            "known are BTC, ETH",
        ),
        (GeckoConfig { symbols: vec![], ..GeckoConfig::default() }, "name at least one"),
        (GeckoConfig { history_days: 366, ..GeckoConfig::default() }, "a paid one has all"),
        (GeckoConfig { history_days: 0, ..GeckoConfig::default() }, "between 1 and 365"),
        (GeckoConfig { plan: Plan::Demo, ..GeckoConfig::default() }, "it is empty"),
    ] {
        let error = CoinGecko::new(config, Some("".into()), &context).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let demo = GeckoConfig { plan: Plan::Demo, ..GeckoConfig::default() };
    let error = CoinGecko::new(demo, None, &context).unwrap_err().to_string();
    assert!(error.contains("set TIDEGAUGE_COINGECKO_KEY"), "{error}");
    let pro = GeckoConfig { history_days: 4_000, plan: Plan::Pro, ..GeckoConfig::default() };
    assert!(CoinGecko::new(pro, Some("k".into()), &context).is_ok());
}
