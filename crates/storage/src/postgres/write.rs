//! Writing rows by binary `COPY`, directly or through a staging table, from which they are
//! upserted.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tidegauge_core::{Batch, Table, WriteMode};

use super::client::Postgres;
use super::ddl;
use super::encode::{HEADER, RowEncoder, TRAILER};
use crate::Result;
use crate::sql::{BatchSender, Query};

/// The number of bytes of a copy that are sent at once.
const CHUNK_BYTES: usize = 256 * 1024;

impl Postgres {
    /// Passes the stored rows with the keys of `batch` to `rows`, and leaves `batch` staged for
    /// [`move_staged_rows`](Self::move_staged_rows).
    pub(super) async fn select_by_keys(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let table = batch.table();
        self.stage_rows(connection, batch).await?;
        // The planner has no statistics of the temporary table, and would read the whole other
        // table to be safe.
        let plain = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
        let set = sqlx::raw_sql(plain).execute(&mut *connection).await;
        set.map_err(|error| self.to_error(error, Some(table)))?;
        let keys = format!("{} AS k", staging_table(table));
        let sql =
            ddl::DIALECT.select_by_keys(table, &self.target.table(&table.name), &keys, "JOIN");
        self.read_rows(connection, &Query { sql, params: Vec::new() }, rows).await
    }

    /// Writes the rows of `batch`; upserts them if they may replace stored rows.
    pub(super) async fn write_rows(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        let table = batch.table();
        if write == WriteMode::Append {
            return self.copy_in(connection, batch, &self.target.table(&table.name)).await;
        }
        self.stage_rows(connection, batch).await?;
        self.move_staged_rows(connection, table, write).await
    }

    /// Moves the staged rows into the table.
    pub(super) async fn move_staged_rows(
        &self,
        connection: &mut PgConnection,
        table: &Table,
        write: WriteMode,
    ) -> Result<()> {
        let sql = move_staged_statement(table, &self.target.table(&table.name), write);
        let taken = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        taken.map(|_| ()).map_err(|error| self.to_error(error, Some(table)))
    }

    /// Copies the rows of `batch` into the temporary table, replacing those that are there.
    async fn stage_rows(&self, connection: &mut PgConnection, batch: &Batch) -> Result<()> {
        let (table, name) = (batch.table(), staging_table(batch.table()));
        let emptied = sqlx::raw_sql(AssertSqlSafe(format!("TRUNCATE {name}")));
        let emptied = emptied.execute(&mut *connection).await;
        emptied.map_err(|error| self.to_error(error, Some(table)))?;
        self.copy_in(connection, batch, &name).await
    }

    /// Copies the rows of `batch` into the table with the quoted name `name`.
    async fn copy_in(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        name: &str,
    ) -> Result<()> {
        let (table, mut rows) = (batch.table(), RowEncoder::new(batch)?);
        let to_error = |error| self.to_error(error, Some(table));
        let columns = ddl::DIALECT.quoted_list(table.columns.iter().map(|column| &column.name));
        let sql = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
        let mut copy = connection.copy_in_raw(&sql).await.map_err(to_error)?;
        let mut bytes = Vec::with_capacity(CHUNK_BYTES + 4 * 1024);
        bytes.extend(HEADER);
        loop {
            let more = match rows.fill(&mut bytes, CHUNK_BYTES) {
                Ok(more) => more,
                Err(error) => {
                    copy.abort("a value cannot be written").await.map_err(to_error)?;
                    return Err(error);
                }
            };
            if !more {
                break;
            }
            copy.send(bytes.as_slice()).await.map_err(to_error)?;
            bytes.clear();
        }
        bytes.extend(TRAILER);
        copy.send(bytes.as_slice()).await.map_err(to_error)?;
        copy.finish().await.map_err(to_error)?;
        Ok(())
    }
}

/// Returns the quoted name of the temporary staging table of `table`: the same name, in the schema
/// of temporary tables.
fn staging_table(table: &Table) -> String {
    format!("pg_temp.{}", ddl::DIALECT.quoted(&table.name))
}

/// Returns the statements that create the temporary table, which is not logged, and visible to this
/// connection only.
pub(super) fn create_staging_table(table: &Table) -> String {
    let name = staging_table(table);
    let columns = ddl::DIALECT.column_definitions(table);
    // Without the key: duplicates are resolved before rows are staged.
    let columns = columns[..table.columns.len()].join(", ");
    format!("DROP TABLE IF EXISTS {name}; CREATE TEMPORARY TABLE {name} ({columns})")
}

/// Returns the statement that moves the staged rows into the table: as an upsert, or as new rows
/// only.
fn move_staged_statement(table: &Table, name: &str, write: WriteMode) -> String {
    let dialect = ddl::DIALECT;
    let columns = dialect.quoted_list(table.columns.iter().map(|column| &column.name));
    let then = match write {
        WriteMode::Append => String::new(),
        WriteMode::Merge => dialect.on_conflict(table),
    };
    format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {} {then}", staging_table(table))
}
