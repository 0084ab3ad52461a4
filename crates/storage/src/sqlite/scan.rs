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
    let chosen = scan.bounds()?.map(|(column, range)| Chosen {
        column: column.name.to_string(),
        end: "<=",
        bounds: [range.start(), range.end()].map(|bound| Bound::Int(*bound)),
    });
    let mut frame = cells::none(&table)?;
    if !wanted.is_empty() {
        read(path, connection, &scan.table, &table, chosen, |chunk| {
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
    let chosen = match aggregate.bounds()? {
        None => None,
        Some((column, range)) => {
            let text = |bound| text::bound(&table, column, bound);
            let bounds = [text(range.start)?, text(range.end)?];
            let bounds = bounds.map(|it| Bound::Text(it.replace("+00", "")));
            Some(Chosen { column: column.name.to_string(), end: "<", bounds })
        }
    };
    let whole = &aggregate.table;
    read(path, connection, whole, &table, chosen, |chunk| Ok(fold.add(&chunk)?)).await?;
    Ok(fold.finish()?)
}

/// The rows of which a column lies between two bounds.
struct Chosen {
    column: String,
    /// Whether the second bound lies between as well: `<=` or `<`.
    end: &'static str,
    bounds: [Bound; 2],
}

enum Bound {
    Int(i64),
    Text(String),
}

/// Hands the rows of `whole`, cut down to some of its columns as `table`, to `take`, some at a time; only
/// those that are `chosen`.
async fn read(
    path: &Path,
    connection: Option<&mut SqliteConnection>,
    whole: &TableRef,
    table: &TableRef,
    chosen: Option<Chosen>,
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
    let from = ddl::DIALECT.whole(name.clone(), whole, &stored);
    let mut statement = format!("SELECT {} FROM {from}", columns.join(", "));
    if let Some(chosen) = &chosen {
        let name = column(&chosen.column);
        statement += &format!(" WHERE {name} >= ? AND {name} {} ?", chosen.end);
    }
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for bound in chosen.into_iter().flat_map(|chosen| chosen.bounds) {
        query = match bound {
            Bound::Int(bound) => query.bind(bound),
            Bound::Text(bound) => query.bind(bound),
        };
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
