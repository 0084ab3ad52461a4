//! Reading columns back.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{BatchBuilder, Scan};

use super::{ddl, encode, failure};
use crate::{Error, Result, cells};

/// Rows that are put into columns at a time.
const CHUNK: usize = 1 << 17;

/// Whether there is a table or view called `name`.
pub(super) async fn exists(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?)",
    )
    .bind(name)
    .fetch_one(connection)
    .await
}

/// The columns that `scan` wants; no rows where there is no database or no table.
pub(super) async fn scan(
    path: &Path,
    connection: Option<&mut SqliteConnection>,
    scan: &Scan,
) -> Result<DataFrame> {
    crate::check(&scan.table)?;
    let wanted = scan.wanted()?;
    let table = cells::projected(&scan.table, wanted.iter().copied());
    let mut frame = cells::none(&table)?;
    let sql = |error| failure(path, error);
    let Some(connection) = connection else { return Ok(frame) };
    if wanted.is_empty() || !exists(connection, &table.name).await.map_err(sql)? {
        return Ok(frame);
    }
    // Qualified: SQLite takes a bare quoted name that is no column for text.
    let name = ddl::DIALECT.quoted(&table.name);
    let columns: Vec<String> = wanted
        .iter()
        .map(|column| format!("{name}.{}", ddl::DIALECT.quoted(&column.name)))
        .collect();
    let statement = format!("SELECT {} FROM {name}", columns.join(", "));
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(connection);
    let mut builder = BatchBuilder::new(&table);
    while let Some(row) = rows.try_next().await.map_err(sql)? {
        for (at, column) in wanted.iter().enumerate() {
            let value = row.try_get_raw(at).map_err(sql)?;
            let pushed = encode::read(value, column, |cell| builder.push(cell));
            pushed.map_err(|error| {
                Error::damaged(path, format!("{}.{}: {error}", table.name, column.name))
            })??;
        }
        if builder.rows() == CHUNK {
            let full = std::mem::replace(&mut builder, BatchBuilder::new(&table));
            frame.vstack_mut_owned(full.finish()?.into_frame())?;
        }
    }
    frame.vstack_mut_owned(builder.finish()?.into_frame())?;
    Ok(frame)
}
