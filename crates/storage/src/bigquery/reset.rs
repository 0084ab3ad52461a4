//! Resets: one transaction that removes rows and cursors.

use tidegauge_core::{DataType, Reset, Scalar, WarehouseExt};

use super::BigQuery;
use super::ddl::DIALECT;
use super::jobs::Query;
use super::load::{BEGIN, END, MOVED, raise};
use crate::Result;
use crate::sql::{self, Param, compare_cursors, delete};

impl BigQuery {
    /// Commits `reset` if the cursors are still the expected ones; returns the number of rows
    /// removed.
    ///
    /// Rows are counted before the transaction: a concurrent load moves a cursor, and then nothing
    /// is removed.
    pub(super) async fn forget(&self, reset: &Reset<'_>) -> Result<Vec<usize>> {
        if !reset.dry_run {
            let mut prepared = self.prepared.lock().await;
            self.make_ready(&mut prepared, &[]).await?;
        }
        self.compare(reset).await?;
        let (mut counts, mut deletes) = (Vec::with_capacity(reset.removals.len()), Vec::new());
        let mut query = sql::Query::default();
        for removal in reset.removals {
            let table = removal.table();
            counts.push(self.count_where(table, removal.filter().clone()).await?);
            let stored = self.stored(&table.name).await;
            let stored = stored.map_err(|refusal| self.failed(refusal, Some(table)))?;
            if stored.is_empty() {
                continue;
            }
            let name = DIALECT.quoted(&table.name);
            if let Some(sql) = delete(&DIALECT, &name, removal, &mut query.params)? {
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
            let source = text(&mut query, source);
            let (is_there, is) = match before {
                Some(before) => {
                    ("EXISTS", format!(" AND `cursor` = {}", text(&mut query, before.as_str())))
                }
                None => ("NOT EXISTS", String::new()),
            };
            query.sql += &raise(
                &format!(
                    "{is_there} (SELECT 1 FROM `_tidegauge_cursors` WHERE `source` = {source}{is})"
                ),
                MOVED,
            );
            deletes.push(format!("DELETE FROM `_tidegauge_cursors` WHERE `source` = {source};\n"));
        }
        query.sql += &deletes.concat();
        query.sql += END;
        if let Err(refusal) = self.change(&Query::bound(&query)?).await {
            // If the transaction fails for whatever reason, the cursors stored now tell a conflict
            // from other errors.
            self.compare(reset).await?;
            return Err(self.failed(refusal, None));
        }
        Ok(counts)
    }

    async fn compare(&self, reset: &Reset<'_>) -> Result<()> {
        let found = self.all_cursors().await;
        let mut found = found.map_err(|refusal| self.failed(refusal, None))?;
        compare_cursors(reset.cursors, |source| found.remove(source))
    }
}

/// Binds a text parameter and returns its placeholder.
fn text(query: &mut sql::Query, text: &str) -> String {
    let (at, dtype) = (query.params.len(), DataType::Text);
    query.params.push(Param::One(dtype, Scalar::Text(text.to_owned())));
    (DIALECT.param)(at, dtype)
}
