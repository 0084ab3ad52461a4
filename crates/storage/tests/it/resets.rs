//! Tests of a process that loads and resets, and is killed at any moment: rows and cursor are both
//! stored, or both removed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tidegauge_core::tables::Candle;
use tidegauge_core::{
    Batch, Cursor, ErrorKind, Filter, Load, Removal, Reset, Sink, TableRef, WarehouseExt, WriteMode,
};

use crate::support::{Store, batch, files, is_conflict, load, simple};

const STORE: &str = "TIDEGAUGE_TEST_RESET_STORE";
const SOURCE: &str = "a source";
const ROWS: i64 = 150;
const PAGES: i64 = 4;
const ROUNDS: u64 = 8;

fn tables() -> [TableRef; 2] {
    [simple("new", WriteMode::Append), simple("merged", WriteMode::Merge)]
}

/// Returns candles of a source; the table also has candles of another source.
fn candles(source: &str, from: i64) -> Batch {
    let row = |number: i64| Candle {
        source: source.to_owned(),
        symbol: "BTC".into(),
        interval: "1h".into(),
        open_at: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(number),
        open: "1".parse().unwrap(),
        high: "1".parse().unwrap(),
        low: "1".parse().unwrap(),
        close: "1".parse().unwrap(),
        volume: None,
        base_volume: None,
        currency: "USD".into(),
    };
    Batch::from_rows(Candle::table(), (from..from + ROWS).map(row)).unwrap()
}

fn page(number: i64) -> Vec<Batch> {
    let rows: Vec<_> = (number * ROWS..(number + 1) * ROWS).map(|id| (id, "a row")).collect();
    let mut page: Vec<_> = tables().iter().map(|table| batch(table, &rows)).collect();
    page.push(candles(SOURCE, number * ROWS));
    page
}

fn removals() -> Vec<Removal> {
    let mut removals: Vec<_> = tables().iter().map(Removal::all).collect();
    removals.push(Removal::by_values(Candle::table(), "source", [SOURCE]).unwrap());
    removals
}

async fn reached(sink: &dyn Sink) -> tidegauge_core::Result<i64> {
    let cursor = sink.cursor(SOURCE).await?;
    Ok(cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap()))
}

/// Loads the next page; resets after the last one.
async fn step(sink: &dyn Sink) -> tidegauge_core::Result<()> {
    let at = reached(sink).await?;
    let before = (at > 0).then(|| Cursor::new(at.to_string()));
    if at == PAGES {
        let cursors = [(SOURCE, before.as_ref())];
        let reset = Reset { cursors: &cursors, removals: &removals(), dry_run: false };
        let removed = sink.reset(reset).await?;
        assert_eq!(removed, [usize::try_from(PAGES * ROWS).unwrap(); 3]);
        return Ok(());
    }
    let (batches, after) = (page(at), Cursor::new((at + 1).to_string()));
    let before = before.as_ref();
    sink.load(Load::new(SOURCE, &batches, before, &after)).await.map(|_| ())
}

/// Loads and resets until it is killed. Not a test by itself: the tests below start it as a
/// process.
#[tokio::test]
#[ignore = "started by the other tests of this file"]
async fn stepper() {
    let sink = tidegauge_storage::connect_sink(&std::env::var(STORE).unwrap()).unwrap();
    loop {
        match step(&*sink).await {
            Ok(()) => {}
            Err(error) => assert!(is_conflict(&error) || error.kind().is_retryable(), "{error}"),
        }
    }
}

fn start(url: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "resets::stepper", "--ignored", "--nocapture"]).env(STORE, url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Returns the number of rows of the source in each table, and of the other source.
async fn rows(store: &Store) -> [usize; 4] {
    let [new, merged] = tables();
    let (new, merged) = (store.rows(&new).await, store.rows(&merged).await);
    let (own, other) = match store.url.starts_with("csv") {
        true => {
            let mut reader = csv::Reader::from_path(store.path.join("candles.csv")).unwrap();
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            let own = rows.iter().filter(|row| &row[0] == SOURCE).count();
            (own, rows.len() - own)
        }
        false => {
            let warehouse = store.warehouse();
            let of = |source: &str| Filter::eq("source", source);
            let own = warehouse.count_where(Candle::table(), of(SOURCE)).await.unwrap();
            let other = warehouse.count_where(Candle::table(), of("another")).await.unwrap();
            (own, other)
        }
    };
    [new, merged, own, other]
}

async fn killed_amid_resets_nothing_is_there_by_half(store: Store) {
    let others = [candles("another", 0)];
    load(&*store.sink(), None, "0", &others).await.unwrap();
    let (mut before, mut below, mut seen) =
        (String::from("0"), 7u64, std::collections::BTreeSet::new());
    for round in 0..ROUNDS {
        let mut child = start(&store.url);
        // Until the process has begun, and then a little longer, by a different span each time.
        let first = store.sink().cursor(SOURCE).await.unwrap();
        for _ in 0..1_000 {
            if store.sink().cursor(SOURCE).await.is_ok_and(|cursor| cursor != first) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        below =
            below.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis((below >> 33) % 150)).await;
        child.kill().unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        // A server may still be processing a request that the killed process had sent completely.
        // The files that the process left are removed by the next load of any source.
        let after = format!("after {round}");
        load(&*store.sink(), Some(&before), &after, &[]).await.unwrap();
        before = after;
        let (at, found) = loop {
            let (at, found) = (reached(&*store.sink()).await.unwrap(), rows(&store).await);
            if reached(&*store.sink()).await.unwrap() == at {
                break (at, found);
            }
        };
        seen.insert(at);
        let (own, other) = (usize::try_from(at * ROWS).unwrap(), usize::try_from(ROWS).unwrap());
        assert_eq!(found, [own, own, own, other], "at page {at}");
    }
    eprintln!("{}: {ROUNDS} kills, found at pages {seen:?}", store.name);
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_resets_are_atomic() {
    killed_amid_resets_nothing_is_there_by_half(Store::new("sqlite")).await;
}

#[cfg(feature = "parquet")]
#[tokio::test(flavor = "multi_thread")]
async fn parquet_resets_are_atomic() {
    killed_amid_resets_nothing_is_there_by_half(Store::new("parquet")).await;
}

#[cfg(feature = "csv")]
#[tokio::test(flavor = "multi_thread")]
async fn csv_resets_are_atomic() {
    killed_amid_resets_nothing_is_there_by_half(Store::new("csv")).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_resets_are_atomic() {
    let Some(store) = Store::of("postgres") else { return };
    killed_amid_resets_nothing_is_there_by_half(store).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
async fn mysql_resets_are_atomic() {
    let Some(store) = Store::of("mysql") else { return };
    killed_amid_resets_nothing_is_there_by_half(store).await;
}

/// Checks that the files of removed rows are removed, and that loading again writes the same files.
#[cfg(all(feature = "csv", feature = "parquet"))]
#[tokio::test]
async fn the_files_of_removed_rows_are_deleted() {
    for scheme in ["csv", "parquet"] {
        let store = Store::new(scheme);
        let sink = store.sink();
        let data = |store: &Store| -> Vec<_> {
            let is_data = |(path, _): &(std::path::PathBuf, _)| {
                !path.starts_with(store.path.join("_tidegauge"))
            };
            files(&store.path).into_iter().filter(is_data).collect()
        };
        load(&*sink, None, "0", &[candles("another", 0)]).await.unwrap();
        let empty = data(&store);
        for _ in 0..PAGES {
            step(&*sink).await.unwrap();
        }
        let full = data(&store);
        step(&*sink).await.unwrap();
        match scheme {
            // Tables stay, with their headers.
            "csv" => {
                let sizes: Vec<_> = data(&store).into_iter().map(|(path, _)| path).collect();
                assert_eq!(sizes, full.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
                for file in &empty {
                    assert!(data(&store).contains(file), "{:?}", file.0);
                }
            }
            _ => assert_eq!(data(&store), empty),
        }
        for _ in 0..PAGES {
            step(&*sink).await.unwrap();
        }
        if scheme == "csv" {
            assert_eq!(data(&store), full);
        }
        assert_eq!(rows(&store).await, [600, 600, 600, 150], "{scheme}");
    }
}

/// Checks that a reader may do a dry run of a reset, but no reset.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_dry_run_needs_no_write_permission() {
    let store = Store::new("sqlite");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let reader = tidegauge_storage::connect_sink(&format!("{}?mode=ro", store.url)).unwrap();
    let (one, removals) = (Cursor::new("1"), [Removal::all(&table)]);
    let cursors = [("test", Some(&one))];
    let reset = Reset { cursors: &cursors, removals: &removals, dry_run: true };
    assert_eq!(reader.reset(reset).await.unwrap(), [1]);
    let error = reader.reset(Reset { dry_run: false, ..reset }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
    assert_eq!(store.rows(&table).await, 1);
}
