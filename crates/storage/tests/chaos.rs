//! Two processes load the same source while everything is done to them, and to the server, and to
//! the line between them: no row is lost, and none is there twice.
//!
//! A few rounds in every run; `TIDEGAUGE_CHAOS_ROUNDS=200 cargo test --test chaos -- --nocapture` for as
//! many as that, with a line about each store at its end.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // these are tests, and they report

mod support;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::proxy::{Line, Proxy};
use support::{Store, batch, is_conflict, load, simple};
use tidegauge_core::{Aggregate, Batch, Sink, TableRef, WriteMode};
use tidegauge_testkit::{BigQuery, MariaDb, Postgres, Server};

const STORE: &str = "TIDEGAUGE_TEST_STORE";
const ROUNDS: &str = "TIDEGAUGE_CHAOS_ROUNDS";
const ROWS: i64 = 400;

/// What is done to a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Both loaders are killed.
    Loaders,
    /// The server is killed, and started again.
    Server,
    /// The line lets nothing through, after half of something.
    Line(Line),
    /// A loader finds the disk full.
    Disk,
}

const OF_FILES: [Fault; 2] = [Fault::Loaders, Fault::Disk];
const OF_SERVERS: [Fault; 5] = [
    Fault::Loaders,
    Fault::Server,
    Fault::Line(Line::Dropped),
    Fault::Line(Line::Truncated),
    Fault::Line(Line::Slow),
];

fn tables() -> [TableRef; 2] {
    [simple("a", WriteMode::Append), simple("b", WriteMode::Merge)]
}

/// Page `page` of the source: the same rows for whoever asks.
fn page(page: i64) -> Vec<Batch> {
    let rows: Vec<_> = (page * ROWS..(page + 1) * ROWS).map(|id| (id, "a row")).collect();
    tables().iter().map(|table| batch(table, &rows)).collect()
}

/// How many pages are there; an error where nobody can tell just now.
async fn reached(sink: &dyn Sink) -> tidegauge_core::Result<i64> {
    let cursor = sink.cursor("test").await?;
    Ok(cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap()))
}

/// Loads the page after those that are there; how many are there then.
async fn go_on(sink: &dyn Sink) -> tidegauge_core::Result<i64> {
    let at = reached(sink).await?;
    let before = (at > 0).then(|| at.to_string());
    match load(sink, before.as_deref(), &(at + 1).to_string(), &page(at)).await {
        Err(error) if is_conflict(&error) => Ok(at),
        done => done.map(|()| at + 1),
    }
}

/// Not a test by itself: the process that the tests below start, and kill.
#[tokio::test]
#[ignore = "started by the other tests of this file"]
async fn loader() {
    let sink = tidegauge_storage::connect_sink(&std::env::var(STORE).unwrap()).unwrap();
    loop {
        if let Err(error) = go_on(&*sink).await {
            // A key that is there already would be a page that was committed without its cursor.
            assert!(!error.to_string().contains("only takes new rows"), "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A loader at `url`, whose files may not be longer than `blocks` of half a kilobyte.
fn start(url: &str, blocks: Option<usize>) -> Child {
    let mut command = Command::new("sh");
    let limit = blocks.map(|it| format!("trap '' XFSZ; ulimit -f {it}; ")).unwrap_or_default();
    command.args(["-c", &format!("{limit}exec \"$@\""), "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "loader", "--ignored", "--nocapture"]).env(STORE, url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(mut loader: Child) {
    loader.kill().unwrap();
    let said = String::from_utf8(loader.wait_with_output().unwrap().stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

/// The same numbers every time (Knuth's MMIX).
fn moments() -> impl FnMut(u64) -> u64 {
    let mut state = 7u64;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Waits until `sink` has more than `pages`, a minute at most.
async fn wait_for(sink: &dyn Sink, pages: i64) {
    for _ in 0..3_000 {
        if reached(sink).await.is_ok_and(|at| at > pages) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn no_row_is_lost_and_none_is_there_twice(store: Store, server: Option<&dyn Server>) {
    let scheme = store.url.split(':').next().unwrap().to_owned();
    let rounds = std::env::var(ROUNDS).ok().and_then(|it| it.parse().ok());
    let rounds = rounds.unwrap_or(if scheme == "bigquery" { 5 } else { 10 });
    let faults = if server.is_some() { &OF_SERVERS[..] } else { &OF_FILES[..] };
    let line = server.map(|server| Proxy::before(server.port()));
    let url = match (&line, server) {
        (Some(line), Some(server)) => {
            store.url.replace(&format!(":{}", server.port()), &format!(":{}", line.port))
        }
        _ => store.url.clone(),
    };
    let (mut last, mut below) = (0, moments());
    for round in 0..rounds {
        let fault = faults[round % faults.len()];
        let full = (fault == Fault::Disk).then(|| usize::try_from(1 + below(200)).unwrap());
        let loaders = [start(&url, full), start(&url, None)];
        // Until they are at it, and then a little longer, each time by another span.
        wait_for(&*store.sink(), last).await;
        tokio::time::sleep(Duration::from_millis(below(150))).await;
        match fault {
            Fault::Loaders | Fault::Disk => {}
            Fault::Server => {
                let server = server.unwrap();
                server.crash();
                server.restart();
            }
            Fault::Line(what) => {
                let line = line.as_ref().unwrap();
                line.set(what);
                tokio::time::sleep(Duration::from_millis(below(200))).await;
                line.set(Line::Whole);
            }
        }
        loaders.into_iter().for_each(end);
        // Going on removes what was left. A server may still be at what a killed one had sent whole.
        let sink = store.sink();
        let mut tries = 0;
        let at = loop {
            match go_on(&*sink).await {
                Ok(at) if at > last => break at,
                Ok(_) => {}
                Err(error) => assert!(tries < 600, "{error}"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        last = at;
        for table in tables() {
            assert_eq!(found(&store, &table).await, wanted(&scheme, last * ROWS), "{fault:?}");
        }
    }
    let rows = 2 * last * ROWS;
    eprintln!(
        "{scheme}: {rounds} rounds of {faults:?}; {rows} rows in {last} pages, lost 0, doubled 0"
    );
}

/// Rows, different keys, and the sum of the keys; of a store that nobody reads, rows.
async fn found(store: &Store, table: &TableRef) -> Vec<i128> {
    if store.url.starts_with("csv") {
        return vec![i128::try_from(store.rows(table).await).unwrap()];
    }
    let summed = Aggregate::of(table).count().distinct("id").sum("id");
    let frame = store.warehouse().aggregate(&summed).await.unwrap();
    let int = |name: &str| frame.column(name).unwrap().i64().unwrap().get(0).unwrap().into();
    let sum = frame.column("sum_id").unwrap().decimal().unwrap().physical().get(0).unwrap();
    vec![int("count"), int("distinct_id"), sum]
}

fn wanted(scheme: &str, rows: i64) -> Vec<i128> {
    let rows = i128::from(rows);
    if scheme == "csv" { vec![rows] } else { vec![rows, rows, rows * (rows - 1) / 2] }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("sqlite"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("parquet"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("csv"), None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives() {
    let Some(server) = Postgres::start() else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.url()), Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_survives() {
    let Some(server) = MariaDb::start() else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.url()), Some(&server)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bigquery_survives() {
    let Some(server) = BigQuery::start() else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.dataset_url("chaos")), Some(&server))
        .await;
}
