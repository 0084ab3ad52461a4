//! Inserts and upserts of many rows per statement.

use std::sync::Arc;

use futures_util::future::join;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use tidegauge_core::{Batch, Table, WriteMode};

use super::client::Sqlite;
use super::ddl;
use super::encode::ColumnBinder;
use super::error::classify_row;
use crate::{Error, Result};

/// The maximum number of values that SQLite binds to a statement.
const MAX_PARAMS: usize = 32_766;
/// The maximum number of rows of a statement; more gain nothing.
const MAX_ROWS: usize = 500;

impl Sqlite {
    /// Writes the rows of `batch`; upserts them if they may replace stored rows.
    pub(super) async fn write_rows(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        let table = batch.table();
        let binders: Vec<ColumnBinder<'_>> = batch
            .views()?
            .into_iter()
            .zip(&table.columns)
            .map(|(view, column)| ColumnBinder::new(column.dtype, view))
            .collect();
        let most = (MAX_PARAMS / binders.len().max(1)).clamp(1, MAX_ROWS);
        let statement = |table, rows| insert_statement(table, rows, write);
        let whole = Arc::new(statement(table, most));
        let values = |from: usize| {
            let mut values = SqliteArguments::default();
            for row in from..batch.rows().min(from + most) {
                for (binder, column) in binders.iter().zip(&table.columns) {
                    binder.bind(&mut values, row).map_err(|reason| {
                        Error::unrepresentable(&table.name, &column.name, reason)
                    })?;
                }
            }
            Ok::<_, Error>(values)
        };
        let mut row = 0;
        let mut next = values(row)?;
        while row < batch.rows() {
            let rows = most.min(batch.rows() - row);
            let statement =
                if rows == most { whole.clone() } else { Arc::new(statement(table, rows)) };
            // Identifiers are quoted and values bound; nothing else in the statement comes from
            // outside.
            let insert = sqlx::query_with(AssertSqlSafe(statement), next)
                .persistent(rows == most)
                .execute(&mut *connection);
            row += rows;
            // SQLite has its own thread: while it inserts these rows, the next are encoded here.
            let (done, following) = join(insert, async { values(row) }).await;
            done.map_err(|error| classify_row(&self.path, table, error))?;
            next = following?;
        }
        Ok(())
    }
}

/// Returns the statement that inserts `rows` rows into `table`.
fn insert_statement(table: &Table, rows: usize, write: WriteMode) -> String {
    let row = format!("({})", vec!["?"; table.columns.len()].join(","));
    let mut sql = format!(
        "INSERT INTO {} ({}) VALUES {}",
        ddl::DIALECT.quoted(&table.name),
        ddl::DIALECT.quoted_list(table.columns.iter().map(|column| &column.name)),
        vec![row; rows].join(",")
    );
    if write == WriteMode::Merge {
        sql.push(' ');
        sql.push_str(&ddl::DIALECT.on_conflict(table));
    }
    sql
}
