//! Tests of Kraken's stream: the meaning of its messages, and that no trade is lost or doubled on
//! an unstable connection.
#![cfg(all(feature = "kraken-stream", feature = "recorded"))]

use std::sync::Arc;
use std::time::Duration;

use crate::support::live::{Span, hasty, ledger, pages, script, server, shown, trade_ids};
use crate::support::{Turned, at, context, hurried, recording};
use chrono::TimeDelta;
use proptest::prelude::{ProptestConfig, any, proptest};
use tidegauge_acquisition::__internal::kraken_stream::decode::{Message, message};
use tidegauge_acquisition::backfill::BadRows;
use tidegauge_acquisition::kraken_stream::{Channel, Config, KrakenStream};
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::{Clock, Page, Source};
use tidegauge_replay::{Action, Connection, Replay, Service};
use tokio::time::timeout;

/// The start of the server's market.
const NOW: &str = "2026-01-01T00:00:00Z";

fn config(server: &Replay, channels: &[Channel]) -> Config {
    Config {
        symbols: vec!["BTC".into()],
        channels: channels.into(),
        live: hasty(),
        http: hurried(server.url()),
        ..Config::default()
    }
}

fn stream(server: &Replay, channels: &[Channel]) -> KrakenStream {
    KrakenStream::new(config(server, channels), &context(NOW)).unwrap()
}

async fn talking(acts: Vec<Action>) -> Replay {
    server(Service::Kraken, vec![Connection::Serve(acts)]).await
}

fn has_trades(count: usize) -> impl FnMut(&[Page]) -> bool {
    move |pages| trade_ids(pages).len() >= count
}

#[test]
fn every_recorded_message_is_decoded() {
    type Check = fn(&Message<'_>) -> bool;
    let cases: [(&str, Check); 13] = [
        ("heartbeat", |message| matches!(message, Message::Heartbeat)),
        ("pong.docs", |message| matches!(message, Message::Heartbeat)),
        (
            "status.recorded-2026-09-25",
            |message| matches!(message, Message::Status { system, connection_id: Some(18125794168470749634) } if system == "online"),
        ),
        ("subscribe_ack_trade.recorded-2026-09-25", |message| {
            matches!(message, Message::Subscribed { request: None, symbol, warnings }
                if symbol == "BTC/USD" && warnings.is_empty())
        }),
        (
            "subscribe_ack_with_req_id.docs",
            |message| matches!(message, Message::Subscribed { request: Some(1), symbol, .. } if symbol == "BTC/USD"),
        ),
        ("subscribe_ack_ohlc_warning.recorded-2026-09-10", |message| {
            matches!(message, Message::Subscribed { symbol, warnings, .. }
                if symbol == "BTC/USDT" && warnings[0].contains("deprecated"))
        }),
        ("subscribe_error_pair.recorded-2026-09-25", |message| {
            matches!(message, Message::Refused { symbol: Some(symbol), reason, .. }
                if symbol == "XBT/USD" && reason == "Currency pair not supported XBT/USD")
        }),
        (
            "subscribe_error_private_on_public.recorded-2026-09-25",
            |message| matches!(message, Message::Refused { symbol: None, reason, .. } if reason.contains("ws-auth")),
        ),
        ("ticker_update.recorded-2026-09-25", |message| {
            let Message::Tickers(rows) = message else { return false };
            let ticker = rows.rows[0].row.as_ref().unwrap();
            let shown =
                [ticker.last, ticker.bid.unwrap(), ticker.ask.unwrap(), ticker.volume.unwrap()];
            let shown = shown.map(|price| price.to_string()).join(" ");
            !rows.snapshot
                && shown == "83744.30000000 83744.20000000 83744.30000000 3156.84782110"
                && ticker.at == Some(at("2026-09-25T17:48:26.844359Z"))
        }),
        ("trade_update.recorded-2026-09-25", |message| {
            let Message::Trades(rows) = message else { return false };
            let trade = rows.rows[0].row.as_ref().unwrap();
            (trade.trade_id, trade.side.as_str()) == (109116693, "buy")
                && trade.quantity.to_string() == "0.00044780"
                && trade.at == at("2026-09-25T17:48:26.844359Z")
        }),
        ("ohlc_update.recorded-2026-09-25", |message| {
            let Message::Candles(rows) = message else { return false };
            let candle = rows.rows[0].row.as_ref().unwrap();
            (candle.minutes, candle.open_at) == (1, at("2026-09-25T17:48:00Z"))
                && candle.close.to_string() == "83744.30000000"
        }),
        ("ohlc_snapshot_with_gaps.recorded-2026-09-10", |message| {
            let Message::Candles(rows) = message else { return false };
            let begins: Vec<_> =
                rows.rows.iter().map(|candle| candle.row.as_ref().unwrap().open_at).collect();
            rows.snapshot && begins.len() == 9 && begins[4] == at("2026-09-10T17:38:00Z")
        }),
        ("heartbeat", |_| {
            let complaint = message(r#"{"Error":"Exceeded msg rate"}"#);
            let news = message(r#"{"channel":"instrument","type":"snapshot","data":{}}"#);
            matches!(complaint, Ok(Message::Error(reason)) if reason == "Exceeded msg rate")
                && matches!(news, Ok(Message::Unknown(what)) if what == "instrument")
        }),
    ];
    for (name, right) in cases {
        let text = String::from_utf8(recording(&format!("kraken/ws2_{name}.json"))).unwrap();
        let message = message(&text).unwrap();
        assert!(right(&message), "{name}: {message:?}");
    }
}

#[test]
fn an_invalid_row_is_an_error_by_itself() {
    let good = r#"{"symbol":"BTC/USD","last":1.5,"bid":1.4,"ask":1.6,"volume":2}"#;
    for bad in [
        r#"{"symbol":"BTC/USD","last":"1.5"}"#,
        r#"{"symbol":"BTC/USD","last":-1}"#,
        r#"{"symbol":"BTC/USD","last":1,"timestamp":"1970-01-01T00:00:00Z"}"#,
        r#"{"symbol":"BTC/USD","last":1e99}"#,
        r#"{"last":1}"#,
        r#"[]"#,
    ] {
        let text = format!(r#"{{"channel":"ticker","type":"update","data":[{bad},{good}]}}"#);
        let Message::Tickers(rows) = message(&text).unwrap() else { panic!() };
        assert!(rows.rows[0].row.is_err() && rows.rows[1].row.is_ok(), "{bad}");
        assert_eq!(rows.rows[0].content, bad);
    }
    for text in ["", "{", "[]", "1", r#"{"channel":"ticker"}"#, r#"{"method":"subscribe"}"#] {
        assert!(message(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), cut in any::<usize>()) {
        let _ = message(&text);
        let whole = String::from_utf8(recording("kraken/ws2_trade_update.recorded-2026-09-25.json")).unwrap();
        let _ = message(&whole[..cut % whole.len()]);
    }
}

#[tokio::test]
async fn events_are_stored_with_every_digit() {
    let server = talking(vec![Action::Ticks(3)]).await;
    let stream = stream(&server, &[Channel::Ticker, Channel::Trade]);
    assert!(stream.capabilities().live);
    let pages = pages(&stream, None, has_trades(3)).await;
    let ticks = server.ticks("BTC");
    let ids: Vec<_> = ticks.iter().map(|tick| tick.id).collect();
    assert_eq!(trade_ids(&pages), ids);
    let prices: Vec<_> = ticks.iter().map(|tick| tick.price.to_string()).collect();
    let trimmed = |texts: Vec<String>| -> Vec<f64> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    assert_eq!(trimmed(shown(&pages, "market_trades", "price")), trimmed(prices.clone()));
    assert_eq!(trimmed(shown(&pages, "quotes", "price")), trimmed(prices));
    assert_eq!(shown(&pages, "quotes", "currency"), ["USD"; 3]);
    assert_eq!(shown(&pages, "quotes", "source"), ["kraken_stream"; 3]);
    let message = server.received();
    assert_eq!(message.len(), 2, "{message:?}");
    assert!(message[0].contains(r#""channel":"ticker""#) && message[0].contains(r#"["BTC/USD"]"#));
    let spans = ledger(&pages, "trades BTC");
    assert_eq!((spans.len(), spans[0].start, spans[0].end, spans[0].rows), (1, 0.0, 2.0, 3));
}

#[tokio::test]
async fn a_page_is_bounded_and_repeated_until_its_cursor_is_passed_back() {
    let server = talking(vec![Action::Ticks(30)]).await;
    let mut config = config(&server, &[Channel::Trade]);
    config.live.batch_rows = 10;
    config.live.batch_for = Duration::from_secs(5);
    let stream = KrakenStream::new(config, &context(NOW)).unwrap();
    let first = stream.fetch(None).await.unwrap();
    assert_eq!(trade_ids(std::slice::from_ref(&first)).len(), 10);
    let again = stream.fetch(None).await.unwrap();
    assert_eq!(
        (trade_ids(std::slice::from_ref(&again)), again.cursor),
        (trade_ids(std::slice::from_ref(&first)), first.cursor.clone())
    );
    let second = stream.fetch(Some(&first.cursor)).await.unwrap();
    let again = stream.fetch(Some(&first.cursor)).await.unwrap();
    assert_eq!(trade_ids(&[again]), trade_ids(std::slice::from_ref(&second)));
    let third = stream.fetch(Some(&second.cursor)).await.unwrap();
    let ids = trade_ids(&[first, second, third]);
    assert_eq!(ids, server.ticks("BTC").iter().map(|tick| tick.id).collect::<Vec<_>>());
}

/// Checks connections that break anywhere, even within a frame, and then one that holds.
#[tokio::test]
async fn no_trade_is_lost_or_duplicated_by_a_disconnect() {
    let mut seed = 42u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let cut = |ticks, bytes| Connection::Serve(vec![Action::Truncate { ticks, bytes }]);
    // Fewer ticks per connection than a snapshot repeats.
    let mut lines: Vec<_> = (0..25).map(|_| cut(1 + random(49), random(100_000))).collect();
    lines.push(Connection::Serve(vec![
        Action::Duplicate,
        Action::OutOfOrder,
        Action::Duplicate,
        Action::Ticks(3),
    ]));
    let server = server(Service::Kraken, lines).await;
    let mut config = config(&server, &[Channel::Ticker, Channel::Trade, Channel::Ohlc]);
    config.live.batch_for = Duration::from_millis(20);
    let clock = Turned::new(NOW);
    let stream = KrakenStream::new(config, &Context::new(clock.clone())).unwrap();
    let done = || server.requests().len() == 26;
    let mut cursor = None;
    let mut all = Vec::new();
    let mut quiet = 0;
    while !done() || quiet < 5 {
        // The source's clock follows the market's.
        if let Some(last) = server.ticks("BTC").last() {
            clock.on(last.at - clock.now());
        }
        let page = stream.fetch(cursor.as_ref()).await.unwrap();
        quiet = if page.rows() == 0 { quiet + 1 } else { 0 };
        cursor = Some(page.cursor.clone());
        all.push(page);
    }
    let mut ids = trade_ids(&all);
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "some came twice");
    assert_eq!(ids, server.ticks("BTC").iter().map(|tick| tick.id).collect::<Vec<_>>());
    // The snapshots close every gap, which the ledger shows.
    let spans = ledger(&all, "trades BTC");
    let spans: Vec<_> = spans.iter().map(|span| (span.start, span.end, span.rows)).collect();
    assert_eq!(spans, [(0.0, (count - 1) as f64, i64::try_from(count).unwrap())]);
}

#[tokio::test]
async fn missed_events_are_a_gap_in_the_ledger() {
    let lines = vec![
        Connection::Serve(vec![Action::Ticks(5), Action::Drop]),
        Connection::Serve(vec![Action::Ticks(5)]),
    ];
    let server = server(Service::Kraken, lines).await;
    let clock = Turned::new(NOW);
    let context = Context::new(clock.clone());
    let mut config = config(&server, &[Channel::Ticker, Channel::Trade]);
    let pause = Duration::from_millis(800);
    config.live.reconnect.first_pause = pause;
    config.live.reconnect.longest_pause = pause;
    let stream = KrakenStream::new(config, &context).unwrap();
    let mut quiet = 0;
    let mut all = pages(&stream, None, |pages| {
        quiet += i32::from(trade_ids(pages).len() == 5);
        quiet == 4
    })
    .await;
    server.advance(200);
    clock.on(TimeDelta::seconds(205));
    let cursor = all.last().map(|page| page.cursor.clone());
    all.extend(pages(&stream, cursor, has_trades(55)).await);
    // Of the 200 trades that it missed, the snapshot repeats the last 50.
    let spans = ledger(&all, "trades BTC");
    let spans: Vec<_> = spans.iter().map(|span| (span.start, span.end, span.rows)).collect();
    assert_eq!(spans, [(0.0, 4.0, 5), (155.000001, 209.0, 55)]);
    let missing: Vec<_> = server.ticks("BTC")[5..155].iter().map(|tick| tick.id).collect();
    assert!(trade_ids(&all).iter().all(|id| !missing.contains(id)));
    // The latest quote does not cover earlier ones.
    let spans = ledger(&all, "quotes BTC");
    let spans: Vec<_> = spans.iter().map(|span| (span.start, span.end)).collect();
    assert_eq!(spans, [(0.0, 4.0), (205.0, 209.0)]);
}

#[tokio::test]
async fn a_restarted_stream_begins_a_new_run() {
    let mut cursor = None;
    let mut all = Vec::new();
    let server = talking(vec![Action::Ticks(4)]).await;
    let two_days = 2 * 86_400;
    for (days, trades) in [(0, 4), (2, 50)] {
        let clock = Turned::new(NOW);
        clock.on(TimeDelta::days(days));
        let context = Context::new(clock);
        let config = config(&server, &[Channel::Trade]);
        let stream = KrakenStream::new(config, &context).unwrap();
        let run = pages(&stream, cursor.clone(), has_trades(trades)).await;
        cursor = run.last().map(|page| page.cursor.clone());
        all.extend(run);
        server.advance(two_days);
    }
    let spans = ledger(&all, "trades BTC");
    assert_eq!((spans[0].start, spans[0].end), (0.0, 3.0), "{spans:?}");
    assert!(spans[1].start > two_days as f64 - 60.0, "{spans:?}");
}

#[tokio::test]
async fn a_cancelled_fetch_loses_nothing() {
    let server = talking(vec![Action::Every(Duration::from_millis(1))]).await;
    let mut config = config(&server, &[Channel::Trade]);
    config.live.batch_for = Duration::from_millis(15);
    let stream = KrakenStream::new(config, &context(NOW)).unwrap();
    let mut all = pages(&stream, None, has_trades(1)).await;
    let mut cursor = all.last().map(|page| page.cursor.clone());
    let mut cancelled = 0;
    for turn in 0..200u64 {
        let patience = Duration::from_millis(1 + turn * 7 % 23);
        match timeout(patience, stream.fetch(cursor.as_ref())).await {
            Err(_) => cancelled += 1,
            Ok(page) => {
                let page = page.unwrap();
                cursor = Some(page.cursor.clone());
                all.push(page);
            }
        }
    }
    assert!(cancelled > 20 && all.len() > 20, "{cancelled} cancelled, {} taken", all.len());
    let ids = trade_ids(&all);
    let first = server.ticks("BTC")[0].id;
    assert_eq!(ids, (first..).take(ids.len()).collect::<Vec<_>>());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_silent_closed_or_dropped_connection_is_reopened() {
    let breaks = [
        ("silent", Connection::Serve(vec![Action::Ticks(1), Action::Silence])),
        ("mute", Connection::Silent),
        (
            "closed",
            Connection::Serve(vec![Action::Ticks(1), Action::Close(1012, "we restart".into())]),
        ),
        ("dropped", Connection::Serve(vec![Action::Drop])),
        ("busy", Connection::Reject { status: 503, body: String::new() }),
        ("angry", Connection::Serve(vec![Action::Text(r#"{"Error":"Exceeded msg rate"}"#.into())])),
    ];
    for (what, line) in breaks {
        let server =
            server(Service::Kraken, vec![line, Connection::Serve(vec![Action::Ticks(4)])]).await;
        let stream = stream(&server, &[Channel::Trade]);
        pages(&stream, None, |pages| server.requests().len() == 2 && trade_ids(pages).len() >= 4)
            .await;
        assert!(server.received().iter().any(|message| message.contains("subscribe")), "{what}");
    }
}

#[tokio::test]
async fn heartbeats_are_not_data() {
    let server = talking(vec![Action::Ticks(2)]).await;
    let mut config = config(&server, &[Channel::Trade]);
    let stream = KrakenStream::new(config.clone(), &context(NOW)).unwrap();
    let begun = tokio::time::Instant::now();
    let quiet = pages(&stream, None, |_| begun.elapsed() > Duration::from_millis(900)).await;
    assert_eq!((server.requests().len(), trade_ids(&quiet).len()), (1, 2));
    config.live.data_timeout = Some(Duration::from_millis(200));
    let stream = KrakenStream::new(config, &context(NOW)).unwrap();
    pages(&stream, None, |_| server.requests().len() == 3).await;
}

#[tokio::test]
async fn a_refused_symbol_is_recorded_and_the_others_continue() {
    let why = "Currency pair not supported SOL/USD";
    let mut script = script(Service::Kraken, vec![Connection::Serve(vec![Action::Ticks(3)])]);
    script.refused = vec![("SOL/USD".into(), why.into())];
    let server = Replay::start(script.clone()).await.unwrap();
    let mut config = config(&server, &[Channel::Trade, Channel::Ticker]);
    config.symbols = vec!["BTC".into(), "SOL".into()];
    let stream = KrakenStream::new(config.clone(), &context(NOW)).unwrap();
    let all = pages(&stream, None, has_trades(3)).await;
    for series in ["trades SOL", "quotes SOL"] {
        let [Span { state, reason, rows: 0, .. }] = &ledger(&all, series)[..] else { panic!() };
        assert_eq!((state.as_str(), reason.as_str()), ("failed", why));
    }
    assert_eq!(ledger(&all, "trades BTC")[0].state, "present");

    config.symbols = vec!["SOL".into()];
    let stream = KrakenStream::new(config, &context(NOW)).unwrap();
    let mut cursor = None;
    let error = loop {
        match stream.fetch(cursor.as_ref()).await {
            Ok(page) => cursor = Some(page.cursor),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.starts_with("source `kraken_stream`: ") && error.contains(why), "{error}");
}

#[tokio::test]
async fn invalid_messages_fail_the_next_page_or_are_quarantined() {
    let acts = vec![
        Action::Ticks(2),
        Action::Binary(100),
        Action::Text("{\"channel\":".into()),
        Action::Text(
            r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","price":0}]}"#.into(),
        ),
        Action::Ticks(2),
    ];
    let server = talking(acts.clone()).await;
    let stream = stream(&server, &[Channel::Trade]);
    let good = pages(&stream, None, has_trades(2)).await;
    let mut cursor = good.last().map(|page| page.cursor.clone());
    let error = loop {
        match stream.fetch(cursor.as_ref()).await {
            Ok(page) => {
                assert_eq!(trade_ids(std::slice::from_ref(&page)), [0; 0]);
                cursor = Some(page.cursor);
            }
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("cannot be read"), "{error}");
    // If the stream is continued nevertheless, the ledger has the gap.
    assert_eq!(ledger(&good, "trades BTC")[0].end, 1.0);

    let server = talking(acts).await;
    let context = Context { bad_rows: BadRows::Quarantine, ..context(NOW) };
    let stream = KrakenStream::new(config(&server, &[Channel::Trade]), &context).unwrap();
    let all = pages(&stream, None, has_trades(4)).await;
    let reasons = shown(&all, "quarantine", "reason");
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(shown(&all, "quarantine", "content")[0].contains("channel"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_message_over_the_limit_is_an_error() {
    let server = talking(vec![Action::Text(format!("[{}]", " ".repeat(600 * 1024)))]).await;
    let stream = stream(&server, &[Channel::Trade]);
    let mut cursor = None;
    let error = loop {
        match stream.fetch(cursor.as_ref()).await {
            Ok(page) => cursor = Some(page.cursor),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("more than 524288 bytes"), "{error}");
}

#[tokio::test]
async fn a_candle_is_stored_once_it_is_final() {
    let server = talking(vec![Action::Ticks(150)]).await;
    let clock = Turned::new(NOW);
    let mut config = config(&server, &[Channel::Ohlc]);
    config.live.grace = Duration::from_secs(10);
    let stream = KrakenStream::new(config, &Context::new(clock.clone())).unwrap();
    let candles = |pages: &[Page]| shown(pages, "candles", "open_at").len();
    let mut all = pages(&stream, None, |pages| candles(pages) == 2).await;
    let spans = ledger(&all, "candles BTC 1m");
    assert_eq!((spans[0].start, spans[0].end, spans[0].rows), (0.0, 120.0, 2));
    // No more trades happen: the third candle is finished by the clock.
    clock.on(TimeDelta::seconds(190));
    let cursor = all.last().map(|page| page.cursor.clone());
    all.extend(pages(&stream, cursor, |pages| candles(pages) == 1).await);
    let closes = shown(&all, "candles", "close");
    let ticks = server.ticks("BTC");
    let expected: Vec<f64> = [59, 119, 149].map(|at| ticks[at].price.to_f64()).into();
    assert_eq!(closes.iter().map(|close| close.parse().unwrap()).collect::<Vec<f64>>(), expected);
}

#[tokio::test]
async fn consecutive_failures_are_bounded_if_configured() {
    let server =
        server(Service::Kraken, vec![Connection::Reject { status: 503, body: String::new() }])
            .await;
    let mut config = config(&server, &[Channel::Trade]);
    config.live.reconnect.failures = Some(3);
    let stream = KrakenStream::new(config, &context(NOW)).unwrap();
    let mut cursor = None;
    let error = loop {
        match stream.fetch(cursor.as_ref()).await {
            Ok(page) => cursor = Some(page.cursor),
            Err(error) => break error,
        }
    };
    assert_eq!(server.requests().len(), 4, "{error}");
}

#[test]
fn contradictory_settings_are_rejected() {
    let context = Context::new(Arc::new(tidegauge_core::FixedClock(at(NOW))));
    let base = Config::default;
    let cases = [
        Config { symbols: Vec::new(), ..base() },
        Config { symbols: vec!["NOPE".into()], ..base() },
        Config { channels: Vec::new(), ..base() },
        Config { channels: vec![Channel::Trade, Channel::Trade], ..base() },
        Config { intervals: Vec::new(), ..base() },
        Config {
            live: tidegauge_acquisition::live::LiveConfig { batch_rows: 0, ..hasty() },
            ..base()
        },
    ];
    for config in cases {
        let error = KrakenStream::new(config.clone(), &context).unwrap_err();
        assert!(matches!(error, Error::Config { .. } | Error::NoInstrument { .. }), "{config:?}");
    }
    let text = r#"{"symbols":["BTC"],"channels":["ticker"],"live":{"batch_for":"2s"}}"#;
    let config: Config = serde_json::from_str(text).unwrap();
    assert_eq!(config.live.batch_for, Duration::from_secs(2));
    assert!(serde_json::from_str::<Config>(r#"{"symbol":["BTC"]}"#).is_err());
}
