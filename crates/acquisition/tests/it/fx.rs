//! Tests of histories of exchange rates, page by page: the ECB, and Frankfurter.
#![cfg(all(feature = "ecb", feature = "frankfurter"))]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::support::fixings::{Ecb as EcbServer, Fixings, FrankfurterV1, NO_RESULTS};
use crate::support::log::Log;
use crate::support::{
    Act, Scripted, Turned, at, context, everything_said, hurried, json, query, rate_keys, round,
    rows, texts,
};
use chrono::TimeDelta;
use tidegauge_acquisition::__internal::frankfurter::decode;
use tidegauge_acquisition::backfill::{
    Backfill, BackfillTask, BadRows, HistoricalSource, RowFilter,
};
use tidegauge_acquisition::ecb::{self, Ecb};
use tidegauge_acquisition::frankfurter::{self, Api, Frankfurter};
use tidegauge_acquisition::http::HttpConfig;
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::{Clock, Cursor, Source, Span};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

fn symbols(all: &[&str]) -> Vec<String> {
    all.iter().map(|symbol| (*symbol).into()).collect()
}

/// A service, and the number of its requests that were examined.
struct Served(MockServer, Mutex<usize>);

impl Served {
    async fn by(service: impl Respond + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(service).mount(&server).await;
        Self(server, Mutex::new(0))
    }

    /// Returns the last segments of the paths requested since the last call.
    async fn asked(&self) -> Vec<String> {
        let all = self.0.received_requests().await.unwrap();
        let mut seen = self.1.lock().unwrap();
        let new = all[*seen..].iter();
        *seen = all.len();
        new.map(|request| request.url.path().rsplit('/').next().unwrap().to_owned()).collect()
    }
}

fn ecb(server: &Served, clock: &Arc<Turned>, history_days: u32, quotes: &[&str]) -> Ecb {
    let http = hurried(&server.0.uri());
    let config = ecb::Config { symbols: symbols(quotes), history_days, http };
    Ecb::new(config, &Context::new(clock.clone())).unwrap()
}

fn frankfurter(
    server: &Served,
    clock: &Arc<Turned>,
    history_days: u32,
    quotes: &[&str],
) -> Frankfurter {
    let http = hurried(&server.0.uri());
    let config =
        frankfurter::Config { symbols: symbols(quotes), history_days, http, ..Default::default() };
    Frankfurter::new(config, &Context::new(clock.clone())).unwrap()
}

/// Fetches all new pages. Returns the days and quotes of their rows, and the cursor.
async fn step(source: &dyn Source, cursor: &Cursor) -> (Vec<(String, String)>, Cursor) {
    let (pages, cursor) = round(source, Some(cursor.clone())).await;
    (rate_keys(&pages), cursor)
}

#[test]
fn invalid_settings_are_rejected_with_advice() {
    let context = context("2026-05-18T12:34:56Z");
    for (quotes, says) in [
        (vec!["EUR"], "in itself"),
        (vec![], "at least one"),
        (vec!["usd"], "capital"),
        (vec!["USD", "USD"], "twice"),
    ] {
        let config = frankfurter::Config { symbols: symbols(&quotes), ..Default::default() };
        let error = Frankfurter::new(config, &context).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
        let config = ecb::Config { symbols: symbols(&quotes), ..Default::default() };
        assert_eq!(Ecb::new(config, &context).is_err(), !quotes.is_empty(), "{quotes:?}");
    }
    let default = frankfurter::Config::default;
    for (config, says) in [
        (frankfurter::Config { base: "USD".into(), ..default() }, "api = \"v2\""),
        (frankfurter::Config { providers: symbols(&["ECB"]), ..default() }, "api = \"v2\""),
        (frankfurter::Config { history_days: 0, ..default() }, "between 1"),
        (
            frankfurter::Config { providers: symbols(&["A,B"]), api: Api::V2, ..default() },
            "bank's key",
        ),
    ] {
        let error = Frankfurter::new(config, &context).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}

#[tokio::test]
async fn unrequested_rates_are_not_stored() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let rates = r#"{"USD":1.1,"GBP":0.8,"CAD":1.5,"<script>":1,"\u001b[31mX":1}"#;
    let v1 = format!(
        r#"{{"amount":1.0,"base":"EUR","rates":{{"2026-05-13":{rates},"2026-05-14":{rates}}}}}"#
    );
    let v2 = r#"[{"date":"2026-05-14","base":"EUR","quote":"USD","rate":1.2},
        {"date":"2026-05-14","base":"EUR","quote":"USD","rate":1.1},
        {"date":"2026-05-14","base":"GBP","quote":"USD","rate":9},
        {"date":"2026-05-14","base":"EUR","quote":"<script>","rate":1}]"#;
    for (api, body, found) in [
        (Api::V1, v1.as_str(), vec![("2026-05-13", "USD"), ("2026-05-14", "USD")]),
        (Api::V2, v2, vec![("2026-05-14", "USD")]),
    ] {
        let server = Scripted::start(vec![Act::ok(body)]).await;
        let http = hurried(&server.url);
        let symbols = symbols(&["USD"]);
        let config =
            frankfurter::Config { symbols, history_days: 5, api, http, ..Default::default() };
        let source = Frankfurter::new(config, &context("2026-05-15T18:00:00Z")).unwrap();
        let page = source.fetch(None).await.unwrap();
        let keys = rate_keys(std::slice::from_ref(&page));
        let keys: Vec<_> = keys.iter().map(|(day, quote)| (&day[..], &quote[..])).collect();
        assert_eq!(keys, found, "{api:?}");
        assert_eq!(texts(&[page], "fx_rates", "rate").last().unwrap(), "1.10000000", "the last");
    }
    let output = log.output();
    assert!(
        output.contains("unrequested rates") && output.contains("keeping the last"),
        "{output}"
    );
    assert!(!output.contains('\u{1b}'));
    // A day or a currency that occurs twice is rejected.
    for (rates, says) in [
        (r#"{"2026-05-14":{"USD":1.1,"USD":1.2}}"#, "USD"),
        (r#"{"2026-05-14":{"USD":1.1},"2026-05-14":{"USD":1.2}}"#, "2026-05-14"),
    ] {
        let body = format!(r#"{{"amount":1.0,"base":"EUR","rates":{rates}}}"#);
        let error =
            decode::range(body.as_bytes(), &mut RowFilter::strict()).unwrap_err().to_string();
        assert!(error.contains(&format!("at `{says}`: it is there twice")), "{error}");
    }
}

#[tokio::test]
async fn the_history_is_read_a_year_at_a_time_and_each_rate_once() {
    let clock = Turned::new("2026-05-15T18:00:00Z"); // a Friday, fixed
    let (ecb_server, frankfurter_server) = (
        Served::by(EcbServer(Fixings(clock.clone()))).await,
        Served::by(FrankfurterV1(Fixings(clock.clone()))).await,
    );
    let quotes = ["USD", "GBP"];
    let sources: [(&dyn Source, &Served); 2] = [
        (&ecb(&ecb_server, &clock, 865, &quotes), &ecb_server),
        (&frankfurter(&frankfurter_server, &clock, 865, &quotes), &frankfurter_server),
    ];
    for (source, server) in sources {
        let (pages, mut cursor) = round(source, None).await;
        assert_eq!(pages.len(), 3, "{}", source.name());
        assert_eq!(server.asked().await.len(), 3, "{}", source.name());
        let keys = rate_keys(&pages);
        let days: BTreeSet<_> = keys.iter().map(|(day, _)| day.as_str()).collect();
        // The weekdays from 2024-01-01 to 2026-05-15, without Good Friday and Easter Monday of
        // 2026.
        assert_eq!((days.len(), keys.len()), (618, 2 * 618), "{}", source.name());
        assert_eq!((days.first(), days.last()), (Some(&"2024-01-01"), Some(&"2026-05-15")));
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "each once");
        assert_eq!(texts(&pages, "coverage", "state"), ["present"; 3]);
        assert_eq!(texts(&pages, "coverage", "series")[0], "rates EUR GBP,USD");

        // After a kill before the second page was stored, the same page comes again.
        let again = source.fetch(Some(&pages[0].cursor)).await.unwrap();
        assert_eq!(rate_keys(&[again]), rate_keys(&pages[1..2]), "{}", source.name());
        server.asked().await;

        // No more requests follow on that day, and one over the weekend, for late fixings.
        for hours in [1, 12, 24, 36, 57] {
            let there = Turned::new("2026-05-15T18:00:00Z");
            there.on(TimeDelta::hours(hours));
            let later: Box<dyn Source> = match source.name() {
                ecb::NAME => Box::new(ecb(server, &there, 865, &quotes)),
                _ => Box::new(frankfurter(server, &there, 865, &quotes)),
            };
            let (keys, next) = step(&*later, &cursor).await;
            assert!(keys.is_empty(), "{} after {hours} hours", source.name());
            cursor = next;
        }
        let asked = server.asked().await;
        assert!(asked.len() <= 1, "{}: {asked:?}", source.name());
    }
}

#[tokio::test]
async fn the_fixing_of_the_day_is_read_once_published_and_days_without_one_are_no_gaps() {
    let clock = Turned::new("2026-04-01T09:00:00Z"); // the Wednesday before Easter
    let server = Served::by(EcbServer(Fixings(clock.clone()))).await;
    let source = ecb(&server, &clock, 30, &["USD"]);
    let (pages, mut cursor) = round(&source, None).await;
    assert_eq!(rate_keys(&pages).last().unwrap().0, "2026-03-31", "today's is not out yet");
    server.asked().await;

    let usd = |day: &str| vec![(day.to_owned(), "USD".to_owned())];
    let daily = ["eurofxref-daily.xml"];
    for (hours, what, fixed, calls) in [
        (1, "the morning", vec![], &[][..]),
        (5, "15:00, before it is out", vec![], &daily),
        (1, "16:00", usd("2026-04-01"), &daily),
        (1, "17:00, when there is nothing left", vec![], &[]),
        (24, "Maundy Thursday", usd("2026-04-02"), &daily),
        (24, "Good Friday, a holiday", vec![], &daily),
        (24, "Saturday", vec![], &daily[..0]),
        (48, "Easter Monday", vec![], &daily),
        // The file has Tuesday; the data API shows whether there was a fixing since Friday.
        (22, "Tuesday 15:00", vec![], &daily),
        (1, "Tuesday 16:00", usd("2026-04-07"), &["eurofxref-daily.xml", "D.USD.EUR.SP00.A"]),
        (1, "17:00", vec![], &[]),
    ] {
        clock.on(TimeDelta::hours(hours));
        let (keys, next) = step(&source, &cursor).await;
        assert_eq!(keys, fixed, "{what}");
        let asked = server.asked().await;
        // One request is due after the last one of a day, so that no late fixing is missed.
        assert!(asked == calls || (what == "Saturday" && asked == daily), "{what}: {asked:?}");
        cursor = next;
    }
    // The source was off for three days and a weekend.
    clock.on(TimeDelta::days(6));
    let (keys, _) = step(&source, &cursor).await;
    let days: BTreeSet<_> = keys.iter().map(|(day, _)| day.as_str()).collect();
    let missed = ["2026-04-08", "2026-04-09", "2026-04-10", "2026-04-13"];
    assert_eq!(days, BTreeSet::from(missed));
    assert_eq!(keys.len(), 4, "each once, though two places have the last one: {keys:?}");
}

#[tokio::test]
async fn weekends_of_frankfurter_snap_back_without_duplicates() {
    let clock = Turned::new("2026-05-16T12:00:00Z"); // a Saturday
    let server = Served::by(FrankfurterV1(Fixings(clock.clone()))).await;
    let source = frankfurter(&server, &clock, 1, &["USD"]);
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(rate_keys(&pages), [("2026-05-15".into(), "USD".into())], "since Friday");
    clock.on(TimeDelta::days(1));
    assert_eq!(step(&source, &cursor).await.0, [], "Sunday, which is answered with Friday");
    clock.on(TimeDelta::hours(24 + 6));
    let (keys, cursor) = step(&source, &cursor).await;
    assert_eq!(keys, [("2026-05-18".into(), "USD".into())]);

    // For an additional currency the history is read as well.
    let source = frankfurter(&server, &clock, 10, &["USD", "CAD"]);
    let (keys, _) = step(&source, &cursor).await;
    assert_eq!(keys.len(), 2 * 7, "{keys:?}");
}

#[tokio::test]
async fn an_unknown_currency_is_an_error_and_a_discontinued_or_new_one_is_not() {
    let clock = Turned::new("2026-05-15T18:00:00Z");
    let (ecb_server, frankfurter_server) = (
        Served::by(EcbServer(Fixings(clock.clone()))).await,
        Served::by(FrankfurterV1(Fixings(clock.clone()))).await,
    );
    for name in [ecb::NAME, frankfurter::NAME] {
        let source = |days, quotes: &[&str]| -> Box<dyn Source> {
            match name {
                ecb::NAME => Box::new(ecb(&ecb_server, &clock, days, quotes)),
                _ => Box::new(frankfurter(&frankfurter_server, &clock, days, quotes)),
            }
        };
        for quotes in [&["USD", "XXX"][..], &["XXX"], &["RUB", "XXX"]] {
            let error = source(14, quotes).fetch(None).await.unwrap_err();
            let message = everything_said(&error);
            assert!(message.contains(&format!("{name} does not have `XXX`")), "{message}");
            assert!(
                name == frankfurter::NAME || message.contains("USD, GBP, CAD, ILS"),
                "{message}"
            );
        }
        let (pages, _) = round(&*source(14, &["USD", "RUB"]), None).await;
        assert_eq!(rate_keys(&pages).len(), 11, "{name}: ended before the window");
        let (pages, _) = round(&*source(14, &["RUB"]), None).await;
        assert_eq!(rows(&pages, "fx_rates"), 0, "{name}: ended, and alone");

        // From 2010 on: shekels begin in 2011 and rubles end in 2022, both without an error.
        let (pages, cursor) = round(&*source(6_000, &["ILS", "RUB"]), None).await;
        let keys = rate_keys(&pages);
        let of = |code: &'static str| {
            keys.iter().filter(move |(_, quote)| quote == code).map(|(day, _)| day.as_str())
        };
        assert_eq!(of("ILS").min(), Some("2011-01-03"), "{name}");
        assert_eq!(of("RUB").max(), Some("2022-03-01"), "{name}");
        assert_eq!(of("ILS").max(), Some("2026-05-15"), "{name}");
        assert!(!keys.iter().any(|(_, quote)| quote == "USD"), "{name}: nobody wants dollars");
        let (_, next) = round(&*source(6_000, &["ILS", "RUB"]), Some(cursor.clone())).await;
        assert_eq!(cursor, next);
    }
}

#[tokio::test]
async fn without_symbols_all_currencies_of_the_ecb_are_stored() {
    let clock = Turned::new("2026-05-15T18:00:00Z");
    let server = Served::by(EcbServer(Fixings(clock.clone()))).await;
    let (pages, _) = round(&ecb(&server, &clock, 14, &[]), None).await;
    assert_eq!(rate_keys(&pages).len(), 4 * 11);
    assert_eq!(server.asked().await, ["D..EUR.SP00.A"]);
}

#[tokio::test]
async fn an_answer_without_dollars_is_incomplete() {
    for reply in [
        ResponseTemplate::new(404).set_body_raw(NO_RESULTS, "application/problem+json"),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200)
            .set_body_string("CURRENCY,TIME_PERIOD,OBS_VALUE\nUSD,2026-05-15,\n"),
    ] {
        let server = Served::by(reply).await;
        let clock = Turned::new("2026-05-15T18:00:00Z");
        let error = ecb(&server, &clock, 120, &["GBP"]).fetch(None).await.unwrap_err();
        let message = everything_said(&error);
        assert!(message.contains("there is none of USD"), "{message}");
    }
}

#[tokio::test]
async fn invalid_answers_of_the_ecb_are_typed_errors() {
    let page = "<!DOCTYPE html><html><title>Just a moment...</title></html>";
    let envelope = "<Envelope><Cube><Cube time='2026-05-15'><Cube currency='USD' rate='1.5'/></Cube></Cube></Envelope>";
    type Right = fn(&Error) -> bool;
    let cases: [(&str, Act, Right); 8] = [
        ("a firewall", Act::reply("403 Forbidden", "", page), |error| {
            matches!(error, Error::NotJson { status: 403, .. })
        }),
        ("throttled", Act::reply("429 X", "", page), |error| {
            matches!(error, Error::RateLimited { .. })
        }),
        ("a web page", Act::ok(page), |error| matches!(error, Error::NotJson { status: 200, .. })),
        ("JSON", Act::ok("{}"), |error| matches!(error, Error::Decode { .. })),
        ("half a file", Act::ok(&envelope[..envelope.len() - 12]), |error| {
            matches!(error, Error::Decode { .. })
        }),
        (
            "another host",
            Act::reply("301 X", "location: https://captcha.example/x\r\n", ""),
            |error| matches!(error, Error::Redirect { to, .. } if to == "captcha.example"),
        ),
        ("gone", Act::reply("404 X", "", ""), |error| {
            matches!(error, Error::Status { status: 404, .. })
        }),
        ("a flood", Act::reply("200 OK", "", &" ".repeat(600 * 1024)), |error| {
            matches!(error, Error::TooLarge { .. })
        }),
    ];
    for (what, act, right) in cases {
        let server = Scripted::start(vec![act]).await;
        let client = ecb::Client::new(&hurried(&server.url), &context("2026-05-15T18:00:00Z"));
        let error = client.unwrap().daily(&mut RowFilter::strict()).await.expect_err(what);
        assert!(right(&error), "{what}: {error:?}");
    }
    // The body decides the format, whatever the header says.
    let odd = Act::reply("200 OK", "content-type: application/json\r\n", envelope);
    let server = Scripted::start(vec![odd]).await;
    let client = ecb::Client::new(&hurried(&server.url), &context("2026-05-15T18:00:00Z")).unwrap();
    assert_eq!(client.daily(&mut RowFilter::strict()).await.unwrap().len(), 1);
    assert_eq!(client.history(&mut RowFilter::strict()).await.unwrap().len(), 1);
    assert_eq!(client.last_90_days(&mut RowFilter::strict()).await.unwrap().len(), 1);
    let paths = server.requests();
    for file in ["eurofxref-daily.xml", "eurofxref-hist.xml", "eurofxref-hist-90d.xml"] {
        assert!(
            paths.iter().any(|path| path.contains(&format!("/stats/eurofxref/{file} "))),
            "{file}"
        );
    }
}

#[tokio::test]
async fn the_whole_history_fits_the_default_body_limit() {
    let first = chrono::NaiveDate::from_ymd_opt(1999, 1, 4).unwrap();
    let mut file = String::from("<gesmes:Envelope xmlns:gesmes=\"g\"><Cube>");
    for day in first.iter_days().take(7_100) {
        file.push_str(&format!("<Cube time=\"{day}\">"));
        for at in 0..32u8 {
            let code = format!("A{}{}", char::from(b'A' + at / 8), char::from(b'A' + at % 8));
            file.push_str(&format!("<Cube currency=\"{code}\" rate=\"1{at}.2345\"/>"));
        }
        file.push_str("</Cube>");
    }
    file.push_str("</Cube></gesmes:Envelope>");
    assert!(file.len() > 8_500_000, "{}", file.len());
    let server = Scripted::start(vec![Act::ok(&file)]).await;
    let http = HttpConfig { base_url: Some(server.url.parse().unwrap()), ..HttpConfig::default() };
    let client = ecb::Client::new(&http, &context("2026-05-15T18:00:00Z")).unwrap();
    let rates = client.history(&mut RowFilter::strict()).await.unwrap();
    assert_eq!(rates.len(), 7_100 * 32);
}

#[tokio::test]
async fn exactly_the_gap_is_filled() {
    let clock = Turned::new("2026-05-15T18:00:00Z");
    let server = Served::by(EcbServer(Fixings(clock.clone()))).await;
    let source = Arc::new(ecb(&server, &clock, 120, &["USD"]));
    let series = source.series(clock.now()).remove(0);
    let hole = |from: &str, to: &str| Span::new(at(from), at(to));
    // Sunday noon to Thursday, and a weekend.
    let spans = [
        hole("2026-03-01T12:00:00Z", "2026-03-05T00:00:00Z"),
        hole("2026-03-14T00:00:00Z", "2026-03-16T00:00:00Z"),
    ];
    let tasks = spans.map(|span| BackfillTask { series: series.clone(), span });
    let fill = Backfill::new(source, tasks.to_vec(), &Context::new(clock.clone()));
    let (pages, _) = round(&fill, None).await;
    let days: Vec<_> = rate_keys(&pages).into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, ["2026-03-02", "2026-03-03", "2026-03-04"]);
    let states = texts(&pages, "coverage", "state");
    assert_eq!(states, ["requested", "requested", "present", "empty"]);
}

#[tokio::test]
async fn a_bad_rate_fails_the_page_or_is_quarantined_as_configured() {
    let lines = "CURRENCY,TIME_PERIOD,OBS_VALUE\nGBP,2026-05-14,-1\nGBP,2026-05-15,0.8\nUSD,2026-05-15,1.2\n";
    let server = Served::by(ResponseTemplate::new(200).set_body_string(lines)).await;
    let clock = Turned::new("2026-05-15T18:00:00Z");
    let config = ecb::Config {
        symbols: symbols(&["USD", "GBP"]),
        http: hurried(&server.0.uri()),
        ..Default::default()
    };
    let context = Context::new(clock);
    let strict = Ecb::new(config.clone(), &context).unwrap();
    let message = everything_said(&strict.fetch(None).await.unwrap_err());
    assert!(message.contains("`GBP` has OBS_VALUE `-1`"), "{message}");
    let lenient = Context { bad_rows: BadRows::Quarantine, ..context };
    let (pages, _) = round(&Ecb::new(config, &lenient).unwrap(), None).await;
    assert_eq!(rows(&pages, "fx_rates"), 2);
    assert_eq!(texts(&pages, "quarantine", "place"), ["rates EUR GBP,USD 2026-05-14 GBP"]);
    assert_eq!(texts(&pages, "quarantine", "content"), ["-1"]);
}

#[tokio::test]
async fn version_2_has_its_own_parameters_and_reads_its_last_two_days_again() {
    let server = MockServer::start().await;
    let row = |day: &str, quote: &str, rate: &str| {
        format!(r#"{{"date":"{day}","base":"USD","quote":"{quote}","rate":{rate}}}"#)
    };
    let rows = [
        row("2026-09-04", "USD", "1.0"),
        row("2026-09-04", "EUR", "0.86006"),
        row("2026-09-05", "EUR", "0.86012"),
        row("2026-09-04", "AED", "3.6725"),
    ];
    Mock::given(path("/rates"))
        .and(query_param("quotes", "EUR,AED"))
        .and(query_param("base", "USD"))
        .and(query_param("providers", "ECB,FED"))
        .and(query_param_is_missing("symbols"))
        .respond_with(json(format!("[{}]", rows.join(","))))
        .mount(&server)
        .await;
    let clock = Turned::new("2026-09-05T12:00:00Z");
    let config = frankfurter::Config {
        symbols: symbols(&["EUR", "AED"]),
        history_days: 1,
        api: Api::V2,
        base: "USD".into(),
        providers: symbols(&["ECB", "FED"]),
        http: hurried(&server.uri()),
    };
    let source = Frankfurter::new(config, &Context::new(clock.clone())).unwrap();
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(rate_keys(&pages).len(), 3, "without the one that says that a dollar is a dollar");

    let since = async || {
        let requests = server.received_requests().await.unwrap();
        requests.iter().map(|request| query(request, "from")).collect::<Vec<_>>()
    };
    clock.on(TimeDelta::minutes(30));
    step(&source, &cursor).await;
    assert_eq!(since().await, ["2026-09-04"], "not within an hour");
    clock.on(TimeDelta::minutes(30));
    let (keys, cursor) = step(&source, &cursor).await;
    assert_eq!(since().await, ["2026-09-04"; 2]);
    assert_eq!(keys.len(), 3, "they may have changed");
    // Two days later, the fixing of that Friday is final.
    clock.on(TimeDelta::days(2));
    let (_, cursor) = step(&source, &cursor).await;
    clock.on(TimeDelta::hours(1));
    let error = source.fetch(Some(&cursor)).await;
    assert!(error.is_ok(), "{error:?}");
    assert_eq!(since().await[3], "2026-09-06");
}

#[tokio::test]
async fn version_2_reports_unknown_currencies_and_banks() {
    let refused = r#"{"status":422,"message":"invalid currency: XXX"}"#;
    let server = Scripted::start(vec![Act::reply("422 X", "", refused)]).await;
    let config = frankfurter::Config {
        symbols: symbols(&["USD", "XXX"]),
        api: Api::V2,
        http: hurried(&server.url),
        ..Default::default()
    };
    let source = Frankfurter::new(config, &context("2026-09-05T12:00:00Z")).unwrap();
    let message = everything_said(&source.fetch(None).await.unwrap_err());
    assert!(
        message.contains("`symbols` is set wrongly") && message.contains("currency: XXX"),
        "{message}"
    );
}

#[tokio::test]
async fn a_firewall_in_front_of_frankfurter_is_reported() {
    let page = "<!DOCTYPE html><html>error 1015</html>";
    for (status, says) in [("403 X", "firewall"), ("429 X", "left alone")] {
        let server = Scripted::start(vec![Act::reply(status, "", page)]).await;
        let config = frankfurter::Config { http: hurried(&server.url), ..Default::default() };
        let source = Frankfurter::new(config, &context("2026-05-15T18:00:00Z")).unwrap();
        let message = everything_said(&source.fetch(None).await.unwrap_err());
        assert!(message.contains(says), "{message}");
    }
}
