//! Two processes load the same source, and both are killed again and again.
#![allow(clippy::unwrap_used)] // helpers of tests are tests, which clippy cannot know

mod support;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use support::{Store, batch, is_conflict, load, pairs, simple};
use tidegauge_core::{Batch, Sink, TableRef, WriteMode};

const STORE: &str = "TIDEGAUGE_TEST_STORE";
const ROWS: i64 = 400;
const KILLS: u64 = 6;

fn tables() -> [TableRef; 2] {
    [simple("a", WriteMode::Append), simple("b", WriteMode::Merge)]
}

/// Page `page` of the source: the same rows for whoever asks.
fn page(page: i64) -> Vec<Batch> {
    let rows: Vec<_> = (page * ROWS..(page + 1) * ROWS).map(|id| (id, "a row")).collect();
    tables().iter().map(|table| batch(table, &rows)).collect()
}

async fn reached(sink: &dyn Sink) -> i64 {
    sink.cursor("test").await.unwrap().map_or(0, |cursor| cursor.as_str().parse().unwrap())
}

/// Not a test by itself: the process that the tests below start, and kill.
#[tokio::test]
#[ignore = "started by the other tests of this file"]
async fn loader() {
    let sink = tidegauge_storage::connect_sink(&std::env::var(STORE).unwrap()).unwrap();
    loop {
        let at = reached(&*sink).await;
        let before = (at > 0).then(|| at.to_string());
        let done = load(&*sink, before.as_deref(), &(at + 1).to_string(), &page(at)).await;
        assert!(done.as_ref().err().is_none_or(is_conflict), "{done:?}");
    }
}

fn start(store: &Store) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "loader", "--ignored", "--nocapture"])
        .env(STORE, &store.url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn no_row_is_lost_and_none_is_there_twice(scheme: &str) {
    let Some(store) = Store::of(scheme) else { return };
    let mut last = 0;
    for kill in 0..KILLS {
        let mut loaders = [start(&store), start(&store)];
        // Until they are at it, and then a little longer, each time by another span.
        for _ in 0..600 {
            if reached(&*store.sink()).await > last {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(kill * 17 % 40)).await;
        for loader in &mut loaders {
            loader.kill().unwrap();
            loader.wait().unwrap();
            let mut said = String::new();
            loader.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(!said.contains("panicked"), "{said}");
        }
        // Going on removes what was left. A server may still be at what a killed one had sent whole.
        let sink = store.sink();
        let at = loop {
            let at = reached(&*sink).await;
            let done = load(&*sink, Some(&at.to_string()), &(at + 1).to_string(), &page(at)).await;
            match done {
                Ok(()) => break at,
                Err(error) => assert!(is_conflict(&error), "{error}"),
            }
        };
        assert!(at > last, "no page was loaded in 12 s");
        last = at + 1;
        for table in tables() {
            let wanted = usize::try_from(last * ROWS).unwrap();
            assert_eq!(store.rows(&table).await, wanted, "after {last} pages");
            if scheme != "csv" {
                let rows = pairs(&*store.warehouse(), &table).await;
                assert!(rows.iter().map(|(id, _)| *id).eq(0..last * ROWS));
            }
        }
    }
}

#[tokio::test]
async fn sqlite_survives() {
    no_row_is_lost_and_none_is_there_twice("sqlite").await;
}

#[tokio::test]
async fn parquet_survives() {
    no_row_is_lost_and_none_is_there_twice("parquet").await;
}

#[tokio::test]
async fn postgres_survives() {
    no_row_is_lost_and_none_is_there_twice("postgres").await;
}

#[tokio::test]
async fn mysql_survives() {
    no_row_is_lost_and_none_is_there_twice("mysql").await;
}

#[tokio::test]
async fn bigquery_survives() {
    no_row_is_lost_and_none_is_there_twice("bigquery").await;
}

#[tokio::test]
async fn csv_survives() {
    no_row_is_lost_and_none_is_there_twice("csv").await;
}
