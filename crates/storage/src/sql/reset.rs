//! Resets: one transaction for the removed rows and cursors.

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use tidegauge_core::Reset;
use tidegauge_core::{Cursor, Removal};

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use super::cursors::cursor_table;
use super::dialect::Dialect;
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use super::driver::Database;
use super::pushdown::push_down;
use super::query::{Param, Query};
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use super::writer::Writer;
use crate::{Error, Result};

/// Returns the statement that deletes the rows of `removal` from the stored table `name` (given as
/// SQL), and appends its parameters to `params`; `None` if there are no such rows.
///
/// # Errors
/// Returns an error if the database cannot distinguish these rows from all others.
pub(crate) fn delete_statement(
    dialect: &Dialect,
    name: &str,
    removal: &Removal,
    params: &mut Vec<Param>,
) -> Result<Option<String>> {
    let conditions = push_down(dialect, removal.predicate(), params);
    if conditions.is_never {
        return Ok(None);
    }
    if conditions.is_superset {
        return Err(Error::Core(tidegauge_core::Error::Filter {
            table: removal.table().name.to_string(),
            reason: "so many values cannot be told from all others here; remove them in parts"
                .into(),
        }));
    }
    Ok(Some(format!("DELETE FROM {name}{}", conditions.clause())))
}

/// Returns the conflict of the first of `cursors` that is not where the reset expects it; `found`
/// returns the current cursor of a source.
pub(crate) fn check_cursors(
    cursors: &[(&str, Option<&Cursor>)],
    mut found: impl FnMut(&str) -> Option<Cursor>,
) -> Result<()> {
    for (source, before) in cursors {
        let found = found(source);
        if found.as_ref() != *before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: (*source).into(),
                expected: before.cloned(),
                found,
            }));
        }
    }
    Ok(())
}

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
impl<C> Writer<C> {
    /// Commits `reset` if the cursors are still where it expects them; returns the numbers of
    /// removed rows.
    pub(super) async fn reset<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        reset: &Reset<'_>,
    ) -> Result<Vec<usize>> {
        let connection = &mut self.connection;
        // In the same order in every process, so that no two wait for each other.
        let mut locks: Vec<String> =
            reset.cursors.iter().map(|(source, _)| format!("source {source}")).collect();
        locks.sort_unstable();
        locks.dedup();
        let first = locks.first().map_or("reset", String::as_str);
        let more = locks.get(1..).unwrap_or_default();
        database.begin(connection, first).await?;
        for lock in more {
            database.lock_also(connection, lock).await?;
        }
        for cursor in reset.cursors {
            let found = database.cursors(connection, Some(cursor.0)).await?.into_iter().next();
            check_cursors(&[*cursor], |_| found.as_ref().map(|(_, cursor)| Cursor::new(cursor)))?;
        }
        let mut removed = Vec::with_capacity(reset.removals.len());
        for removal in reset.removals {
            let exists =
                !database.stored_columns(connection, &removal.table().name).await?.is_empty();
            removed.push(if exists {
                delete_rows(database, connection, removal).await?
            } else {
                0
            });
        }
        for (source, _) in reset.cursors {
            delete_rows(
                database,
                connection,
                &Removal::by_values(&cursor_table()?, "source", [*source])?,
            )
            .await?;
        }
        database.commit(connection, first).await?;
        for lock in more {
            database.unlock(connection, lock).await?;
        }
        Ok(removed)
    }
}

/// Removes rows; returns the number of removed rows.
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(super) async fn delete_rows<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    removal: &Removal,
) -> Result<usize> {
    let table = removal.table();
    let mut query = Query::default();
    let name = database.table(&table.name);
    match delete_statement(database.dialect(), &name, removal, &mut query.params)? {
        Some(sql) => {
            query.sql = sql;
            database.delete(connection, &query, table).await
        }
        None => Ok(0),
    }
}
