//! Two processes load the same source while everything is done to them, and to the server, and to
//! the line between them: no row is lost, and none is there twice.
//!
//! A few rounds in every run; `TIDEGAUGE_CHAOS_ROUNDS=200 cargo test -p tidegauge-storage --all-features --test it chaos -- --nocapture` for as
//! many as that, with a line about each store at its end.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tidegauge_core::{Aggregate, Batch, Cell, Cursor, Load, Sink, TableRef, WriteMode};
use tidegauge_testkit::Server;

use crate::support::proxy::{Line, Proxy};
use crate::support::{Store, batch, files, is_conflict, simple};

const STORE: &str = "TIDEGAUGE_TEST_STORE";
const FEED: &str = "TIDEGAUGE_TEST_FEED";
const ROUNDS: &str = "TIDEGAUGE_CHAOS_ROUNDS";
const ROWS: i64 = 400;

/// Pages after which the next feed begins.
const PAGES: i64 = 200;

/// What is done to a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Both loaders are killed.
    Loaders,
    /// The server is killed, and started again.
    Server,
    /// The line lets nothing through, after half of something.
    Line(Line),
    /// The disk is full: that which a loader writes to, or the server's, which is killed after.
    Disk,
    /// Both loaders are killed, and then the folder's manifest is gone.
    Manifest,
    /// Both loaders are killed, and then the manifest of before is put back.
    OldManifest,
}

const OF_FILES: [Fault; 2] = [Fault::Loaders, Fault::Disk];
const OF_FOLDERS: [Fault; 4] = [Fault::Loaders, Fault::Disk, Fault::Manifest, Fault::OldManifest];
const OF_LINES: [Fault; 4] = [
    Fault::Loaders,
    Fault::Line(Line::Dropped),
    Fault::Line(Line::Truncated),
    Fault::Line(Line::Slow),
];

/// What may be done to the loads of a store.
fn faults(scheme: &str, server: Option<&dyn Server>, outlives: bool) -> Vec<Fault> {
    let Some(server) = server else {
        return if scheme == "sqlite" { OF_FILES.to_vec() } else { OF_FOLDERS.to_vec() };
    };
    let mut faults = OF_LINES.to_vec();
    if outlives {
        faults.push(Fault::Server);
    }
    if server.has_own_disk() {
        faults.push(Fault::Disk);
    }
    faults
}

/// What is loaded: a source of its own, with tables of its own.
#[derive(Debug, Clone, Copy)]
struct Feed(usize);

impl Feed {
    fn source(self) -> String {
        format!("feed {}", self.0)
    }

    fn tables(self) -> [TableRef; 2] {
        let table = |name: &str, write| simple(format!("{name}_{}", self.0), write);
        [table("new", WriteMode::Append), table("merged", WriteMode::Merge)]
    }

    /// The rows of page `page`: the same for whoever asks.
    fn page(self, page: i64) -> Vec<Batch> {
        let rows: Vec<_> = (page * ROWS..(page + 1) * ROWS).map(|id| (id, "a row")).collect();
        self.tables().iter().map(|table| batch(table, &rows)).collect()
    }

    /// How many pages are there; an error where nobody can tell just now.
    async fn reached(self, sink: &dyn Sink) -> tidegauge_core::Result<i64> {
        let cursor = sink.cursor(&self.source()).await?;
        Ok(cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap()))
    }

    /// Loads the page after those that are there, if there is one more; how many are there then.
    async fn go_on(self, sink: &dyn Sink) -> tidegauge_core::Result<i64> {
        let at = self.reached(sink).await?;
        if at == PAGES {
            return Ok(at);
        }
        let before = (at > 0).then(|| Cursor::new(at.to_string()));
        let after = Cursor::new((at + 1).to_string());
        let (source, batches) = (self.source(), self.page(at));
        let load = Load::new(&source, &batches, before.as_ref(), &after);
        sink.load(load).await.map(|_| at + 1)
    }
}

/// Not a test by itself: the process that the tests below start, and kill.
#[tokio::test]
#[ignore = "started by the other tests of this file"]
async fn loader() {
    let feed = Feed(std::env::var(FEED).unwrap().parse().unwrap());
    let sink = tidegauge_storage::connect_sink(&std::env::var(STORE).unwrap()).unwrap();
    loop {
        match feed.go_on(&*sink).await {
            Ok(PAGES) => tokio::time::sleep(Duration::from_millis(20)).await,
            Ok(_) => {}
            Err(error) if is_conflict(&error) => {}
            Err(error) => {
                // A key that is there already would be a page that was committed without its cursor.
                assert!(!error.to_string().contains("only takes new rows"), "{error}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// A loader of `feed` at `url`, whose files may not be longer than `blocks` of half a kilobyte.
fn start(feed: Feed, url: &str, blocks: Option<usize>) -> Child {
    let mut command = Command::new("sh");
    let limit =
        blocks.map(|blocks| format!("trap '' XFSZ; ulimit -f {blocks}; ")).unwrap_or_default();
    command.args(["-c", &format!("{limit}exec \"$@\""), "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "chaos::loader", "--ignored", "--nocapture"]);
    command.env(STORE, url).env(FEED, feed.0.to_string());
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

/// Waits until `sink` has more than `pages` of `feed`, a minute at most.
async fn wait_for(feed: Feed, sink: &dyn Sink, pages: i64) {
    for _ in 0..3_000 {
        if feed.reached(sink).await.is_ok_and(|at| at > pages) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn no_row_is_lost_and_none_is_there_twice(store: Store, server: Option<&dyn Server>) {
    let scheme = store.url.split(':').next().unwrap().to_owned();
    let rounds = std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.unwrap_or(if scheme == "bigquery" { 5 } else { 10 });
    // What this one has is in its memory.
    let faults = faults(&scheme, server, scheme != "s3");
    let line = server.map(|server| Proxy::before(server.port()));
    let url = match (&line, server) {
        (Some(line), Some(server)) => {
            store.url.replace(&format!(":{}", server.port()), &format!(":{}", line.port))
        }
        _ => store.url.clone(),
    };
    let (mut feed, mut last, mut pages, mut below) = (Feed(0), 0, 0, moments());
    for round in 0..rounds {
        let fault = faults[round % faults.len()];
        let full = (fault == Fault::Disk && server.is_none())
            .then(|| usize::try_from(1 + below(200)).unwrap());
        let manifest = store.path.join("_tidegauge/manifest.json");
        let old = std::fs::read(&manifest).ok();
        let loaders = [start(feed, &url, full), start(feed, &url, None)];
        // Until they are at it, and then a little longer, each time by another span.
        wait_for(feed, &*store.sink(), last).await;
        tokio::time::sleep(Duration::from_millis(below(150))).await;
        match (fault, server) {
            (Fault::Server, Some(server)) => {
                server.crash();
                server.restart();
            }
            (Fault::Disk, Some(server)) => {
                server.fill_disk();
                tokio::time::sleep(Duration::from_millis(200 + below(200))).await;
                server.free_disk();
                server.crash();
                server.restart();
            }
            (
                Fault::Loaders | Fault::Disk | Fault::Server | Fault::Manifest | Fault::OldManifest,
                _,
            ) => {}
            (Fault::Line(what), _) => {
                let line = line.as_ref().unwrap();
                line.set(what);
                tokio::time::sleep(Duration::from_millis(below(200))).await;
                line.set(Line::Whole);
            }
        }
        loaders.into_iter().for_each(end);
        match (fault, old) {
            (Fault::Manifest, _) => is_told_and_mended(feed, &store, None).await,
            (Fault::OldManifest, Some(old)) => is_told_and_mended(feed, &store, Some(old)).await,
            _ => {}
        }
        // Going on removes what was left. A server may still be at what a killed one had sent whole; once
        // a page of ours is in, that is too late.
        let sink = store.sink();
        let mut tries = 0;
        let at = loop {
            match feed.go_on(&*sink).await {
                Ok(at) if at > last => break at,
                Ok(_) => {}
                Err(error) => assert!(tries < 600, "{error}"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        pages += at - last;
        last = at;
        for table in feed.tables() {
            assert_eq!(found(&store, &table).await, wanted(&scheme, last * ROWS), "{fault:?}");
        }
        if last == PAGES {
            (feed, last) = (Feed(feed.0 + 1), 0);
        }
    }
    let rows = 2 * pages * ROWS;
    eprintln!(
        "{scheme}: {rounds} rounds of {faults:?}; {rows} rows in {pages} pages, lost 0, doubled 0"
    );
}

/// The manifest is gone, or `older` than the last commit: that is told, nothing is removed, and it is mended.
async fn is_told_and_mended(feed: Feed, store: &Store, older: Option<Vec<u8>>) {
    let manifest = store.path.join("_tidegauge/manifest.json");
    let newest = std::fs::read(&manifest).unwrap();
    match &older {
        Some(older) if *older == newest => return, // nothing was committed meanwhile
        Some(older) => std::fs::write(&manifest, older).unwrap(),
        None => std::fs::remove_file(&manifest).unwrap(),
    }
    let before = data(store);
    for error in [
        feed.reached(&*store.sink()).await.unwrap_err(),
        feed.go_on(&*store.sink()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), tidegauge_core::ErrorKind::Corrupt, "{error}");
    }
    assert!(data(store) == before, "something was removed");
    if store.url.starts_with("csv") {
        std::fs::write(&manifest, newest).unwrap();
    } else {
        tidegauge_storage::repair(&store.url, &[]).await.unwrap();
    }
}

/// The lengths of the files with rows.
fn data(store: &Store) -> Vec<(std::path::PathBuf, usize)> {
    let own = store.path.join("_tidegauge");
    let found = files(&store.path).into_iter().filter(|(path, _)| !path.starts_with(&own));
    found.map(|(path, content)| (path, content.len())).collect()
}

/// Rows, different keys, and the sum of the keys; of a store that nobody reads, rows.
async fn found(store: &Store, table: &TableRef) -> Vec<i128> {
    if store.url.starts_with("csv") {
        return vec![i128::try_from(store.rows(table).await).unwrap()];
    }
    let summed = Aggregate::of(table).count().distinct("id").sum("id");
    let found = store.warehouse().aggregate(&summed).await.unwrap();
    let number = |name: &str| match found.column(name).unwrap().cell(0) {
        Cell::Int(number) | Cell::Decimal(number) => number,
        other => panic!("{name} is {other:?}"),
    };
    vec![number("count"), number("distinct_id"), number("sum_id")]
}

fn wanted(scheme: &str, rows: i64) -> Vec<i128> {
    let rows = i128::from(rows);
    if scheme == "csv" { vec![rows] } else { vec![rows, rows, rows * (rows - 1) / 2] }
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("sqlite"), None).await;
}

#[cfg(feature = "parquet")]
#[tokio::test(flavor = "multi_thread")]
async fn parquet_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("parquet"), None).await;
}

#[cfg(feature = "csv")]
#[tokio::test(flavor = "multi_thread")]
async fn csv_survives() {
    no_row_is_lost_and_none_is_there_twice(Store::new("csv"), None).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives() {
    use tidegauge_testkit::Postgres;

    let Some(server) = Postgres::start_on_small_disk().or_else(Postgres::start) else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.url()), Some(&server)).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
async fn mysql_survives() {
    use tidegauge_testkit::MariaDb;

    let Some(server) = MariaDb::start_on_small_disk().or_else(MariaDb::start) else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.url()), Some(&server)).await;
}

#[cfg(feature = "bigquery")]
#[tokio::test(flavor = "multi_thread")]
async fn bigquery_survives() {
    use tidegauge_testkit::BigQuery;

    let Some(server) = BigQuery::start() else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.dataset_url("chaos")), Some(&server))
        .await;
}

#[cfg(feature = "object-store")]
#[tokio::test(flavor = "multi_thread")]
async fn s3_survives() {
    let Some(server) = tidegauge_testkit::S3::start() else { return };
    no_row_is_lost_and_none_is_there_twice(Store::at(server.folder_url("chaos")), Some(&server))
        .await;
}
