//! Chaos tests: two processes load the same source while they, the server, and the connection
//! between them are disturbed; they are killed, and then the store is tampered with. No row may be
//! lost without an error, and none may be stored twice.
//!
//! Every run has a few rounds. This command runs 200 rounds, each with a kill and a tampering, and
//! prints a line about each store at its end:
//! `TIDEGAUGE_CHAOS_ROUNDS=200 cargo test -p tidegauge-storage --all-features --test it chaos -- --nocapture`

mod tampering;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tidegauge_core::{Aggregate, Batch, Cell, Cursor, Load, Sink, TableRef, WriteMode};
use tidegauge_testkit::Server;

use self::tampering::{End, Tampering, manifest, tamper};
use crate::support::proxy::{Line, Proxy};
use crate::support::{Store, batch, is_conflict, simple};

const STORE: &str = "TIDEGAUGE_TEST_STORE";
const FEED: &str = "TIDEGAUGE_TEST_FEED";
const ROUNDS: &str = "TIDEGAUGE_CHAOS_ROUNDS";
const ROWS: i64 = 400;

/// The number of pages after which the next feed begins.
const PAGES: i64 = 200;

/// A fault during a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Both loaders are killed.
    Loaders,
    /// The server is killed, and started again.
    Server,
    /// The connection is disturbed.
    Line(Line),
    /// The disk is full: the disk that a loader writes to, or the server's; the server is killed
    /// afterwards.
    Disk,
}

const OF_FILES: [Fault; 2] = [Fault::Loaders, Fault::Disk];
const OF_LINES: [Fault; 4] = [
    Fault::Loaders,
    Fault::Line(Line::Dropped),
    Fault::Line(Line::Truncated),
    Fault::Line(Line::Slow),
];

/// Returns the faults that the loads of a store are tested with. `outlives` says whether the data
/// of the server survives its restart.
fn faults(server: Option<&dyn Server>, outlives: bool) -> Vec<Fault> {
    let Some(server) = server else { return OF_FILES.to_vec() };
    let mut faults = OF_LINES.to_vec();
    if outlives {
        faults.push(Fault::Server);
    }
    if server.has_own_disk() {
        faults.push(Fault::Disk);
    }
    faults
}

/// The data to load: its own source, with its own tables.
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

    /// Returns the rows of page `page`, the same on every call.
    fn page(self, page: i64) -> Vec<Batch> {
        let rows: Vec<_> = (page * ROWS..(page + 1) * ROWS).map(|id| (id, "a row")).collect();
        self.tables().iter().map(|table| batch(table, &rows)).collect()
    }

    /// Returns the number of stored pages.
    ///
    /// # Errors
    /// Returns an error if the store cannot be read at the moment.
    async fn reached(self, sink: &dyn Sink) -> tidegauge_core::Result<i64> {
        let cursor = sink.cursor(&self.source()).await?;
        Ok(cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap()))
    }

    /// Loads the next page, if there is one more; returns the number of stored pages afterwards.
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

/// Loads pages until it is killed. Not a test by itself: the tests below start it as a process.
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
                // A key that is stored already means that a page was committed without its cursor.
                assert!(!error.to_string().contains("only takes new rows"), "{error}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Starts a loader of `feed` at `url`, whose files are limited to `blocks` of 512 bytes.
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

/// Returns a generator of pseudo-random numbers, the same in every run (Knuth's MMIX).
fn moments() -> impl FnMut(u64) -> u64 {
    let mut state = 7u64;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Waits until `sink` has more than `pages` pages of `feed`, at most a minute.
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
    // The S3 server keeps its data in memory.
    let faults = faults(server, scheme != "s3");
    let tamperings = Tampering::of(&scheme);
    let mut ends: Vec<(Tampering, End)> = Vec::new();
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
        let older = manifest(&store).await;
        let loaders = [start(feed, &url, full), start(feed, &url, None)];
        // Until the loaders have begun, and then a little longer, by a different span each time.
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
            (Fault::Loaders | Fault::Disk | Fault::Server, _) => {}
            (Fault::Line(what), _) => {
                let line = line.as_ref().unwrap();
                line.set(what);
                tokio::time::sleep(Duration::from_millis(below(200))).await;
                line.set(Line::Whole);
            }
        }
        loaders.into_iter().for_each(end);
        if server.is_some() {
            // The server may still be processing a request that a killed loader had sent
            // completely.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // In every other round, the load is first resumed from what the killed loaders left.
        if below(2) == 0 {
            let at = goes_on(feed, &store, last).await;
            pages += at - last;
            last = at;
        }
        // Each tampering once, and then at random.
        let tampering = match tamperings.get(round) {
            Some(next) => *next,
            None => tamperings[usize::try_from(below(tamperings.len() as u64)).unwrap()],
        };
        let ended = tamper(tampering, feed, &store, older, &mut below).await;
        ends.push((tampering, ended));
        if ended == End::Anew {
            last = 0;
        }
        if last < PAGES {
            let at = goes_on(feed, &store, last).await;
            pages += at - last;
            last = at;
        }
        if last == PAGES {
            (feed, last) = (Feed(feed.0 + 1), 0);
        }
        // The progress is printed for a run that is aborted before its last round.
        if (round + 1) % 10 == 0 {
            eprintln!("{scheme}: {} of {rounds} rounds, {pages} pages", round + 1);
        }
    }
    let rows = 2 * pages * ROWS;
    let count = |end| ends.iter().filter(|(_, ended)| *ended == end).count();
    let (nothing, harmless) = (count(End::Nothing), count(End::Harmless));
    let (mended, anew) = (count(End::Mended), count(End::Anew));
    let by_hand: Vec<String> = tamperings
        .iter()
        .map(|what| format!("{what:?} {}", ends.iter().filter(|(done, _)| done == what).count()))
        .collect();
    eprintln!(
        "{scheme}: {} processes killed in {rounds} rounds of {faults:?}; by hand: {}: {mended} told and mended, \
         {anew} told and loaded anew, {harmless} harmless, {nothing} before the first page; {rows} rows in {pages} \
         pages, lost 0, doubled 0",
        2 * rounds,
        by_hand.join(", ")
    );
    assert!(2 * (mended + anew) > rounds, "little was told");
}

/// Loads pages until one is stored after the first `last`, which removes what killed loaders left.
/// Retries while a server may still be processing a request that a killed loader had sent
/// completely. Returns the number of stored pages, each of which is stored once.
async fn goes_on(feed: Feed, store: &Store, last: i64) -> i64 {
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
    for table in feed.tables() {
        assert_eq!(found(store, &table).await, wanted(store, at * ROWS), "{}", store.name);
    }
    at
}

/// Returns the numbers of rows and of distinct keys, and the sum of the keys; of a store that
/// cannot be read, only the number of rows.
async fn found(store: &Store, table: &TableRef) -> Vec<i128> {
    if store.url.starts_with("csv") {
        return vec![i128::try_from(store.rows(table).await).unwrap()];
    }
    let summed = Aggregate::new(table).count().distinct("id").sum("id");
    let found = store.warehouse().aggregate(&summed).await.unwrap();
    let number = |name: &str| match found.column(name).unwrap().cell(0) {
        Cell::Int(number) | Cell::Decimal(number) => number,
        Cell::Null => 0, // the sum of no rows
        other => panic!("{name} is {other:?}"),
    };
    vec![number("count"), number("distinct_id"), number("sum_id")]
}

fn wanted(store: &Store, rows: i64) -> Vec<i128> {
    let rows = i128::from(rows);
    if store.url.starts_with("csv") { vec![rows] } else { vec![rows, rows, rows * (rows - 1) / 2] }
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
