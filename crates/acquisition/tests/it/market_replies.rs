//! Tests that every recorded reply of Twelve Data and Kraken gives the right rows, or the right
//! error.
#![cfg(all(feature = "kraken", feature = "twelvedata"))]

use std::collections::BTreeSet;

use crate::support::{Act, Scripted, at, context, hurried, recording};
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_acquisition::__internal::{kraken, twelvedata};
use tidegauge_acquisition::backfill::RowFilter;
use tidegauge_acquisition::http::RefusalKind;
use tidegauge_acquisition::{Error, Interval, OhlcvSeries, Result};
use tidegauge_core::{Crypto, Span};

/// The decoder of a recording.
#[derive(Clone, Copy)]
enum Read {
    Series(&'static str),
    SeriesBatch(&'static [&'static str]),
    Quote(&'static str),
    QuoteBatch(&'static [&'static str]),
    Price(&'static str),
    ExchangeRate(&'static str),
    Ohlc,
    Trades,
    Ticker,
    AssetPairs,
    Time,
    SystemStatus,
}

fn candles(candles: &OhlcvSeries) -> Vec<String> {
    let some =
        |amount: Option<Crypto>| amount.map_or_else(|| "-".into(), |amount| amount.to_string());
    candles
        .iter()
        .map(|candle| {
            let (volume, base) = (some(candle.volume), some(candle.base_volume));
            let at = shown(candle.open_at);
            format!(
                "{at} {} {} {} {} {volume} {base}",
                candle.open, candle.high, candle.low, candle.close
            )
        })
        .collect()
}

fn shown(at: DateTime<Utc>) -> String {
    at.format("%FT%T%.f").to_string()
}

fn quote(quote: &twelvedata::decode::Quote) -> String {
    let currency = quote.currency.clone().unwrap_or_default();
    format!("{} {} {currency} {}", quote.close, shown(quote.at), quote.volume.unwrap_or_default())
}

impl Read {
    fn rows(self, body: &[u8]) -> Result<Vec<String>> {
        use kraken::decode as kraken;
        use twelvedata::decode as twelve;
        let row_filter = &mut RowFilter::strict();
        Ok(match self {
            Self::Series(symbol) => {
                candles(&twelve::time_series(symbol, body, row_filter)?.candles)
            }
            Self::SeriesBatch(symbols) => {
                let mut rows = Vec::new();
                for (symbol, body) in twelve::batch(symbols, body)? {
                    let series = twelve::time_series(&symbol, &body?, &mut RowFilter::strict())?;
                    rows.extend(
                        candles(&series.candles).into_iter().map(|row| format!("{symbol} {row}")),
                    );
                }
                rows
            }
            Self::Quote(symbol) => vec![quote(&twelve::quote(symbol, body)?)],
            Self::QuoteBatch(symbols) => {
                let mut rows = Vec::new();
                for (symbol, body) in twelve::batch(symbols, body)? {
                    rows.push(format!("{symbol} {}", quote(&twelve::quote(&symbol, &body?)?)));
                }
                rows
            }
            Self::Price(symbol) => vec![twelve::price(symbol, body)?.to_string()],
            Self::ExchangeRate(pair) => {
                let rate = twelve::exchange_rate(pair, body)?;
                vec![format!("{} {}", rate.rate, shown(rate.at))]
            }
            Self::Ohlc => candles(&kraken::ohlc("BTC/USD", body, row_filter)?),
            Self::Trades => {
                let trades = kraken::trades("BTC/USD", body, row_filter)?;
                let row = |trade: &kraken::Trade| {
                    let side = if trade.is_buy { "buy" } else { "sell" };
                    let at = shown(trade.at);
                    format!(
                        "{} {at} {side} {} {} to {}",
                        trade.trade_id, trade.price, trade.base_amount, trades.last
                    )
                };
                trades.trades.iter().map(row).collect()
            }
            Self::Ticker => {
                let ticker = kraken::ticker("BTC/USD", body)?;
                vec![format!(
                    "{} {} {} {}",
                    ticker.last, ticker.bid, ticker.ask, ticker.base_volume_24h
                )]
            }
            Self::AssetPairs => kraken::asset_pairs(body)?
                .into_iter()
                .map(|pair| format!("{} {} {}", pair.name, pair.internal, pair.status))
                .collect(),
            Self::Time => vec![shown(kraken::time(body)?)],
            Self::SystemStatus => vec![kraken::system_status(body)?],
        })
    }
}

/// Recording, decoder, number of rows, the first and the last row.
const ROWS: &[(&str, Read, usize, &str)] = &[
    (
        "twelvedata/time_series_aapl_1day.captured-2026-08-23.json",
        Read::Series("AAPL"),
        2,
        "2026-08-19T00:00:00 310.14001000 319.28000000 309.60001000 316.82999000 - 50505600.00000000 | 2026-08-20T00:00:00 317.45999000 320.28000000 310.64999000 311.29999000 - 40959200.00000000",
    ),
    (
        "twelvedata/time_series_aapl_1min.official-docs.json",
        Read::Series("AAPL"),
        1,
        "2021-09-16T15:59:00 148.73500000 148.86000000 148.73000000 148.85001000 - 624277.00000000",
    ),
    (
        "twelvedata/time_series_btcusd_1day.captured-2026-08-23.json",
        Read::Series("BTC/USD"),
        2,
        "2026-08-21T00:00:00 73027.02000000 79500.00000000 73027.02000000 78338.03000000 - - | 2026-08-22T00:00:00 78338.03000000 78828.15000000 76500.00000000 77074.93000000 - -",
    ),
    (
        "twelvedata/time_series_eurusd_1day.captured-2026-08-23.json",
        Read::Series("EUR/USD"),
        2,
        "2026-08-21T00:00:00 1.16790000 1.17108000 1.16694000 1.16764000 - - | 2026-08-22T00:00:00 1.16764000 1.16933000 1.16715000 1.16788000 - -",
    ),
    (
        "twelvedata/fixture_batch_time_series.json",
        Read::SeriesBatch(&["AAPL", "MSFT"]),
        2,
        "AAPL 2024-11-22T00:00:00 228.84000000 230.50000000 227.25000000 229.87000000 - 35462000.00000000 | MSFT 2024-11-22T00:00:00 412.18000000 415.63000000 411.36000000 414.17000000 - 18934500.00000000",
    ),
    (
        "twelvedata/quote_aapl.official-docs.json",
        Read::Quote("AAPL"),
        1,
        "148.85001000 2021-09-16T06:00:00 USD 67903927.00000000",
    ),
    (
        "twelvedata/quote_aapl_market_open.captured-2026-09-16.json",
        Read::Quote("AAPL"),
        1,
        "332.69500000 2026-09-16T15:57:00 USD 466780.00000000",
    ),
    (
        "twelvedata/fixture_batch_quote.json",
        Read::QuoteBatch(&["AAPL", "MSFT"]),
        2,
        "AAPL 229.87000000 2024-11-22T20:00:00 USD 35462000.00000000 | MSFT 414.17000000 2024-11-22T20:00:00 USD 18934500.00000000",
    ),
    ("twelvedata/price.official-docs.json", Read::Price("AAPL"), 1, "200.99001000"),
    (
        "twelvedata/exchange_rate.official-docs.json",
        Read::ExchangeRate("USD/JPY"),
        1,
        "105.12000000 2020-10-14T22:20:51",
    ),
    (
        "twelvedata/fixture_exchange_rate.json",
        Read::ExchangeRate("EUR/USD"),
        1,
        "1.16844000 2025-08-07T08:36:00",
    ),
    (
        "twelvedata/fixture_currency_conversion.json",
        Read::ExchangeRate("EUR/USD"),
        1,
        "1.16844000 2025-08-07T08:36:00",
    ),
    (
        "kraken/rest_ohlc_BTC-USD_60m.recorded-2026-09-25.json",
        Read::Ohlc,
        4,
        "2026-09-25T15:00:00 84001.90000000 84075.90000000 83351.50000000 83777.50000000 13314375.500870984 159.04484404 | 2026-09-25T18:00:00 83765.30000000 84050.30000000 83765.30000000 84030.60000000 4508380.913565137 53.72114923",
    ),
    (
        "kraken/rest_ohlc_XBTUSDT_1m_721rows.recorded-2025-11-11.json",
        Read::Ohlc,
        721,
        "2025-11-10T12:17:00 106038.20000000 106038.20000000 106038.20000000 106038.20000000 0.00000000 0.00000000 | 2025-11-11T00:17:00 105899.40000000 105899.40000000 105899.40000000 105899.40000000 0.00000000 0.00000000",
    ),
    (
        "kraken/rest_trades_BTC-USD.recorded-2026-09-25.json",
        Read::Trades,
        3,
        "109118758 2026-09-25T18:10:40.939291 sell 83930.30000000 0.00005100 to 1790359841138228746 | 109118760 2026-09-25T18:10:41.138228 buy 83935.40000000 0.00551352 to 1790359841138228746",
    ),
    (
        "kraken/rest_trades_XBTUSDT.recorded-2025-11-11.trimmed-25of1000.json",
        Read::Trades,
        25,
        "10218208 2025-11-10T17:23:53.971744 buy 105433.60000000 0.00027625 to 1762820035982277754 | 10219207 2025-11-11T00:13:55.982277 sell 105899.40000000 0.00009443 to 1762820035982277754",
    ),
    (
        "kraken/rest_ticker_XBTUSDT.recorded-2025-11-11.json",
        Read::Ticker,
        1,
        "105899.40000000 105944.20000000 105944.30000000 163.28908096",
    ),
    (
        "kraken/rest_ticker_XXBTZUSD.recorded-2023-07-06.json",
        Read::Ticker,
        1,
        "30303.20000000 30300.00000000 30300.10000000 4412.73601799",
    ),
    (
        "kraken/rest_assetpairs_XBTUSDT.recorded-2025-11-11.json",
        Read::AssetPairs,
        1,
        "BTC/USDT XBTUSDT online",
    ),
    (
        "kraken/rest_assetpairs_five.recorded-2026-09-25.json",
        Read::AssetPairs,
        5,
        "BTC/USD XXBTZUSD online | ACA/EUR ACAEUR cancel_only",
    ),
    ("kraken/rest_time.recorded-2025-11-11.json", Read::Time, 1, "2025-11-11T00:17:04"),
    ("kraken/rest_systemstatus.recorded-2025-11-11.json", Read::SystemStatus, 1, "online"),
];

#[test]
fn recorded_replies_decode_to_the_right_rows() {
    for (name, read, count, ends) in ROWS {
        let rows = read.rows(&recording(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut found = vec![rows[0].clone(), rows[rows.len() - 1].clone()];
        found.dedup();
        assert_eq!((rows.len(), found.join(" | ").as_str()), (*count, *ends), "{name}");
    }
}

/// The error that a recorded refusal becomes.
#[derive(Debug, PartialEq)]
enum Becomes {
    Auth,
    Status(RefusalKind),
    RateLimited,
}

/// Recording, HTTP status, error, message.
const REFUSALS: &[(&str, u16, Becomes, &str)] = &[
    (
        "twelvedata/error_400_interval.official-docs.json",
        400,
        Becomes::Status(RefusalKind::Absent),
        "Invalid interval provided: 0.99min",
    ),
    (
        "twelvedata/error_401_bad_key.captured-2026-09-16.json",
        401,
        Becomes::Auth,
        "check TIDEGAUGE_TWELVEDATA_KEY",
    ),
    (
        "twelvedata/error_403_endpoint_plan.captured-2026-09-16.json",
        403,
        Becomes::Auth,
        "this needs a larger plan",
    ),
    (
        "twelvedata/error_404_invalid_symbol.captured-2026-09-16.json",
        404,
        Becomes::Status(RefusalKind::Absent),
        "missing or invalid",
    ),
    (
        "twelvedata/error_404_symbol_plan.captured-2026-09-16.json",
        404,
        Becomes::Status(RefusalKind::Absent),
        "take a larger plan",
    ),
    (
        "twelvedata/error_429_day.documented-wording.json",
        429,
        Becomes::Status(RefusalKind::Spent),
        "run again tomorrow",
    ),
    (
        "twelvedata/error_429_minute.documented-wording.json",
        429,
        Becomes::RateLimited,
        "for the current minute",
    ),
    ("kraken/rest_error_too_many_requests.json", 200, Becomes::RateLimited, "Too many requests"),
    (
        "kraken/rest_error_unknown_pair.recorded-2026-09-25.json",
        200,
        Becomes::Status(RefusalKind::Absent),
        "check the pair",
    ),
];

fn window() -> Span {
    Span::new(at("2026-08-19T00:00:00Z"), at("2026-08-21T00:00:00Z"))
}

async fn ask(name: &str, server: &Scripted) -> Error {
    let (context, http) = (context("2026-09-16T00:00:00Z"), hurried(&server.url));
    let row_filter = &mut RowFilter::strict();
    if name.starts_with("twelvedata") {
        let client =
            tidegauge_acquisition::twelvedata::Client::new(&"k".into(), &http, &context).unwrap();
        client.time_series("AAPL", Interval::D1, window(), row_filter).await.expect_err(name)
    } else {
        let client = tidegauge_acquisition::kraken::Client::new(&http, &context).unwrap();
        client.ohlc("BTC/USD", Interval::H1, window().from, row_filter).await.expect_err(name)
    }
}

#[tokio::test]
async fn recorded_refusals_become_typed_errors_at_their_status_and_even_at_200() {
    for (name, status, becomes, says) in REFUSALS {
        let body = String::from_utf8(recording(name)).unwrap();
        for sent in [*status, 200] {
            let server = Scripted::start(vec![Act::reply(&format!("{sent} X"), "", &body)]).await;
            let error = ask(name, &server).await;
            let found = match &error {
                Error::Auth { .. } => Becomes::Auth,
                Error::Status { kind, .. } => Becomes::Status(*kind),
                Error::RateLimited { .. } => Becomes::RateLimited,
                other => panic!("{name}: {other:?}"),
            };
            assert_eq!(found, *becomes, "{name} at {sent}");
            assert!(error.to_string().contains(says), "{name}: {error}");
        }
    }
}

#[tokio::test]
async fn an_empty_range_is_no_error() {
    let body = recording("twelvedata/error_400_no_data.documented-wording.json");
    let body = String::from_utf8(body).unwrap();
    for status in ["400 X", "200 OK"] {
        let server = Scripted::start(vec![Act::reply(status, "", &body)]).await;
        let context = context("2026-09-16T00:00:00Z");
        let client = tidegauge_acquisition::twelvedata::Client::new(
            &"k".into(),
            &hurried(&server.url),
            &context,
        )
        .unwrap();
        let row_filter = &mut RowFilter::strict();
        let series = client.time_series("AAPL", Interval::D1, window(), row_filter).await;
        assert!(series.unwrap().candles.is_empty());
    }
}

#[test]
fn a_refusal_in_a_batch_leaves_the_other_symbols() {
    let good = r#"{"meta":{"symbol":"AAPL","interval":"1day"},"values":[],"status":"ok"}"#;
    let bad = r#"{"code":400,"message":"**symbol** not found: INVALID.","status":"error"}"#;
    let body = format!(r#"{{"AAPL":{good},"INVALID":{bad}}}"#);
    let parts = twelvedata::decode::batch(&["AAPL", "INVALID"], body.as_bytes()).unwrap();
    assert!(parts[0].1.is_ok());
    let error = parts[1].1.as_ref().unwrap_err().to_string();
    assert!(error.contains("INVALID") && error.contains("symbol not found"), "{error}");
    // With one symbol there is no outer object.
    let parts = twelvedata::decode::batch(&["AAPL", "AAPL"], good.as_bytes()).unwrap();
    assert_eq!(parts.len(), 1);
}

#[test]
fn every_recording_is_tested() {
    // The messages of streams are tested elsewhere; a list of coins is not used.
    let elsewhere = |name: &str| name.contains("ws") || name.contains("websocket");
    let unread = ["twelvedata/cryptocurrencies.official-docs.json"];
    let mut known: BTreeSet<String> = ROWS.iter().map(|row| row.0.to_owned()).collect();
    known.extend(REFUSALS.iter().map(|row| row.0.to_owned()));
    known.insert("twelvedata/error_400_no_data.documented-wording.json".into());
    known.extend(unread.map(str::to_owned));
    for folder in ["twelvedata", "kraken"] {
        for entry in std::fs::read_dir(format!("tests/recordings/{folder}")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = format!("{folder}/{name}");
            assert!(elsewhere(&name) || known.contains(&name), "{name} is not in the table");
        }
    }
}

#[test]
fn impossible_candles_are_reported_by_field() {
    let series = |candle: &str| format!(r#"{{"meta":{{}},"values":[{candle}],"status":"ok"}}"#);
    let candle = |field: &str, value: &str| {
        let mut fields = [
            ("datetime", "\"2026-08-21 15:30:00\""),
            ("open", "\"1\""),
            ("high", "\"2\""),
            ("low", "\"0.5\""),
            ("close", "\"1\""),
            ("volume", "\"7\""),
        ];
        fields.iter_mut().filter(|entry| entry.0 == field).for_each(|entry| entry.1 = value);
        let fields: Vec<_> =
            fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    for (field, value, says) in [
        ("open", "\"0\"", "not above zero"),
        ("open", "\"-1\"", "not above zero"),
        ("open", "\"1e40\"", "larger than the column holds"),
        ("open", "\"abc\"", "is not a number"),
        ("open", "1.5", "is not a text"),
        ("close", "null", "is not a text"),
        ("close", "{}", "is not a text"),
        ("datetime", "null", "is not a text"),
        ("volume", "1.5", "is not a text"),
        ("high", "\"0.7\"", "leaves out open or close"),
        ("volume", "\"-7\"", "which is negative"),
        ("datetime", "\"2026-13-21\"", "which is not a time"),
        ("datetime", "\"2026-08-21T15:30:00\"", "which is not a time"),
        ("datetime", "\"\"", "which is not a time"),
    ] {
        let body = series(&candle(field, value));
        let error = twelvedata::decode::time_series("X", body.as_bytes(), &mut RowFilter::strict());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("`X`"), "{field} {value}: {error}");
        // If the row is quarantined, the others are taken.
        let body = series(&format!("{},{}", candle(field, value), candle("", "")));
        let policy = tidegauge_acquisition::backfill::BadRows::Quarantine;
        let mut row_filter = RowFilter::new(policy, "candles", "candles X 1m");
        let series = twelvedata::decode::time_series("X", body.as_bytes(), &mut row_filter);
        assert_eq!(series.unwrap().candles.len(), 1, "{field} {value}");
        let bad = row_filter.into_bad();
        assert_eq!(bad.len(), 1);
        assert!(bad[0].place.starts_with("candles X 1m ") && bad[0].reason.contains(says));
        assert_eq!(bad[0].content, candle(field, value), "as it came");
    }
    // Values that are not rows.
    for row in ["null", "7", "[]", r#"{"open":"1","open":"1"}"#] {
        let body = series(&format!("{row},{}", candle("", "")));
        let policy = tidegauge_acquisition::backfill::BadRows::Quarantine;
        let mut row_filter = RowFilter::new(policy, "candles", "candles X 1m");
        let series =
            twelvedata::decode::time_series("X", body.as_bytes(), &mut row_filter).unwrap();
        assert_eq!((series.candles.len(), row_filter.count()), (1, 1), "{row}");
        assert_eq!(row_filter.into_bad()[0].place, "candles X 1m row 1");
    }
    let other = br#"{"meta":{"symbol":"Y"},"values":[]}"#;
    let error = twelvedata::decode::time_series("X", other, &mut RowFilter::strict()).unwrap_err();
    assert!(error.to_string().contains("`Y`, which is not the symbol asked for"), "{error}");
    let listed = br#"{"meta":{"symbol":"RY"},"values":[]}"#;
    assert!(twelvedata::decode::time_series("RY:TSX", listed, &mut RowFilter::strict()).is_ok());
    let gone = twelvedata::decode::time_series("X", br#"{"meta":{}}"#, &mut RowFilter::strict());
    assert!(gone.unwrap_err().to_string().contains("`values`"));
}

#[test]
fn a_duplicate_key_is_rejected_by_name() {
    let row_filter = &mut RowFilter::strict();
    for (error, says) in [
        (
            kraken::decode::time(br#"{"result":{"unixtime":1779105600},"result":{}}"#).err(),
            "result",
        ),
        (
            twelvedata::decode::quote("X", br#"{"close":"1","timestamp":1,"close":"2"}"#).err(),
            "close",
        ),
        (
            twelvedata::decode::time_series("X", br#"{"values":[],"values":[]}"#, row_filter).err(),
            "values",
        ),
        (
            tidegauge_acquisition::__internal::coingecko::decode::simple_price(
                br#"{"a":{"usd":1},"b":{"usd":1},"a":{"usd":2}}"#,
            )
            .err(),
            "a",
        ),
    ] {
        let error = error.expect(says).to_string();
        assert!(error.contains(&format!("at `{says}`: it is there twice")), "{error}");
    }
}

#[test]
fn a_pair_without_a_name_is_skipped() {
    let body = br#"{"error":[],"result":{
        "XXBTZUSD":{"wsname":"XBT/USD","status":"online"},
        "DEAD.d":{"status":"cancel_only"},
        "ODD":null,
        "XETHZUSD":{"wsname":"ETH/USD","status":"online"}}}"#;
    let pairs = kraken::decode::asset_pairs(body).unwrap();
    let names: Vec<_> = pairs.iter().map(|pair| pair.name.as_str()).collect();
    assert_eq!(names, ["BTC/USD", "ETH/USD"]);
    let body = br#"[{"id":"a","symbol":"a","name":"A"},{"id":"b","symbol":null,"name":"B"},null]"#;
    let coins = tidegauge_acquisition::__internal::coingecko::decode::coins_list(body).unwrap();
    assert_eq!(coins.iter().map(|coin| coin.id.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_trade_keeps_the_digits_of_its_time() {
    let body =
        br#"{"error":[],"result":{"X":[["1","2",1790359840.9392912,"b","m","",7]],"last":"1"}}"#;
    let trades = kraken::decode::trades("X", body, &mut RowFilter::strict()).unwrap();
    assert_eq!(trades.trades[0].at, at("2026-09-25T18:10:40Z") + TimeDelta::microseconds(939_291));
}
