//! The driver of a MySQL or MariaDB database.

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use tidegauge_core::{Batch, Column, Table, WriteMode};

use super::client::{Connection, MySql};
use super::target::MySqlTarget;
use super::{ddl, error, read, write};
use crate::Result;
use crate::sql::{
    BatchSender, Database, Dialect, Query, SqlStore, StoredColumn, lock_timeout_error, warn_if_slow,
};

/// The maximum number of tables joined by one statement.
const MAX_JOINED_TABLES: usize = 61;

/// Returns the store in the database `target`, which connects on first use.
pub(crate) fn open(target: MySqlTarget) -> SqlStore<MySql> {
    SqlStore::new(MySql { target })
}

#[async_trait]
impl Database for MySql {
    type Connection = Connection;

    const REUSES_READERS: bool = true;

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
        let to_error = |error| self.to_error(error, None);
        let asked = "SELECT @@local_infile, @@max_allowed_packet, VERSION()";
        let asked: Option<(bool, usize, String)> =
            conn.query_first(asked).await.map_err(to_error)?;
        let (local_infile, max_packet, version) = asked.unwrap_or_default();
        if !local_infile {
            tracing::info!(
                store = self.target.name,
                "local_infile is off on the server, inserting rows by INSERT, which is slower"
            );
        }
        // The two servers have different names for the collation.
        let is_maria = version.to_lowercase().contains("mariadb");
        let collation = if is_maria { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        let migrated = self.migrate(&mut conn, collation);
        warn_if_slow(&self.target.name, "its migrations", migrated).await?;
        Ok(Connection { conn: Some(conn), is_reading: false, local_infile, max_packet, collation })
    }

    async fn connect_reader(&self) -> Result<Option<Connection>> {
        let conn = Some(self.connection().await?);
        let (is_reading, local_infile, max_packet) = (false, false, usize::MAX);
        let collation = "utf8mb4_bin";
        Ok(Some(Connection { conn, is_reading, local_infile, max_packet, collation }))
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

    async fn stored_columns(
        &self,
        connection: &mut Connection,
        table: &str,
    ) -> Result<Vec<StoredColumn>> {
        let stored = ddl::stored_columns(connection.conn()?, table).await;
        stored.map_err(|error| self.to_error(error, None))
    }

    async fn execute(&self, connection: &mut Connection, sql: String, at: &Table) -> Result<()> {
        let done = connection.conn()?.query_drop(sql).await;
        done.map_err(|error| self.to_error(error, Some(at)))
    }

    fn create(&self, connection: &Connection, table: &Table) -> String {
        ddl::create(table, connection.collation)
    }

    fn added_column_type(&self, table: &Table, column: &Column) -> String {
        ddl::column_type_in(table, column)
    }

    fn staging_statements(&self, table: &Table) -> Option<Vec<String>> {
        Some(write::create_staging_table(table))
    }

    async fn begin(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.acquire_lock(connection.conn()?, what).await?;
        self.run_statement(connection, "START TRANSACTION".into()).await
    }

    async fn commit(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.run_statement(connection, "COMMIT".into()).await?;
        self.release_lock(connection.conn()?, what).await
    }

    async fn cursors(
        &self,
        connection: &mut Connection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT `source`, `cursor` FROM `_tidegauge_cursors` \
                   WHERE ? IS NULL OR `source` = ?";
        let found = connection.conn()?.exec(sql, (source, source)).await;
        found.map_err(|error| self.to_error(error, None))
    }

    async fn cursor(
        &self,
        connection: &mut Connection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT `cursor`, `loaded` FROM `_tidegauge_cursors` WHERE `source` = ?";
        let found = connection.conn()?.exec_first(sql, (source,)).await;
        found.map_err(|error| self.to_error(error, None))
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
        if bytes > connection.max_packet.saturating_sub(write::PACKET_OVERHEAD) {
            return Err(self.too_large(&format!("the cursor of `{source}`"), Some(bytes)));
        }
        let moved = connection.conn()?.exec_drop(sql, (source, after, loaded)).await;
        moved.map_err(|error| self.to_error(error, None))
    }

    async fn lock_also(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.acquire_lock(connection.conn()?, what).await
    }

    async fn unlock(&self, connection: &mut Connection, what: &str) -> Result<()> {
        self.release_lock(connection.conn()?, what).await
    }

    async fn delete(
        &self,
        connection: &mut Connection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        let params = read::encode_params(&query.params, &table.name)?;
        let conn = connection.conn()?;
        let deleted = conn.exec_drop(query.sql.as_str(), params).await;
        deleted.map_err(|error| self.to_error(error, Some(table)))?;
        Ok(usize::try_from(conn.affected_rows()).unwrap_or(usize::MAX))
    }

    async fn lock(
        &self,
        connection: &mut Connection,
        tables: &[&Table],
        is_written: bool,
    ) -> Result<()> {
        for tables in tables.chunks(MAX_JOINED_TABLES) {
            let names: Vec<_> =
                tables.iter().map(|table| ddl::DIALECT.quoted(&table.name)).collect();
            let end = if is_written { " FOR UPDATE" } else { "" };
            let sql = format!("SELECT 1 FROM {} WHERE FALSE{end}", names.join(", "));
            let locked = connection.conn()?.query_drop(sql).await;
            locked.map_err(|error| match &error {
                mysql_async::Error::Server(error) if error.code == error::LOCK_WAIT_TIMEOUT => {
                    lock_timeout_error(tables, error::LOCK_HOLDER_ADVICE)
                }
                _ => self.to_error(error, None),
            })?;
        }
        Ok(())
    }

    async fn is_view(&self, connection: &mut Connection, table: &str) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM information_schema.VIEWS \
                   WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?";
        let found: Result<Option<u64>, _> = connection.conn()?.exec_first(sql, (table,)).await;
        found.map(|found| found != Some(0)).map_err(|error| self.to_error(error, None))
    }

    async fn find_by_keys(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.select_by_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write_rows(connection, batch, write).await
    }

    async fn insert_found(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.move_staged_rows(connection, batch.table(), write).await
    }

    async fn read(
        &self,
        connection: &mut Connection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.read_rows(connection, query, rows).await
    }
}
