//! Resets: one transaction that removes rows and cursors.

use tidegauge_core::{DataType, Reset, Scalar, WarehouseExt};

use super::dialect::DIALECT;
use super::load::{BEGIN, CURSOR_MOVED, END, raise_unless};
use super::query::Query;
use super::store::BigQuery;
use crate::Result;
use crate::sql::{self, Param, check_cursors, delete_statement};

impl BigQuery {
    /// Commits `reset` if the cursors are still the expected ones; returns the number of rows
    /// removed.
    ///
    /// Rows are counted before the transaction: a concurrent load moves a cursor, and then nothing
    /// is removed.
    pub(super) async fn reset_rows(&self, reset: &Reset<'_>) -> Result<Vec<usize>> {
        if !reset.dry_run {
            let mut known_tables = self.known_tables.lock().await;
            self.prepare_tables(&mut known_tables, &[]).await?;
        }
        self.check_reset_cursors(reset).await?;
        let (mut counts, mut deletes) = (Vec::with_capacity(reset.removals.len()), Vec::new());
        let mut query = sql::Query::default();
        for removal in reset.removals {
            let table = removal.table();
            counts.push(self.count_where(table, removal.filter().clone()).await?);
            let stored = self.stored_columns(&table.name).await;
            let stored = stored.map_err(|error| self.to_error(error, Some(table)))?;
            if stored.is_empty() {
                continue;
            }
            let name = DIALECT.quoted(&table.name);
            if let Some(sql) = delete_statement(&DIALECT, &name, removal, &mut query.params)? {
                // The service requires a condition.
                let all = if removal.is_whole() { " WHERE TRUE" } else { "" };
                deletes.push(format!("{sql}{all};\n"));
            }
        }
        if reset.dry_run {
            return Ok(counts);
        }
        query.sql = BEGIN.to_owned();
        for (source, before) in reset.cursors {
            let source = bind_text(&mut query, source);
            let (is_there, is) = match before {
                Some(before) => (
                    "EXISTS",
                    format!(" AND `cursor` = {}", bind_text(&mut query, before.as_str())),
                ),
                None => ("NOT EXISTS", String::new()),
            };
            query.sql += &raise_unless(
                &format!(
                    "{is_there} (SELECT 1 FROM `_tidegauge_cursors` WHERE `source` = {source}{is})"
                ),
                CURSOR_MOVED,
            );
            deletes.push(format!("DELETE FROM `_tidegauge_cursors` WHERE `source` = {source};\n"));
        }
        query.sql += &deletes.concat();
        query.sql += END;
        if let Err(error) = self.run_with_retry(&Query::from_sql(&query)?).await {
            // If the transaction fails for whatever reason, the cursors stored now tell a conflict
            // from other errors.
            self.check_reset_cursors(reset).await?;
            return Err(self.to_error(error, None));
        }
        Ok(counts)
    }

    async fn check_reset_cursors(&self, reset: &Reset<'_>) -> Result<()> {
        let found = self.all_cursors().await;
        let mut found = found.map_err(|error| self.to_error(error, None))?;
        check_cursors(reset.cursors, |source| found.remove(source))
    }
}

/// Binds a text parameter and returns its placeholder.
fn bind_text(query: &mut sql::Query, text: &str) -> String {
    let (at, dtype) = (query.params.len(), DataType::Text);
    query.params.push(Param::One(dtype, Scalar::Text(text.to_owned())));
    (DIALECT.placeholder)(at, dtype)
}
