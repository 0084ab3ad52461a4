//! Tests of ExchangeRate-API, with and without a key: one page per update.
#![cfg(feature = "exchangerate-api")]

use std::sync::Arc;

use crate::support::{
    Act, Scripted, Turned, context, everything_said, hurried, json, rate_keys, recording, rows,
    texts,
};
use chrono::TimeDelta;
use tidegauge_acquisition::bad_rows::{BadRows, RowFilter};
use tidegauge_acquisition::exchangerate_api::{self, Client, Config, ExchangeRateApi};
use tidegauge_acquisition::http::HttpConfig;
use tidegauge_acquisition::open_er_api::OpenErApi;
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::Source;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer};

const CANARY: &str = "canary7f3a90";
const NOW: &str = "2026-02-18T12:00:00Z";

/// Returns the recorded reply of the open endpoint, converted to the format of the keyed one if
/// `keyed`.
fn reply(keyed: bool) -> String {
    let reply = recording("fx/open_er_api_latest_czk.recorded-2026-02-18.json");
    let reply = String::from_utf8(reply).unwrap();
    if keyed { reply.replace("\"rates\"", "\"conversion_rates\"") } else { reply }
}

/// Creates the keyed and the open source, each with a server that gives the recorded reply to
/// correct requests.
async fn both(clock: &Arc<Turned>, quotes: &[&str]) -> Vec<(MockServer, Box<dyn Source>)> {
    let config = |server: &MockServer| Config {
        base: "CZK".into(),
        quotes: quotes.iter().map(|quote| (*quote).into()).collect(),
        http: hurried(&server.uri()),
    };
    let context = Context::new(clock.clone());
    let keyed = MockServer::start().await;
    Mock::given(path("/latest/CZK"))
        .and(header("authorization", format!("Bearer {CANARY}").as_str()))
        .respond_with(json(reply(true)))
        .mount(&keyed)
        .await;
    let open = MockServer::start().await;
    Mock::given(path("/latest/CZK")).respond_with(json(reply(false))).mount(&open).await;
    let with_key = ExchangeRateApi::new(config(&keyed), Some(CANARY.into()), &context).unwrap();
    let without = OpenErApi::new(config(&open), &context).unwrap();
    vec![(keyed, Box::new(with_key)), (open, Box::new(without))]
}

#[tokio::test]
async fn an_update_is_one_page_and_no_request_is_made_before_the_next() {
    let clock = Turned::new(NOW);
    for (server, source) in both(&clock, &[]).await {
        let clock = Turned::new(NOW);
        let source: Box<dyn Source> = match source.name() {
            exchangerate_api::NAME => Box::new(keyed(&server.uri(), &Context::new(clock.clone()))),
            _ => Box::new(open(&server.uri(), &Context::new(clock.clone()))),
        };
        let first = source.fetch(None).await.unwrap();
        assert!(first.done);
        assert_eq!(first.rows(), 165, "{}", source.name());
        let keys = rate_keys(std::slice::from_ref(&first));
        assert!(keys.iter().all(|(day, quote)| day == "2026-02-18" && quote != "CZK"));
        let sources = texts(std::slice::from_ref(&first), "fx_rates", "source");
        assert!(sources.iter().all(|name| name == source.name()));

        let mut cursor = first.cursor;
        // The next update is announced for 00:34:22; it is late, and is requested once an hour.
        for (minutes, requests) in [(12 * 60, 1), (34, 1), (1, 2), (30, 2), (29, 2), (1, 3)] {
            clock.on(TimeDelta::minutes(minutes));
            let page = source.fetch(Some(&cursor)).await.unwrap();
            assert!(page.done && page.batches.is_empty());
            cursor = page.cursor;
            let asked = server.received_requests().await.unwrap().len();
            assert_eq!(asked, requests, "{} {minutes} minutes on", source.name());
        }
    }
}

fn config(url: &str) -> Config {
    Config { base: "CZK".into(), quotes: vec![], http: hurried(url) }
}

fn keyed(url: &str, context: &Context) -> ExchangeRateApi {
    ExchangeRateApi::new(config(url), Some(CANARY.into()), context).unwrap()
}

fn open(url: &str, context: &Context) -> OpenErApi {
    OpenErApi::new(config(url), context).unwrap()
}

#[tokio::test]
async fn only_configured_rates_are_stored_and_missing_ones_are_reported() {
    let clock = Turned::new(NOW);
    for (_server, source) in both(&clock, &["USD", "EUR"]).await {
        assert_eq!(source.fetch(None).await.unwrap().rows(), 2, "{}", source.name());
    }
    for (_server, source) in both(&clock, &["USD", "XXX"]).await {
        let message = everything_said(&source.fetch(None).await.unwrap_err());
        assert!(message.contains("does not have `XXX`"), "{message}");
    }
}

#[tokio::test]
async fn the_key_is_in_no_address_error_or_debug() {
    let hostile = format!(
        r#"{{"result":"error","documentation":"","terms-of-use":"","error-type":"no {CANARY}"}}"#
    );
    for act in [
        Act::reply("403 X", "", &hostile),
        Act::ok(&hostile),
        Act::reply("500 X", "", CANARY),
        Act::reply("403 X", "", &format!("<html>{CANARY}</html>")),
        Act::reply("302 X", &format!("location: https://{CANARY}.example/\r\n"), ""),
        Act::ok(CANARY),
        Act::Say(Vec::new()),
    ] {
        let server = Scripted::start(vec![act.clone()]).await;
        let source = keyed(&server.url, &context(NOW));
        assert!(!format!("{source:?}").contains(CANARY));
        let error = source.fetch(None).await.unwrap_err();
        let message = everything_said(&error);
        assert!(!message.contains(CANARY), "{act:?}: {message}");
        for request in server.requests() {
            let (line, headers) = request.split_once("\r\n").unwrap();
            assert!(line.starts_with("GET /latest/CZK HTTP"), "{line}");
            assert!(headers.contains(&format!("authorization: Bearer {CANARY}\r\n")), "{headers}");
        }
    }
}

#[tokio::test]
async fn every_refusal_is_a_typed_error_at_any_status() {
    type Right = fn(&Error) -> bool;
    let auth: Right = |error| matches!(error, Error::Auth { .. });
    let status: Right = |error| matches!(error, Error::Status { .. });
    let limited: Right = |error| matches!(error, Error::RateLimited { .. });
    for (code, right) in [
        ("invalid-key", auth),
        ("inactive-account", auth),
        ("plan-upgrade-required", auth),
        ("unsupported-code", status),
        ("malformed-request", status),
        ("no-data-available", status),
        ("quota-reached", limited),
    ] {
        let body = recording("fx/exchangerate-api_v6_error_invalid_key.json");
        let body = String::from_utf8(body).unwrap().replace("invalid-key", code);
        for sent in ["200 OK", "404 Not Found"] {
            let server = Scripted::start(vec![Act::reply(sent, "", &body)]).await;
            let client =
                Client::keyed(Some(&CANARY.into()), &hurried(&server.url), &context(NOW)).unwrap();
            let error = client.latest("CZK", &mut RowFilter::strict()).await.expect_err(code);
            assert!(right(&error), "{code} at {sent}: {error:?}");
            assert!(error.to_string().contains(code), "{error} should say {code}");
        }
    }
    let server = Scripted::start(vec![Act::reply("404 X", "", "{\"result\":\"error\"}")]).await;
    let client = Client::open(&hurried(&server.url), &context(NOW)).unwrap();
    let error = client.latest("CZK", &mut RowFilter::strict()).await.unwrap_err();
    assert!(error.to_string().contains("names no reason"), "{error}");
}

#[tokio::test]
async fn a_web_page_of_a_firewall_is_distinguished_from_the_service() {
    let page = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>";
    for (status, says) in [("403 X", "firewall"), ("429 X", "left alone"), ("200 OK", "firewall")] {
        let server = Scripted::start(vec![Act::reply(status, "", page)]).await;
        let message =
            everything_said(&keyed(&server.url, &context(NOW)).fetch(None).await.unwrap_err());
        assert!(message.contains(says), "{status}: {message}");
    }
    // The body decides, whatever the content type.
    let odd = Act::reply("200 OK", "content-type: text/html\r\n", &reply(true));
    let server = Scripted::start(vec![odd]).await;
    assert_eq!(keyed(&server.url, &context(NOW)).fetch(None).await.unwrap().rows(), 165);
}

#[tokio::test]
async fn the_monthly_quota_is_not_exceeded() {
    let server = Scripted::start(vec![Act::ok(&reply(true))]).await;
    let http = HttpConfig { per_month: Some(2), ..hurried(&server.url) };
    let config = Config { base: "CZK".into(), http, ..Config::default() };
    let context = context(NOW);
    let source = ExchangeRateApi::new(config, Some(CANARY.into()), &context).unwrap();
    for _ in 0..2 {
        source.fetch(None).await.unwrap();
    }
    let message = everything_said(&source.fetch(None).await.unwrap_err());
    assert!(message.contains("exchangerate_api allows 2 credits a month"), "{message}");
    assert!(message.contains("2026-03-01"), "{message}");
    assert_eq!(server.requests().len(), 2);

    let key = CANARY.into();
    let client = Client::keyed(Some(&key), &HttpConfig::default(), &context).unwrap();
    assert_eq!(client.budget().unwrap().quota.per_month, Some(1_500));
}

#[test]
fn without_a_key_there_is_no_source() {
    let error = ExchangeRateApi::new(Config::default(), None, &context(NOW)).unwrap_err();
    assert!(error.to_string().contains("TIDEGAUGE_EXCHANGERATE_API_KEY"), "{error}");
    let config = Config { base: "dollar".into(), ..Config::default() };
    assert!(ExchangeRateApi::new(config.clone(), Some(CANARY.into()), &context(NOW)).is_err());
    assert!(OpenErApi::new(config, &context(NOW)).is_err());
}

#[tokio::test]
async fn a_bad_rate_fails_the_page_or_is_quarantined_as_configured() {
    let body = reply(true).replace("\"AED\":0.17914", "\"AED\":0");
    let server = Scripted::start(vec![Act::ok(&body)]).await;
    let strict = context(NOW);
    let message = everything_said(&keyed(&server.url, &strict).fetch(None).await.unwrap_err());
    assert!(message.contains("`CZK` has AED `0`"), "{message}");

    let lenient = Context { bad_rows: BadRows::Quarantine, ..strict };
    let page = keyed(&server.url, &lenient).fetch(None).await.unwrap();
    let pages = [page];
    assert_eq!(rows(&pages, "fx_rates"), 164);
    assert_eq!(texts(&pages, "quarantine", "place"), ["latest CZK 2026-02-18 AED"]);

    // A currency that is requested and quarantined is not one that the service lacks.
    let config = Config { quotes: vec!["AED".into(), "USD".into()], ..config(&server.url) };
    let source = ExchangeRateApi::new(config, Some(CANARY.into()), &lenient).unwrap();
    assert_eq!(rows(&[source.fetch(None).await.unwrap()], "fx_rates"), 1);
}
