//! The sources page by page: windows, cursors, what is new and what is not.

mod support;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use support::{at, clock, hurried};
use tidegauge_acquisition::coingecko::{CandleSize, CoinGecko, Config as GeckoConfig, Plan};
use tidegauge_acquisition::frankfurter::{Config as FrankfurterConfig, Frankfurter};
use tidegauge_acquisition::open_er_api::{Config as OpenErApiConfig, OpenErApi};
use tidegauge_core::{Batch, Clock, Cursor, Page, Source};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A clock that the test turns.
#[derive(Debug)]
struct Turned(Mutex<DateTime<Utc>>);

impl Turned {
    fn new(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(at(text))))
    }
    fn on(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Turned {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

fn query(request: &Request, name: &str) -> String {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn json(body: String) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// CoinGecko, made of a price for every whole hour and one of now.
struct Gecko(Arc<dyn Clock>);

impl Respond for Gecko {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let now = self.0.now().timestamp();
        let path = request.url.path();
        if path.ends_with("/range") {
            let (from, to): (i64, i64) =
                (query(request, "from").parse().unwrap(), query(request, "to").parse().unwrap());
            let hours = (from + 3599) / 3600..=to / 3600;
            let mut times: Vec<_> = hours.map(|hour| hour * 3_600_000).collect();
            if to == now && now % 3600 != 0 {
                times.push(now * 1000);
            }
            let series = |value: &str| {
                let points = times.iter().map(|at| format!("[{at},{value}]"));
                points.collect::<Vec<_>>().join(",")
            };
            return json(format!(
                r#"{{"prices":[{}],"market_caps":[{}],"total_volumes":[{}]}}"#,
                series("50675.258073370765"),
                series("0.0"),
                series("null")
            ));
        }
        if path.ends_with("/ohlc") {
            let (days, size): (i64, i64) = match query(request, "days").as_str() {
                "1" => (1, 1800),
                days @ ("7" | "14" | "30") => (days.parse().unwrap(), 4 * 3600),
                days => (days.parse().unwrap(), 4 * 86_400),
            };
            // The last one closes in the future.
            let closes = (now - days * 86_400) / size + 1..=now / size + 1;
            let rows = closes.map(|close| format!("[{},10,12,9,11]", close * size * 1000));
            return json(format!("[{}]", rows.collect::<Vec<_>>().join(",")));
        }
        let market = |id: &str| {
            let at = self.0.now().to_rfc3339();
            format!(
                r#"{{"id":"{id}","current_price":77671,"market_cap":null,"total_volume":1.005,"last_updated":"{at}"}}"#
            )
        };
        json(format!(
            "[{}]",
            query(request, "ids").split(',').map(market).collect::<Vec<_>>().join(",")
        ))
    }
}

async fn gecko(clock: &Arc<Turned>, config: GeckoConfig) -> (MockServer, CoinGecko) {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(Gecko(clock.clone())).mount(&server).await;
    let http = hurried(&server.uri());
    let source = CoinGecko::new(GeckoConfig { http, ..config }, clock.clone()).unwrap();
    (server, source)
}

/// Pages until done.
async fn round(source: &dyn Source, mut cursor: Option<Cursor>) -> (Vec<Page>, Cursor) {
    let mut pages = Vec::new();
    for _ in 0..50 {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        let done = page.done;
        cursor = Some(page.cursor.clone());
        pages.push(page);
        if done {
            return (pages, cursor.unwrap());
        }
    }
    panic!("it never ends");
}

fn batches<'a>(pages: &'a [Page], table: &str) -> Vec<&'a Batch> {
    let batches = pages.iter().flat_map(|page| &page.batches);
    batches.filter(|batch| batch.table().name == table).collect()
}

fn rows(pages: &[Page], table: &str) -> usize {
    batches(pages, table).iter().map(|batch| batch.rows()).sum()
}

/// The instants of a column, over all pages.
fn times(pages: &[Page], table: &str, column: &str) -> Vec<i64> {
    let columns = batches(pages, table).into_iter().flat_map(|batch| {
        let column = batch.frame().column(column).unwrap().datetime().unwrap().physical().clone();
        column.iter().map(|micros| micros.unwrap() / 1000).collect::<Vec<_>>()
    });
    columns.collect()
}

fn one_symbol() -> GeckoConfig {
    GeckoConfig { symbols: vec!["BTC".into()], ..GeckoConfig::default() }
}

#[tokio::test]
async fn a_long_history_comes_in_windows_without_gap_or_repetition() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let config = GeckoConfig { history_days: 200, ..one_symbol() };
    let (server, source) = gecko(&clock, config).await;
    let (pages, _) = round(&source, None).await;
    assert_eq!(pages.len(), 5, "three windows, candles, the snapshot");
    for page in &pages {
        assert!(page.rows() <= 90 * 24 + 2);
    }
    let found = times(&pages[..3], "raw_crypto_market_data", "observed_at");
    assert_eq!(found.len(), 200 * 24 + 1);
    let hourly = found.windows(2).take(200 * 24 - 1);
    assert!(hourly.into_iter().all(|pair| pair[1] - pair[0] == 3_600_000));
    assert_eq!(
        found.last(),
        Some(&at("2026-05-18T12:34:56Z").timestamp_millis()),
        "the one of now"
    );
    let windows = server.received_requests().await.unwrap();
    for request in windows.iter().filter(|it| it.url.path().ends_with("/range")) {
        let (from, to): (i64, i64) =
            (query(request, "from").parse().unwrap(), query(request, "to").parse().unwrap());
        assert!(to - from <= 90 * 86_400, "more than 90 days come daily");
    }
}

#[tokio::test]
async fn values_arrive_exactly_and_what_is_unknown_is_null() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (_server, source) = gecko(&clock, GeckoConfig { history_days: 1, ..one_symbol() }).await;
    let (pages, _) = round(&source, None).await;
    let frame = batches(&pages, "raw_crypto_market_data")[0].frame().clone();
    let price = frame.column("price_usd").unwrap().decimal().unwrap().physical().get(0);
    assert_eq!(price, Some(5_067_525_807_337));
    assert_eq!(frame.column("market_cap_usd").unwrap().null_count(), frame.height());
    assert_eq!(frame.column("volume_24h_usd").unwrap().null_count(), frame.height());
    assert_eq!(frame.column("name").unwrap().str().unwrap().get(0), Some("Bitcoin"));
    assert_eq!(frame.column("source").unwrap().str().unwrap().get(0), Some("coingecko"));
    let snapshot = batches(&pages[2..], "raw_crypto_market_data")[0].frame().clone();
    let volume = snapshot.column("volume_24h_usd").unwrap().decimal().unwrap().physical().get(0);
    assert_eq!(volume, Some(100), "1.005 is 1.00, half to even");
}

#[tokio::test]
async fn only_finished_candles_count_and_they_open_one_size_before_they_close() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    for (size, name, length) in [
        (CandleSize::HalfHour, "30m", 1_800_000),
        (CandleSize::FourHours, "4h", 14_400_000),
        (CandleSize::FourDays, "4d", 345_600_000),
    ] {
        let (_server, source) = gecko(&clock, GeckoConfig { candles: size, ..one_symbol() }).await;
        let (pages, cursor) = round(&source, None).await;
        let opens = times(&pages, "candles", "open_at");
        let now = clock.now().timestamp_millis();
        assert!(opens.iter().all(|open| open % length == 0 && open + length <= now), "{name}");
        assert!(opens.last().unwrap() + 2 * length > now, "{name}: the last finished one is there");
        let frame = batches(&pages, "candles")[0].frame().clone();
        assert_eq!(frame.column("interval").unwrap().str().unwrap().get(0), Some(name));
        assert_eq!(frame.column("volume").unwrap().null_count(), frame.height());
        // A size later there is exactly one more.
        let later = Turned::new("2026-05-18T12:34:56Z");
        later.on(TimeDelta::milliseconds(length));
        let (_server, source) = gecko(&later, GeckoConfig { candles: size, ..one_symbol() }).await;
        let (pages, _) = round(&source, Some(cursor)).await;
        assert_eq!(times(&pages, "candles", "open_at"), [opens.last().unwrap() + length], "{name}");
    }
}

#[tokio::test]
async fn a_second_round_brings_only_what_is_new_and_none_begins_too_soon() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (server, source) = gecko(&clock, GeckoConfig::default()).await;
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(pages.len(), 4 + 4 + 1);
    let asked = server.received_requests().await.unwrap().len();

    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.batches.is_empty() && page.done && page.cursor == cursor);
    assert_eq!(server.received_requests().await.unwrap().len(), asked, "and nobody was asked");

    clock.on(TimeDelta::hours(2));
    let (pages, later) = round(&source, Some(cursor.clone())).await;
    assert_ne!(later, cursor);
    assert_eq!(rows(&pages, "candles"), 0, "the next candle closes at 16:00");
    let found = times(&pages, "raw_crypto_market_data", "observed_at");
    // Of each symbol the hours 13 and 14, and now; then the snapshot, of now again.
    assert_eq!(found.len(), 4 * 3 + 4);
    let before = at("2026-05-18T12:34:56Z").timestamp_millis();
    assert!(found.iter().all(|at| *at > before), "none twice");
}

#[tokio::test]
async fn the_same_cursor_asks_the_same_again() {
    let clock = Turned::new("2026-05-18T12:34:56Z");
    let (_server, source) = gecko(&clock, one_symbol()).await;
    let first = source.fetch(None).await.unwrap();
    let one = source.fetch(Some(&first.cursor)).await.unwrap();
    clock.on(TimeDelta::minutes(3)); // after a crash, a little later
    let two = source.fetch(Some(&first.cursor)).await.unwrap();
    assert_eq!(one.cursor, two.cursor);
    assert!(one.batches[0].frame().equals_missing(two.batches[0].frame()));
}

#[tokio::test]
async fn a_bad_row_fails_its_page_whole_and_a_row_of_the_future_does_not_move_the_cursor() {
    for (body, says) in [
        (
            r#"{"prices":[[1779100000000,1],[1779100300000,-2]],"market_caps":[],"total_volumes":[]}"#,
            "`-2`",
        ),
        (r#"{"prices":[[1879100000000,1]],"market_caps":[],"total_volumes":[]}"#, "in the future"),
    ] {
        let server = MockServer::start().await;
        Mock::given(path_regex("range$")).respond_with(json(body.into())).mount(&server).await;
        let config = GeckoConfig { http: hurried(&server.uri()), ..one_symbol() };
        let source = CoinGecko::new(config, clock("2026-05-18T12:34:56Z")).unwrap();
        let error = source.fetch(None).await.unwrap_err().to_string();
        assert!(error.contains("bitcoin") && error.contains(says), "{error}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_the_way_out() {
    let clock = || clock("2026-05-18T12:34:56Z");
    for (config, says) in [
        (
            GeckoConfig { symbols: vec!["NOPE".into()], ..GeckoConfig::default() },
            "known are BTC, ETH",
        ),
        (GeckoConfig { symbols: vec![], ..GeckoConfig::default() }, "name at least one"),
        (GeckoConfig { history_days: 366, ..GeckoConfig::default() }, "a paid one has all"),
        (GeckoConfig { history_days: 0, ..GeckoConfig::default() }, "between 1 and 365"),
        (GeckoConfig { plan: Plan::Demo("".into()), ..GeckoConfig::default() }, "it is empty"),
    ] {
        let error = CoinGecko::new(config, clock()).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let pro =
        GeckoConfig { history_days: 4_000, plan: Plan::Pro("k".into()), ..GeckoConfig::default() };
    assert!(CoinGecko::new(pro, clock()).is_ok());
    for (quotes, says) in
        [(vec!["EUR"], "in itself"), (vec![], "at least one"), (vec!["usd"], "capital")]
    {
        let quotes = quotes.into_iter().map(Into::into).collect();
        let config = FrankfurterConfig { quotes, ..FrankfurterConfig::default() };
        let error = Frankfurter::new(config, clock()).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let config = OpenErApiConfig { base: "dollar".into(), ..OpenErApiConfig::default() };
    assert!(OpenErApi::new(config, clock()).is_err());
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
    let source = Frankfurter::new(config, clock).unwrap();
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
        clock.on(TimeDelta::days(i64::from(weekend > 0) + 1));
        let page = source.fetch(Some(&cursor)).await.unwrap();
        assert!(page.done && page.batches.is_empty() && page.cursor == cursor, "a weekend day");
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
    let source = OpenErApi::new(config.clone(), clock.clone()).unwrap();
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
    let page = OpenErApi::new(two, clock.clone()).unwrap().fetch(None).await.unwrap();
    assert_eq!(page.rows(), 2);
    let unknown = OpenErApiConfig { quotes: vec!["XXX".into()], ..config };
    let error = OpenErApi::new(unknown, clock).unwrap().fetch(None).await.unwrap_err();
    assert!(error.to_string().contains("does not have `XXX`"), "{error}");
}

#[tokio::test]
async fn open_er_api_recognises_a_refusal_in_a_success() {
    let server = MockServer::start().await;
    let body = r#"{"result":"error","documentation":"","terms-of-use":"","error-type":"unsupported-code"}"#;
    Mock::given(path("/latest/ABC")).respond_with(json(body.into())).mount(&server).await;
    let config =
        OpenErApiConfig { base: "ABC".into(), quotes: vec![], http: hurried(&server.uri()) };
    let source = OpenErApi::new(config, clock("2026-02-18T12:00:00Z")).unwrap();
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("unsupported-code") && error.contains("ISO 4217"), "{error}");
}
