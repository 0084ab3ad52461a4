//! Tests of network faults, and of how the client handles them.
#![cfg(feature = "coingecko")]

use std::time::{Duration, Instant};

use crate::support::log::Log;
use crate::support::{Act, Scripted, context, everything_said, hurried, shown};
use tidegauge_acquisition::coingecko::{Client, CoinGecko, Config, Plan};
use tidegauge_acquisition::http::{HttpConfig, PerMinute, Retry};
use tidegauge_acquisition::{Error, Result};
use tidegauge_core::Source;
use wiremock::matchers::{header, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const PONG: &str = r#"{"gecko_says":"(V3) To the Moon!"}"#;
const NOW: &str = "2026-05-18T12:00:00Z";
const CANARY: &str = "CG-canary-7f3a";

fn client(config: &HttpConfig) -> Client {
    Client::new(Plan::Demo, Some(&CANARY.into()), config, &context(NOW)).unwrap()
}

/// Pings a server that follows the script. Returns the result, and the number of requests.
async fn ping(acts: Vec<Act>) -> (Result<()>, usize) {
    let server = Scripted::start(acts).await;
    let outcome = client(&hurried(&server.url)).ping().await;
    (outcome, server.requests().len())
}

#[tokio::test]
async fn transient_failures_are_retried() {
    let half = PONG.len() - 5;
    let truncated =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", PONG.len(), &PONG[..half]);
    let too_short = format!("HTTP/1.1 200 OK\r\ncontent-length: {half}\r\n\r\n{PONG}");
    let unframed = format!("HTTP/1.1 200 OK\r\n\r\n{}", &PONG[..half]);
    for (what, act) in [
        ("500", Act::reply("500 Internal Server Error", "", "oops")),
        ("200, a web page", Act::ok("<!DOCTYPE html><title>Maintenance</title>")),
        ("502, a web page", Act::reply("502 Bad Gateway", "", "<html>bad gateway</html>")),
        ("503", Act::reply("503 Service Unavailable", "", "")),
        ("408", Act::reply("408 Request Timeout", "", "")),
        ("429", Act::reply("429 Too Many Requests", "", "Throttled")),
        ("429 with seconds", Act::reply("429 Too Many Requests", "retry-after: 0\r\n", "{}")),
        (
            "429 with a date",
            Act::reply("429 X", "retry-after: Mon, 18 May 2026 11:59:00 GMT\r\n", "{}"),
        ),
        ("a body that breaks off", Act::Say(truncated.into_bytes())),
        ("a length that is too small", Act::Say(too_short.into_bytes())),
        ("a body cut without a length", Act::Say(unframed.into_bytes())),
        ("an empty body", Act::ok("")),
        ("a line that is dropped", Act::Say(Vec::new())),
        ("a line that is silent", Act::Stall(Vec::new())),
        (
            "a body that stalls",
            Act::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
        ),
    ] {
        let (outcome, requests) = ping(vec![act, Act::ok(PONG)]).await;
        assert!(outcome.is_ok(), "{what}: {outcome:?}");
        assert_eq!(requests, 2, "{what}");
    }
}

#[tokio::test]
async fn persistent_failures_end_in_a_typed_error_after_bounded_attempts() {
    let silent = Act::Stall(Vec::new());
    let drip = Act::Stall(b"HTTP/1.1 200 OK\r\n\r\n{".to_vec());
    let cut = Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{".to_vec());
    type Check = fn(&Error) -> bool;
    let cases: [(&str, Act, Check, usize); 12] = [
        (
            "503",
            Act::reply("503 X", "", ""),
            |error| matches!(error, Error::Status { status: 503, .. }),
            3,
        ),
        ("silence", silent, |error| matches!(error, Error::Timeout { .. }), 3),
        ("drip", drip, |error| matches!(error, Error::Timeout { .. }), 3),
        ("dropped", Act::Say(Vec::new()), |error| matches!(error, Error::Connect { .. }), 3),
        ("cut", cut, |error| matches!(error, Error::Interrupted { .. }), 3),
        ("429", Act::reply("429 X", "", ""), |error| matches!(error, Error::RateLimited { .. }), 3),
        (
            "web page",
            Act::ok("<!DOCTYPE html><title>Just a moment...</title>"),
            |error| {
                matches!(error, Error::NotJson { status: 200, start, .. } if start.contains("Just a moment")
                && error.is_temporary() && error.to_string().contains("try again later"))
            },
            3,
        ),
        (
            "firewall",
            Act::reply("403 Forbidden", "", "<html>error 1020</html>"),
            |error| matches!(error, Error::NotJson { status: 403, .. }),
            1,
        ),
        (
            "web page at 503",
            Act::reply("503 X", "", "<html>down</html>"),
            |error| matches!(error, Error::NotJson { status: 503, .. }),
            3,
        ),
        ("NaN", Act::ok("{\"a\":NaN}"), |error| matches!(error, Error::NotJson { .. }), 1),
        (
            "missing field",
            Act::ok("{}"),
            |error| matches!(error, Error::Decode { field, .. } if field == "gecko_says"),
            1,
        ),
        (
            "401",
            Act::reply("401 X", "", "no"),
            |error| matches!(error, Error::Auth { status: 401, .. }),
            1,
        ),
    ];
    for (what, act, right, attempts) in cases {
        let (outcome, requests) = ping(vec![act]).await;
        let error = outcome.expect_err(what);
        assert!(right(&error), "{what}: {error:?}");
        assert_eq!(requests, attempts, "{what}");
    }
}

#[tokio::test]
async fn a_wait_within_the_budget_is_kept_and_a_longer_one_is_an_error() {
    let soon = Act::reply("429 X", "retry-after: Mon, 18 May 2026 12:00:01 GMT\r\n", "{}");
    let begun = Instant::now();
    let (outcome, _) = ping(vec![soon, Act::ok(PONG)]).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it came back too early");

    for (status, asks, seconds) in [
        (429, "retry-after: 119\r\n", 119),
        (429, "retry-after: Mon, 18 May 2026 12:30:00 GMT\r\n", 1800),
        (503, "retry-after: 60\r\n", 60),
    ] {
        let begun = Instant::now();
        let (outcome, requests) = ping(vec![Act::reply(&format!("{status} X"), asks, "{}")]).await;
        let error = outcome.unwrap_err();
        let Error::RateLimited { retry_after, status: found, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*retry_after, *found), (Duration::from_secs(seconds), status));
        assert!(error.to_string().contains(&format!("{seconds} s")), "{error}");
        assert_eq!(requests, 1);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn an_endless_wait_is_an_error() {
    let forever = Act::reply("429 X", "retry-after: 18446744073709551615\r\n", "{}");
    let (outcome, requests) = ping(vec![forever]).await;
    let error = outcome.unwrap_err();
    let Error::RateLimited { retry_after, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*retry_after, requests), (Duration::from_secs(u64::MAX), 1));
}

#[tokio::test]
async fn attempts_are_bounded_in_time_too() {
    let server = Scripted::start(vec![Act::Stall(Vec::new())]).await;
    let config = HttpConfig {
        read_timeout: Duration::from_secs(60),
        attempt_timeout: Duration::from_secs(60),
        retry: Retry {
            attempts: 1_000,
            budget: Duration::from_millis(300),
            ..hurried(&server.url).retry
        },
        ..hurried(&server.url)
    };
    let begun = Instant::now();
    let error = client(&config).ping().await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_over_the_limit_is_rejected_announced_streamed_or_decompressed() {
    let long = format!("[{}]", " ".repeat(600 * 1024));
    let announced = Act::ok(&long);
    let streamed = Act::Say(format!("HTTP/1.1 200 OK\r\n\r\n{long}").into_bytes());
    // A mebibyte of spaces, in a kilobyte of gzip.
    let packed = include_bytes!("support/one_mebibyte.json.gz");
    let mut bomb = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        packed.len()
    )
    .into_bytes();
    bomb.extend_from_slice(packed);
    for act in [announced, streamed, Act::Say(bomb)] {
        let (outcome, requests) = ping(vec![act]).await;
        assert!(matches!(outcome, Err(Error::TooLarge { limit: 524_288, .. })), "{outcome:?}");
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn redirects_are_followed_only_within_the_host() {
    let home = Act::reply("302 Found", "location: /v4/ping\r\n", "");
    let (outcome, requests) = ping(vec![home.clone(), Act::ok(PONG)]).await;
    assert!(outcome.is_ok() && requests == 2, "{outcome:?}");

    let (outcome, requests) = ping(vec![home]).await;
    assert!(matches!(outcome, Err(Error::Redirect { .. })), "{outcome:?}");
    assert!(requests <= 7, "a circle of redirects went on for {requests} requests");

    let elsewhere = Scripted::start(vec![Act::ok(PONG)]).await;
    for (to, host) in [
        (elsewhere.url.as_str(), "127.0.0.1"),
        ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
        ("//evil.example/ping", "evil.example"),
        ("file:///etc/passwd", "an address that cannot be shown"),
    ] {
        let away = Act::reply("302 Found", &format!("location: {to}\r\n"), "");
        let (outcome, requests) = ping(vec![away]).await;
        let error = outcome.unwrap_err();
        assert!(matches!(&error, Error::Redirect { to, .. } if to == host), "{to}: {error:?}");
        assert_eq!(requests, 1);
    }
    assert!(elsewhere.requests().is_empty(), "the other host was asked");
}

#[tokio::test]
async fn requests_and_retries_are_evenly_spaced() {
    let busy = Act::reply("503 X", "", "");
    let server = Scripted::start(vec![Act::ok(PONG), busy.clone(), busy, Act::ok(PONG)]).await;
    let config = HttpConfig { per_minute: PerMinute::new(600), ..hurried(&server.url) };
    let (client, begun) = (client(&config), Instant::now());
    client.ping().await.unwrap();
    client.ping().await.unwrap();
    assert_eq!(server.requests().len(), 4);
    assert!(begun.elapsed() >= Duration::from_millis(299), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_request_has_a_user_agent_and_the_key_only_in_a_header() {
    let server = MockServer::start().await;
    let prices = r#"{"bitcoin":{"usd":76975,"usd_market_cap":null,"usd_24h_vol":2.5}}"#;
    Mock::given(path("/api/v3/simple/price"))
        .and(header("x-cg-demo-api-key", CANARY))
        .and(header("user-agent", concat!("tidegauge/", env!("CARGO_PKG_VERSION"))))
        .and(query_param("ids", "bitcoin"))
        .and(query_param("vs_currencies", "usd"))
        .and(query_param("precision", "full"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(prices, "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&hurried(&format!("{}/api/v3", server.uri())));
    let found = client.simple_price(&["bitcoin"]).await.unwrap();
    assert_eq!(found[0].price_usd.to_string(), "76975.00000000");
    for request in server.received_requests().await.unwrap() {
        assert!(!request.url.as_str().contains(CANARY), "{}", request.url);
    }
}

#[tokio::test]
async fn a_coin_missing_from_the_reply_is_an_error() {
    let server = Scripted::start(vec![Act::ok(r#"{"bitcoin":{"usd":76975}}"#)]).await;
    let outcome = client(&hurried(&server.url)).simple_price(&["bitcoin", "nocoin"]).await;
    assert!(
        matches!(&outcome, Err(Error::NoInstrument { symbol, .. }) if symbol == "nocoin"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_key_never_appears_in_errors_or_logs() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let echo = format!("{{\"error\":\"bad key {CANARY}\"}}");
    let mut message = String::new();
    for act in [
        Act::reply("401 X", "", &echo),
        Act::reply("403 X", "", &format!("<html>{CANARY}</html>")),
        Act::reply("404 X", "", &format!("no {CANARY}")),
        Act::reply("429 X", "retry-after: 900\r\n", &echo),
        Act::reply("500 X", "", &echo),
        Act::reply("302 X", &format!("location: https://{CANARY}.example/\r\n"), ""),
        Act::ok(&echo),
        Act::ok(&format!("{{\"gecko_says\":{{\"{CANARY}\":1}}}}")),
        Act::ok(&format!("<html>{CANARY}")),
        Act::Say(Vec::new()),
        Act::Stall(Vec::new()),
        Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{".to_vec()),
    ] {
        let (outcome, _) = ping(vec![act]).await;
        message += &everything_said(&outcome.unwrap_err());
    }
    // No server listens there.
    let refused = client(&hurried("http://127.0.0.1:1")).ping().await.unwrap_err();
    assert!(matches!(refused, Error::Connect { .. }), "{refused:?}");
    message += &everything_said(&refused);

    let config = Config { plan: Plan::Pro, ..Config::default() };
    let source = CoinGecko::new(config, Some(CANARY.into()), &context(NOW)).unwrap();
    message += &format!("{source:?}");
    for bad in [format!("{CANARY}\n"), format!("{CANARY}\u{1}x"), format!(" {CANARY}")] {
        let (key, http) = (bad.into(), HttpConfig::default());
        let error = Client::new(Plan::Demo, Some(&key), &http, &context(NOW)).unwrap_err();
        assert!(matches!(error, Error::Config { setting: "key", .. }), "{error:?}");
        message += &everything_said(&error);
    }
    // A host name is written in lower case.
    for message in [message, log.output()] {
        assert!(!message.is_empty());
        let message = message.to_lowercase();
        assert!(!message.contains(&CANARY.to_lowercase()), "{message}");
        assert!(!message.contains("precision="), "no query is shown: {message}");
    }
}

#[tokio::test]
async fn errors_name_their_source() {
    let server = Scripted::start(vec![Act::reply("401 X", "", "no")]).await;
    let config = Config { http: hurried(&server.url), ..Config::default() };
    let source = CoinGecko::new(config, None, &context(NOW)).unwrap();
    let error = source.fetch(None).await.unwrap_err();
    assert!(error.to_string().starts_with("source `coingecko`: "), "{error}");
}

#[tokio::test]
async fn a_refused_series_is_recorded_and_the_others_continue() {
    let gone = Act::reply("404 X", "", r#"{"error":"coin not found"}"#);
    let chart = r#"{"prices":[[1779105600000,3000]],"market_caps":[],"total_volumes":[]}"#;
    let server = Scripted::start(vec![gone, Act::ok(chart)]).await;
    let symbols = vec!["BTC".to_owned(), "ETH".to_owned()];
    let config = Config { http: hurried(&server.url), symbols, ..Config::default() };
    let source = CoinGecko::new(config, None, &context(NOW)).unwrap();
    let refused = source.fetch(None).await.unwrap();
    assert!(!refused.done);
    let text = |column: &str| shown(&refused.batches[0], column).remove(0);
    assert_eq!((text("series").as_str(), text("state").as_str()), ("prices BTC", "failed"));
    assert!(text("reason").contains("coin not found"), "{}", text("reason"));
    let next = source.fetch(Some(&refused.cursor)).await.unwrap();
    assert_eq!(next.batches[0].table().name, "raw_crypto_market_data");
}
