//! The key column of the users' tables.

use tidegauge_core::Table;

/// Returns the key of a table of users' rows, which is one integer column.
pub(crate) fn key_column(table: &Table) -> &str {
    table.key.first().map_or("", AsRef::as_ref)
}
