//! MySQL and MariaDB: rows are loaded by `LOAD DATA LOCAL INFILE` if the server allows it.

mod ddl;
mod encode;
mod error;
mod migrate;
mod read;
mod target;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::{Batch, Column, ErrorKind, Table, WriteMode};

pub(crate) use self::target::Target;

use crate::sql::{
    Database, Dialect, LOCK_TIMEOUT, Query, Rows, SqlStore, StoredColumn, locked_out, told,
};
use crate::{Error, Result};

/// The timeout for connecting to a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Returns the statement that begins every session: times are UTC, values that do not fit are
/// refused, and waits for locks are limited.
fn session() -> String {
    let seconds = LOCK_TIMEOUT.as_secs();
    format!(
        "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', \
         lock_wait_timeout = LEAST(@@lock_wait_timeout, {seconds}), \
         innodb_lock_wait_timeout = LEAST(@@innodb_lock_wait_timeout, {seconds})"
    )
}

/// The maximum number of tables joined by one statement.
const MOST_JOINED: usize = 61;

/// A database of a MySQL or MariaDB server.
#[derive(Debug)]
pub(crate) struct MySql {
    target: Target,
}

/// A connection, with the properties of its server.
#[derive(Debug)]
pub(crate) struct Connection {
    conn: Option<Conn>,
    /// `true` while rows of a result may still be unread.
    is_reading: bool,
    /// `true` if the server accepts data from the client for a load.
    takes_files: bool,
    /// The maximum size in bytes of a packet, which is a statement or a value.
    most_bytes: usize,
    /// The binary collation in which trailing spaces of a text are significant.
    collation: &'static str,
}

impl Connection {
    /// Returns the client, which exists until this connection is closed.
    fn conn(&mut self) -> Result<&mut Conn> {
        self.conn.as_mut().ok_or_else(|| {
            Error::server(ErrorKind::Bug, "the connection was closed", "report this")
        })
    }
}

/// Dropped within a runtime, mysql_async first reads the rest of a result, even a hundred million
/// rows; elsewhere it just closes the socket.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take_if(|_| self.is_reading) {
            // If no thread can be started, the result is read to its end after all.
            drop(std::thread::Builder::new().spawn(move || drop(conn)));
        }
    }
}

/// Returns the store in the database `target`, which connects on first use.
pub(crate) fn open(target: Target) -> SqlStore<MySql> {
    SqlStore::new(MySql { target })
}

impl MySql {
    fn database(&self) -> &str {
        self.target.options.db_name().unwrap_or_default()
    }

    async fn connection(&self) -> Result<Conn> {
        let connect = async {
            let mut connection = Conn::new(self.target.options.clone()).await?;
            connection.query_drop(session()).await?;
            Ok(connection)
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected.map_err(|error| self.failed(error, None)),
            Err(_) => Err(Error::server(
                ErrorKind::Unavailable,
                format!("it does not answer within {} s", CONNECT_TIMEOUT.as_secs()),
                "check host, port and network, and that the server runs",
            )),
        }
    }

    async fn execute(&self, connection: &mut Connection, sql: String) -> Result<()> {
        let done = connection.conn()?.query_drop(sql).await;
        done.map_err(|error| self.failed(error, None))
    }
}

#[async_trait]
impl Database for MySql {
    type Connection = Connection;

    const KEEPS_READERS: bool = true;

    fn dialect(&self) -> &'static Dialect {
        &ddl::DIALECT
    }

    fn name(&self) -> &str {
        &self.target.name
    }

    fn table(&self, name: &str) -> String {
        ddl::DIALECT.quoted(name)
    }

    async fn connect(&self) -> Result<Connection> {
        let mut conn = self.connection().await?;
        let failed = |error| self.failed(error, None);
        let asked = "SELECT @@local_infile, @@max_allowed_packet, VERSION()";
        let asked: Option<(bool, usize, String)> = conn.query_first(asked).await.map_err(failed)?;
        let (takes_files, most_bytes, version) = asked.unwrap_or_default();
        if !takes_files {
            tracing::info!(
                store = self.target.name,
                "the server's local_infile is off: rows go in by INSERT, more slowly"
            );
        }
        // The two servers have different names for the collation.
        let is_maria = version.to_lowercase().contains("mariadb");
        let collation = if is_maria { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        let migrated = self.migrate(&mut conn, collation);
        told(&self.target.name, "its migrations", migrated).await?;
        Ok(Connection { conn: Some(conn), is_reading: false, takes_files, most_bytes, collation })
    }

    async fn connect_reader(&self) -> Result<Option<Connection>> {
        let conn = Some(self.connection().await?);
        let (is_reading, takes_files, most_bytes) = (false, false, usize::MAX);
        let collation = "utf8mb4_bin";
        Ok(Some(Connection { conn, is_reading, takes_files, most_bytes, collation }))
    }

    async fn is_alive(&self, connection: &mut Connection) -> bool {
        match connection.conn() {
            Ok(conn) => conn.ping().await.is_ok(),
            Err(_) => false,
        }
    }

    async fn close(&self, mut connection: Connection) {
        if let Some(conn) = connection.conn.take_if(|_| !connection.is_reading) {
            drop(conn.disconnect().await); // there is nothing to lose
        }
    }

    async fn stored(&self, connection: &mut Connection, table: &str) -> Result<Vec<StoredColumn>> {
        let stored = ddl::stored(connection.conn()?, table).await;
        stored.map_err(|error| self.failed(error, None))
    }

    async fn run(&self, connection: &mut Connection, sql: String, at: &Table) -> Result<()> {
        let done = connection.conn()?.query_drop(sql).await;
        done.map_err(|error| self.failed(error, Some(at)))
    }

    fn create(&self, connection: &Connection, table: &Table) -> String {
        ddl::create(table, connection.collation)
    }

    fn added(&self, table: &Table, column: &Column) -> String {
        ddl::typed(table, column)
    }

    fn stage(&self, table: &Table) -> Option<Vec<String>> {
        Some(write::stage(table))
    }

    async fn begin(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.alone_at(connection.conn()?, what).await?;
        self.execute(connection, "START TRANSACTION".into()).await
    }

    async fn commit(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.execute(connection, "COMMIT".into()).await?;
        self.leave(connection.conn()?, what).await
    }

    async fn cursors(
        &self,
        connection: &mut Connection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT `source`, `cursor` FROM `_tidegauge_cursors` \
                   WHERE ? IS NULL OR `source` = ?";
        let found = connection.conn()?.exec(sql, (source, source)).await;
        found.map_err(|error| self.failed(error, None))
    }

    async fn cursor(
        &self,
        connection: &mut Connection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT `cursor`, `loaded` FROM `_tidegauge_cursors` WHERE `source` = ?";
        let found = connection.conn()?.exec_first(sql, (source,)).await;
        found.map_err(|error| self.failed(error, None))
    }

    async fn move_cursor(
        &self,
        connection: &mut Connection,
        source: &str,
        after: &str,
        loaded: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO `_tidegauge_cursors` (`source`, `cursor`, `loaded`) VALUES (?, ?, ?) \
                   ON DUPLICATE KEY UPDATE `cursor` = VALUES(`cursor`), `loaded` = VALUES(`loaded`)";
        let bytes = source.len() + after.len() + loaded.len();
        if bytes > connection.most_bytes.saturating_sub(write::OVERHEAD) {
            return Err(self.too_large(&format!("the cursor of `{source}`"), Some(bytes)));
        }
        let moved = connection.conn()?.exec_drop(sql, (source, after, loaded)).await;
        moved.map_err(|error| self.failed(error, None))
    }

    async fn also_alone(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.alone_at(connection.conn()?, what).await
    }

    async fn no_longer_alone(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.leave(connection.conn()?, what).await
    }

    async fn delete(
        &self,
        connection: &mut Connection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        let params = read::bound(&query.params, &table.name)?;
        let conn = connection.conn()?;
        let deleted = conn.exec_drop(query.sql.as_str(), params).await;
        deleted.map_err(|error| self.failed(error, Some(table)))?;
        Ok(usize::try_from(conn.affected_rows()).unwrap_or(usize::MAX))
    }

    async fn lock(
        &self,
        connection: &mut Connection,
        tables: &[&Table],
        is_written: bool,
    ) -> Result<()> {
        for tables in tables.chunks(MOST_JOINED) {
            let names: Vec<_> =
                tables.iter().map(|table| ddl::DIALECT.quoted(&table.name)).collect();
            let end = if is_written { " FOR UPDATE" } else { "" };
            let sql = format!("SELECT 1 FROM {} WHERE FALSE{end}", names.join(", "));
            let locked = connection.conn()?.query_drop(sql).await;
            locked.map_err(|error| match &error {
                mysql_async::Error::Server(said) if said.code == error::LOCK_TIMEOUT => {
                    locked_out(tables, error::HOLDER)
                }
                _ => self.failed(error, None),
            })?;
        }
        Ok(())
    }

    async fn is_view(&self, connection: &mut Connection, table: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM information_schema.VIEWS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
        let found: Result<Option<u64>, _> = connection.conn()?.exec_first(sql, (table,)).await;
        found.map(|found| found != Some(0)).map_err(|error| self.failed(error, None))
    }

    async fn find(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        rows: &mut Rows,
    ) -> Result<()> {
        self.of_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write(connection, batch, write).await
    }

    async fn insert_found(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.take_staged(connection, batch.table(), write).await
    }

    async fn read(
        &self,
        connection: &mut Connection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()> {
        self.rows(connection, query, rows).await
    }
}
