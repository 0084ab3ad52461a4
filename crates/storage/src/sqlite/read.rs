//! Rows of a query, one by one as SQLite steps through them.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Row};

use tidegauge_core::Batch;

use super::client::Sqlite;
use super::encode::ColumnBinder;
use super::error::classify;
use super::{ddl, encode};
use crate::sql::{BatchSender, Param, Query, scalar_cell};
use crate::{Error, Result, batches};

/// The maximum number of keys of a statement; more gain nothing.
const MAX_KEYS: usize = 500;

impl Sqlite {
    /// Runs `query`, and passes its rows to `rows` until no more are requested.
    pub(super) async fn read_rows(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let values = bind_params(&query.params, &rows.table().name)?;
        self.run_query(connection, query.sql.clone(), values, false, rows).await
    }

    /// Passes the stored rows whose keys are in `batch` to `rows`.
    pub(super) async fn select_by_keys(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let table = batch.table();
        let mut binders = Vec::with_capacity(table.key.len());
        for column in batches::key(table)? {
            binders.push((column, ColumnBinder::new(column.dtype, batch.column(&column.name)?)));
        }
        let name = ddl::DIALECT.quoted(&table.name);
        for from in (0..batch.rows()).step_by(MAX_KEYS) {
            let count = MAX_KEYS.min(batch.rows() - from);
            let mut values = SqliteArguments::default();
            for row in from..from + count {
                for (column, binder) in &binders {
                    binder.bind(&mut values, row).map_err(|reason| {
                        Error::unrepresentable(&table.name, &column.name, reason)
                    })?;
                }
            }
            let marks = format!("({})", vec!["?"; binders.len()].join(","));
            let keys = vec![marks; count].join(",");
            let columns = ddl::DIALECT.quoted_list(&table.key);
            // SQLite runs a cross join in the order in which it is written: by the key, row by row.
            let of_keys = ddl::DIALECT.select_by_keys(table, &name, "k", "CROSS JOIN");
            let sql = format!("WITH k ({columns}) AS (VALUES {keys}) {of_keys}");
            self.run_query(connection, sql, values, count == MAX_KEYS, rows).await?;
        }
        Ok(())
    }

    async fn run_query(
        &self,
        connection: &mut SqliteConnection,
        sql: String,
        values: SqliteArguments,
        is_repeated: bool,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let to_error = |error| classify(&self.path, error);
        let table = rows.table().clone();
        // Identifiers are quoted and values bound; nothing else in the statement comes from
        // outside.
        let query = sqlx::query_with(AssertSqlSafe(sql), values).persistent(is_repeated);
        let mut found = query.fetch(connection);
        while let Some(row) = found.try_next().await.map_err(to_error)? {
            for (at, column) in table.columns.iter().enumerate() {
                let value = row.try_get_raw(at).map_err(to_error)?;
                let pushed = encode::decode_value(value, column, |cell| rows.push(cell));
                pushed.map_err(|error| {
                    let place = format!("{}.{}: {error}", table.name, column.name);
                    Error::damaged(&self.path, place)
                })??;
            }
            if rows.is_full() && !rows.send().await? {
                break;
            }
        }
        Ok(())
    }
}

/// Encodes the parameters of a query on `table`.
pub(super) fn bind_params(params: &[Param], table: &str) -> Result<SqliteArguments> {
    let mut values = SqliteArguments::default();
    for param in params {
        let (dtype, scalars) = param.values();
        for scalar in scalars {
            let bound = encode::bind_cell(&mut values, scalar_cell(scalar), dtype);
            bound.map_err(|reason| Error::unrepresentable(table, "*", reason))?;
        }
    }
    Ok(values)
}
