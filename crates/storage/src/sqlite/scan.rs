//! Reading columns back.

use std::path::Path;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, BatchBuilder, Fold, Scan, TableRef};

use super::{ddl, encode, failure};
use crate::{Error, Result, cells, text};

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
    if !wanted.is_empty() {
        read(path, connection, &table, None, |chunk| {
            frame.vstack_mut_owned(chunk)?;
            Ok(())
        })
        .await?;
    }
    Ok(frame)
}

/// A summary. Its sums are worked out here, in the process that SQLite is part of: SQLite's own are
/// floats. No more than a chunk of rows is held.
pub(super) async fn summarise(
    path: &Path,
    connection: Option<&mut SqliteConnection>,
    aggregate: &Aggregate,
) -> Result<DataFrame> {
    crate::check(&aggregate.table)?;
    let mut fold = Fold::new(aggregate)?;
    let mut columns = aggregate.columns()?;
    if columns.is_empty() {
        columns.extend(cells::key(&aggregate.table)?.first()); // to count rows, any one will do
    }
    let table = cells::projected(&aggregate.table, columns);
    let bounds = match aggregate.bounds()? {
        None => None,
        Some((column, range)) => {
            let text = |bound| text::bound(&table, column, bound);
            let (from, to) = (text(range.start)?, text(range.end)?);
            Some((column.name.to_string(), [from, to].map(|it| it.replace("+00", ""))))
        }
    };
    read(path, connection, &table, bounds, |chunk| Ok(fold.add(&chunk)?)).await?;
    Ok(fold.finish()?)
}

/// Hands the rows of `table`, cut down to some of its columns, to `take`, some at a time; with
/// `bounds`, those alone of which the column called so lies between.
async fn read(
    path: &Path,
    connection: Option<&mut SqliteConnection>,
    table: &TableRef,
    bounds: Option<(String, [String; 2])>,
    mut take: impl FnMut(DataFrame) -> Result<()>,
) -> Result<()> {
    let sql = |error| failure(path, error);
    let Some(connection) = connection else { return Ok(()) };
    let stored = ddl::stored(connection, &table.name).await.map_err(sql)?;
    if stored.is_empty() {
        return Ok(());
    }
    // Qualified: SQLite takes a bare quoted name that is no column for text.
    let name = ddl::DIALECT.quoted(&table.name);
    let column = |column: &str| format!("{name}.{}", ddl::DIALECT.quoted(column));
    let columns: Vec<String> = table.columns.iter().map(|it| column(&it.name)).collect();
    let from = ddl::DIALECT.whole(name.clone(), table, &stored);
    let mut statement = format!("SELECT {} FROM {from}", columns.join(", "));
    if let Some((time, _)) = &bounds {
        let time = column(time);
        statement += &format!(" WHERE {time} >= ? AND {time} < ?");
    }
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for bound in bounds.into_iter().flat_map(|(_, bounds)| bounds) {
        query = query.bind(bound);
    }
    let mut rows = query.fetch(connection);
    let mut builder = BatchBuilder::new(table);
    while let Some(row) = rows.try_next().await.map_err(sql)? {
        for (at, column) in table.columns.iter().enumerate() {
            let value = row.try_get_raw(at).map_err(sql)?;
            let pushed = encode::read(value, column, |cell| builder.push(cell));
            pushed.map_err(|error| {
                Error::damaged(path, format!("{}.{}: {error}", table.name, column.name))
            })??;
        }
        if builder.rows() == CHUNK {
            let full = std::mem::replace(&mut builder, BatchBuilder::new(table));
            take(full.finish()?.into_frame())?;
        }
    }
    take(builder.finish()?.into_frame())
}
