//! Tests of SQLite: the file as analysts see it, and the errors when it cannot be used.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};
use tidegauge_core::{
    Batch, BatchBuilder, Cell, DataType, ErrorKind, Scan, Table, TableRef, WarehouseExt, WriteMode,
};

use crate::support::{self, Store, assert_same, batch, by_hand, load, pairs, simple};

async fn plain(store: &Store) -> SqliteConnection {
    SqliteConnectOptions::new().filename(&store.path).connect().await.unwrap()
}

fn money() -> TableRef {
    Table::builder("money", "")
        .column("id", DataType::Int64, "")
        .nullable("amount", DataType::CRYPTO, "")
        .key(["id"])
        .build()
        .unwrap()
}

fn amounts(amounts: &[&str]) -> Batch {
    #[derive(Serialize)]
    struct Row<'a> {
        id: usize,
        amount: &'a str,
    }
    let rows = amounts.iter().enumerate().map(|(id, amount)| Row { id, amount });
    Batch::from_rows(&money(), rows).unwrap()
}

#[tokio::test]
async fn the_last_closed_connection_leaves_one_file() {
    let store = Store::new("sqlite");
    let sink = store.sink();
    load(&*sink, None, "1", &[amounts(&["1"])]).await.unwrap();
    assert!(store.path.with_extension("db-wal").exists());
    sink.cursor("test").await.unwrap(); // readers come and go
    drop(sink);
    let files = std::fs::read_dir(store.path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1);
    let mut connection = plain(&store).await;
    let rows = sqlx::query("SELECT * FROM money").fetch_all(&mut connection).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn decimals_are_numbers_in_plain_sql() {
    let store = Store::new("sqlite");
    let amounts = amounts(&["10", "2.5", "-3.00000001", "100.25", "34265.19345116", "0"]);
    load(&*store.sink(), None, "1", &[amounts]).await.unwrap();
    let mut connection = plain(&store).await;
    let sum: f64 = sqlx::query_scalar("SELECT SUM(amount) FROM money")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!((sum - 34_374.943_451_15).abs() < 1e-9, "{sum}");
    let above: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM money WHERE amount > 2.4")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(above, 4);
    let order: Vec<i64> = sqlx::query_scalar("SELECT id FROM money ORDER BY amount")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(order, [2, 5, 1, 0, 3, 4]);
}

#[tokio::test]
async fn decimals_beyond_floats_are_stored_exactly_and_summed() {
    let store = Store::new("sqlite");
    let exact = ["12345678901.12345678", "-99999999999999999999.99999999", "1.5"];
    let batch = amounts(&exact);
    load(&*store.sink(), None, "1", std::slice::from_ref(&batch)).await.unwrap();
    let mut connection = plain(&store).await;
    let kinds: Vec<String> = sqlx::query_scalar("SELECT typeof(amount) FROM money ORDER BY id")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(kinds, ["blob", "blob", "real"]);
    let sum: f64 = sqlx::query_scalar("SELECT SUM(amount) FROM money WHERE id <> 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!((sum - 12_345_678_902.623_457).abs() < 1e-5, "{sum}");
    let least: i64 =
        sqlx::query_scalar("SELECT id FROM money ORDER BY CAST(amount AS REAL) LIMIT 1")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(least, 1);
    let found = store.warehouse().read(&Scan::all(&money())).await.unwrap();
    assert_same(&found, &batch, &"money");
}

#[tokio::test]
async fn every_decimal_round_trips_exactly() {
    // Small and large amounts of every length, and their neighbours.
    let mut builder = BatchBuilder::new(&money());
    let mut id = 0;
    for power in 0..28u32 {
        for step in [-11, -1, 0, 1, 7, 123_456_789] {
            for sign in [-1, 1] {
                let units = sign * (10i128.pow(power) + step) % 10i128.pow(28);
                builder.push(Cell::Int(id)).unwrap();
                builder.push(Cell::Decimal(units)).unwrap();
                id += 1;
            }
        }
    }
    let mut random: u128 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..20_000 {
        random = random.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
        let digits = u32::try_from(random >> 123).unwrap() % 29;
        let units = i128::try_from((random >> 1) % 10u128.pow(digits)).unwrap();
        builder.push(Cell::Int(id)).unwrap();
        builder.push(Cell::Decimal(if random.is_multiple_of(3) { units } else { -units })).unwrap();
        id += 1;
    }
    let batch = builder.finish().unwrap();
    let store = Store::new("sqlite");
    load(&*store.sink(), None, "1", std::slice::from_ref(&batch)).await.unwrap();
    let found = store.warehouse().read(&Scan::all(&money())).await.unwrap();
    assert!(support::lines(&found) == support::lines(&batch));
}

#[tokio::test]
async fn timestamps_are_text_that_sqlite_understands() {
    let store = Store::new("sqlite");
    let table = support::everything(WriteMode::Append);
    let rows = Batch::from_rows(&table, support::extremes()).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    let row = sqlx::query(
        r#"SELECT typeof(day), day, typeof(at), at, unixepoch(at), strftime('%Y', day), "where"
           FROM "order" WHERE "group" = 1"#,
    )
    .fetch_one(&mut plain(&store).await)
    .await
    .unwrap();
    let texts: Vec<String> = [0, 1, 2, 3, 5, 6].map(|at| row.get_unchecked(at)).into();
    let at = "1970-01-01 00:00:00.000000";
    assert_eq!(texts, ["text", "1970-01-01", "text", at, "1970", "007"]);
    assert_eq!(row.get_unchecked::<i64, _>(4), 0);
}

#[tokio::test]
async fn a_year_beyond_four_digits_is_refused() {
    let table =
        Table::builder("t", "").column("at", DataType::Timestamp, "").key(["at"]).build().unwrap();
    for scheme in support::SCHEMES.iter().filter(|scheme| ["sqlite", "csv"].contains(scheme)) {
        let mut builder = BatchBuilder::new(&table);
        builder.push(Cell::Timestamp(253_402_300_800_000_000)).unwrap();
        let store = Store::new(scheme);
        let batch = builder.finish().unwrap();
        let error = load(&*store.sink(), None, "1", &[batch]).await.unwrap_err().to_string();
        assert!(error.contains("column `at`") && error.contains("0000 to 9999"), "{error}");
        assert_eq!(store.sink().cursor("test").await.unwrap(), None);
    }
}

#[tokio::test]
async fn foreign_values_are_read_or_refused() {
    let store = Store::new("sqlite");
    store.sink().prepare(&[money()]).await.unwrap();
    let mut connection = plain(&store).await;
    let scan = Scan::all(&money());
    sqlx::raw_sql("INSERT INTO money VALUES (1, '7.25'), (2, 1e-7 / 3)")
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(store.warehouse().read(&scan).await.is_err(), "3.3333333333333334e-8 is no amount");
    sqlx::raw_sql("UPDATE money SET amount = 3 WHERE id = 2")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(store.warehouse().read(&scan).await.unwrap().rows(), 2);
    sqlx::raw_sql("UPDATE money SET amount = 'lots'").execute(&mut connection).await.unwrap();
    let error = store.warehouse().read(&scan).await.unwrap_err().to_string();
    assert!(error.contains("column `amount`") && error.contains("`lots`"), "{error}");
}

#[tokio::test]
async fn a_read_only_file_is_not_written() {
    let store = Store::new("sqlite");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let only = tidegauge_storage::connect(&format!("{}?mode=ro", store.url)).unwrap();
    assert_eq!(pairs(&*only, &table).await, [(1, "a".to_owned())]);
    let error = load(&*only, Some("1"), "2", &[batch(&table, &[(2, "b")])]).await.unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert!(error.to_string().contains("store.db"), "{error}");
}

#[tokio::test]
async fn the_error_names_a_file_that_is_no_database() {
    let store = Store::new("sqlite");
    std::fs::write(&store.path, "this was a shopping list, once; ".repeat(100)).unwrap();
    let table = simple("t", WriteMode::Append);
    for error in [
        store.warehouse().read(&Scan::all(&table)).await.unwrap_err(),
        load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let error = error.to_string();
        assert!(error.contains("store.db` is damaged"), "{error}");
        assert!(error.contains("restore it from a backup"), "{error}");
    }
}

#[tokio::test]
async fn the_error_names_a_missing_folder() {
    let store = Store::new("sqlite");
    let url = format!("{}/in/no/folder.db", store.url);
    let sink = tidegauge_storage::connect_sink(&url).unwrap();
    let error = sink.prepare(&[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("check that the folder exists"), "{error}");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_unchanged() {
    let store = Store::new("sqlite");
    store.sink().prepare(&[]).await.unwrap();
    sqlx::raw_sql("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'00', 0)")
        .execute(&mut plain(&store).await)
        .await
        .unwrap();
    let error = store.sink().prepare(&[]).await.unwrap_err().to_string();
    assert!(error.contains("newer release"), "{error}");
}

#[tokio::test]
async fn a_missing_column_is_not_read_as_a_string_literal() {
    let store = Store::new("sqlite");
    store.sink().prepare(&[simple("t", WriteMode::Append)]).await.unwrap();
    sqlx::raw_sql("INSERT INTO t VALUES (1, 'a')").execute(&mut plain(&store).await).await.unwrap();
    let other = Table::builder("t", "")
        .column("id", DataType::Int64, "")
        .column("note", DataType::Text, "")
        .key(["id"])
        .build()
        .unwrap();
    let error = store.warehouse().read(&Scan::all(&other)).await.unwrap_err().to_string();
    assert!(error.contains("note"), "{error}");
}

#[tokio::test]
async fn references_are_declared_and_not_enforced_while_loading() {
    let store = Store::new("sqlite");
    let mut row = BTreeMap::from([("deposit_type", "fiat"), ("currency", "EUR")]);
    row.extend([("amount", "5"), ("payment_method", "card"), ("status", "pending")]);
    row.extend([("created_at", "2020-01-01T00:00:00Z")]);
    #[derive(Serialize)]
    struct Deposit<'a> {
        deposit_id: i64,
        user_id: i64,
        #[serde(flatten)]
        rest: BTreeMap<&'a str, &'a str>,
    }
    let deposit = Deposit { deposit_id: 1, user_id: 404, rest: row };
    let batch = Batch::from_rows(tidegauge_core::tables::Deposit::table(), [deposit]).unwrap();
    load(&*store.sink(), None, "1", &[batch]).await.unwrap();
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut plain(&store).await).await;
    assert_eq!(orphans.unwrap().len(), 1);
}

/// Returns the kind and the text, which is one line, of the error of a load into `store`.
async fn refused(store: &Store, batches: &[Batch]) -> (ErrorKind, String) {
    let before = store.sink().cursor("test").await.ok().flatten();
    let before = before.as_ref().map(tidegauge_core::Cursor::as_str);
    let error = load(&*store.sink(), before, "next", batches).await.unwrap_err();
    let (kind, error) = (error.kind(), error.to_string());
    assert!(!error.contains('\n'), "{error}");
    (kind, error)
}

/// Checks that a pipe in place of a file is refused at once: to open it would block until another
/// process writes to it.
#[tokio::test]
async fn non_files_are_refused_immediately() {
    for (suffix, what) in [("", "a pipe"), ("-wal", "a pipe"), ("", "a folder")] {
        let store = Store::new("sqlite");
        let path = format!("{}{suffix}", store.path.display());
        if what == "a folder" {
            std::fs::create_dir(&path).unwrap();
        } else {
            if !suffix.is_empty() {
                std::fs::write(&store.path, "").unwrap();
            }
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
        }
        let (store, table) = (store.warehouse(), simple("t", WriteMode::Append));
        let within = std::time::Duration::from_secs(10);
        for ended in [
            tokio::time::timeout(within, store.scan(&Scan::all(&table)))
                .await
                .map(|read| read.err()),
            tokio::time::timeout(within, store.prepare(&[])).await.map(|made| made.err()),
        ] {
            let error = ended.expect("it waits").unwrap();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let error = error.to_string();
            assert!(error.contains(&format!("{path}` is {what}")), "{error}");
            assert!(error.contains("name another file in the URL"), "{error}");
        }
    }
}

#[tokio::test]
async fn foreign_objects_in_the_way_are_named_with_the_remedy() {
    // In place of a built-in table, before the first migration, and of another table.
    let store = Store::new("sqlite");
    by_hand::run(&store, "CREATE VIEW orders AS SELECT 1 AS order_id").await;
    let (kind, error) = refused(&store, &[]).await;
    assert_eq!(kind, ErrorKind::SchemaMismatch);
    assert!(error.contains("`orders` is a view") && error.contains("rename it"), "{error}");
    by_hand::run(&store, "DROP VIEW orders").await;
    by_hand::run(&store, "CREATE VIEW t AS SELECT 1 AS id, 'a' AS text").await;
    let table = simple("t", WriteMode::Append);
    let rows = [batch(&table, &[(2, "b")])];
    let (_, error) = refused(&store, &rows).await;
    assert!(error.contains("`t` is a view") && error.contains("rename it"), "{error}");
    assert_eq!(store.rows(&table).await, 1, "it can be read all the same");

    by_hand::run(&store, "DROP VIEW t").await;
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let trigger =
        "CREATE TRIGGER mine BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END";
    by_hand::run(&store, trigger).await;
    let (kind, error) = refused(&store, &rows).await;
    assert_eq!(kind, ErrorKind::SchemaMismatch);
    assert!(error.contains("trigger on table `t`") && error.contains("not today"), "{error}");
    assert!(error.contains("drop it"), "{error}");
    by_hand::run(&store, "DROP TRIGGER mine").await;

    // The record of applied migrations is missing or was changed.
    for sql in [
        "UPDATE _sqlx_migrations SET success = 0 WHERE version = 1",
        "UPDATE _sqlx_migrations SET success = 1, checksum = x'00' WHERE version = 1",
        "DROP TABLE _sqlx_migrations",
    ] {
        by_hand::run(&store, sql).await;
        let (kind, error) = refused(&store, &rows).await;
        assert_eq!(kind, ErrorKind::Corrupt, "{error}");
        let named = error.contains("table `_sqlx_migrations`") && error.contains("restore it");
        assert!(named, "{error}");
    }
    assert_eq!(pairs(&*store.warehouse(), &table).await, [(1, "a".to_owned())]);
}

/// A separate small disk, which is unmounted when dropped; not available without root.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=2m", "tidegauge"]).arg(dir.path());
        let is_mounted = mount.stderr(std::process::Stdio::null()).status();
        if is_mounted.is_ok_and(|status| status.success()) {
            return Some(Self(dir));
        }
        eprintln!("SKIPPED: a full disk, for only root can make a small one");
        None
    }

    fn fill(&self) {
        use std::io::Write;

        let mut file = std::fs::File::create(self.0.path().join("ballast")).unwrap();
        while file.write_all(&[1; 512]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

/// Checks that a full disk is recognised: SQLite reports errors on the files beside the database
/// only as `disk I/O error`.
#[tokio::test]
async fn readers_and_loaders_report_a_full_disk() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = Store::at(format!("sqlite://{}/store.db", disk.0.path().display()));
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    disk.fill();
    for error in [
        store.sink().cursors().await.unwrap_err(),
        store.warehouse().read(&Scan::all(&table)).await.unwrap_err(),
        load(&*store.sink(), Some("1"), "2", &[batch(&table, &[(2, "b")])]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::OutOfSpace, "{error}");
        let error = error.to_string();
        assert!(error.contains("store.db` is full") && error.contains("make room"), "{error}");
    }
    disk.free();
    load(&*store.sink(), Some("1"), "2", &[batch(&table, &[(2, "b")])]).await.unwrap();
    assert_eq!(store.rows(&table).await, 2);
    let left = std::fs::read_dir(disk.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("probe")));
}
