//! The demo job and the pipeline under it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::common::{
    assert_same, assert_same_files, counts, csv_counts, csv_files, data_tables, open_demo, rows,
    same, url, warehouse,
};
use async_trait::async_trait;
use tidegauge::Tidegauge;
use tidegauge::core::tables::{RampTransaction, User};
use tidegauge::core::{
    Batch, BatchBuilder, Cell, Cursor, DataType, Error, ErrorKind, Load, Loaded, Page, Result,
    Scan, Sink, Source, Table, TableRef, WarehouseExt, WriteMode,
};
use tidegauge::pipeline::{Observer, Pipeline, RunEvent, Silent};
use tidegauge::storage;

/// Opens the demo job in `dir`: into SQLite, with both kinds of backup.
fn main_job(dir: &Path) -> Tidegauge {
    open_demo(dir, |config| {
        config.backups = vec![url("csv", dir, "csv").into(), url("parquet", dir, "parquet").into()];
    })
}

// The runtime has a single thread: a library must not rely on several.
#[tokio::test]
async fn second_run_adds_one_day_without_duplicates() {
    let dir = tempfile::tempdir().unwrap();
    main_job(dir.path()).run(None, &Silent).await.unwrap();
    let first = counts(main_job(dir.path()).warehouse().as_ref()).await;
    assert_eq!((first["users"], first["orders"]), (1_000, 3_000), "{first:?}");
    assert_eq!(first["ramp_transactions"], 90 * 500, "{first:?}");

    let summary = main_job(dir.path()).run(None, &Silent).await.unwrap();
    assert_eq!(summary.rows(), 500, "{summary}");
    let tidegauge = main_job(dir.path());
    let second = counts(tidegauge.warehouse().as_ref()).await;
    let mut expected = first.clone();
    expected.insert("ramp_transactions".into(), 91 * 500);
    assert_eq!(second, expected);

    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    assert_same(tidegauge.warehouse().as_ref(), parquet.as_ref()).await;
    assert_eq!(csv_counts(&dir.path().join("csv")), expected);

    let audit = tidegauge.verify().await.unwrap();
    assert!(audit.passed(), "{:?}", audit.violated().collect::<Vec<_>>());
    let tried: u64 = audit.rules.iter().map(|rule| rule.checked).sum();
    assert!(tried > 100_000, "{tried}");
    assert!(tidegauge.report().await.unwrap().to_html().unwrap().contains("<html"));
}

/// Checks that a run is repeated until it is marked as finished.
#[tokio::test(flavor = "multi_thread")]
async fn unfinished_run_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let days = [("2020-10-01", false), ("2020-10-01", true), ("2020-10-02", false)];
    let later = [("2020-10-02", false), ("2020-10-02", true), ("2020-10-03", true)];
    for (until, finish) in days.into_iter().chain(later) {
        let tidegauge = main_job(dir.path());
        let run = tidegauge.begin(None).await.unwrap();
        assert_eq!(run.until(), until.parse().ok());
        tidegauge.load(&run, &Silent).await.unwrap();
        if finish {
            tidegauge.finish(run).await.unwrap();
        }
    }
    // A run that has gone further leaves nothing to resume.
    let tidegauge = main_job(dir.path());
    let stale = tidegauge.begin(None).await.unwrap();
    tidegauge.load(&stale, &Silent).await.unwrap();
    tidegauge.run("2020-10-09".parse().ok(), &Silent).await.unwrap();
    tidegauge.finish(stale).await.unwrap();
    let next = tidegauge.begin(None).await.unwrap();
    assert_eq!(next.until(), "2020-10-10".parse().ok());
    let error = tidegauge.begin("2020-09-30".parse().ok()).await.unwrap_err().to_string();
    assert!(error.contains("2020-10-01"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loaded_day_is_not_simulated_again() {
    let dir = tempfile::tempdir().unwrap();
    let until = "2020-10-02".parse().ok();
    open_demo(dir.path(), |_| {}).run(until, &Silent).await.unwrap();
    for until in [until, "2020-10-01".parse().ok()] {
        let summary = open_demo(dir.path(), |_| {}).run(until, &Silent).await.unwrap();
        assert_eq!(summary.rows(), 0, "{summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn different_seed_gives_a_different_exchange_in_the_same_market() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let here = open_demo(here.path(), |_| {});
    let there = open_demo(there.path(), |config| config.simulation.seed = 43);
    here.run(None, &Silent).await.unwrap();
    there.run(None, &Silent).await.unwrap();
    for table in data_tables() {
        let left = rows(here.warehouse().as_ref(), &table).await;
        let right = rows(there.warehouse().as_ref(), &table).await;
        let simulated =
            ["users", "deposits", "withdrawals", "orders", "trades", "ramp_transactions"];
        if simulated.contains(&table.name.as_ref()) {
            assert!(!same(&left, &right), "{} is the same", table.name);
        } else if table.name != "marketing_spend" {
            assert!(same(&left, &right), "{} differs", table.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_size_does_not_change_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let folders = [500, 50_000].map(|page_rows| (page_rows, format!("csv-{page_rows}")));
    for (page_rows, folder) in &folders {
        let tidegauge = open_demo(dir.path(), |config| {
            config.warehouse = url("sqlite", dir.path(), &format!("{page_rows}.db")).into();
            config.backups = vec![url("csv", dir.path(), folder).into()];
            config.simulation.page_rows = Some(*page_rows);
        });
        tidegauge.run(None, &Silent).await.unwrap();
    }
    let folders = folders.map(|(_, folder)| dir.path().join(folder));
    assert!(csv_files(&folders[0]).len() >= 10);
    assert_same_files(&folders[0], &folders[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn backup_catches_up_from_its_own_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let (csv, parquet) = (dir.path().join("csv"), dir.path().join("parquet"));
    let alone = || open_demo(dir.path(), |_| {});
    let check = async || {
        let tidegauge = main_job(dir.path());
        let ours = counts(tidegauge.warehouse().as_ref()).await;
        assert_same(
            tidegauge.warehouse().as_ref(),
            warehouse(&url("parquet", dir.path(), "parquet")).as_ref(),
        )
        .await;
        assert_eq!(csv_counts(&csv), ours);
        ours["ramp_transactions"]
    };

    // The backup is added when there are rows already.
    alone().run(None, &Silent).await.unwrap();
    main_job(dir.path()).run(None, &Silent).await.unwrap();
    assert_eq!(check().await, 91 * 500);

    // The backup is left out of two runs.
    alone().run(None, &Silent).await.unwrap();
    alone().run(None, &Silent).await.unwrap();
    main_job(dir.path()).run(None, &Silent).await.unwrap();
    assert_eq!(check().await, 94 * 500);

    // One backup is lost; the other one stays.
    let kept = fs::read(csv.join("trades.csv")).unwrap();
    fs::remove_dir_all(&parquet).unwrap();
    main_job(dir.path()).run("2020-10-05".parse().ok(), &Silent).await.unwrap();
    assert_eq!(check().await, 94 * 500);
    assert_eq!(fs::read(csv.join("trades.csv")).unwrap(), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_warehouse_is_reloaded_beside_its_backup() {
    let dir = tempfile::tempdir().unwrap();
    main_job(dir.path()).run(None, &Silent).await.unwrap();
    main_job(dir.path()).run(None, &Silent).await.unwrap();
    for name in ["tidegauge.db", "tidegauge.db-wal", "tidegauge.db-shm"] {
        let _ = fs::remove_file(dir.path().join(name));
    }
    main_job(dir.path()).run("2020-10-02".parse().ok(), &Silent).await.unwrap();
    let tidegauge = main_job(dir.path());
    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    assert_same(tidegauge.warehouse().as_ref(), parquet.as_ref()).await;
    assert_eq!(counts(parquet.as_ref()).await["ramp_transactions"], 91 * 500);
}

/// A source of numbered rows, two per page, in its own table; the cursor is their count.
#[derive(Debug)]
struct Numbers {
    table: TableRef,
    rows: i64,
}

impl Numbers {
    fn new(table: &str, refers_to: Option<&str>) -> Arc<Self> {
        let builder = Table::builder(table.to_owned(), "Numbers")
            .column("id", DataType::Int64, "The number")
            .key(["id"])
            .write(WriteMode::Append);
        let table = match refers_to {
            Some(other) => builder.references(["id"], other.to_owned()),
            None => builder,
        };
        Arc::new(Self { table: table.build().unwrap(), rows: 6 })
    }
}

#[async_trait]
impl Source for Numbers {
    fn name(&self) -> &str {
        &self.table.name
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![self.table.clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let from: i64 = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
        let to = self.rows.min(from + 2);
        let mut builder = BatchBuilder::new(&self.table);
        for id in from..to {
            builder.push(Cell::Int(id.into()))?;
        }
        let cursor = Cursor::new(to.to_string());
        Ok(Page { batches: vec![builder.finish()?], cursor, done: to == self.rows })
    }
}

/// An observer that records the sources in order of their start.
#[derive(Default)]
struct Order(Mutex<Vec<String>>);

impl Observer for Order {
    fn observe(&self, event: &RunEvent) {
        if let RunEvent::SourceStarted { source, .. } = event {
            self.0.lock().unwrap().push(source.clone());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn referenced_sources_run_first() {
    for (given, runs) in [
        (["fills", "orders", "people"], ["people", "orders", "fills"]),
        (["orders", "fills", "people"], ["people", "orders", "fills"]),
        (["people", "orders", "fills"], ["people", "orders", "fills"]),
        (["weather", "fills", "orders"], ["weather", "orders", "fills"]),
        (["weather", "tides", "people"], ["weather", "tides", "people"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut pipeline = Pipeline::new();
        for name in given {
            pipeline = pipeline.source(match name {
                "fills" => Numbers::new(name, Some("orders")),
                "orders" => Numbers::new(name, Some("people")),
                _ => Numbers::new(name, None),
            });
        }
        let sink = storage::connect_sink(&url("csv", dir.path(), "csv")).unwrap();
        let order = Order::default();
        pipeline.sink(sink).run(&order).await.unwrap();
        assert_eq!(*order.0.lock().unwrap(), runs, "given as {given:?}");
        assert_eq!(csv_counts(&dir.path().join("csv")).len(), 3);
    }
}

/// A source during whose fetch another runner loads the same page, once.
#[derive(Debug)]
struct Raced {
    source: Arc<Numbers>,
    sink: Arc<dyn Sink>,
    /// The cursor at which it happens.
    at: Option<Cursor>,
}

#[async_trait]
impl Source for Raced {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn tables(&self) -> Vec<TableRef> {
        self.source.tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let page = self.source.fetch(cursor).await?;
        if cursor == self.at.as_ref() {
            let load = Load::new(self.name(), &page.batches, cursor, &page.cursor);
            self.sink.load(load).await?;
        }
        Ok(page)
    }
}

/// A sink whose table was emptied under its cursor; it records the calls that would write.
#[derive(Debug, Default)]
struct Emptied(Mutex<Vec<&'static str>>);

#[async_trait]
impl Sink for Emptied {
    fn name(&self) -> &str {
        "emptied"
    }

    async fn check(&self, source: &str, tables: &[TableRef]) -> Result<()> {
        let words = format!("table `{}` lacks rows of `{source}`", tables[0].name);
        Err(Error::sink(self.name(), ErrorKind::Corrupt, words))
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        self.0.lock().unwrap().push("prepare");
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(BTreeMap::new())
    }

    async fn load(&self, _: Load<'_>) -> Result<Loaded> {
        self.0.lock().unwrap().push("load");
        Ok(Loaded::default())
    }
}

#[tokio::test]
async fn sink_with_missing_rows_fails_the_source_and_is_not_written() {
    let (sink, source) = (Arc::new(Emptied::default()), Numbers::new("numbers", None));
    let error = Pipeline::new().source(source).sink(sink.clone()).run(&Silent).await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains("emptied: table `numbers` lacks rows of `numbers`"), "{words}");
    assert_eq!(sink.0.lock().unwrap().len(), 0, "its table is not made anew");
}

/// A sink that refuses every load.
#[derive(Debug)]
struct Closed;

#[async_trait]
impl Sink for Closed {
    fn name(&self) -> &str {
        "closed"
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(BTreeMap::new())
    }

    async fn load(&self, _: Load<'_>) -> Result<Loaded> {
        Err(Error::sink(self.name(), ErrorKind::OutOfSpace, "no space left"))
    }
}

/// Checks that rows of the warehouse are counted although the backup fails, and that a later
/// catch-up of the backup is not counted again.
#[tokio::test]
async fn summary_counts_rows_by_their_result_in_the_warehouse() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = || Numbers::new("numbers", None);
    let here = || storage::connect_sink(&url("sqlite", dir.path(), "store")).unwrap();
    let there = || storage::connect_sink(&url("csv", dir.path(), "csv")).unwrap();
    let closed = Pipeline::new().source(numbers()).sink(here()).sink(Arc::new(Closed));
    let error = closed.run(&Silent).await.unwrap_err();
    assert_eq!((error.failures().len(), error.summary().rows()), (1, 2), "{error}");
    assert_eq!(error.summary().counts().inserted, 2);

    let both = Pipeline::new().source(numbers()).sink(here()).sink(there());
    let summary = both.run(&Silent).await.unwrap();
    assert_eq!((summary.rows(), summary.counts().inserted), (4, 4));
    let notes: Vec<_> = summary.notes.iter().map(|note| note.text.as_str()).collect();
    let reported = |note: &&str| note.starts_with("csv://") && note.contains("brought 6 rows");
    assert!(notes.len() == 1 && notes.iter().all(reported), "{notes:?}");
    assert_eq!(csv_counts(&dir.path().join("csv"))["numbers"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_runner_gets_a_conflict_and_no_row_is_duplicated() {
    for scheme in ["sqlite", "parquet", "csv"] {
        for at in [None, Some(Cursor::new("2"))] {
            let dir = tempfile::tempdir().unwrap();
            let numbers = Numbers::new("numbers", None);
            let sink = storage::connect_sink(&url(scheme, dir.path(), "store")).unwrap();
            let raced = Raced { source: numbers.clone(), sink: sink.clone(), at: at.clone() };
            let pipeline = Pipeline::new().source(Arc::new(raced)).sink(sink.clone());

            let reached = |rows: i64| Some(Cursor::new(rows.to_string()));
            let there = at.as_ref().map_or(2, |_| 4);
            let failed = pipeline.run(&Silent).await.unwrap_err();
            match &failed.failures()[0].error {
                tidegauge::Error::Core(Error::Conflict { source_name, expected, found }) => {
                    assert_eq!((source_name.as_str(), expected), ("numbers", &at));
                    assert_eq!(*found, reached(there));
                }
                error => panic!("{scheme}: {error}"),
            }
            assert_eq!(sink.cursor("numbers").await.unwrap(), reached(there), "{scheme}");

            // The next run resumes there.
            let summary = pipeline.run(&Silent).await.unwrap();
            assert_eq!(i64::try_from(summary.rows()).unwrap(), numbers.rows - there, "{scheme}");
            let ids: Vec<i64> = if scheme == "csv" {
                let mut file =
                    csv::Reader::from_path(dir.path().join("store/numbers.csv")).unwrap();
                file.deserialize().map(Result::unwrap).collect()
            } else {
                let stored =
                    rows(warehouse(&url(scheme, dir.path(), "store")).as_ref(), &numbers.table)
                        .await;
                stored.column("id").unwrap().as_i64().unwrap().values().to_vec()
            };
            assert_eq!(ids, [0, 1, 2, 3, 4, 5], "{scheme}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_load_stops_the_source_and_loaded_rows_stay() {
    let dir = tempfile::tempdir().unwrap();
    let parquet = warehouse(&url("parquet", dir.path(), "parquet"));
    // A row of another program: a purchase with a number that the simulator will use.
    let tidegauge = main_job(dir.path());
    tidegauge.run(None, &Silent).await.unwrap();
    let taken = Batch::from_rows(RampTransaction::table(), [ramp(45_250)]).unwrap();
    let after = Cursor::new("1");
    parquet.load(Load::new("rogue", &[taken], None, &after)).await.unwrap();

    let error = main_job(dir.path()).run(None, &Silent).await.unwrap_err().to_string();
    assert!(error.contains("ramp_transactions") && error.contains("parquet://"), "{error}");
    let users = parquet.read(&Scan::all(User::table())).await.unwrap();
    assert_eq!(users.rows(), 1_000);
    let ramp = parquet.read(&Scan::all(RampTransaction::table())).await.unwrap();
    assert_eq!(ramp.rows(), 45_001, "nothing of the refused page");
}

fn ramp(transaction_id: i64) -> RampTransaction {
    RampTransaction {
        transaction_id,
        user_id: 1,
        fiat_currency: "EUR".into(),
        fiat_amount: "10".parse().unwrap(),
        crypto_token: Some("BTC".into()),
        crypto_amount: Some("0.001".parse().unwrap()),
        payment_method: Some("card".into()),
        country: Some("DE".into()),
        status: "completed".into(),
        fee_usd: Some("0.15".parse().unwrap()),
        created_at: "2020-09-30T12:00:00Z".parse().unwrap(),
        card: None,
        external_id: None,
        external_user_id: None,
    }
}
