//! Live sources in a pipeline: they run until they are told to stop, and then no row is missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common;
use crate::common::{assert_same, counts, rows, url, warehouse};
use async_trait::async_trait;
use tidegauge::acquisition::kraken_stream::{self, Channel, KrakenStream};
use tidegauge::acquisition::twelvedata_stream::{self, TwelveDataStream};
use tidegauge::acquisition::{Context, Recorded, recorded};
use tidegauge::core::tables::MarketTrade;
use tidegauge::core::{
    Cursor, Error, ErrorKind, FixedClock, Load, Loaded, Page, Result, Sink, Source,
    SourceCapabilities, TableRef, Warehouse,
};
use tidegauge::pipeline::{Observer, Pipeline, RunEvent, Silent};
use tidegauge_replay::{Action, Connection, Market, Replay, Script, Service};
use tokio::time::sleep;

fn context() -> Context {
    Context::new(Arc::new(FixedClock("2026-01-01T00:00:00Z".parse().unwrap())))
}

async fn server(service: Service, acts: Vec<Action>) -> Replay {
    let market = Market::from_csv(recorded::PRICES).unwrap();
    let script =
        Script { connections: vec![Connection::Serve(acts)], ..Script::new(service, market) };
    Replay::start(script).await.unwrap()
}

fn kraken(server: &Replay) -> Arc<dyn Source> {
    let mut config = kraken_stream::Config {
        symbols: vec!["BTC".into()],
        channels: vec![Channel::Trade],
        ..kraken_stream::Config::default()
    };
    config.http.base_url = Some(server.url().parse().unwrap());
    config.live.batch_for = Duration::from_millis(30);
    Arc::new(KrakenStream::new(config, &context()).unwrap())
}

fn twelvedata(server: &Replay, key: &str) -> Arc<dyn Source> {
    let mut config = twelvedata_stream::Config {
        symbols: vec!["BTC".into()],
        ..twelvedata_stream::Config::default()
    };
    config.http.base_url = Some(server.url().parse().unwrap());
    config.live.batch_for = Duration::from_millis(30);
    Arc::new(TwelveDataStream::new(config, Some(key.into()), &context()).unwrap())
}

async fn trade_ids(warehouse: &dyn Warehouse) -> Vec<i64> {
    let trades = rows(warehouse, MarketTrade::table()).await;
    let mut ids: Vec<_> = trades.column("trade_id").unwrap().as_i64().unwrap().values().to_vec();
    ids.sort_unstable();
    ids
}

fn sqlite(dir: &Path) -> Arc<dyn Warehouse> {
    sqlite_at(dir, "live.db")
}

fn sqlite_at(dir: &Path, name: &str) -> Arc<dyn Warehouse> {
    warehouse(&url("sqlite", dir, name))
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_runs_until_stopped_and_fills_every_sink() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (sqlite(dir.path()), warehouse(&url("parquet", dir.path(), "parquet")));
    let server = server(Service::Kraken, vec![Action::Every(Duration::from_millis(2))]).await;
    let pipeline = Pipeline::new()
        .source(kraken(&server))
        .source(Arc::new(Recorded::default()))
        .sink(here.clone())
        .sink(there.clone());
    // Finite sources run first, and `run` does not wait for live ones.
    let summary = pipeline.run(&Silent).await.unwrap();
    assert!(summary.tables.iter().all(|table| table.source == "recorded"), "{summary}");

    let mut taken = 0;
    for _ in 0..2 {
        let count = Count::default();
        let stop = count.reaches(50, &["kraken_stream"]);
        let summary = pipeline.stream(&count, stop).await.unwrap();
        let streamed = summary.tables.iter().filter(|table| table.table == "market_trades");
        taken += streamed.map(|table| table.rows).sum::<usize>();
    }
    let ids = trade_ids(here.as_ref()).await;
    assert!(ids.len() > 50, "{}", ids.len());
    let first = server.ticks("BTC")[0].id;
    assert_eq!(ids, (first..).take(ids.len()).collect::<Vec<_>>());
    assert_eq!(taken, ids.len());
    assert_same(here.as_ref(), there.as_ref()).await;
    assert_eq!(
        here.cursor("kraken_stream").await.unwrap(),
        there.cursor("kraken_stream").await.unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_streams_fill_a_sink_that_was_added_later() {
    let dir = tempfile::tempdir().unwrap();
    let here = sqlite(dir.path());
    let one = server(Service::Kraken, vec![Action::Every(Duration::from_millis(5))]).await;
    let other = server(Service::TwelveData, vec![Action::Every(Duration::from_millis(5))]).await;
    let pipeline = || Pipeline::new().source(kraken(&one)).source(twelvedata(&other, "a-key"));
    let both_sources = ["kraken_stream", "twelvedata_stream"];
    let count = Count::default();
    let stop = count.reaches(15, &both_sources);
    pipeline().sink(here.clone()).stream(&count, stop).await.unwrap();
    let first = counts(here.as_ref()).await;
    assert!(first["market_trades"] > 5 && first["quotes"] >= 1, "{first:?}");

    let later = warehouse(&url("parquet", dir.path(), "later"));
    let both = pipeline().sink(here.clone()).sink(later.clone());
    let count = Count::default();
    both.stream(&count, count.reaches(15, &both_sources)).await.unwrap();
    let (second, late) = (counts(here.as_ref()).await, trade_ids(later.as_ref()).await);
    assert!(second["market_trades"] > first["market_trades"], "{second:?}");
    let all = trade_ids(here.as_ref()).await;
    assert!(!late.is_empty() && all.ends_with(&late), "{} of {}", late.len(), all.len());
}

/// An observer that counts the rows of each source.
#[derive(Default)]
struct Count(Mutex<BTreeMap<String, usize>>);

impl Observer for Count {
    fn observe(&self, event: &RunEvent) {
        if let RunEvent::PageCommitted { source, rows, .. } = event {
            *self.0.lock().unwrap().entry(source.clone()).or_default() += rows;
        }
    }
}

impl Count {
    /// Waits until each of `sources` has at least `rows` rows.
    async fn reaches(&self, rows: usize, sources: &[&str]) {
        let has = |source: &&str| self.0.lock().unwrap().get(*source) >= Some(&rows);
        while !sources.iter().all(has) {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A sink that accepts a limited number of loads.
#[derive(Debug)]
struct Full {
    loads: AtomicUsize,
    cursors: Mutex<BTreeMap<String, Cursor>>,
}

#[async_trait]
impl Sink for Full {
    fn name(&self) -> &str {
        "full"
    }
    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }
    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.cursors.lock().unwrap().clone())
    }
    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        if self.loads.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(Error::sink("full", ErrorKind::OutOfSpace, "no space left"));
        }
        self.cursors.lock().unwrap().insert(load.source.into(), load.after.clone());
        Ok(Loaded::inserted(load.batches))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_sink_ends_the_stream_after_other_sinks_commit() {
    let dir = tempfile::tempdir().unwrap();
    let here = sqlite(dir.path());
    let server = server(Service::Kraken, vec![Action::Every(Duration::from_millis(5))]).await;
    let full = Arc::new(Full { loads: AtomicUsize::new(3), cursors: Mutex::default() });
    let pipeline = Pipeline::new().source(kraken(&server)).sink(full.clone()).sink(here.clone());
    let never = std::future::pending();
    let error = pipeline.stream(&Silent, never).await.unwrap_err();
    assert!(error.to_string().contains("no space left"), "{error}");
    let (behind, ahead) =
        (full.cursor("kraken_stream").await.unwrap(), here.cursor("kraken_stream").await.unwrap());
    assert!(ahead.is_some() && behind != ahead, "{behind:?}");
    assert!(!trade_ids(here.as_ref()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_stream_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let here = sqlite(dir.path());
    let one = server(Service::Kraken, vec![Action::Every(Duration::from_millis(5))]).await;
    let body = r#"{"code":401,"message":"wrong key","status":"error"}"#.into();
    let market = Market::from_csv(recorded::PRICES).unwrap();
    let away = vec![Connection::Reject { status: 401, body }];
    let script = Script { connections: away, ..Script::new(Service::TwelveData, market) };
    let other = Replay::start(script).await.unwrap();
    let sources = Pipeline::new().source(kraken(&one)).source(twelvedata(&other, "a-key"));
    let pipeline = sources.sink(here.clone());
    let count = Count::default();
    let stop = count.reaches(50, &["kraken_stream"]);
    let error = pipeline.stream(&count, stop).await.unwrap_err();
    assert!(error.to_string().contains("wrong key"), "{error}");
    assert_eq!(error.failures().len(), 1);
    assert!(trade_ids(here.as_ref()).await.len() >= 50);
}

/// A live source that counts its pages, and whose current page takes a while.
#[derive(Debug, Default)]
struct Slow(AtomicUsize);

#[async_trait]
impl Source for Slow {
    fn name(&self) -> &str {
        "slow"
    }
    fn tables(&self) -> Vec<TableRef> {
        Vec::new()
    }
    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities { live: true, ..SourceCapabilities::default() }
    }
    async fn fetch(&self, _: Option<&Cursor>) -> Result<Page> {
        sleep(Duration::from_millis(200)).await;
        let page = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Page { batches: Vec::new(), cursor: Cursor::new(page.to_string()), done: false })
    }
}

#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn observe(&self, event: &RunEvent) {
        self.0.lock().unwrap().extend(match event {
            RunEvent::SourceStarted { source, .. } => Some(format!("{source} starts")),
            RunEvent::PageCommitted { source, .. } => Some(format!("{source} has a page")),
            RunEvent::SourceFinished { source, .. } => Some(format!("{source} ends")),
            _ => None,
        });
    }
}

#[tokio::test]
async fn current_page_is_finished_on_stop() {
    let full = Arc::new(Full { loads: AtomicUsize::new(100), cursors: Mutex::default() });
    let (source, reported) = (Arc::new(Slow::default()), Told::default());
    let pipeline = Pipeline::new().source(source.clone()).sink(full.clone());
    pipeline.stream(&reported, sleep(Duration::from_millis(20))).await.unwrap();
    assert_eq!(full.cursor("slow").await.unwrap(), Some(Cursor::new("1")));
    assert_eq!(*reported.0.lock().unwrap(), ["slow starts", "slow has a page", "slow ends"]);
}

/// Streams through the command until Ctrl-C, which is no failure here.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn command_streams_until_interrupted_and_keeps_its_rows() {
    use std::process::{Command, Stdio};

    let dir = tempfile::tempdir().unwrap();
    let server = server(Service::Kraken, vec![Action::Every(Duration::from_millis(5))]).await;
    let settings = format!(
        "[kraken_stream]\nsymbols = [\"BTC\"]\nchannels = [\"trade\"]\n\
         [kraken_stream.live]\nbatch_for = \"50ms\"\n\
         [kraken_stream.http]\nbase_url = \"{}\"\n",
        server.url()
    );
    std::fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let check = ["check", "kraken_stream"];
    assert!(common::succeed(dir.path(), &check).contains("ok     kraken_stream  streams, "));
    let mut command = common::command_in(dir.path());
    command.env("TIDEGAUGE_KRAKEN_STREAM__HTTP__BASE_URL", "http://127.0.0.1:1");
    let check = common::output_of(command.args(check));
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.out.contains("BROKEN kraken_stream  127.0.0.1:1"), "{check:?}");
    let sources = common::succeed(dir.path(), &["sources"]);
    let line = sources.lines().find(|line| line.contains("kraken_stream")).unwrap();
    assert!(line.contains("12/min"), "{line}");

    let mut command = common::command_in(dir.path());
    command.args(["run", "--source", "kraken_stream"]);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let before = server.ticks("BTC").len();
    while server.ticks("BTC").len() < before + 200 {
        assert!(std::time::Instant::now() < deadline, "it never listened");
        sleep(Duration::from_millis(20)).await;
    }
    let id = run.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let end = common::CommandOutput::from(run.wait_with_output().unwrap());
    assert_eq!(end.code, Some(0), "{end:?}");
    assert!(end.err.contains("streaming; Ctrl-C ends it"), "{end:?}");
    let ids = trade_ids(sqlite_at(dir.path(), "tidegauge.db").as_ref()).await;
    assert!(ids.len() > 50, "{}: {end:?}", ids.len());
    assert_eq!(ids, (ids[0]..).take(ids.len()).collect::<Vec<_>>(), "without a hole");
    assert!(end.out.contains(&ids.len().to_string()), "the summary says how many: {}", end.out);
}
