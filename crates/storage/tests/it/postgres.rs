//! Tests of PostgreSQL: other tables in the same database, the visible tables, and the errors.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tidegauge_core::{Batch, BatchBuilder, Cell, DataType, ErrorKind, Table, WriteMode, tables};
use tidegauge_storage::connect;
use tidegauge_testkit::{Postgres, Server};

use crate::support::{Store, batch, by_hand, load, pairs, simple};

/// Connects to the server as its owner; returns `None` if it is not installed.
async fn owner() -> Option<(String, PgConnection)> {
    let url = Postgres::shared()?.url();
    let options: PgConnectOptions = url.parse().unwrap();
    Some((url, options.connect().await.unwrap()))
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn said(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap()
}

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
async fn foreign_tables_are_unchanged_even_with_the_same_names() {
    let Some((url, mut owner)) = owner().await else { return };
    run(&mut owner, "CREATE DATABASE shop").await;
    let url = url.replace("/postgres", "/shop");
    let options: PgConnectOptions = url.parse().unwrap();
    let mut shop = options.connect().await.unwrap();
    run(
        &mut shop,
        "CREATE TABLE users (id int PRIMARY KEY, name text); \
         INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace'); \
         CREATE TABLE t (id text); CREATE TABLE _tidegauge_cursors (mine int); \
         CREATE VIEW orders AS SELECT name FROM users",
    )
    .await;
    let state = "SELECT c.relname || ' ' || c.relkind::text || ' ' || c.relfilenode || ' ' || c.oid \
                 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1";
    let before = said(&mut shop, state).await;
    let (warehouse, table) = (connect(&url).unwrap(), simple("t", WriteMode::Merge));
    warehouse.prepare(&tables::all()).await.unwrap();
    load(&*warehouse, None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[batch(&table, &[(1, "b")])]).await.unwrap();
    assert_eq!(pairs(&*warehouse, &table).await, [(1, "b".to_owned())]);
    assert_eq!(said(&mut shop, state).await, before);
    assert_eq!(
        said(&mut shop, "SELECT name FROM public.users ORDER BY id").await,
        ["Ada", "Grace"]
    );
    let ours = said(&mut shop, "SELECT text FROM tidegauge.t").await;
    assert_eq!(ours, ["b"], "a schema of our own where the URL names none");
}

/// Checks that Pagila, the sample database of PostgreSQL with types, functions, triggers and
/// partitions, is not changed.
#[tokio::test]
async fn a_sample_database_is_unchanged() {
    let Some((url, mut owner)) = owner().await else { return };
    run(&mut owner, "CREATE ROLE postgres").await;
    run(&mut owner, "CREATE DATABASE pagila").await;
    let url = url.replace("/postgres", "/pagila");
    let options: PgConnectOptions = url.parse().unwrap();
    let mut pagila = options.connect().await.unwrap();
    run(&mut pagila, include_str!("pagila/schema.sql")).await;
    // The whole catalogue state of the other tables: changed rows have another xmin.
    let state = "SELECT c.relname || ' ' || c.relkind::text || ' ' || c.relfilenode || ' ' || c.xmin \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = 'public' ORDER BY 1";
    let before = said(&mut pagila, state).await;
    assert!(before.iter().any(|line| line.starts_with("payment_p2022_01 ")), "{before:?}");
    let (warehouse, table) = (connect(&url).unwrap(), simple("film", WriteMode::Merge));
    warehouse.prepare(&tables::all()).await.unwrap();
    load(&*warehouse, None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[batch(&table, &[(1, "b")])]).await.unwrap();
    assert_eq!(pairs(&*warehouse, &table).await, [(1, "b".to_owned())]);
    assert_eq!(said(&mut pagila, state).await, before);
}

#[tokio::test]
async fn a_role_that_owns_one_schema_and_nothing_else_can_load() {
    let Some((url, mut owner)) = owner().await else { return };
    run(
        &mut owner,
        "CREATE ROLE guest LOGIN PASSWORD 'guest'; REVOKE CREATE ON DATABASE postgres FROM PUBLIC; \
         REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE SCHEMA guest AUTHORIZATION guest",
    )
    .await;
    let mut guest = url::Url::parse(&url).unwrap();
    guest.set_username("guest").unwrap();
    guest.set_password(Some("guest")).unwrap();
    let warehouse = connect(&format!("{guest}?schema=guest")).unwrap();
    warehouse.prepare(&tables::all()).await.unwrap();
    for (at, write) in [WriteMode::Append, WriteMode::Merge].into_iter().enumerate() {
        let table = simple(["appended", "merged"][at], write);
        let before = (at > 0).then(|| at.to_string());
        let rows = [batch(&table, &[(1, "a"), (2, "b")])];
        load(&*warehouse, before.as_deref(), &(at + 1).to_string(), &rows).await.unwrap();
        assert_eq!(pairs(&*warehouse, &table).await.len(), 2);
    }
    // A schema that the user does not own.
    let error = refusal(&format!("{guest}?schema=other"), &[]).await;
    assert!(
        error.contains("user `guest` may not do this")
            && error.contains("CREATE SCHEMA \"other\" AUTHORIZATION \"guest\""),
        "{error}"
    );
    run(&mut owner, "CREATE SCHEMA theirs").await;
    let error = refusal(&format!("{guest}?schema=theirs"), &[]).await;
    assert!(error.contains("may not do this in schema `theirs`"), "{error}");
}

#[tokio::test]
async fn errors_name_the_cause_and_the_remedy_on_one_line() {
    let Some((url, mut owner)) = owner().await else { return };
    let mut wrong = url::Url::parse(&url).unwrap();
    wrong.set_password(Some("secret")).unwrap();
    for (url, kind, says) in [
        (wrong.to_string(), ErrorKind::Authentication, "is not let in"),
        (wrong.to_string(), ErrorKind::Authentication, "check user and password in the URL"),
        (
            url.replace("/postgres", "/nowhere"),
            ErrorKind::NotFound,
            "database \"nowhere\" does not exist",
        ),
        (
            url.replace("/postgres", "/nowhere"),
            ErrorKind::NotFound,
            "create the database, or name another one",
        ),
        ("postgres://me:secret@127.0.0.1:1/x".into(), ErrorKind::Unavailable, "cannot be reached"),
        (
            "postgres://me:secret@127.0.0.1:1/x".into(),
            ErrorKind::Unavailable,
            "check host, port and network",
        ),
        (format!("{url}?sslmode=require"), ErrorKind::Configuration, "sslmode=disable"),
    ] {
        let (found, error) = refused(&url, &[]).await;
        assert!(found == kind && error.contains(says), "{found}: {error} should say {says}");
    }

    let table = Table::builder("late", "").column("at", DataType::Timestamp, "").key(["at"]);
    let table = table.build().unwrap();
    let mut builder = BatchBuilder::new(&table);
    builder.push(Cell::Timestamp(i64::MAX)).unwrap();
    let rows = [builder.finish().unwrap()];
    let error = refusal(&format!("{url}?schema=late"), &rows).await;
    assert!(error.contains("table `late`, column `at`") && error.contains("calendar"), "{error}");

    // Written by a newer release.
    let newer = format!("{url}?schema=newer");
    connect(&newer).unwrap().prepare(&[]).await.unwrap();
    run(
        &mut owner,
        "INSERT INTO newer._sqlx_migrations SELECT 99, 'future', now(), true, checksum, 0 \
         FROM newer._sqlx_migrations LIMIT 1",
    )
    .await;
    let error = refusal(&newer, &[]).await;
    assert!(error.contains("newer release of tidegauge"), "{error}");
}

#[tokio::test]
async fn the_application_name_and_server_timeouts_are_respected() {
    let Some((url, mut owner)) = owner().await else { return };
    let named = connect(&format!("{url}?schema=named&application_name=nightly")).unwrap();
    named.prepare(&[]).await.unwrap();
    let sql =
        "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name = 'nightly'";
    assert_eq!(said(&mut owner, sql).await, ["nightly"]);

    run(
        &mut owner,
        "CREATE ROLE hasty SUPERUSER LOGIN PASSWORD 'hasty'; ALTER ROLE hasty SET statement_timeout = '1ms'",
    )
    .await;
    let mut hasty = url::Url::parse(&url).unwrap();
    hasty.set_username("hasty").unwrap();
    hasty.set_password(Some("hasty")).unwrap();
    let (kind, error) = refused(&format!("{hasty}?schema=hasty"), &[]).await;
    assert!(
        kind == ErrorKind::Unavailable && error.contains("statement_timeout"),
        "{kind}: {error}"
    );
}

/// Checks that the error of a server that requires encryption, but offers none, says what to do.
#[tokio::test]
async fn the_error_says_that_the_server_requires_encryption() {
    let Some(server) = Postgres::start() else { return };
    let options: PgConnectOptions = server.url().parse().unwrap();
    let mut owner = options.connect().await.unwrap();
    let hba = said(&mut owner, "SHOW hba_file").await.remove(0);
    run(&mut owner, &format!("COPY (SELECT 'hostssl all all all trust') TO '{hba}'")).await;
    said(&mut owner, "SELECT pg_reload_conf()::text").await;
    // It takes a moment until the server has reloaded the file.
    let mut error = String::new();
    for _ in 0..100 {
        error = match connect(&server.url()).unwrap().cursor("test").await {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        if !error.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(error.contains("say `sslmode=require` in the URL"), "{error}");
}

#[tokio::test]
async fn a_view_is_read_as_the_table_that_it_replaces() {
    let Some((url, mut owner)) = owner().await else { return };
    let schema = format!("{url}?schema=views");
    let (warehouse, table) = (connect(&schema).unwrap(), simple("seen", WriteMode::Append));
    warehouse.prepare(&[]).await.unwrap();
    run(
        &mut owner,
        "CREATE VIEW views.seen AS SELECT 'x' || n AS text, n AS id FROM generate_series(1, 3) n",
    )
    .await;
    let rows = pairs(&*warehouse, &table).await;
    assert_eq!(rows, [(1, "x1".to_owned()), (2, "x2".to_owned()), (3, "x3".to_owned())]);
    let error = warehouse.prepare(&[table]).await.unwrap_err().to_string();
    assert!(error.contains("`seen` is a view") && error.contains("rename it"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_reported_and_the_next_load_succeeds() {
    let Some(server) = Postgres::start_on_small_disk() else { return };
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

#[tokio::test]
async fn foreign_objects_in_the_way_are_named_with_the_remedy() {
    let Some(store) = Store::of("postgres") else { return };
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let refused = async |says: &[&str], kind| {
        let rows = [batch(&table, &[(2, "b")])];
        let error = load(&*store.sink(), Some("1"), "2", &rows).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let error = error.to_string();
        assert!(says.iter().all(|says| error.contains(says)) && !error.contains('\n'), "{error}");
    };
    by_hand::run(
        &store,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$; \
         CREATE TRIGGER mine BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no()",
    )
    .await;
    let words = ["trigger on table `t`", "not today", "drop it"];
    refused(&words, ErrorKind::SchemaMismatch).await;
    by_hand::run(&store, "DROP TRIGGER mine ON t").await;
    for sql in [
        "UPDATE _sqlx_migrations SET success = false WHERE version = 1",
        "UPDATE _sqlx_migrations SET success = true, checksum = '' WHERE version = 1",
        "DROP TABLE _sqlx_migrations",
    ] {
        by_hand::run(&store, sql).await;
        refused(&["table `_sqlx_migrations`", "restore it"], ErrorKind::Corrupt).await;
    }
    let store = Store::of("postgres").unwrap();
    let schema = store.name.rsplit_once('=').unwrap().1.replace('"', "\"\"");
    let sql = format!(
        "CREATE SCHEMA \"{schema}\"; CREATE VIEW \"{schema}\".orders AS SELECT 1 AS order_id"
    );
    by_hand::run(&store, &sql).await;
    let error = store.sink().prepare(&[]).await.unwrap_err();
    assert!(error.to_string().contains("`orders` is a view"), "{error}");
}
