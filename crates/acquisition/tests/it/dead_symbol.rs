//! Tests with one dead symbol among ten, for each API: over thirty days the other nine are loaded,
//! and the dead one is reported.
#![cfg(feature = "all")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::support::{Turned, at, hurried, json, query, round, texts};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use tidegauge_acquisition::{
    CoinGecko, Context, Ecb, ExchangeRateApi, Frankfurter, Interval, Kraken, OpenErApi, TwelveData,
    X, coingecko, ecb, exchangerate_api, frankfurter, kraken, twelvedata, x,
};
use tidegauge_core::instruments::{Instrument, InstrumentKind, InstrumentRegistry};
use tidegauge_core::{Clock, Source};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const START: &str = "2026-05-04T18:00:00Z";

/// The currencies, of which the last one ends on the third day; the last coin never existed.
const CURRENCIES: [&str; 10] =
    ["USD", "GBP", "CAD", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "HUF"];

/// Creates a registry of ten coins, each with a different id per service.
fn registry() -> InstrumentRegistry {
    (0..10).fold(InstrumentRegistry::default(), |registry, at| {
        let coin = Instrument::new(format!("S{at}"), format!("Coin {at}"), InstrumentKind::Crypto)
            .with_alias("coingecko", format!("coin-s{at}"))
            .with_alias("kraken", format!("S{at}/USD"))
            .with_alias("twelvedata", format!("S{at}/USD"))
            .with_alias("query", format!("#s{at}"));
        registry.with(coin).unwrap()
    })
}

fn coins() -> Vec<String> {
    (0..10).map(|at| format!("S{at}")).collect()
}

fn currencies() -> Vec<String> {
    CURRENCIES.map(str::to_owned).into()
}

/// A fake of all services.
#[derive(Debug)]
struct Services(Arc<Turned>);

fn refused(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

fn is_dead(id: &str) -> bool {
    id.to_lowercase().contains("s9")
}

fn joined(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<_>>().join(",")
}

impl Services {
    fn coingecko(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        if is_dead(path) {
            return refused(404, r#"{"error":"coin not found"}"#);
        }
        let number = |name: &str| query(request, name).parse::<i64>().unwrap();
        if path.ends_with("/range") {
            let hours = (number("from") + 3_599) / 3_600..=number("to") / 3_600;
            let of = |value: &str| {
                joined(hours.clone().map(|hour| format!("[{},{value}]", hour * 3_600_000)))
            };
            let (prices, nulls) = (of("1.5"), of("null"));
            return json(format!(
                r#"{{"prices":[{prices}],"market_caps":[{nulls}],"total_volumes":[{nulls}]}}"#
            ));
        }
        if path.ends_with("/ohlc") {
            let (now, size) = (self.0.now().timestamp(), 4 * 3_600);
            let closes = (now - number("days") * 86_400) / size + 1..=now / size + 1;
            let candles = closes.map(|close| format!("[{},10,12,9,11]", close * size * 1_000));
            return json(format!("[{}]", joined(candles)));
        }
        let (ids, now) = (query(request, "ids"), self.0.now().to_rfc3339());
        let markets = ids.split(',').filter(|id| !is_dead(id)).map(|id| {
            format!(
                r#"{{"id":"{id}","symbol":"{id}","name":"{id}","current_price":1.5,"market_cap":null,"total_volume":null,"last_updated":"{now}"}}"#
            )
        });
        json(format!("[{}]", joined(markets)))
    }

    fn kraken(&self, request: &Request) -> ResponseTemplate {
        if is_dead(&query(request, "pair")) {
            return json(r#"{"error":["EQuery:Unknown asset pair"]}"#.into());
        }
        let now = self.0.now().timestamp();
        let result = if request.url.path() == "/OHLC" {
            let step = query(request, "interval").parse::<i64>().unwrap() * 60;
            let since = query(request, "since").parse::<i64>().unwrap();
            let candles = (since / step + 1).max(now / step - 720)..=now / step;
            let candles = candles
                .map(|candle| format!(r#"[{},"10","12","9","11","11","1.5",7]"#, candle * step));
            format!(r#""SUSD":[{}],"last":{now}"#, joined(candles))
        } else {
            r#""SUSD":{"a":["9","1","1"],"b":["8","1","1"],"c":["9","1"],"v":["1","2"]}"#.into()
        };
        json(format!(r#"{{"error":[],"result":{{{result}}}}}"#))
    }

    fn twelvedata(&self, request: &Request) -> ResponseTemplate {
        const GONE: &str = r#"{"code":404,"message":"**symbol** or **figi** parameter is missing or invalid.","status":"error"}"#;
        let symbol = query(request, "symbol");
        if request.url.path() == "/quote" {
            let now = self.0.now().timestamp();
            let part = |id: &str| match is_dead(id) {
                true => format!(r#""{id}":{GONE}"#),
                false => format!(r#""{id}":{{"symbol":"{id}","close":"1.5","timestamp":{now}}}"#),
            };
            return json(format!("{{{}}}", joined(symbol.split(',').map(part))));
        }
        if is_dead(&symbol) {
            return refused(404, GONE);
        }
        let second = |name: &str| {
            let time = NaiveDateTime::parse_from_str(&query(request, name), "%Y-%m-%d %H:%M:%S");
            time.unwrap().and_utc().timestamp()
        };
        let hours = (second("start_date") + 3_599) / 3_600..=second("end_date") / 3_600;
        let candle = |hour: i64| {
            let time = DateTime::from_timestamp(hour * 3_600, 0).unwrap().format("%F %T");
            format!(r#"{{"datetime":"{time}","open":"10","high":"12","low":"9","close":"11"}}"#)
        };
        let candles = joined(hours.map(candle));
        json(format!(r#"{{"meta":{{"symbol":"{symbol}"}},"values":[{candles}],"status":"ok"}}"#))
    }

    fn x(&self, request: &Request) -> ResponseTemplate {
        if is_dead(&query(request, "query")) {
            return refused(400, r#"{"title":"Invalid Request","detail":"no such operator"}"#);
        }
        let (start, end) = (at(&query(request, "start_time")), at(&query(request, "end_time")));
        let hours = (0..(end - start).num_hours()).map(|hour| start + TimeDelta::hours(hour));
        let count = (end - start).num_hours();
        let data = joined(hours.map(|from| {
            let (from, to) = (from.to_rfc3339(), (from + TimeDelta::hours(1)).to_rfc3339());
            format!(r#"{{"start":"{from}","end":"{to}","tweet_count":1}}"#)
        }));
        json(format!(r#"{{"data":[{data}],"meta":{{"total_tweet_count":{count}}}}}"#))
    }

    /// Returns the currencies that have a rate on a day.
    fn on(&self, day: DateTime<Utc>) -> impl Iterator<Item = &'static str> {
        let ended = day > at(START) + TimeDelta::days(2);
        CURRENCIES.into_iter().filter(move |code| *code != "HUF" || !ended)
    }

    fn rates(&self, day: DateTime<Utc>) -> String {
        joined(self.on(day).map(|code| format!("\"{code}\":1.25")))
    }

    fn days(from: &str, to: &str) -> Vec<DateTime<Utc>> {
        let day = |text: &str| at(&format!("{text}T18:00:00Z"));
        let (from, to) = (day(from), day(to));
        (0..=(to - from).num_days()).map(|days| from + TimeDelta::days(days)).collect()
    }

    fn frankfurter(&self, days: &str) -> ResponseTemplate {
        let (from, to) = days.split_once("..").expect("never asks for the latest");
        let of = |day: DateTime<Utc>| format!("\"{}\":{{{}}}", day.date_naive(), self.rates(day));
        let days = joined(Self::days(from, to).into_iter().map(of));
        json(format!(r#"{{"amount":1.0,"base":"EUR","rates":{{{days}}}}}"#))
    }

    fn ecb(&self, request: &Request) -> ResponseTemplate {
        let xml = request.url.path().ends_with(".xml");
        if xml {
            let now = self.0.now();
            let cubes = self.on(now).map(|code| format!("<Cube currency='{code}' rate='1.25'/>"));
            let (day, cubes) = (now.date_naive(), cubes.collect::<String>());
            let file =
                format!("<Envelope><Cube><Cube time='{day}'>{cubes}</Cube></Cube></Envelope>");
            return ResponseTemplate::new(200).set_body_raw(file, "text/xml");
        }
        let mut lines = vec!["CURRENCY,TIME_PERIOD,OBS_VALUE".to_owned()];
        for day in Self::days(&query(request, "startPeriod"), &query(request, "endPeriod")) {
            lines.extend(self.on(day).map(|code| format!("{code},{},1.25", day.date_naive())));
        }
        ResponseTemplate::new(200).set_body_raw(lines.join("\n"), "text/csv")
    }

    fn exchangerate(&self) -> ResponseTemplate {
        let now = self.0.now();
        let (last, next, rates) = (now.timestamp(), now.timestamp() + 86_000, self.rates(now));
        json(format!(
            r#"{{"result":"success","base_code":"EUR","time_last_update_unix":{last},"time_next_update_unix":{next},"rates":{{{rates}}}}}"#
        ))
    }
}

impl Respond for Services {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        match path {
            "/OHLC" | "/Ticker" => self.kraken(request),
            "/time_series" | "/quote" => self.twelvedata(request),
            "/2/tweets/counts/recent" => self.x(request),
            "/latest/EUR" => self.exchangerate(),
            _ if path.starts_with("/coins/") => self.coingecko(request),
            _ if path.contains("..") => self.frankfurter(&path[1..]),
            _ => self.ecb(request),
        }
    }
}

type Open = fn(&Context, &str) -> Box<dyn Source>;

/// A source, its tables with their columns of symbols and times, and what the ledger says about the
/// dead symbol.
struct Case(&'static str, Open, &'static [[&'static str; 3]], &'static [&'static str]);

const RATES: &[[&str; 3]] = &[["fx_rates", "quote", "rate_date"]];

const CASES: [Case; 8] = [
    Case(
        "coingecko",
        |context, url| {
            let config = coingecko::Config {
                symbols: coins(),
                history_days: 1,
                http: hurried(url),
                ..coingecko::Config::default()
            };
            Box::new(CoinGecko::new(config, None, context).unwrap())
        },
        &[["raw_crypto_market_data", "symbol", "observed_at"], ["candles", "symbol", "open_at"]],
        &["candles S9 4h", "markets S9", "prices S9"],
    ),
    Case(
        "kraken",
        |context, url| {
            let config = kraken::Config {
                symbols: coins(),
                intervals: vec![Interval::H1],
                history_days: 1,
                http: hurried(url),
                ..kraken::Config::default()
            };
            Box::new(Kraken::new(config, context).unwrap())
        },
        &[["candles", "symbol", "open_at"], ["quotes", "symbol", "at"]],
        &["candles S9 1h", "quotes S9"],
    ),
    Case(
        "twelvedata",
        |context, url| {
            let config = twelvedata::Config {
                symbols: coins(),
                intervals: vec![Interval::H1],
                history_days: 1,
                quotes: true,
                http: hurried(url),
                ..twelvedata::Config::default()
            };
            Box::new(TwelveData::new(config, Some("key of ours".into()), context).unwrap())
        },
        &[["candles", "symbol", "open_at"], ["quotes", "symbol", "at"]],
        &["candles S9 1h", "quotes S9"],
    ),
    Case(
        "x",
        |context, url| {
            let config = x::Config {
                symbols: coins(),
                posts: false,
                http: hurried(url),
                ..x::Config::default()
            };
            Box::new(X::new(config, Some("key of ours".into()), context).unwrap())
        },
        &[["social_counts", "symbol", "start_at"]],
        &["counts S9"],
    ),
    Case(
        "frankfurter",
        |context, url| {
            let config = frankfurter::Config {
                symbols: currencies(),
                history_days: 10,
                http: hurried(url),
                ..frankfurter::Config::default()
            };
            Box::new(Frankfurter::new(config, context).unwrap())
        },
        RATES,
        &[],
    ),
    Case(
        "ecb",
        |context, url| {
            let config =
                ecb::Config { symbols: currencies(), history_days: 10, http: hurried(url) };
            Box::new(Ecb::new(config, context).unwrap())
        },
        RATES,
        &[],
    ),
    Case(
        "open_er_api",
        |context, url| {
            let config = exchangerate_api::Config {
                base: "EUR".into(),
                quotes: currencies(),
                http: hurried(url),
            };
            Box::new(OpenErApi::new(config, context).unwrap())
        },
        RATES,
        &[],
    ),
    Case(
        "exchangerate_api",
        |context, url| {
            let config = exchangerate_api::Config {
                base: "EUR".into(),
                quotes: currencies(),
                http: hurried(url),
            };
            Box::new(ExchangeRateApi::new(config, Some("key of ours".into()), context).unwrap())
        },
        RATES,
        &[],
    ),
];

#[tokio::test]
async fn nine_of_ten_symbols_are_read_for_thirty_days() {
    for Case(name, open, tables, output) in CASES {
        let clock = Turned::new(START);
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(Services(clock.clone())).mount(&server).await;
        let context = Context { registry: registry(), ..Context::new(clock.clone()) };
        let source = open(&context, &server.uri());
        // The days with rows, by table and symbol.
        let mut days: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
        let (mut cursor, mut failed) = (None, BTreeSet::new());
        for _ in 0..30 {
            let (pages, next) = round(source.as_ref(), cursor.take()).await;
            for [table, symbol, time] in tables {
                let times = texts(&pages, table, time).into_iter();
                for (symbol, time) in texts(&pages, table, symbol).into_iter().zip(times) {
                    days.entry((table, symbol)).or_default().insert(time[..10].to_owned());
                }
            }
            let states = texts(&pages, "coverage", "state").into_iter();
            let noted = texts(&pages, "coverage", "series").into_iter().zip(states);
            failed.extend(noted.filter(|(_, state)| state == "failed").map(|(series, _)| series));
            cursor = Some(next);
            clock.on(TimeDelta::days(1));
        }
        assert_eq!(failed.iter().map(String::as_str).collect::<Vec<_>>(), output, "{name}");
        for [table, ..] in tables {
            let of_table = days.iter().filter(|((of, _), _)| of == table);
            let counts: Vec<_> =
                of_table.map(|((_, symbol), days)| (symbol.as_str(), days.len())).collect();
            let (dead, alive): (Vec<_>, Vec<_>) =
                counts.into_iter().partition(|(symbol, _)| ["S9", "HUF"].contains(symbol));
            assert_eq!(alive.len(), 9, "{name} {table}: {alive:?}");
            assert!(alive.iter().all(|(_, days)| *days >= 28), "{name} {table}: {alive:?}");
            assert!(dead.iter().all(|(_, days)| *days < 14), "{name} {table}: {dead:?}");
        }
    }
}
