//! Tests of Twelve Data's snapshots page by page: the limit per minute, and the cost.
#![cfg(feature = "twelvedata")]

use crate::support::{Turned, batches, clock, first, hurried, json, query, round, rows, texts};
use chrono::TimeDelta;
use tidegauge_acquisition::Context;
use tidegauge_acquisition::backfill::{BadRows, HistoricalSource};
use tidegauge_acquisition::http::{HttpConfig, PerMinute};
use tidegauge_acquisition::twelvedata::{Config, TwelveData};
use tidegauge_core::{Cell, Source};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const NOW: &str = "2026-05-18T12:34:56Z";

/// Returns the quote of a single symbol directly, and several quotes by symbol.
fn quotes(request: &Request) -> ResponseTemplate {
    let quote = |symbol: &str| {
        format!(
            r#"{{"symbol":"{symbol}","currency":"USD","timestamp":1779105600,"close":"12.50","volume":"7"}}"#
        )
    };
    let asked = query(request, "symbol");
    if !asked.contains(',') {
        return json(quote(&asked));
    }
    let named = |symbol: &str| format!(r#""{symbol}":{}"#, quote(symbol));
    json(format!("{{{}}}", asked.split(',').map(named).collect::<Vec<_>>().join(",")))
}

#[tokio::test]
async fn quotes_are_requested_within_the_quota_of_a_minute() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path("/quote")).respond_with(quotes).mount(&server).await;
    let clock = Turned::new(NOW);
    let config = Config {
        symbols: ["BTC", "ETH", "SOL"].map(str::to_owned).into(),
        intervals: Vec::new(),
        quotes: true,
        http: HttpConfig { per_minute: PerMinute::new(2), ..hurried(&server.uri()) },
        ..Config::default()
    };
    let source = TwelveData::new(config, Some("k".into()), &Context::new(clock.clone())).unwrap();
    let one = source.fetch(None).await.unwrap();
    assert!(!one.done);
    clock.on(TimeDelta::minutes(1));
    let second = source.fetch(Some(&one.cursor)).await.unwrap();
    assert!(second.done);
    let asked = server.received_requests().await.unwrap();
    let symbols: Vec<_> = asked.iter().map(|request| query(request, "symbol")).collect();
    assert_eq!(symbols, ["BTC/USD,ETH/USD", "SOL/USD"], "a credit each, and a minute has two");
    let pages = [one, second];
    assert_eq!(texts(&pages, "quotes", "symbol"), ["BTC", "ETH", "SOL"]);
    let quotes = batches(&pages, "quotes")[0];
    assert_eq!(first(quotes, "price"), Cell::Decimal(12_500_000_000_000_000_000));
    assert_eq!(first(quotes, "currency"), Cell::Text("USD"));
}

#[tokio::test]
async fn rates_are_stored_by_day_for_a_credit_each() {
    let server = MockServer::start().await;
    let rate = |request: &Request| {
        let pair = query(request, "symbol");
        json(format!(r#"{{"symbol":"{pair}","rate":1.16844,"timestamp":1779105600}}"#))
    };
    let mock = Mock::given(method("GET")).and(path("/exchange_rate")).respond_with(rate);
    mock.mount(&server).await;
    let clock = Turned::new(NOW);
    let context = Context::new(clock.clone());
    let config = Config {
        intervals: Vec::new(),
        rates: vec!["EUR/USD".into(), "GBP/USD".into()],
        http: HttpConfig { per_day: Some(10), ..hurried(&server.uri()) },
        ..Config::default()
    };
    let source = TwelveData::new(config, Some("k".into()), &context).unwrap();
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(texts(&pages, "fx_rates", "base"), ["EUR", "GBP"]);
    assert_eq!(texts(&pages, "fx_rates", "source"), ["twelvedata", "twelvedata"]);
    let rate = first(batches(&pages, "fx_rates")[0], "rate");
    assert_eq!(rate, Cell::Decimal(1_168_440_000_000_000_000));
    assert_eq!(source.budget().unwrap().left_today, Some(8));

    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.done && page.batches.is_empty(), "not before the next hour");
    clock.on(TimeDelta::hours(1));
    let (pages, _) = round(&source, Some(cursor)).await;
    assert_eq!(rows(&pages, "fx_rates"), 2);
    assert_eq!(source.budget().unwrap().left_today, Some(6));
}

#[tokio::test]
async fn an_invalid_quote_is_quarantined_if_configured() {
    let server = MockServer::start().await;
    let reply = |_: &Request| {
        json(
            r#"{"BTC/USD":{"currency":"USD","timestamp":1779105600,"close":"-1"},
                "ETH/USD":{"currency":"USD","timestamp":1779105600,"close":"2500"}}"#
                .into(),
        )
    };
    Mock::given(method("GET")).and(path("/quote")).respond_with(reply).mount(&server).await;
    for (bad_rows, good) in [(BadRows::Fail, None), (BadRows::Quarantine, Some(1))] {
        let context = Context { bad_rows, ..Context::new(clock(NOW)) };
        let config = Config {
            symbols: vec!["BTC".into(), "ETH".into()],
            intervals: Vec::new(),
            quotes: true,
            http: hurried(&server.uri()),
            ..Config::default()
        };
        let source = TwelveData::new(config, Some("k".into()), &context).unwrap();
        match (source.fetch(None).await, good) {
            (Ok(page), Some(good)) => {
                let pages = [page];
                assert_eq!(rows(&pages, "quotes"), good);
                assert_eq!(texts(&pages, "quarantine", "table_name"), ["quotes"]);
                assert!(texts(&pages, "quarantine", "place")[0].contains("BTC/USD"));
            }
            (Err(error), None) => assert!(error.to_string().contains("`-1`"), "{error}"),
            (outcome, _) => panic!("{bad_rows:?}: {outcome:?}"),
        }
    }
}
