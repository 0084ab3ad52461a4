//! SQLite: one file, written by one connection at a time, read by any number.

mod ddl;
mod encode;
mod load;
mod scan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Cursor, Load, Scan, Sink, TableRef, Warehouse};
use tokio::sync::Mutex;

use crate::sql::Prepared;
use crate::{Error, Result};

/// The built-in tables and the cursors. Forward only: a released file never changes.
///
/// Listed in a file: `sqlx::migrate!` would build SQLite a second time, for the compiler.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files: &[(i64, &str, &str)] = include!("../../migrations/sqlite/list.rs");
    let migration = |(version, what, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*what).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
});

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// A SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    name: String,
    path: PathBuf,
    read_only: bool,
    /// The one connection that writes, kept while nothing goes wrong on it.
    writer: Mutex<Option<Writer>>,
}

#[derive(Debug)]
struct Writer {
    connection: SqliteConnection,
    /// The tables known to be in the database as defined.
    prepared: Prepared,
}

impl Sqlite {
    pub(crate) fn open(path: PathBuf, read_only: bool) -> Self {
        let name = format!("sqlite://{}", path.display());
        Self { name, path, read_only, writer: Mutex::new(None) }
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(PATIENCE)
            // Sources are loaded independently of each other: a trade may arrive before its order.
            .foreign_keys(false)
            .disable_statement_logging()
    }

    /// The writing connection, out of its slot.
    async fn taken(&self, slot: &mut Option<Writer>) -> Result<Writer> {
        match slot.take() {
            Some(writer) => Ok(writer),
            None => self.writer().await,
        }
    }

    /// Puts the connection back, unless something failed on it: whatever transaction that left
    /// behind is closed with it.
    async fn settled(slot: &mut Option<Writer>, writer: Writer, done: Result<()>) -> Result<()> {
        match done {
            Ok(()) => *slot = Some(writer),
            Err(_) => drop(writer.connection.close().await),
        }
        done
    }

    async fn writer(&self) -> Result<Writer> {
        if self.read_only {
            return Err(Error::ReadOnly { path: self.path.display().to_string() });
        }
        let options = self
            .options()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-65536");
        // Turning a new file to WAL needs it alone, and SQLite does not wait for that by itself.
        let mut waited = Duration::ZERO;
        let mut connection = loop {
            match options.connect().await.map_err(|error| failure(&self.path, error)) {
                Err(Error::Busy { .. }) if waited < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                    waited += PAUSE;
                }
                connected => break connected?,
            }
        };
        migrate(&self.path, &mut connection).await?;
        Ok(Writer { connection, prepared: Prepared::default() })
    }

    /// A connection that only reads; none when there is no database yet.
    async fn reader(&self) -> Result<Option<SqliteConnection>> {
        if !self.path.try_exists().map_err(|error| Error::io(&self.path, error))? {
            return Ok(None);
        }
        let options = self.options().read_only(true);
        let opened = async |options: SqliteConnectOptions| {
            let mut connection = options.connect().await?;
            sqlx::query("SELECT 1 FROM sqlite_master").fetch_optional(&mut connection).await?;
            Ok(connection)
        };
        match opened(options.clone()).await {
            // Beside a WAL database even a reader keeps files. Where it may not, and nobody else
            // has either, the file is read as it stands.
            Err(error) if is_closed(&error) && !self.beside("-wal").exists() => {
                opened(options.immutable(true)).await
            }
            connected => connected,
        }
        .map(Some)
        .map_err(|error| failure(&self.path, error))
    }

    /// What `read` finds out; nothing where there is no database yet. The connection is closed by
    /// the time it is there, so that the one that writes can be the last.
    async fn reading<T>(
        &self,
        read: impl AsyncFnOnce(Option<&mut SqliteConnection>) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.reader().await?;
        let found = read(connection.as_mut()).await;
        if let Some(connection) = connection {
            drop(connection.close().await); // there is nothing to lose
        }
        found
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// Whoever closes last folds what is beside the file into it: then it can be copied by itself.
impl Drop for Sqlite {
    fn drop(&mut self) {
        let Some(writer) = self.writer.get_mut().take() else { return };
        // Within a runtime nobody may wait, and here there may be one.
        let close = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            runtime.block_on(writer.connection.close()).map_err(std::io::Error::other)
        };
        match std::thread::spawn(close).join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(path = %self.path.display(), %error, "not closed"),
            Err(_) => tracing::warn!(path = %self.path.display(), "not closed"),
        }
    }
}

#[async_trait]
impl Sink for Sqlite {
    fn name(&self) -> &str {
        &self.name
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let write = async {
            let mut slot = self.writer.lock().await;
            let mut writer = self.taken(&mut slot).await?;
            let done = load::prepare(&self.path, &mut writer, tables).await;
            Self::settled(&mut slot, writer, done).await
        };
        write.await.map_err(|error| error.of(&self.name))
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        let read = self.reading(async |connection| {
            let Some(connection) = connection else { return Ok(None) };
            let cursor = match scan::exists(connection, load::CURSORS).await {
                Ok(true) => load::cursor(connection, source).await,
                Ok(false) => Ok(None),
                Err(error) => Err(error),
            };
            cursor.map_err(|error| failure(&self.path, error))
        });
        read.await.map_err(|error| error.of(&self.name))
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let read = self.reading(async |connection| {
            let Some(connection) = connection else { return Ok(BTreeMap::new()) };
            let cursors = match scan::exists(connection, load::CURSORS).await {
                Ok(true) => load::cursors(connection).await,
                Ok(false) => Ok(BTreeMap::new()),
                Err(error) => Err(error),
            };
            cursors.map_err(|error| failure(&self.path, error))
        });
        read.await.map_err(|error| error.of(&self.name))
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<()> {
        let write = async {
            let mut slot = self.writer.lock().await;
            let mut writer = self.taken(&mut slot).await?;
            let done = load::load(&self.path, &mut writer, load).await;
            Self::settled(&mut slot, writer, done).await
        };
        write.await.map_err(|error| error.of(&self.name))
    }
}

#[async_trait]
impl Warehouse for Sqlite {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<DataFrame> {
        let read = self.reading(async |connection| scan::scan(&self.path, connection, scan).await);
        read.await.map_err(|error| error.of(&self.name))
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<DataFrame> {
        let read = self
            .reading(async |connection| scan::summarise(&self.path, connection, aggregate).await);
        read.await.map_err(|error| error.of(&self.name))
    }
}

/// Brings the built-in tables up to date; one process at a time.
async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction =
        connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| failure(path, error))?;
    let done = MIGRATIONS.run_direct(None, &mut *transaction, false).await;
    done.map_err(|error| match error {
        MigrateError::VersionMissing(_) => Error::Newer { path: path.display().to_string() },
        MigrateError::Execute(error) => failure(path, error),
        MigrateError::ExecuteMigration(error, _) => failure(path, error),
        error => Error::Migrate { path: path.display().to_string(), error },
    })?;
    transaction.commit().await.map_err(|error| failure(path, error))
}

/// SQLite's primary result code (<https://www.sqlite.org/rescode.html>).
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Whether a reader was refused because it may not write beside the file.
fn is_closed(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(8 | 14))
}

/// What SQLite said of the file at `path`.
fn failure(path: &Path, error: sqlx::Error) -> Error {
    let shown = path.display().to_string();
    match code(&error) {
        Some(5 | 6) => Error::Busy { path: shown },
        Some(8) => Error::ReadOnly { path: shown },
        Some(11 | 26) => Error::damaged(path, error.to_string()),
        Some(13) => Error::DiskFull { path: shown },
        Some(14) => Error::Io { path: shown, error: std::io::Error::other(error) },
        _ => Error::Sqlite { path: shown, error },
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{BatchBuilder, Cell, DataType, Table};

    use super::*;

    #[tokio::test]
    async fn a_full_disk_rolls_back_and_the_next_load_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(dir.path().join("store.db"), false);
        let table = Table::builder("t", "").column("text", DataType::Text, "").key(["text"]);
        let table = table.build().unwrap();
        store.prepare(std::slice::from_ref(&table)).await.unwrap();
        // A limit that SQLite sets itself is to it what a disk without room is.
        let mut slot = store.writer.lock().await;
        let connection = &mut slot.as_mut().unwrap().connection;
        sqlx::raw_sql("PRAGMA max_page_count = 100").execute(connection).await.unwrap();
        drop(slot);

        let mut builder = BatchBuilder::new(&table);
        for number in 0..1000 {
            builder.push(Cell::Text(&format!("{number:>1000}"))).unwrap();
        }
        let (batches, after) = ([builder.finish().unwrap()], Cursor::new("1"));
        let load = Load { source: "test", batches: &batches, before: None, after: &after };
        let error = store.load(load).await.unwrap_err().to_string();
        assert!(error.contains("store.db` is full; nothing was written"), "{error}");
        assert_eq!(store.scan(&Scan::all(&table)).await.unwrap().height(), 0);
        assert_eq!(store.cursor("test").await.unwrap(), None);
        // There is room again, and the connection on which it failed is gone.
        store.load(load).await.unwrap();
        assert_eq!(store.scan(&Scan::all(&table)).await.unwrap().height(), 1000);
    }
}
