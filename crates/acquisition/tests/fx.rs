//! The sources of exchange rates page by page.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod support;

use std::sync::Arc;

use chrono::TimeDelta;
use support::{Turned, clock, context, hurried, json, query, round, rows};
use tidegauge_acquisition::Context;
use tidegauge_acquisition::frankfurter::{Config as FrankfurterConfig, Frankfurter};
use tidegauge_acquisition::open_er_api::{Config as OpenErApiConfig, OpenErApi};
use tidegauge_core::{Clock, Source};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

#[test]
fn currencies_that_cannot_be_are_refused_with_the_way_out() {
    let context = context("2026-05-18T12:34:56Z");
    for (quotes, says) in
        [(vec!["EUR"], "in itself"), (vec![], "at least one"), (vec!["usd"], "capital")]
    {
        let quotes = quotes.into_iter().map(Into::into).collect();
        let config = FrankfurterConfig { quotes, ..FrankfurterConfig::default() };
        let error = Frankfurter::new(config, &context).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let config = OpenErApiConfig { base: "dollar".into(), ..OpenErApiConfig::default() };
    assert!(OpenErApi::new(config, &context).is_err());
}

/// Frankfurter: a rate for every weekday; a weekend's start snaps back to its Friday.
struct Ecb;

impl Respond for Ecb {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        use chrono::{Datelike, NaiveDate, Weekday};
        let days = request.url.path().rsplit('/').next().unwrap();
        let (from, to) = days.split_once("..").unwrap();
        let (mut from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
        while matches!(from.weekday(), Weekday::Sat | Weekday::Sun) {
            from = from.pred_opt().unwrap();
        }
        let symbols = query(request, "symbols");
        let known = symbols.split(',').filter(|it| *it != "XXX").map(|it| format!("\"{it}\":1.5"));
        let known = known.collect::<Vec<_>>().join(",");
        let weekday = |day: &NaiveDate| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let rates = from.iter_days().take_while(|day| *day <= to).filter(weekday);
        let rates = rates.map(|day| format!("\"{day}\":{{{known}}}")).collect::<Vec<_>>().join(",");
        json(format!(
            r#"{{"amount":1.0,"base":"EUR","start_date":"{from}","end_date":"{to}","rates":{{{rates}}}}}"#
        ))
    }
}

async fn frankfurter(
    clock: Arc<dyn Clock>,
    since: &str,
    quotes: &[&str],
) -> (MockServer, Frankfurter) {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(Ecb).mount(&server).await;
    let config = FrankfurterConfig {
        quotes: quotes.iter().map(|it| (*it).into()).collect(),
        since: since.parse().unwrap(),
        http: hurried(&server.uri()),
    };
    let source = Frankfurter::new(config, &Context::new(clock)).unwrap();
    (server, source)
}

#[tokio::test]
async fn frankfurter_reads_its_history_a_year_at_a_time_and_then_day_by_day() {
    let clock = Turned::new("2026-05-15T12:00:00Z"); // a Friday
    let (server, source) = frankfurter(clock.clone(), "2024-01-01", &["USD", "GBP"]).await;
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(pages.len(), 3);
    assert_eq!(rows(&pages, "fx_rates"), 2 * 620); // weekdays from 2024-01-01 to 2026-05-15
    assert!(pages.iter().all(|page| page.rows() <= 2 * 366));

    for weekend in 0..2 {
        clock.on(TimeDelta::days(1));
        let page = source.fetch(Some(&cursor)).await.unwrap();
        assert!(
            page.done && page.batches.is_empty() && page.cursor == cursor,
            "day {weekend} of the weekend"
        );
    }
    clock.on(TimeDelta::days(1));
    let (pages, _) = round(&source, Some(cursor.clone())).await;
    assert_eq!((pages.len(), rows(&pages, "fx_rates")), (1, 2));
    drop(server);

    // A currency more: its history is read too.
    let (_server, source) = frankfurter(clock, "2024-01-01", &["USD", "GBP", "CAD"]).await;
    let (pages, _) = round(&source, Some(cursor)).await;
    assert!(rows(&pages, "fx_rates") > 3 * 600);
}

#[tokio::test]
async fn frankfurter_does_not_pass_over_a_currency_that_the_service_drops() {
    let (_server, source) =
        frankfurter(clock("2026-05-15T12:00:00Z"), "2026-05-01", &["USD", "XXX"]).await;
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("frankfurter does not have `XXX`"), "{error}");
}

#[tokio::test]
async fn open_er_api_asks_once_a_day() {
    let server = MockServer::start().await;
    let recording = support::recording("fx/open_er_api_latest_czk.recorded-2026-02-18.json");
    Mock::given(path("/latest/CZK"))
        .respond_with(json(String::from_utf8(recording).unwrap()))
        .mount(&server)
        .await;
    let clock = Turned::new("2026-02-18T12:00:00Z");
    let config =
        OpenErApiConfig { base: "CZK".into(), quotes: vec![], http: hurried(&server.uri()) };
    let source = OpenErApi::new(config.clone(), &Context::new(clock.clone())).unwrap();
    let first = source.fetch(None).await.unwrap();
    assert!(first.done);
    assert_eq!(first.rows(), 165);
    let day =
        first.batches[0].frame().column("rate_date").unwrap().date().unwrap().physical().get(0);
    assert_eq!(day, Some(20_502)); // 2026-02-18

    let asked = async || server.received_requests().await.unwrap().len();
    for (later, requests) in [(TimeDelta::hours(12), 1), (TimeDelta::hours(1), 2)] {
        clock.on(later); // 00:00 is before the next update at 00:34:22; 01:00 is after
        let page = source.fetch(Some(&first.cursor)).await.unwrap();
        assert!(page.done && page.batches.is_empty() && page.cursor == first.cursor);
        assert_eq!(asked().await, requests);
    }

    let two = OpenErApiConfig { quotes: vec!["USD".into(), "EUR".into()], ..config.clone() };
    let page =
        OpenErApi::new(two, &Context::new(clock.clone())).unwrap().fetch(None).await.unwrap();
    assert_eq!(page.rows(), 2);
    let unknown = OpenErApiConfig { quotes: vec!["XXX".into()], ..config };
    let error =
        OpenErApi::new(unknown, &Context::new(clock)).unwrap().fetch(None).await.unwrap_err();
    assert!(error.to_string().contains("does not have `XXX`"), "{error}");
}

#[tokio::test]
async fn open_er_api_recognises_a_refusal_in_a_success() {
    let server = MockServer::start().await;
    let body = r#"{"result":"error","documentation":"","terms-of-use":"","error-type":"unsupported-code"}"#;
    Mock::given(path("/latest/ABC")).respond_with(json(body.into())).mount(&server).await;
    let config =
        OpenErApiConfig { base: "ABC".into(), quotes: vec![], http: hurried(&server.uri()) };
    let source = OpenErApi::new(config, &context("2026-02-18T12:00:00Z")).unwrap();
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("unsupported-code") && error.contains("ISO 4217"), "{error}");
}
