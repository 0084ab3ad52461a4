//! Rows of a query, one by one as SQLite steps through them.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Row};

use super::error::failure;
use super::{Sqlite, encode};
use crate::sql::{Param, Query, Rows, cell};
use crate::{Error, Result};

impl Sqlite {
    pub(super) async fn rows(
        &self,
        connection: &mut SqliteConnection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()> {
        let failed = |error| failure(&self.path, error);
        let table = rows.table().clone();
        let values = bound(&query.params, &table.name)?;
        // Identifiers are quoted, values bound; nothing else in it comes from outside.
        let query = sqlx::query_with(AssertSqlSafe(query.sql.clone()), values).persistent(false);
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

/// Encodes what a query on `table` binds.
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
