//! The driver of a PostgreSQL database.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tidegauge_core::{Batch, Table, WriteMode};

use super::client::Postgres;
use super::target::PostgresTarget;
use super::{ddl, error, write};
use crate::Result;
use crate::sql::{
    BatchSender, Database, Dialect, Query, SqlStore, StoredColumn, lock_timeout_error,
};

/// Returns the store in the schema `target`, which connects on first use.
pub(crate) fn open(target: PostgresTarget) -> SqlStore<Postgres> {
    SqlStore::new(Postgres { target })
}

#[async_trait]
impl Database for Postgres {
    type Connection = PgConnection;

    const REUSES_READERS: bool = true;

    fn dialect(&self) -> &'static Dialect {
        &ddl::DIALECT
    }

    fn name(&self) -> &str {
        &self.target.name
    }

    fn table(&self, name: &str) -> String {
        self.target.table(name)
    }

    async fn connect(&self) -> Result<PgConnection> {
        let mut connection = self.connection().await?;
        self.migrate(&mut connection).await?;
        Ok(connection)
    }

    async fn connect_reader(&self) -> Result<Option<PgConnection>> {
        self.connection().await.map(Some)
    }

    async fn is_alive(&self, connection: &mut PgConnection) -> bool {
        connection.ping().await.is_ok()
    }

    async fn close(&self, connection: PgConnection) {
        drop(connection.close().await); // there is nothing to lose
    }

    async fn stored_columns(
        &self,
        connection: &mut PgConnection,
        table: &str,
    ) -> Result<Vec<StoredColumn>> {
        let stored = ddl::stored_columns(connection, &self.target.schema, table).await;
        stored.map_err(|error| self.to_error(error, None))
    }

    async fn execute(&self, connection: &mut PgConnection, sql: String, at: &Table) -> Result<()> {
        // Identifiers are quoted, and the rest of the statement is not user input.
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        done.map(|_| ()).map_err(|error| self.to_error(error, Some(at)))
    }

    fn create(&self, _: &PgConnection, table: &Table) -> String {
        ddl::create(table, &self.target.table(&table.name))
    }

    fn staging_statements(&self, table: &Table) -> Option<Vec<String>> {
        Some(vec![write::create_staging_table(table)])
    }

    async fn begin(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        let has_header = sqlx::raw_sql("BEGIN").execute(&mut *connection).await;
        has_header.map_err(|error| self.to_error(error, None))?;
        self.acquire_lock(connection, what).await
    }

    async fn lock_also(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        self.acquire_lock(connection, what).await
    }

    async fn lock(
        &self,
        connection: &mut PgConnection,
        tables: &[&Table],
        is_written: bool,
    ) -> Result<()> {
        let names: Vec<_> = tables.iter().map(|table| self.target.table(&table.name)).collect();
        let sql = match is_written {
            true => format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", names.join(", ")),
            // Like reading them, this locks the tables of a view too.
            false => format!("SELECT FROM {} LIMIT 0", names.join(", ")),
        };
        let locked = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        locked.map(|_| ()).map_err(|error| match error::is_lock_timeout(&error) {
            true => lock_timeout_error(tables, error::LOCK_HOLDER_ADVICE),
            false => self.to_error(error, None),
        })
    }

    async fn commit(&self, connection: &mut PgConnection, _: &str) -> Result<()> {
        let committed = sqlx::raw_sql("COMMIT").execute(connection).await;
        committed.map(|_| ()).map_err(|error| self.to_error(error, None))
    }

    async fn cursors(
        &self,
        connection: &mut PgConnection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT source, cursor FROM _tidegauge_cursors WHERE $1 IS NULL OR source = $1";
        let found = sqlx::query_as(sql).bind(source).fetch_all(connection).await;
        found.map_err(|error| self.to_error(error, None))
    }

    async fn cursor(
        &self,
        connection: &mut PgConnection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT cursor, loaded FROM _tidegauge_cursors WHERE source = $1";
        let found = sqlx::query_as(sql).bind(source).fetch_optional(connection).await;
        found.map_err(|error| self.to_error(error, None))
    }

    async fn move_cursor(
        &self,
        connection: &mut PgConnection,
        source: &str,
        after: &str,
        loaded: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO _tidegauge_cursors (source, cursor, loaded) VALUES ($1, $2, $3) \
                   ON CONFLICT (source) DO UPDATE \
                   SET cursor = excluded.cursor, loaded = excluded.loaded";
        let moved = sqlx::query(sql).bind(source).bind(after).bind(loaded).execute(connection);
        moved.await.map(|_| ()).map_err(|error| self.to_error(error, None))
    }

    async fn is_view(&self, connection: &mut PgConnection, table: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('v', 'm'))";
        let found = sqlx::query_scalar(sql).bind(&self.target.schema).bind(table);
        found.fetch_one(connection).await.map_err(|error| self.to_error(error, None))
    }

    async fn delete(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        self.bind(connection, &query.params, &table.name).await?;
        // Identifiers are quoted and values bound; the rest of the statement is not user input.
        let query = sqlx::query(AssertSqlSafe(query.sql.clone())).persistent(false);
        let deleted = query.execute(connection).await;
        let deleted = deleted.map_err(|error| self.to_error(error, Some(table)))?;
        Ok(usize::try_from(deleted.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn find_by_keys(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.select_by_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write_rows(connection, batch, write).await
    }

    async fn insert_found(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.move_staged_rows(connection, batch.table(), write).await
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        self.read_rows(connection, query, rows).await
    }
}
