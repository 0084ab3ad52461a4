//! The driver of a SQLite database.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use backon::Retryable;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tidegauge_core::{Batch, SinkCapabilities, Table, WriteMode};

use super::client::Sqlite;
use super::error::is_read_only;
use super::migrate::migrate;
use super::{ddl, read};
use crate::retry::{self, Policy};
use crate::sql::{
    BatchSender, Database, Dialect, LOCK_TIMEOUT, Query, SqlStore, StoredColumn, warn_if_slow,
};
use crate::{Error, Result};

/// The retry policy for switching a new file to WAL, which needs exclusive access; SQLite does not
/// wait for that by itself.
const OPEN_RETRIES: Policy = retry::constant(Duration::from_millis(50), LOCK_TIMEOUT);

/// Returns the store in the file at `path`, which is opened at its first use.
pub(crate) fn open(path: PathBuf, read_only: bool) -> SqlStore<Sqlite> {
    let name = format!("sqlite://{}", path.display());
    SqlStore::new(Sqlite { name, path, read_only })
}

#[async_trait]
impl Database for Sqlite {
    type Connection = SqliteConnection;

    // The writer can then be the last to close its connection.
    const REUSES_READERS: bool = false;

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
        self.refuse_non_files()?;
        let options = self
            .options()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-65536");
        let opened = async || options.connect().await.map_err(|error| self.to_error(error));
        let is_busy = |error: &Error| matches!(error, Error::Busy { .. });
        let opened = opened.retry(OPEN_RETRIES).when(is_busy);
        let mut connection = warn_if_slow(&self.name, "its file", opened).await?;
        let migrated = migrate(&self.path, &mut connection);
        warn_if_slow(&self.name, "its file", migrated).await?;
        Ok(connection)
    }

    async fn connect_reader(&self) -> Result<Option<SqliteConnection>> {
        if !self.path.try_exists().map_err(|error| Error::io(&self.path, error))? {
            return Ok(None);
        }
        self.refuse_non_files()?;
        let options = self.options().read_only(true);
        match connect_checked(&options).await {
            // Even a reader of a WAL database needs files beside it. If it may not write there, and
            // no other process has, the file is read as it is.
            Err(error) if is_read_only(&error) && !self.beside("-wal").exists() => {
                connect_checked(&options.immutable(true)).await
            }
            connected => connected,
        }
        .map(Some)
        .map_err(|error| self.to_error(error))
    }

    async fn is_alive(&self, _: &mut SqliteConnection) -> bool {
        true
    }

    async fn close(&self, connection: SqliteConnection) {
        drop(connection.close().await); // there is nothing to lose
    }

    /// Checkpoints the WAL into the file, so that the file can be copied by itself.
    fn close_blocking(&self, connection: SqliteConnection) {
        // Blocking is not allowed within a runtime, and one may be running on this thread.
        let close = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(connection.close()).map_err(std::io::Error::other)
        };
        match std::thread::spawn(close).join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(path = %self.path.display(), %error, "closing the database failed")
            }
            Err(_) => tracing::warn!(path = %self.path.display(), "closing the database failed"),
        }
    }

    async fn stored_columns(
        &self,
        connection: &mut SqliteConnection,
        table: &str,
    ) -> Result<Vec<StoredColumn>> {
        ddl::stored_columns(connection, table).await.map_err(|error| self.to_error(error))
    }

    async fn execute(
        &self,
        connection: &mut SqliteConnection,
        sql: String,
        _: &Table,
    ) -> Result<()> {
        run_statement(connection, sql).await.map_err(|error| self.to_error(error))
    }

    fn create(&self, _: &SqliteConnection, table: &Table) -> String {
        ddl::create(table)
    }

    fn staging_statements(&self, _: &Table) -> Option<Vec<String>> {
        None
    }

    async fn begin(&self, connection: &mut SqliteConnection, _: &str) -> Result<()> {
        // Immediate: a second writer waits here.
        run_statement(connection, "BEGIN IMMEDIATE".into())
            .await
            .map_err(|error| self.to_error(error))
    }

    async fn commit(&self, connection: &mut SqliteConnection, _: &str) -> Result<()> {
        run_statement(connection, "COMMIT".into()).await.map_err(|error| self.to_error(error))
    }

    async fn cursors(
        &self,
        connection: &mut SqliteConnection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT source, cursor FROM _tidegauge_cursors WHERE ? IS NULL OR source = ?";
        let found = sqlx::query_as(sql).bind(source).bind(source).fetch_all(connection).await;
        found.map_err(|error| self.to_error(error))
    }

    async fn cursor(
        &self,
        connection: &mut SqliteConnection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT cursor, loaded FROM _tidegauge_cursors WHERE source = ?";
        let found = sqlx::query_as(sql).bind(source).fetch_optional(connection).await;
        found.map_err(|error| self.to_error(error))
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
        moved.await.map(|_| ()).map_err(|error| self.to_error(error))
    }

    async fn is_view(&self, connection: &mut SqliteConnection, table: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ?)";
        let found = sqlx::query_scalar(sql).bind(table).fetch_one(connection).await;
        found.map_err(|error| self.to_error(error))
    }

    async fn delete(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        let values = read::bind_params(&query.params, &table.name)?;
        // Identifiers are quoted and values bound; nothing else in the statement comes from
        // outside.
        let query = sqlx::query_with(AssertSqlSafe(query.sql.clone()), values).persistent(false);
        let deleted = query.execute(connection).await.map_err(|error| self.to_error(error))?;
        Ok(usize::try_from(deleted.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn find_by_keys(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.select_by_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write_rows(connection, batch, write).await
    }

    async fn read(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.read_rows(connection, query, rows).await
    }
}

/// Connects, and makes sure that the file can be read.
async fn connect_checked(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query("SELECT 1 FROM sqlite_master").fetch_optional(&mut connection).await?;
    Ok(connection)
}

/// Runs statements whose identifiers are quoted, and in which nothing else comes from outside.
async fn run_statement(connection: &mut SqliteConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
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
