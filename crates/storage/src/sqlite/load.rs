//! Loading: one transaction for the rows and the cursor.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use tidegauge_core::{Batch, Cursor, Load, Table, TableRef, WriteMode};

use super::{Writer, ddl, encode, failure};
use crate::{Error, Result, cells};

/// Where the cursors are.
pub(super) const CURSORS: &str = "_tidegauge_cursors";

/// SQLite binds at most this many values to a statement.
const MOST_VALUES: usize = 32_766;
/// Rows a statement: beyond this nothing is gained.
const MOST_ROWS: usize = 500;

/// How far `source` has been loaded.
pub(super) async fn cursor(
    connection: &mut SqliteConnection,
    source: &str,
) -> Result<Option<Cursor>, sqlx::Error> {
    let cursor: Option<String> =
        sqlx::query_scalar("SELECT cursor FROM _tidegauge_cursors WHERE source = ?")
            .bind(source)
            .fetch_optional(connection)
            .await?;
    Ok(cursor.map(Cursor::new))
}

/// Returns the cursor of every source.
pub(super) async fn cursors(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<String, Cursor>, sqlx::Error> {
    let sql = "SELECT source, cursor FROM _tidegauge_cursors";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|(source, cursor)| (source, Cursor::new(cursor))).collect())
}

/// Creates those of `tables` that are missing, and compares all with their definitions.
pub(super) async fn prepare(path: &Path, writer: &mut Writer, tables: &[TableRef]) -> Result<()> {
    let unknown = writer.prepared.unknown(tables);
    if unknown.is_empty() {
        return Ok(());
    }
    let sql = |error| failure(path, error);
    let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await.map_err(sql)?;
    for table in &unknown {
        crate::check(table)?;
        ddl::ensure(&mut transaction, table).await.map_err(sql)??;
    }
    transaction.commit().await.map_err(sql)?;
    writer.prepared.extend(unknown);
    Ok(())
}

/// Commits `load`, if its source's cursor is still where the load expects it.
pub(super) async fn load(path: &Path, writer: &mut Writer, load: Load<'_>) -> Result<()> {
    let tables: Vec<TableRef> = load.batches.iter().map(|batch| batch.table().clone()).collect();
    prepare(path, writer, &tables).await?;
    let sql = |error| failure(path, error);
    // Immediate: who comes second waits here, and then finds the cursor moved.
    let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await.map_err(sql)?;
    let found = cursor(&mut transaction, load.source).await.map_err(sql)?;
    if found.as_ref() != load.before {
        return Err(Error::Core(tidegauge_core::Error::Conflict {
            source_name: load.source.into(),
            expected: load.before.cloned(),
            found,
        }));
    }
    for batch in load.batches {
        insert(path, &mut transaction, batch).await?;
    }
    sqlx::query(
        "INSERT INTO _tidegauge_cursors (source, cursor) VALUES (?, ?) \
         ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor",
    )
    .bind(load.source)
    .bind(load.after.as_str())
    .execute(&mut *transaction)
    .await
    .map_err(sql)?;
    transaction.commit().await.map_err(sql)
}

async fn insert(path: &Path, connection: &mut SqliteConnection, batch: &Batch) -> Result<()> {
    let table = batch.table();
    let mut frame = batch.frame().clone();
    frame.rechunk_mut();
    let columns = cells::all(&frame, &table.columns)?;
    let width = columns.len();
    let most = (MOST_VALUES / width.max(1)).clamp(1, MOST_ROWS);
    let whole = Arc::new(statement(table, most));
    let values = |from: usize| {
        let mut values = SqliteArguments::default();
        for row in from..batch.rows().min(from + most) {
            for (cells, column) in columns.iter().zip(&table.columns) {
                encode::bind(&mut values, cells.get(row), &table.name, column)?;
            }
        }
        Ok::<_, Error>(values)
    };
    let mut row = 0;
    let mut next = values(row)?;
    while row < batch.rows() {
        let rows = most.min(batch.rows() - row);
        let statement = if rows == most { whole.clone() } else { Arc::new(statement(table, rows)) };
        // Identifiers are quoted, values bound; nothing else in it comes from outside.
        let insert = sqlx::query_with(AssertSqlSafe(statement), next)
            .persistent(rows == most)
            .execute(&mut *connection);
        row += rows;
        // SQLite has a thread of its own: while it inserts these, the next are put together here.
        let (done, following) = join(insert, async { values(row) }).await;
        done.map_err(|error| refused(path, table, error))?;
        next = following?;
    }
    Ok(())
}

/// The insertion of so many rows into `table`.
fn statement(table: &Table, rows: usize) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(","));
    let mut sql = format!(
        "INSERT INTO {} ({}) VALUES {}",
        ddl::DIALECT.quoted(&table.name),
        ddl::DIALECT.list(table.columns.iter().map(|column| &column.name)),
        vec![row; rows].join(",")
    );
    if table.write == WriteMode::Merge {
        sql.push(' ');
        sql.push_str(&ddl::DIALECT.on_conflict(table));
    }
    sql
}

fn refused(path: &Path, table: &Table, error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => {
            Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
        }
        _ => failure(path, error),
    }
}
