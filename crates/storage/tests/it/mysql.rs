//! Tests of MySQL: the ways of inserting rows, the visible tables, and the errors.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::{
    Batch, BatchBuilder, Cell, DataType, ErrorKind, Scan, Table, WarehouseExt, WriteMode, tables,
};
use tidegauge_storage::connect;
use tidegauge_testkit::{MariaDb, Server};

use crate::support::{
    Store, assert_same, batch, by_hand, everything, extremes, load, pairs, simple,
};

/// Returns the error of a load into `url`, which is one line.
async fn refusal(url: &str, batches: &[Batch]) -> String {
    refused(url, batches).await.1
}

/// Returns the error with its kind.
async fn refused(url: &str, batches: &[Batch]) -> (ErrorKind, String) {
    let error = load(&*connect(url).unwrap(), None, "1", batches).await.unwrap_err();
    let (kind, error) = (error.kind(), error.to_string());
    assert!(!error.contains('\n') && !error.contains("secret"), "{error}");
    (kind, error)
}

#[tokio::test]
async fn rows_are_inserted_when_local_infile_is_off() {
    let Some(server) = MariaDb::start() else { return };
    let mut owner = Conn::from_url(server.url()).await.unwrap();
    owner.query_drop("SET GLOBAL local_infile = 0").await.unwrap();
    for (at, write) in [WriteMode::Append, WriteMode::Merge].into_iter().enumerate() {
        let database = format!("slow_{at}");
        owner.query_drop(format!("CREATE DATABASE {database}")).await.unwrap();
        let warehouse = connect(&server.database_url(&database)).unwrap();
        let table = everything(write);
        let rows = Batch::from_rows(&table, extremes()).unwrap();
        load(&*warehouse, None, "1", std::slice::from_ref(&rows)).await.unwrap();
        let found = warehouse.read(&Scan::all(&table)).await.unwrap();
        assert_same(&found, &rows, &write);

        // More rows than one statement takes, and a second load of them, whose keys are stored
        // already.
        let table = simple("many", write);
        let mut builder = BatchBuilder::new(&table);
        for id in 0..2_500 {
            builder.push(Cell::Int(id)).unwrap();
            builder.push(Cell::Text("text")).unwrap();
        }
        let many = builder.finish().unwrap();
        load(&*warehouse, Some("1"), "2", std::slice::from_ref(&many)).await.unwrap();
        assert_eq!(pairs(&*warehouse, &table).await.len(), 2_500);
        let again = load(&*warehouse, Some("2"), "3", &[many]).await;
        match write {
            WriteMode::Append => {
                let error = again.unwrap_err().to_string();
                assert!(error.contains("only takes new rows"), "{error}");
            }
            WriteMode::Merge => again.unwrap(),
        }
        assert_eq!(pairs(&*warehouse, &table).await.len(), 2_500);
    }
}

#[tokio::test]
async fn errors_name_the_cause_and_the_remedy_on_one_line() {
    let Some(server) = MariaDb::shared() else { return };
    let mut owner = Conn::from_url(server.url()).await.unwrap();
    owner.query_drop("CREATE USER 'guest'@'127.0.0.1' IDENTIFIED BY 'guest'").await.unwrap();
    owner.query_drop("GRANT SELECT ON tidegauge.* TO 'guest'@'127.0.0.1'").await.unwrap();
    let (before, after) = server
        .url()
        .split_once("://")
        .map(|parts| (parts.0.to_owned(), parts.1.to_owned()))
        .unwrap();
    let place = after.split_once('@').unwrap().1;
    let as_guest = |password: &str| format!("{before}://guest:{password}@{place}");
    for (url, kind, says) in [
        (as_guest("secret"), ErrorKind::Authentication, "is not let in"),
        (as_guest("secret"), ErrorKind::Authentication, "check user and password in the URL"),
        (
            server.database_url("nowhere"),
            ErrorKind::NotFound,
            "Unknown database 'nowhere'; create the database",
        ),
        (
            "mysql://me:secret@127.0.0.1:1/x".into(),
            ErrorKind::Unavailable,
            "check host, port and network",
        ),
        (as_guest("guest"), ErrorKind::Permission, "user `guest` may not do this"),
        (as_guest("guest"), ErrorKind::Permission, "GRANT ALL ON `tidegauge`.* TO 'guest'"),
    ] {
        let (found, error) = refused(&url, &[]).await;
        assert!(found == kind && error.contains(says), "{found}: {error} should say {says}");
    }

    // Values that the server would truncate with only a warning.
    let store = Store::of("mysql").unwrap();
    let table = Table::builder("named", "").column("name", DataType::Text, "").key(["name"]);
    let table = table.build().unwrap();
    let mut builder = BatchBuilder::new(&table);
    builder.push(Cell::Text("short")).unwrap();
    builder.push(Cell::Text(&"long".repeat(100))).unwrap();
    let error = refusal(&store.url, &[builder.finish().unwrap()]).await;
    assert!(error.contains("table `named`") && error.contains("column 'name'"), "{error}");
    assert_eq!(store.rows(&table).await, 0);
    let table = Table::builder("early", "").column("at", DataType::Timestamp, "").key(["at"]);
    let table = table.build().unwrap();
    let mut builder = BatchBuilder::new(&table);
    builder.push(Cell::Timestamp(0)).unwrap();
    builder.push(Cell::Timestamp(i64::MIN)).unwrap();
    let error = refusal(&store.url, &[builder.finish().unwrap()]).await;
    assert!(error.contains("table `early`, column `at`"), "{error}");
    assert_eq!(store.rows(&table).await, 0);

    // Written by a newer release.
    let mut owner = Conn::from_url(&store.url).await.unwrap();
    owner.query_drop("INSERT INTO _tidegauge_migrations (version) VALUES (99)").await.unwrap();
    let error = refusal(&store.url, &[]).await;
    assert!(error.contains("newer release of tidegauge"), "{error}");
}

#[tokio::test]
async fn foreign_tables_are_unchanged_and_reserved_names_are_refused() {
    let Some(store) = Store::of("mysql") else { return };
    let mut owner = Conn::from_url(&store.url).await.unwrap();
    owner.query_drop("CREATE TABLE film (id int PRIMARY KEY, users int)").await.unwrap();
    owner.query_drop("INSERT INTO film VALUES (1, 2)").await.unwrap();
    store.sink().prepare(&tables::all()).await.unwrap();
    let rows: Vec<(i64, i64)> = owner.query("SELECT * FROM film").await.unwrap();
    assert_eq!(rows, [(1, 2)]);
    let film = Table::builder("film", "").column("id", DataType::Int64, "").key(["id"]);
    let error = store.sink().prepare(&[film.build().unwrap()]).await.unwrap_err().to_string();
    assert!(error.contains("table `film`, column `id`"), "{error}");
}

/// Checks that the error of a server that requires encryption says what to do.
#[tokio::test]
async fn the_error_says_that_the_server_requires_encryption() {
    let Some(server) = MariaDb::start() else { return };
    let mut owner = Conn::from_url(server.url()).await.unwrap();
    owner.query_drop("SET GLOBAL require_secure_transport = ON").await.unwrap();
    let error = refusal(&server.url(), &[]).await;
    assert!(error.contains("say `require_ssl=true` in the URL"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_next_load_succeeds() {
    let Some(server) = MariaDb::start_on_small_disk() else { return };
    let store = Store::at(server.url());
    let table = simple("t", WriteMode::Append);
    // More rows than fit into the free space of the table's pages.
    let rows =
        |from| [batch(&table, &(from..from + 50_000).map(|id| (id, "a row")).collect::<Vec<_>>())];
    load(&*store.sink(), None, "1", &rows(0)).await.unwrap();
    server.fill_disk();
    let error = load(&*store.sink(), Some("1"), "2", &rows(50_000)).await.unwrap_err().to_string();
    assert!(error.contains("is full; nothing was written"), "{error}");
    server.free_disk();
    load(&*store.sink(), Some("1"), "2", &rows(50_000)).await.unwrap();
    assert_eq!(store.rows(&table).await, 100_000);
}

/// Checks that a cursor, or a row by `INSERT`, larger than the server's limit is reported, and that
/// smaller rows are stored whatever their total size.
#[tokio::test]
async fn packets_beyond_the_server_limit_are_reported() {
    let Some(server) = MariaDb::start() else { return };
    let mut owner = Conn::from_url(server.url()).await.unwrap();
    let store = Store::at(server.url());
    let table = simple("t", WriteMode::Append);
    let rows = |ids: std::ops::Range<i64>, bytes: usize| {
        let (mut builder, text) = (BatchBuilder::new(&table), "x".repeat(bytes));
        for id in ids {
            builder.push(Cell::Int(id.into())).unwrap();
            builder.push(Cell::Text(&text)).unwrap();
        }
        [builder.finish().unwrap()]
    };
    for (at, megabytes) in [1, 16].into_iter().enumerate() {
        let most = megabytes << 20;
        for sql in [
            format!("SET GLOBAL max_allowed_packet = {most}"),
            "SET GLOBAL local_infile = 0".into(),
        ] {
            owner.query_drop(sql).await.unwrap();
        }
        let before = (at > 0).then(|| at.to_string());
        let (sink, before) = (store.sink(), before.as_deref());
        let large = "c".repeat(most + 1);
        let first = i64::try_from(at).unwrap() * 100;
        for (refused, what) in [
            (load(&*sink, before, &large, &[]).await, "the cursor of `test` of"),
            (
                load(&*sink, before, "no", &rows(first..first + 1, most)).await,
                "a row of table `t` of",
            ),
        ] {
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            let error = error.to_string();
            let named = error.contains(what) && error.contains("larger than the server's");
            assert!(named && error.contains("SET GLOBAL max_allowed_packet"), "{error}");
        }
        // Each row fits, and all of them are twice the server's limit.
        let after = (at + 1).to_string();
        load(&*sink, before, &after, &rows(first..first + 20, most / 10)).await.unwrap();
        assert_eq!(store.rows(&table).await, 20 * (at + 1));
    }
}

#[tokio::test]
async fn foreign_objects_in_the_way_are_named_with_the_remedy() {
    let Some(store) = Store::of("mysql") else { return };
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let refused = async |says: &[&str], kind| {
        let rows = [batch(&table, &[(2, "b")])];
        let error = load(&*store.sink(), Some("1"), "2", &rows).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let error = error.to_string();
        assert!(says.iter().all(|says| error.contains(says)) && !error.contains('\n'), "{error}");
    };
    let trigger = "CREATE TRIGGER mine BEFORE INSERT ON t FOR EACH ROW \
                   SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not today'";
    by_hand::run(&store, trigger).await;
    let words = ["trigger on table `t`", "not today", "drop it"];
    refused(&words, ErrorKind::SchemaMismatch).await;
    by_hand::run(&store, "DROP TRIGGER mine").await;
    by_hand::run(&store, "DROP TABLE _tidegauge_migrations").await;
    refused(&["table `_tidegauge_migrations`", "restore it"], ErrorKind::Corrupt).await;
    let store = Store::of("mysql").unwrap();
    by_hand::run(&store, "CREATE VIEW orders AS SELECT 1 AS order_id").await;
    let error = store.sink().prepare(&tables::all()).await.unwrap_err();
    assert!(error.to_string().contains("`orders` is a view"), "{error}");
}
