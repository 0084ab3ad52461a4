//! Tests of WebSockets: how they are opened, refused, and kept within limits.
#![cfg(all(feature = "twelvedata-stream", feature = "recorded"))]

use std::time::{Duration, Instant};

use crate::support::live::{hasty, script, server};
use crate::support::log::Log;
use crate::support::{Act as Raw, Scripted, context, everything_said, hurried, recording};
use tidegauge_acquisition::__internal::http::{QueryKey, Service, SocketMessage, Sockets};
use tidegauge_acquisition::__internal::twelvedata::decode;
use tidegauge_acquisition::http::{HttpConfig, PerMinute};
use tidegauge_acquisition::twelvedata_stream::{Config, TwelveDataStream};
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::Source;
use tidegauge_replay::{Action, Connection, Replay, Service as Played};

const NOW: &str = "2026-01-01T00:00:00Z";
const CANARY: &str = "canary7f3a5e";

fn service() -> Service {
    Service::new("twelvedata_stream", "https://ws.twelvedata.com/v1", decode::refusal)
}

fn sockets(http: &HttpConfig, context: &Context) -> Sockets {
    let key = QueryKey { parameter: "apikey", value: CANARY.into() };
    Sockets::new(service(), http, Some(key), context).unwrap()
}

async fn refused(line: Connection) -> Error {
    let server = server(Played::TwelveData, vec![line]).await;
    sockets(&hurried(server.url()), &context(NOW)).open(&["quotes"]).await.unwrap_err()
}

#[tokio::test]
async fn a_socket_sends_the_key_in_its_query_and_text_both_ways() {
    let script = tidegauge_replay::Script {
        key: Some(CANARY.into()),
        ..script(Played::TwelveData, vec![Connection::Serve(Vec::new())])
    };
    let server = Replay::start(script).await.unwrap();
    let context = context(NOW);
    let mut socket =
        sockets(&hurried(server.url()), &context).open(&["v1", "quotes"]).await.unwrap();
    assert_eq!(server.requests(), [format!("GET /v1/quotes?apikey={CANARY} HTTP/1.1")]);
    assert!(socket.try_receive().is_none(), "nothing was said");
    socket.send(r#"{"action":"heartbeat"}"#.into()).await.unwrap();
    let SocketMessage::Text(text) = socket.receive().await.unwrap() else { panic!() };
    assert_eq!(text, r#"{"event":"heartbeat","status":"ok"}"#);
    assert_eq!(server.received(), [r#"{"action":"heartbeat"}"#]);
    let traffic = context.usage.traffic();
    assert_eq!(traffic["twelvedata_stream"].requests, 1);
    socket.close().await;
}

#[tokio::test]
async fn a_refused_handshake_is_the_error_of_a_refused_request() {
    let away = |status, body: &str| Connection::Reject { status, body: body.into() };
    let bad_key =
        String::from_utf8(recording("twelvedata/error_401_bad_key.captured-2026-09-16.json"));
    let bad_key = bad_key.unwrap();
    type Check = fn(&Error) -> bool;
    let cases: [(Connection, Check); 9] = [
        (away(401, &bad_key), |error| matches!(error, Error::Auth { status: 401, .. })),
        (
            away(200, &bad_key),
            |error| matches!(error, Error::Auth { status: 200, code: Some(code), .. } if code == "401"),
        ),
        (away(403, "no"), |error| matches!(error, Error::Auth { status: 403, .. })),
        (away(403, "<html>Just a moment"), |error| {
            matches!(error, Error::NotJson { status: 403, .. })
        }),
        (away(404, "{}"), |error| matches!(error, Error::Status { status: 404, .. })),
        (away(429, ""), |error| matches!(error, Error::RateLimited { status: 429, .. })),
        (away(503, "down"), |error| matches!(error, Error::Status { status: 503, .. })),
        (away(200, "<html>a wall"), |error| matches!(error, Error::NotJson { status: 200, .. })),
        (
            away(200, r#"{"pong":1}"#),
            |error| matches!(error, Error::Status { status: 200, advice, .. } if advice.contains("WebSocket")),
        ),
    ];
    for (line, right) in cases {
        let shown = format!("{line:?}");
        let error = refused(line).await;
        assert!(right(&error), "{shown}: {error:?}");
    }
}

#[tokio::test]
async fn answers_that_are_not_websockets_are_rejected() {
    let upgrade =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n";
    let to = "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n";
    type Check = fn(&Error) -> bool;
    let cases: [(&str, Vec<u8>, Check); 5] = [
        ("no proof", format!("{upgrade}\r\n").into(), |error| {
            matches!(error, Error::Interrupted { .. })
        }),
        ("a wrong proof", format!("{upgrade}sec-websocket-accept: AAAA\r\n\r\n").into(), |error| {
            matches!(error, Error::Interrupted { .. })
        }),
        ("nothing", Vec::new(), |error| matches!(error, Error::Connect { .. })),
        ("half a head", b"HTTP/1.1 101 Sw".to_vec(), |error| {
            matches!(error, Error::Connect { .. })
        }),
        (
            "elsewhere",
            to.into(),
            |error| matches!(error, Error::Redirect { to, .. } if to == "evil.example"),
        ),
    ];
    for (what, bytes, right) in cases {
        let server = Scripted::start(vec![Raw::Say(bytes)]).await;
        let error = sockets(&hurried(&server.url), &context(NOW)).open(&[]).await.unwrap_err();
        assert!(right(&error), "{what}: {error:?}");
        assert_eq!(server.requests().len(), 1, "{what}");
    }
    let server = Scripted::start(vec![Raw::Stall(Vec::new())]).await;
    let error = sockets(&hurried(&server.url), &context(NOW)).open(&[]).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    let head = server.requests()[0].to_lowercase();
    for header in ["user-agent: tidegauge/", "upgrade: websocket", "sec-websocket-version: 13"] {
        assert!(head.contains(header), "{head}");
    }
}

#[tokio::test]
async fn the_size_of_a_message_is_bounded() {
    let long = Action::Text(" ".repeat(600 * 1024));
    let server = server(Played::TwelveData, vec![Connection::Serve(vec![long])]).await;
    let mut socket = sockets(&hurried(server.url()), &context(NOW)).open(&[]).await.unwrap();
    let ask = r#"{"action":"subscribe","params":{"symbols":"BTC/USD"}}"#;
    socket.send(ask.into()).await.unwrap();
    assert!(
        matches!(socket.receive().await, Ok(SocketMessage::Text(text)) if text.contains("status"))
    );
    let error = socket.receive().await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 524_288, .. }), "{error:?}");
}

#[tokio::test]
async fn attempts_to_connect_are_evenly_spaced_and_cost_no_credit() {
    let server = server(Played::TwelveData, vec![Connection::Serve(Vec::new())]).await;
    let http =
        HttpConfig { per_minute: PerMinute::new(600), per_day: Some(1), ..hurried(server.url()) };
    let sockets = sockets(&http, &context(NOW));
    let begun = Instant::now();
    for _ in 0..4 {
        sockets.open(&[]).await.unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_millis(299), "{:?}", begun.elapsed());
}

#[test]
fn unencrypted_connections_are_local_only() {
    for wrong in ["ws://ws.kraken.com", "wss://ws.kraken.com", "http://ws.kraken.com"] {
        assert!(wrong.parse::<tidegauge_acquisition::http::BaseUrl>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_key_never_appears_in_errors_or_logs() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut message = String::new();
    let echo = format!(r#"{{"code":401,"message":"bad key {CANARY}","status":"error"}}"#);
    for status in [200, 401, 403, 404, 429, 500, 503] {
        let error = refused(Connection::Reject { status, body: echo.clone() }).await;
        message += &everything_said(&error);
    }
    for bytes in [
        Vec::new(),
        format!("HTTP/1.1 302 X\r\nlocation: https://{CANARY}.example/\r\n\r\n").into_bytes(),
        b"HTTP/1.1 101 X\r\n\r\n".to_vec(),
        b"nonsense".to_vec(),
    ] {
        let server = Scripted::start(vec![Raw::Say(bytes)]).await;
        let error = sockets(&hurried(&server.url), &context(NOW)).open(&[]).await.unwrap_err();
        message += &everything_said(&error);
    }
    let nobody = sockets(&hurried("http://127.0.0.1:1"), &context(NOW)).open(&[]).await;
    message += &everything_said(&nobody.unwrap_err());

    // Messages that the service repeats over an open connection.
    let fails = format!(
        r#"{{"event":"subscribe-status","status":"error","success":null,"fails":[{{"symbol":"BTC/USD","message":"no {CANARY}"}}]}}"#
    );
    for act in [
        Action::Text(fails),
        Action::Text(format!("{{{CANARY}")),
        Action::Text(format!(r#"{{"event":"price","symbol":"BTC/USD","price":"{CANARY}"}}"#)),
        Action::Close(1008, format!("go away {CANARY}")),
    ] {
        let server = server(Played::TwelveData, vec![Connection::Serve(vec![act])]).await;
        let mut live = hasty();
        live.reconnect.failures = Some(0);
        let http = hurried(server.url());
        let config = Config { symbols: vec!["BTC".into()], live, http, ..Config::default() };
        let source = TwelveDataStream::new(config, Some(CANARY.into()), &context(NOW)).unwrap();
        message += &format!("{source:?}");
        let (mut cursor, begun) = (None, Instant::now());
        loop {
            assert!(begun.elapsed() < Duration::from_secs(5), "no error");
            match source.fetch(cursor.as_ref()).await {
                Ok(page) => {
                    message += &format!("{page:?}");
                    cursor = Some(page.cursor);
                }
                Err(error) => break message += &everything_said(&error),
            }
        }
    }
    for bad in [format!(" {CANARY}"), String::new()] {
        let key = QueryKey { parameter: "apikey", value: bad.into() };
        message += &format!("{key:?}");
        let error = Sockets::new(service(), &HttpConfig::default(), Some(key), &context(NOW));
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Config { setting: "key", .. }), "{error:?}");
        message += &everything_said(&error);
    }
    for message in [message, log.output()] {
        assert!(message.contains("127.0.0.1"), "{message}");
        assert!(!message.to_lowercase().contains(CANARY), "{message}");
        assert!(!message.contains("apikey="), "no query is shown: {message}");
    }
}
