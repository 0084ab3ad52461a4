//! Tests of locks that another session holds: waits are bounded, and reported meanwhile.

use std::fmt::{self, Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tidegauge_core::{ErrorKind, Result, Scan, TableRef, WarehouseExt, WriteMode};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::support::{Store, batch, by_hand, load, simple};

/// The warnings of a test.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<Mutex<String>>);

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        writeln!(self.0, "{value:?}").unwrap();
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("tidegauge")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Words(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An operation that is run while another session holds locks.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A load of the source whose lock is held.
    LoadSource,
    /// A load into the locked table.
    LoadTable,
    /// A read of the locked table.
    Read,
    /// A read of the cursors, whose table is locked.
    Cursors,
}

impl Step {
    async fn run(self, store: &Store, table: &TableRef) -> Result<()> {
        match self {
            Self::LoadSource => load(&*store.sink(), Some("1"), "2", &[]).await,
            Self::LoadTable => {
                let (after, rows) = (tidegauge_core::Cursor::new("1"), [batch(table, &[(2, "b")])]);
                let (source, batches) = ("other", &rows[..]);
                let load = tidegauge_core::Load::new(source, batches, None, &after);
                store.sink().load(load).await.map(|_| ())
            }
            Self::Read => store.warehouse().read(&Scan::all(table)).await.map(|_| ()),
            Self::Cursors => store.sink().cursors().await.map(|_| ()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self, f)
    }
}

/// Runs `steps` at once, and asserts that each fails in time with its error, and that the wait was
/// reported.
async fn all_end(store: &Store, table: &TableRef, steps: &[(Step, &str, &str)]) {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let began = Instant::now();
    let ended = join_all(steps.iter().map(async |(step, ..)| step.run(store, table).await)).await;
    let took = began.elapsed();
    assert!(Duration::from_secs(29) < took && took < Duration::from_secs(45), "{took:?}");
    let told = warnings.0.lock().unwrap().clone();
    for ((step, says, tells), ended) in steps.iter().zip(ended) {
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{step}: {error}");
        let words = error.to_string();
        assert!(words.contains(says) && words.contains("run again"), "{step}: {words}");
        assert!(!words.contains('\n'), "{words}");
        let told = told.lines().any(|line| line.contains(tells) && line.contains("locked by"));
        assert!(told, "{step}: {:?} should tell of {tells}", warnings.0.lock().unwrap());
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_lock_waits_are_bounded_and_logged() {
    use sqlx::AssertSqlSafe;

    let Some(store) = Store::of("postgres") else { return };
    let table = simple("t", WriteMode::Merge);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    // A loader that hangs within its transaction, and a client that has locked a table.
    let mut loader = by_hand::postgres(&store).await;
    let lock = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended( \
                'tidegauge ' || current_schema() || ' source test', 0))";
    sqlx::raw_sql(lock).execute(&mut loader).await.unwrap();
    let mut client = by_hand::postgres(&store).await;
    let lock = "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut client).await.unwrap();
    let steps = [
        (Step::LoadSource, "is in use by another process", "source test"),
        (Step::LoadTable, "another session has locked table `t`", "table `t`"),
        (Step::Read, "another session has locked table `t`", "table `t`"),
    ];
    all_end(&store, &table, &steps).await;
    // As soon as they release the locks, the operations succeed.
    sqlx::raw_sql("ROLLBACK").execute(&mut loader).await.unwrap();
    let lock = "ROLLBACK; BEGIN; LOCK TABLE _tidegauge_cursors IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut client).await.unwrap();
    let step = (Step::Cursors, "another session has locked", "_tidegauge_cursors");
    all_end(&store, &table, &[step]).await;
    let waiting = Step::LoadSource.run(&store, &table);
    let letting_go = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut client).await.unwrap();
    };
    futures_util::future::join(waiting, letting_go).await.0.unwrap();
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql_lock_waits_are_bounded_and_logged() {
    use mysql_async::Conn;
    use mysql_async::prelude::Queryable;

    let Some(store) = Store::of("mysql") else { return };
    let table = simple("t", WriteMode::Merge);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let mut loader = Conn::from_url(&store.url).await.unwrap();
    let lock = "DO GET_LOCK(CONCAT('tidegauge ', MD5(CONCAT( \
                CONVERT(DATABASE() USING utf8mb4), ' ', 'source test'))), 0)";
    loader.query_drop(lock).await.unwrap();
    let mut client = Conn::from_url(&store.url).await.unwrap();
    client.query_drop("LOCK TABLES t WRITE").await.unwrap();
    let steps = [
        (Step::LoadSource, "is in use by another process", "source test"),
        (Step::LoadTable, "another session has locked table `t`", "table `t`"),
        (Step::Read, "another session has locked table `t`", "table `t`"),
    ];
    all_end(&store, &table, &steps).await;
    loader.query_drop("DO RELEASE_ALL_LOCKS()").await.unwrap();
    client.query_drop("LOCK TABLES _tidegauge_cursors WRITE").await.unwrap();
    let step = (Step::Cursors, "another session has locked", "_tidegauge_cursors");
    all_end(&store, &table, &[step]).await;
    let waiting = Step::LoadSource.run(&store, &table);
    let letting_go = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        client.query_drop("UNLOCK TABLES").await.unwrap();
    };
    futures_util::future::join(waiting, letting_go).await.0.unwrap();
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_lock_waits_are_bounded_and_logged() {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    let store = Store::new("sqlite");
    let table = simple("t", WriteMode::Merge);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&store.path);
    let mut client = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut client).await.unwrap();
    let step = (Step::LoadSource, "is in use by another process", "its file");
    all_end(&store, &table, &[step]).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut client).await.unwrap();
    Step::LoadSource.run(&store, &table).await.unwrap();
}
