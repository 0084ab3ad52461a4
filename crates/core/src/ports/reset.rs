//! Resets: removal of rows and cursors, so that sources are loaded again from the beginning.

use crate::{Cursor, DataType, Error, Filter, Predicate, Result, TableRef};

/// A removal of rows of tables and of cursors of sources, executed completely or not at all.
#[derive(Debug, Clone, Copy)]
pub struct Reset<'a> {
    /// The sources whose cursors are removed, each with the cursor that the sink must still have
    /// (`None`: never loaded).
    pub cursors: &'a [(&'a str, Option<&'a Cursor>)],
    /// The rows to remove; each table appears once.
    pub removals: &'a [Removal],
    /// `true` to count rows without removing anything.
    pub dry_run: bool,
}

/// The rows of a table that a reset removes.
///
/// ```
/// use tidegauge_core::{Removal, tables::Candle};
///
/// let of_kraken = Removal::by_values(Candle::table(), "source", ["kraken"])?;
/// assert!(!of_kraken.is_whole());
/// let error = Removal::by_values(Candle::table(), "currency", ["USD"]).unwrap_err().to_string();
/// assert!(error.contains("`currency` is no text of its key"), "{error}");
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Removal {
    table: TableRef,
    predicate: Predicate,
    filter: Filter,
}

impl Removal {
    /// Creates the removal of all rows of `table`.
    pub fn all(table: &TableRef) -> Self {
        let (predicate, filter) = (Predicate::default(), Filter::And(Vec::new()));
        Self { table: table.clone(), predicate, filter }
    }

    /// Creates the removal of rows of `table` whose `column` is one of `values`. The column must be
    /// part of the key, so that all versions of a row are removed in a store that also keeps
    /// replaced ones.
    ///
    /// # Errors
    /// When the column is not of type text, or not part of the key.
    pub fn by_values<V: Into<String>>(
        table: &TableRef,
        column: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self> {
        if table.column(column)?.dtype != DataType::Text
            || table.key.iter().all(|name| name != column)
        {
            let reason = format!("column `{column}` is no text of its key, so no rows go by it");
            return Err(Error::Filter { table: table.name.to_string(), reason });
        }
        let filter = Filter::is_in(column, values.into_iter().map(Into::into));
        Ok(Self { table: table.clone(), predicate: filter.check(table)?, filter })
    }

    /// Returns the table.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the filter that keeps exactly the rows that are removed.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns the filter as a validated predicate.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Returns `true` if all rows are removed.
    pub fn is_whole(&self) -> bool {
        self.predicate.conditions.is_empty()
    }
}
