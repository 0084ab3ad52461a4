//! Rows of a query, one by one as SQLite steps through them.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Row};

use tidegauge_core::Batch;

use super::encode::Lane;
use super::error::failure;
use super::{Sqlite, ddl, encode};
use crate::sql::{Param, Query, Rows, cell};
use crate::{Error, Result, batches};

/// The maximum number of keys of a statement; more gain nothing.
const MOST_KEYS: usize = 500;

impl Sqlite {
    pub(super) async fn rows(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()> {
        let values = bound(&query.params, &rows.table().name)?;
        self.selected(connection, query.sql.clone(), values, false, rows).await
    }

    /// Passes the stored rows whose keys are in `batch` to `rows`.
    pub(super) async fn of_keys(
        &self,
        connection: &mut SqliteConnection,
        batch: &Batch,
        rows: &mut Rows,
    ) -> Result<()> {
        let table = batch.table();
        let mut lanes = Vec::with_capacity(table.key.len());
        for column in batches::key(table)? {
            lanes.push((column, Lane::new(column.dtype, batch.column(&column.name)?)));
        }
        let name = ddl::DIALECT.quoted(&table.name);
        for from in (0..batch.rows()).step_by(MOST_KEYS) {
            let count = MOST_KEYS.min(batch.rows() - from);
            let mut values = SqliteArguments::default();
            for row in from..from + count {
                for (column, lane) in &lanes {
                    lane.bind(&mut values, row).map_err(|reason| {
                        Error::unrepresentable(&table.name, &column.name, reason)
                    })?;
                }
            }
            let marks = format!("({})", vec!["?"; lanes.len()].join(","));
            let keys = vec![marks; count].join(",");
            let columns = ddl::DIALECT.list(&table.key);
            // SQLite runs a cross join in the order in which it is written: by the key, row by row.
            let of_keys = ddl::DIALECT.of_keys(table, &name, "k", "CROSS JOIN");
            let sql = format!("WITH k ({columns}) AS (VALUES {keys}) {of_keys}");
            self.selected(connection, sql, values, count == MOST_KEYS, rows).await?;
        }
        Ok(())
    }

    async fn selected(
        &self,
        connection: &mut SqliteConnection,
        sql: String,
        values: SqliteArguments,
        is_repeated: bool,
        rows: &mut Rows,
    ) -> Result<()> {
        let failed = |error| failure(&self.path, error);
        let table = rows.table().clone();
        // Identifiers are quoted and values bound; nothing else in the statement comes from
        // outside.
        let query = sqlx::query_with(AssertSqlSafe(sql), values).persistent(is_repeated);
        let mut found = query.fetch(connection);
        while let Some(row) = found.try_next().await.map_err(failed)? {
            for (at, column) in table.columns.iter().enumerate() {
                let value = row.try_get_raw(at).map_err(failed)?;
                let pushed = encode::read(value, column, |cell| rows.push(cell));
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
pub(super) fn bound(params: &[Param], table: &str) -> Result<SqliteArguments> {
    let mut values = SqliteArguments::default();
    for param in params {
        let (dtype, scalars) = param.values();
        for scalar in scalars {
            let bound = encode::bind(&mut values, cell(scalar), dtype);
            bound.map_err(|reason| Error::unrepresentable(table, "*", reason))?;
        }
    }
    Ok(values)
}
