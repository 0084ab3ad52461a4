//! Rows by binary `COPY`.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tidegauge_core::{Batch, Table, WriteMode};

use super::encode::{HEADER, Rows, TRAILER};
use super::{Postgres, ddl};
use crate::{Result, keys};

/// So many bytes of a copy are sent at once.
const CHUNK: usize = 256 * 1024;

impl Postgres {
    pub(super) async fn write(&self, connection: &mut PgConnection, batch: &Batch) -> Result<()> {
        let table = batch.table();
        let name = self.target.table(&table.name);
        if table.write == WriteMode::Append {
            return self.copy(connection, batch, &name).await;
        }
        // A merge in one statement may meet each key but once.
        let batch = keys::newest(table, batch.clone())?;
        self.copy(connection, &batch, &staging(table)).await?;
        let merged = sqlx::raw_sql(AssertSqlSafe(merge(table, &name))).execute(connection).await;
        merged.map(|_| ()).map_err(|error| self.failed(error, Some(table)))
    }

    /// Copies the rows of `batch` into the table that is spelled `name`.
    async fn copy(&self, connection: &mut PgConnection, batch: &Batch, name: &str) -> Result<()> {
        let (table, mut rows) = (batch.table(), Rows::new(batch)?);
        let failed = |error| self.failed(error, Some(table));
        let columns = ddl::DIALECT.list(table.columns.iter().map(|column| &column.name));
        let sql = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
        let mut copy = connection.copy_in_raw(&sql).await.map_err(failed)?;
        let mut bytes = Vec::with_capacity(CHUNK + 4 * 1024);
        bytes.extend(HEADER);
        loop {
            let more = match rows.fill(&mut bytes, CHUNK) {
                Ok(more) => more,
                Err(error) => {
                    copy.abort("a value cannot be written").await.map_err(failed)?;
                    return Err(error);
                }
            };
            if !more {
                break;
            }
            copy.send(bytes.as_slice()).await.map_err(failed)?;
            bytes.clear();
        }
        bytes.extend(TRAILER);
        copy.send(bytes.as_slice()).await.map_err(failed)?;
        copy.finish().await.map_err(failed)?;
        Ok(())
    }
}

/// Spells the temporary table that rows of `table` go through: it has the table's own name, within the
/// schema of what is temporary.
fn staging(table: &Table) -> String {
    format!("pg_temp.{}", ddl::DIALECT.quoted(&table.name))
}

/// Returns the statements that make the temporary table: it is not written ahead, and of this connection
/// alone.
pub(super) fn stage(table: &Table) -> String {
    let name = staging(table);
    let columns = ddl::DIALECT.columns(table);
    // Without its key: rows are told apart before they come here.
    let columns = columns[..table.columns.len()].join(", ");
    format!("DROP TABLE IF EXISTS {name}; CREATE TEMPORARY TABLE {name} ({columns})")
}

/// Takes the staged rows over, each in place of the one that had its key.
fn merge(table: &Table, name: &str) -> String {
    let dialect = ddl::DIALECT;
    let columns = dialect.list(table.columns.iter().map(|column| &column.name));
    let staged = staging(table);
    let then = dialect.on_conflict(table);
    format!(
        "INSERT INTO {name} ({columns}) SELECT {columns} FROM {staged} \
         {then}; TRUNCATE {staged}"
    )
}
