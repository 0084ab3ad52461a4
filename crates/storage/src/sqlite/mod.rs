//! SQLite: one file, written by one connection at a time, read by any number.

mod ddl;
mod encode;
mod error;
mod read;
mod write;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use backon::Retryable;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use tidegauge_core::{Batch, SinkCapabilities, Table, WriteMode};

use self::error::{failure, is_closed, refuse_others};
use crate::retry::{self, Policy};
use crate::sql::{
    Database, Dialect, LOCK_TIMEOUT, MIGRATIONS_TABLE, Query, Rows, SqlStore, StoredColumn,
    refuse_views, told,
};
use crate::{Error, Result};

/// The migrations of the built-in tables and the cursors. Forward only: a released file never
/// changes.
///
/// They are listed in a file, because `sqlx::migrate!` would build SQLite a second time, for the
/// compiler.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files: &[(i64, &str, &str)] = include!("../../migrations/sqlite/list.rs");
    let migration = |(version, what, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*what).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
});

/// The retry policy for switching a new file to WAL, which needs exclusive access; SQLite does not
/// wait for that by itself.
const OPENING: Policy = retry::constant(Duration::from_millis(50), LOCK_TIMEOUT);

/// A SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    name: String,
    path: PathBuf,
    read_only: bool,
}

/// Returns the store in the file at `path`, which is opened at its first use.
pub(crate) fn open(path: PathBuf, read_only: bool) -> SqlStore<Sqlite> {
    let name = format!("sqlite://{}", path.display());
    SqlStore::new(Sqlite { name, path, read_only })
}

impl Sqlite {
    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(LOCK_TIMEOUT)
            // Sources are loaded independently of each other: a trade may arrive before its order.
            .foreign_keys(false)
            .disable_statement_logging()
    }

    fn failed(&self, error: sqlx::Error) -> Error {
        failure(&self.path, error)
    }

    /// Returns an error if the database, or a file that SQLite keeps beside it, is not a regular
    /// file.
    fn refuse_others(&self) -> Result<()> {
        ["", "-wal", "-shm", "-journal"]
            .iter()
            .try_for_each(|suffix| refuse_others(&self.beside(suffix)))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

#[async_trait]
impl Database for Sqlite {
    type Connection = SqliteConnection;

    // The writer can then be the last to close its connection.
    const KEEPS_READERS: bool = false;

    fn dialect(&self) -> &'static Dialect {
        &ddl::DIALECT
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            exact_decimals: false,
            pushdown: true,
            aggregates: false,
            resets: true,
            replaces: true,
        }
    }

    fn table(&self, name: &str) -> String {
        ddl::DIALECT.quoted(name)
    }

    async fn connect(&self) -> Result<SqliteConnection> {
        if self.read_only {
            return Err(Error::ReadOnly { path: self.path.display().to_string() });
        }
        self.refuse_others()?;
        let options = self
            .options()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-65536");
        let opened = async || options.connect().await.map_err(|error| self.failed(error));
        let is_busy = |error: &Error| matches!(error, Error::Busy { .. });
        let opened = opened.retry(OPENING).when(is_busy);
        let mut connection = told(&self.name, "its file", opened).await?;
        let migrated = migrate(&self.path, &mut connection);
        told(&self.name, "its file", migrated).await?;
        Ok(connection)
    }

    async fn connect_reader(&self) -> Result<Option<SqliteConnection>> {
        if !self.path.try_exists().map_err(|error| Error::io(&self.path, error))? {
            return Ok(None);
        }
        self.refuse_others()?;
        let options = self.options().read_only(true);
        match connected(&options).await {
            // Even a reader of a WAL database needs files beside it. If it may not write there, and
            // no other process has, the file is read as it is.
            Err(error) if is_closed(&error) && !self.beside("-wal").exists() => {
                connected(&options.immutable(true)).await
            }
            connected => connected,
        }
        .map(Some)
        .map_err(|error| self.failed(error))
    }

    async fn is_alive(&self, _: &mut SqliteConnection) -> bool {
        true
    }

    async fn close(&self, connection: SqliteConnection) {
        drop(connection.close().await); // there is nothing to lose
    }

    /// Checkpoints the WAL into the file, so that the file can be copied by itself.
    fn abandon(&self, connection: SqliteConnection) {
        // Blocking is not allowed within a runtime, and one may be running on this thread.
        let close = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(connection.close()).map_err(std::io::Error::other)
        };
        match std::thread::spawn(close).join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(path = %self.path.display(), %error, "not closed"),
            Err(_) => tracing::warn!(path = %self.path.display(), "not closed"),
        }
    }

    async fn stored(
        &self,
        connection: &mut SqliteConnection,
        table: &str,
    ) -> Result<Vec<StoredColumn>> {
        ddl::stored(connection, table).await.map_err(|error| self.failed(error))
    }

    async fn run(&self, connection: &mut SqliteConnection, sql: String, _: &Table) -> Result<()> {
        execute(connection, sql).await.map_err(|error| self.failed(error))
    }

    fn create(&self, _: &SqliteConnection, table: &Table) -> String {
        ddl::create(table)
    }

    fn stage(&self, _: &Table) -> Option<Vec<String>> {
        None
    }

    async fn begin(&self, connection: &mut SqliteConnection, _: &str) -> Result<()> {
        // Immediate: a second writer waits here.
        execute(connection, "BEGIN IMMEDIATE".into()).await.map_err(|error| self.failed(error))
    }

    async fn commit(&self, connection: &mut SqliteConnection, _: &str) -> Result<()> {
        execute(connection, "COMMIT".into()).await.map_err(|error| self.failed(error))
    }

    async fn cursors(
        &self,
        connection: &mut SqliteConnection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT source, cursor FROM _tidegauge_cursors WHERE ? IS NULL OR source = ?";
        let found = sqlx::query_as(sql).bind(source).bind(source).fetch_all(connection).await;
        found.map_err(|error| self.failed(error))
    }

    async fn cursor(
        &self,
        connection: &mut SqliteConnection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT cursor, loaded FROM _tidegauge_cursors WHERE source = ?";
        let found = sqlx::query_as(sql).bind(source).fetch_optional(connection).await;
        found.map_err(|error| self.failed(error))
    }

    async fn move_cursor(
        &self,
        connection: &mut SqliteConnection,
        source: &str,
        after: &str,
        loaded: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO _tidegauge_cursors (source, cursor, loaded) VALUES (?, ?, ?) \
                   ON CONFLICT (source) DO UPDATE \
                   SET cursor = excluded.cursor, loaded = excluded.loaded";
        let moved = sqlx::query(sql).bind(source).bind(after).bind(loaded).execute(connection);
        moved.await.map(|_| ()).map_err(|error| self.failed(error))
    }

    async fn is_view(&self, connection: &mut SqliteConnection, table: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ?)";
        let found = sqlx::query_scalar(sql).bind(table).fetch_one(connection).await;
        found.map_err(|error| self.failed(error))
    }

    async fn delete(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        let values = read::bound(&query.params, &table.name)?;
        // Identifiers are quoted and values bound; nothing else in the statement comes from
        // outside.
        let query = sqlx::query_with(AssertSqlSafe(query.sql.clone()), values).persistent(false);
        let deleted = query.execute(connection).await.map_err(|error| self.failed(error))?;
        Ok(usize::try_from(deleted.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn find(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        rows: &mut Rows,
    ) -> Result<()> {
        self.of_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write(connection, batch, write).await
    }

    async fn read(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()> {
        self.rows(connection, query, rows).await
    }
}

/// Connects, and makes sure that the file can be read.
async fn connected(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query("SELECT 1 FROM sqlite_master").fetch_optional(&mut connection).await?;
    Ok(connection)
}

/// Runs statements whose identifiers are quoted, and in which nothing else comes from outside.
async fn execute(connection: &mut SqliteConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// Applies pending migrations to the built-in tables; one process at a time.
async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction =
        connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| failure(path, error))?;
    let gone = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_tidegauge_cursors') \
                AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')";
    let gone = sqlx::query_scalar(gone).fetch_one(&mut *transaction).await;
    if gone.map_err(|error| failure(path, error))? {
        return Err(Error::damaged(path, format!("{MIGRATIONS_TABLE} is gone")));
    }
    let done = MIGRATIONS.run_direct(None, &mut *transaction, false).await;
    if let Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) = &done {
        let views = "SELECT name FROM sqlite_master WHERE type = 'view'";
        let views = sqlx::query_scalar(views).fetch_all(&mut *transaction).await;
        refuse_views(&views.unwrap_or_default())?;
    }
    done.map_err(|error| match error {
        MigrateError::VersionMissing(_) => Error::Newer { path: path.display().to_string() },
        MigrateError::Execute(error) => failure(path, error),
        MigrateError::ExecuteMigration(error, _) => failure(path, error),
        error @ (MigrateError::Dirty(_) | MigrateError::VersionMismatch(_)) => {
            Error::damaged(path, format!("{MIGRATIONS_TABLE} was changed: {error}"))
        }
        error => Error::Migrate { path: path.display().to_string(), error: error.into() },
    })?;
    transaction.commit().await.map_err(|error| failure(path, error))
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{BatchBuilder, Cell, Cursor, DataType, Load, Sink, Table, WarehouseExt};

    use super::*;

    #[tokio::test]
    async fn a_full_disk_rolls_back_and_the_next_load_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path().join("store.db"), false);
        let table = Table::builder("t", "").column("text", DataType::Text, "").key(["text"]);
        let table = table.build().unwrap();
        store.prepare(std::slice::from_ref(&table)).await.unwrap();
        // SQLite reports its own size limit with the same code as a full disk.
        let mut slot = store.writer.lock().await;
        let connection = &mut slot.as_mut().unwrap().connection;
        sqlx::raw_sql("PRAGMA max_page_count = 100").execute(connection).await.unwrap();
        drop(slot);

        let mut builder = BatchBuilder::new(&table);
        for number in 0..1000 {
            builder.push(Cell::Text(&format!("{number:>1000}"))).unwrap();
        }
        let (batches, after) = ([builder.finish().unwrap()], Cursor::new("1"));
        let load = Load::new("test", &batches, None, &after);
        let error = store.load(load).await.unwrap_err().to_string();
        assert!(error.contains("store.db` is full; nothing was written"), "{error}");
        assert_eq!(store.count(&table).await.unwrap(), 0);
        assert_eq!(store.cursor("test").await.unwrap(), None);
        // There is room again, and the connection on which the load failed is gone.
        store.load(load).await.unwrap();
        assert_eq!(store.count(&table).await.unwrap(), 1000);
    }
}
