//! Tests of Twelve Data's stream: the meaning of its messages, and how they are handled.
#![cfg(all(feature = "twelvedata-stream", feature = "recorded"))]

use std::time::Duration;

use crate::support::live::{hasty, ledger, pages, script, shown};
use crate::support::{at, context, hurried, recording};
use proptest::prelude::{ProptestConfig, any, proptest};
use tidegauge_acquisition::__internal::twelvedata_stream::decode::{Message, message};
use tidegauge_acquisition::twelvedata_stream::{Config, TwelveDataStream};
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::instruments::{Instrument, InstrumentKind, InstrumentRegistry};
use tidegauge_core::{Page, Source};
use tidegauge_replay::{Action, Connection, Market, Replay, Script, Service};

const NOW: &str = "2026-01-01T00:00:00Z";
const KEY: &str = "0123456789abcdef";

fn recorded(name: &str) -> Message {
    let text = String::from_utf8(recording(&format!("twelvedata/{name}.json"))).unwrap();
    message(&text).unwrap()
}

async fn start(mut script: Script) -> Replay {
    script.key = Some(KEY.into());
    Replay::start(script).await.unwrap()
}

fn stream(server: &Replay, symbols: &[&str], context: &Context) -> TwelveDataStream {
    let config = Config {
        symbols: symbols.iter().map(|symbol| (*symbol).into()).collect(),
        live: hasty(),
        http: hurried(server.url()),
        ..Config::default()
    };
    TwelveDataStream::new(config, Some(KEY.into()), context).unwrap()
}

fn has_quotes(count: usize) -> impl FnMut(&[Page]) -> bool {
    move |pages| shown(pages, "quotes", "at").len() >= count
}

#[test]
fn every_recorded_price_is_decoded() {
    for (name, symbol, currency, time, prices) in [
        (
            "ws_price_btcusd.recorded-2022-05-21",
            "BTC/USD",
            "USD",
            "2022-05-21T07:09:48Z",
            ["29299.00000000", "29299.00000000", "29299.00000000", "28306.00000000"],
        ),
        (
            "ws_price_aapl.official-docs",
            "AAPL",
            "USD",
            "2020-06-15T19:32:46Z",
            ["342.01570000", "", "", "27631112.00000000"],
        ),
        (
            "ws_price_xauusd_bid_ask.official-docs",
            "XAU/USD",
            "USD",
            "2022-03-22T12:01:02Z",
            ["1925.18000000", "1925.05000000", "1925.32000000", ""],
        ),
        (
            "fixture_websocket_price_event",
            "AAPL",
            "USD",
            "2021-09-16T06:00:00Z",
            ["150.25000000", "", "", ""],
        ),
    ] {
        let Message::Price(Ok(price)) = recorded(name) else { panic!("{name}") };
        let output = [Some(price.price), price.bid, price.ask, price.day_volume];
        let output = output.map(|value| value.map_or_else(String::new, |value| value.to_string()));
        assert_eq!(output, prices, "{name}");
        assert_eq!((price.listing.symbol.as_str(), price.currency.as_str()), (symbol, currency));
        assert_eq!(price.at, at(time), "{name}");
    }
}

#[test]
fn every_recorded_answer_is_decoded() {
    assert!(matches!(recorded("fixture_websocket_heartbeat"), Message::Heartbeat));
    let Message::Subscribed { accepted, refused, errors } =
        recorded("ws_subscribe_status_warning.recorded-2026-08-19")
    else {
        panic!()
    };
    let accepted: Vec<_> = accepted.iter().map(|listing| listing.symbol.as_str()).collect();
    assert_eq!((accepted, errors.len()), (vec!["AMZN", "XAG/USD"], 0));
    assert_eq!(refused.len(), 3);
    assert_eq!(refused[0].0.symbol, "1211");
    assert_eq!(refused[0].1, "You are not authorized to access XHKG data.");

    let Message::Subscribed { accepted, .. } = recorded("fixture_websocket_subscribe_status")
    else {
        panic!()
    };
    assert!(accepted[0].is("AAPL") && accepted[0].is("AAPL:XNGS") && accepted[0].is("AAPL:NASDAQ"));
    assert!(!accepted[0].is("AAPL:LSE") && !accepted[0].is("AAP"));

    let Message::Subscribed { errors, .. } = recorded("ws_subscribe_status_error_messages") else {
        panic!()
    };
    assert_eq!(errors, ["Cant parse message"]);
    let null = r#"{"event":"subscribe-status","status":"error","success":null,"fails":[{"symbol":"BTC"}]}"#;
    let Ok(Message::Subscribed { accepted, refused, .. }) = message(null) else { panic!() };
    assert!(accepted.is_empty() && refused[0].1 == "it does not say why");
    assert!(matches!(message(r#"{"event":"reset-status"}"#), Ok(Message::Unknown(_))));
    for text in ["", "[]", "{}", r#"{"event":1}"#] {
        assert!(message(text).is_err(), "{text}");
    }
    for bad in [r#""price":"1""#, r#""price":0"#, r#""price":1,"timestamp":16531169880"#] {
        let text =
            format!(r#"{{"event":"price","symbol":"BTC/USD","timestamp":1653116988,{bad}}}"#);
        let read = message(&text);
        assert!(matches!(read, Ok(Message::Price(Err(_))) | Err(_)), "{text}: {read:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), cut in any::<usize>()) {
        let _ = message(&text);
        let whole = recording("twelvedata/ws_price_btcusd.recorded-2022-05-21.json");
        let whole = String::from_utf8(whole).unwrap();
        let _ = message(&whole[..cut % whole.len()]);
    }
}

#[tokio::test]
async fn coins_stocks_and_currencies_are_stored_as_quotes() {
    let prices = "date,symbol,open,high,low,close\n2021-01-01,BTC,100,120,90,110\n\
                  2021-01-01,AAPL,10,12,9,11\n2021-01-01,EUR,1.1,1.3,1.0,1.2\n";
    let market = Market::from_csv(prices).unwrap();
    let lines = vec![Connection::Serve(vec![Action::Ticks(3)])];
    let server =
        start(Script { connections: lines, ..Script::new(Service::TwelveData, market) }).await;
    let apple = Instrument::new("AAPL", "Apple", InstrumentKind::Stock);
    let apple = apple.with_alias("twelvedata", "AAPL");
    let euro = Instrument::new("EUR", "Euro", InstrumentKind::Currency);
    let euro = euro.with_alias("twelvedata", "EUR/USD");
    let registry = InstrumentRegistry::default().with(apple).unwrap().with(euro).unwrap();
    let context = Context { registry, ..context(NOW) };
    let stream = stream(&server, &["BTC", "AAPL", "EUR"], &context);
    assert!(stream.capabilities().live);
    let all = pages(&stream, None, has_quotes(9)).await;
    let mut symbols = shown(&all, "quotes", "symbol");
    symbols.sort();
    symbols.dedup();
    assert_eq!(symbols, ["AAPL", "BTC", "EUR"]);
    assert_eq!(shown(&all, "quotes", "currency"), ["USD"; 9]);
    let [subscribed] = &server.received()[..] else { panic!("{:?}", server.received()) };
    assert!(subscribed.contains(r#""symbols":"BTC/USD,AAPL,EUR/USD""#), "{subscribed}");
    let spans = ledger(&all, "quotes AAPL");
    assert_eq!((spans[0].start, spans[0].end, spans[0].rows), (0.0, 2.0, 3));
    assert_eq!(server.requests(), [format!("GET /quotes/price?apikey={KEY} HTTP/1.1")]);
}

#[tokio::test]
async fn a_partial_refusal_continues_and_a_total_one_is_an_error() {
    let why = "You are not authorized to access it.";
    let mut script = script(Service::TwelveData, vec![Connection::Serve(vec![Action::Ticks(2)])]);
    script.refused = vec![("ETH/USD".into(), why.into()), ("SOL/USD".into(), String::new())];
    let server = start(script).await;
    let some = stream(&server, &["BTC", "ETH", "SOL"], &context(NOW));
    let all = pages(&some, None, has_quotes(2)).await;
    assert_eq!(ledger(&all, "quotes BTC")[0].state, "present");
    assert_eq!(ledger(&all, "quotes ETH")[0].reason, why);
    assert_eq!(ledger(&all, "quotes SOL")[0].reason, "it does not say why");

    let none = stream(&server, &["ETH", "SOL"], &context(NOW));
    let mut cursor = None;
    let error = loop {
        match none.fetch(cursor.as_ref()).await {
            Ok(page) => cursor = Some(page.cursor),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("refuses all") && error.contains(why), "{error}");
}

#[tokio::test]
async fn heartbeats_are_sent_at_the_configured_interval() {
    let quiet = || vec![Connection::Serve(Vec::new())];
    let server = start(script(Service::TwelveData, quiet())).await;
    let http = hurried(server.url());
    let base = Config { symbols: vec!["BTC".into()], live: hasty(), http, ..Config::default() };
    assert_eq!(base.heartbeat, Duration::from_secs(10));
    let config = Config { heartbeat: Duration::from_millis(60), ..base.clone() };
    let stream = TwelveDataStream::new(config, Some(KEY.into()), &context(NOW)).unwrap();
    let beats = || server.received().iter().filter(|message| message.contains("heartbeat")).count();
    // The replies keep the connection alive for longer than the silence timeout.
    pages(&stream, None, |_| beats() >= 12).await;
    assert_eq!(server.requests().len(), 1);
    // Without replies it is closed.
    let stream = TwelveDataStream::new(base, Some(KEY.into()), &context(NOW)).unwrap();
    pages(&stream, None, |_| server.requests().len() >= 3).await;
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_an_error_at_once() {
    let error = TwelveDataStream::new(Config::default(), None, &context(NOW)).unwrap_err();
    assert!(matches!(error, Error::NoKey { .. }), "{error:?}");
    assert!(error.to_string().contains("TIDEGAUGE_TWELVEDATA_KEY"), "{error}");
    let server = start(script(Service::TwelveData, vec![Connection::Serve(Vec::new())])).await;
    let config = Config { live: hasty(), http: hurried(server.url()), ..Config::default() };
    let stream = TwelveDataStream::new(config, Some("wrong".into()), &context(NOW)).unwrap();
    let mut cursor = None;
    let error = loop {
        match stream.fetch(cursor.as_ref()).await {
            Ok(page) => cursor = Some(page.cursor),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("refused the key") && error.contains("apikey"), "{error}");
    assert_eq!(server.requests().len(), 1);
}
