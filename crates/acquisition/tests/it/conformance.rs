//! Tests that every source keeps the contract of a source.
#![cfg(feature = "all")]

use std::any::Any;
use std::fmt::Write;
use std::sync::Arc;

use crate::support::fixings::{self, Fixings};
use crate::support::live::{self, hasty};
use crate::support::services::{self, NOW};
use crate::support::{clock, context, hurried, json, recording};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;
use tidegauge_acquisition::{
    CoinGecko, DatabaseSource, Ecb, ExchangeRateApi, FileSource, Frankfurter, Interval, Kraken,
    KrakenStream, OpenErApi, Recorded, SyntheticMarket, TwelveData, TwelveDataStream, X, coingecko,
    database, ecb, exchangerate_api, files, frankfurter, kraken, kraken_stream, recorded,
    synthetic_market, twelvedata, twelvedata_stream, x,
};
use tidegauge_core::conformance::source::SourceSubject;
use tidegauge_core::tables::MarketingSpend;
use tidegauge_core::{Source, source_promises};
use tidegauge_replay::{Action, Connection, Service};
use wiremock::{Mock, MockServer, Respond, matchers};

/// A source, its environment, and the maximum number of rows of its pages.
struct Subject {
    open: Box<dyn Fn() -> Arc<dyn Source> + Send + Sync>,
    most_rows: usize,
    _world: Box<dyn Any + Send + Sync>,
}

impl Subject {
    fn new<S: Source + 'static>(
        world: impl Any + Send + Sync,
        most_rows: usize,
        open: impl Fn() -> S + Send + Sync + 'static,
    ) -> Self {
        let open = Box::new(move || -> Arc<dyn Source> { Arc::new(open()) });
        Self { open, most_rows, _world: Box::new(world) }
    }
}

#[async_trait]
impl SourceSubject for Subject {
    async fn source(&self) -> Arc<dyn Source> {
        (self.open)()
    }

    fn most_rows(&self) -> usize {
        self.most_rows
    }
}

async fn served(service: impl Respond + 'static) -> (MockServer, String) {
    let server = MockServer::start().await;
    Mock::given(matchers::method("GET")).respond_with(service).mount(&server).await;
    let url = server.uri();
    (server, url)
}

fn bitcoin() -> Vec<String> {
    vec!["BTC".into()]
}

/// An API key that occurs in no reply, since keys are redacted from what services say.
const KEY: &str = "canary-0123456789";

/// The maximum number of gap ledger rows that accompany the other rows of a page.
const LEDGER: usize = 4;

async fn of_recorded() -> Subject {
    let config = recorded::Config { page_rows: 300 };
    Subject::new((), 300, move || Recorded::new(config.clone()).unwrap())
}

async fn of_synthetic_market() -> Subject {
    let until = "2021-06-01".parse().ok();
    let config = synthetic_market::Config { page_rows: 300, until, ..Default::default() };
    Subject::new((), 300, move || SyntheticMarket::new(config.clone(), clock(NOW)).unwrap())
}

async fn of_coingecko() -> Subject {
    let (server, url) = served(services::CoinGecko).await;
    Subject::new(server, 90 * 24 + 1 + LEDGER, move || {
        let config = coingecko::Config {
            symbols: vec!["BTC".into(), "ETH".into()],
            history_days: 200,
            http: hurried(&url),
            ..coingecko::Config::default()
        };
        CoinGecko::new(config, None, &context(NOW)).unwrap()
    })
}

async fn of_kraken() -> Subject {
    let (server, url) = served(services::Kraken).await;
    Subject::new(server, 1_000 + LEDGER, move || {
        let config = kraken::Config {
            symbols: bitcoin(),
            intervals: vec![Interval::H1, Interval::D1],
            trades_days: 5,
            http: hurried(&url),
            ..kraken::Config::default()
        };
        Kraken::new(config, &context(NOW)).unwrap()
    })
}

async fn of_twelvedata() -> Subject {
    let (server, url) = served(services::TwelveData).await;
    Subject::new(server, 5_000 + LEDGER, move || {
        let config = twelvedata::Config {
            symbols: bitcoin(),
            intervals: vec![Interval::H1],
            history_days: 300,
            http: hurried(&url),
            ..twelvedata::Config::default()
        };
        TwelveData::new(config, Some(KEY.into()), &context(NOW)).unwrap()
    })
}

async fn of_ecb() -> Subject {
    let (server, url) = served(fixings::Ecb(Fixings(clock(NOW)))).await;
    Subject::new(server, 366 * 2 + LEDGER, move || {
        let symbols = vec!["USD".into(), "GBP".into()];
        let config = ecb::Config { symbols, history_days: 800, http: hurried(&url) };
        Ecb::new(config, &context(NOW)).unwrap()
    })
}

async fn of_frankfurter() -> Subject {
    let (server, url) = served(fixings::FrankfurterV1(Fixings(clock(NOW)))).await;
    Subject::new(server, 366 * 2 + LEDGER, move || {
        let config = frankfurter::Config {
            symbols: vec!["USD".into(), "GBP".into()],
            history_days: 800,
            http: hurried(&url),
            ..frankfurter::Config::default()
        };
        Frankfurter::new(config, &context(NOW)).unwrap()
    })
}

/// The time of the recorded reply.
const UPDATED: &str = "2026-02-18T12:00:00Z";

fn crowns(url: &str) -> exchangerate_api::Config {
    exchangerate_api::Config {
        base: "CZK".into(),
        http: hurried(url),
        ..exchangerate_api::Config::default()
    }
}

fn latest() -> String {
    String::from_utf8(recording("fx/open_er_api_latest_czk.recorded-2026-02-18.json")).unwrap()
}

async fn of_open_er_api() -> Subject {
    let (server, url) = served(json(latest())).await;
    Subject::new(server, 200, move || OpenErApi::new(crowns(&url), &context(UPDATED)).unwrap())
}

async fn of_exchangerate_api() -> Subject {
    let (server, url) = served(json(latest().replace("\"rates\"", "\"conversion_rates\""))).await;
    Subject::new(server, 200, move || {
        ExchangeRateApi::new(crowns(&url), Some(KEY.into()), &context(UPDATED)).unwrap()
    })
}

async fn of_x() -> Subject {
    let (server, url) = served(services::X).await;
    Subject::new(server, 100 + LEDGER, move || {
        let config = x::Config { symbols: bitcoin(), http: hurried(&url), ..x::Config::default() };
        X::new(config, Some(KEY.into()), &context(NOW)).unwrap()
    })
}

/// The number of rows of `marketing_spend`.
const SPENT: usize = 250;

async fn of_files() -> Subject {
    let folder = TempDir::new().unwrap();
    let mut text = String::from("day,channel,campaign,currency,spend\n");
    for number in 0..SPENT {
        writeln!(text, "2020-12-24,ads,\"number, {number}\",EUR,12.50").unwrap();
    }
    std::fs::write(folder.path().join("spend-1.csv"), &text).unwrap();
    std::fs::write(folder.path().join("spend-2.csv"), text.replace("number", "again")).unwrap();
    let path = folder.path().join("spend-*.csv").display().to_string();
    Subject::new(folder, 100, move || {
        let config = files::Config {
            name: "our_spend".into(),
            path: path.clone(),
            page_rows: 100,
            settle: std::time::Duration::ZERO,
            ..files::Config::default()
        };
        FileSource::new(config, MarketingSpend::table().clone(), clock(NOW)).unwrap()
    })
}

async fn of_database() -> Subject {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("theirs.db").display());
    let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    let mut sql = String::from("CREATE TABLE spend (day, channel, campaign, currency, spend);");
    for number in 0..SPENT {
        write!(sql, "INSERT INTO spend VALUES ('2020-12-24', 'ads', 'n{number}', 'EUR', '1.50');")
            .unwrap();
    }
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Subject::new(folder, 100, move || {
        let config = database::Config {
            name: "theirs".into(),
            query: "SELECT * FROM spend".into(),
            incremental: Some("day".into()),
            page_rows: 100,
            ..database::Config::default()
        };
        let table = MarketingSpend::table().clone();
        DatabaseSource::new(config, &url.clone().into(), table, clock(NOW)).unwrap()
    })
}

/// The start of the market of the replayed streams.
const STREAMED: &str = "2026-01-01T00:00:00Z";

async fn of_kraken_stream() -> Subject {
    let lines = vec![Connection::Serve(vec![Action::Ticks(20)])];
    let server = live::server(Service::Kraken, lines).await;
    let url = server.url().to_owned();
    Subject::new(server, hasty().batch_rows * 2, move || {
        let config = kraken_stream::Config {
            symbols: bitcoin(),
            live: hasty(),
            http: hurried(&url),
            ..kraken_stream::Config::default()
        };
        KrakenStream::new(config, &context(STREAMED)).unwrap()
    })
}

async fn of_twelvedata_stream() -> Subject {
    let mut script =
        live::script(Service::TwelveData, vec![Connection::Serve(vec![Action::Ticks(20)])]);
    script.key = Some(KEY.into());
    let server = tidegauge_replay::Replay::start(script).await.unwrap();
    let url = server.url().to_owned();
    Subject::new(server, hasty().batch_rows * 2, move || {
        let config = twelvedata_stream::Config {
            symbols: bitcoin(),
            live: hasty(),
            http: hurried(&url),
            ..twelvedata_stream::Config::default()
        };
        TwelveDataStream::new(config, Some(KEY.into()), &context(STREAMED)).unwrap()
    })
}

source_promises!(recorded_conforms, Some(of_recorded().await));
source_promises!(synthetic_market_conforms, Some(of_synthetic_market().await));
source_promises!(coingecko_conforms, Some(of_coingecko().await));
source_promises!(kraken_conforms, Some(of_kraken().await));
source_promises!(twelvedata_conforms, Some(of_twelvedata().await));
source_promises!(ecb_conforms, Some(of_ecb().await));
source_promises!(frankfurter_conforms, Some(of_frankfurter().await));
source_promises!(open_er_api_conforms, Some(of_open_er_api().await));
source_promises!(exchangerate_api_conforms, Some(of_exchangerate_api().await));
source_promises!(x_conforms, Some(of_x().await));
source_promises!(files_keep, Some(of_files().await));
source_promises!(database_conforms, Some(of_database().await));
source_promises!(kraken_stream_conforms, Some(of_kraken_stream().await));
source_promises!(twelvedata_stream_conforms, Some(of_twelvedata_stream().await));
