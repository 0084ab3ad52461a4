//! Loading: one transaction for the rows and the cursor.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tidegauge_core::{Batch, Cursor, Load, Table, TableRef, WriteMode};

use super::encode::{HEADER, Rows, TRAILER};
use super::{Postgres, Writer, ddl};
use crate::{Error, Result, sql};

/// Where the cursors are.
pub(super) const CURSORS: &str = "_tidegauge_cursors";

/// So many bytes of a copy are sent at once.
const CHUNK: usize = 256 * 1024;

/// How far `source` has been loaded.
pub(super) async fn cursor(
    connection: &mut PgConnection,
    source: &str,
) -> Result<Option<Cursor>, sqlx::Error> {
    let cursor: Option<String> =
        sqlx::query_scalar("SELECT cursor FROM _tidegauge_cursors WHERE source = $1")
            .bind(source)
            .fetch_optional(connection)
            .await?;
    Ok(cursor.map(Cursor::new))
}

/// Returns the cursor of every source.
pub(super) async fn cursors(
    connection: &mut PgConnection,
) -> Result<BTreeMap<String, Cursor>, sqlx::Error> {
    let sql = "SELECT source, cursor FROM _tidegauge_cursors";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(source, cursor)| (source, Cursor::new(cursor))).collect())
}

/// Waits until nobody else is at `what` of this schema, and keeps others from it until the
/// transaction ends.
async fn alone_at(
    connection: &mut PgConnection,
    schema: &str,
    what: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("tidegauge {schema} {what}"))
        .execute(connection)
        .await
        .map(|_| ())
}

impl Postgres {
    /// Creates those of `tables` that are missing, and compares all with their definitions.
    pub(super) async fn make_ready(&self, writer: &mut Writer, tables: &[TableRef]) -> Result<()> {
        let unknown = writer.prepared.unknown(tables);
        if unknown.is_empty() {
            return Ok(());
        }
        let failed = |error| self.failed(error, None);
        let mut transaction = writer.connection.begin().await.map_err(failed)?;
        alone_at(&mut transaction, &self.place.schema, "tables").await.map_err(failed)?;
        for table in &unknown {
            crate::check(table)?;
            let ensured = ddl::ensure(&mut transaction, &self.place, table).await;
            ensured.map_err(|error| self.failed(error, Some(table)))??;
        }
        transaction.commit().await.map_err(failed)?;
        writer.prepared.extend(unknown);
        Ok(())
    }

    /// Commits `load`, if its source's cursor is still where the load expects it.
    pub(super) async fn commit(&self, writer: &mut Writer, load: Load<'_>) -> Result<()> {
        let tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        self.make_ready(writer, &tables).await?;
        let failed = |error| self.failed(error, None);
        let Writer { connection, prepared } = writer;
        // Temporary tables, which merges go through, are not written ahead, and nobody else's.
        for table in tables.iter().filter(|table| table.write == WriteMode::Merge) {
            if prepared.is_unstaged(table) {
                let sql = stage(table);
                let staged = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await;
                staged.map_err(|error| self.failed(error, Some(table)))?;
                prepared.stage(table);
            }
        }
        let mut transaction = connection.begin().await.map_err(failed)?;
        // Who comes second waits here, and then finds the cursor moved.
        let what = format!("source {}", load.source);
        alone_at(&mut transaction, &self.place.schema, &what).await.map_err(failed)?;
        let found = cursor(&mut transaction, load.source).await.map_err(failed)?;
        if found.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found,
            }));
        }
        for batch in load.batches.iter().filter(|batch| batch.rows() > 0) {
            self.insert(&mut transaction, batch).await?;
        }
        sqlx::query(
            "INSERT INTO _tidegauge_cursors (source, cursor) VALUES ($1, $2) \
             ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor",
        )
        .bind(load.source)
        .bind(load.after.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn insert(&self, connection: &mut PgConnection, batch: &Batch) -> Result<()> {
        let table = batch.table();
        let mut frame = batch.frame().clone();
        frame.rechunk_mut();
        let name = self.place.table(&table.name);
        if table.write == WriteMode::Append {
            return self.copy(connection, table, &name, Rows::new(table, &frame)?).await;
        }
        let mut frame = sql::newest(table, frame)?;
        frame.rechunk_mut();
        self.copy(connection, table, &staging(table), Rows::new(table, &frame)?).await?;
        let merged = sqlx::raw_sql(AssertSqlSafe(merge(table, &name))).execute(connection).await;
        merged.map(|_| ()).map_err(|error| self.failed(error, Some(table)))
    }

    /// Copies `rows` into the table that is spelled `name`.
    async fn copy(
        &self,
        connection: &mut PgConnection,
        table: &Table,
        name: &str,
        mut rows: Rows<'_>,
    ) -> Result<()> {
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

/// The temporary table that rows of `table` go through. It has the table's own name, within the
/// schema of what is temporary.
fn staging(table: &Table) -> String {
    format!("pg_temp.{}", ddl::DIALECT.quoted(&table.name))
}

fn stage(table: &Table) -> String {
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
