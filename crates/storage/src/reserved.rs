//! Validation of tables against the names that stores reserve for their own tables and paths.

use tidegauge_core::TableRef;

use crate::{Error, Result};

/// Refuses a table that no store can hold: its name would conflict with paths or tables of the
/// store's own.
pub(crate) fn check_table(table: &TableRef) -> Result<()> {
    table.validate()?;
    check_readable(table)
}

/// Refuses to read a table that no store can hold. Any of its columns may be nullable, because the
/// audit looks for nulls where there must be none.
pub(crate) fn check_readable(table: &TableRef) -> Result<()> {
    table.validate_columns()?;
    for reserved in ["_tidegauge", "_sqlx_", "sqlite_", "pg_"] {
        if table.name.starts_with(reserved) {
            return Err(Error::Reserved { table: table.name.to_string(), prefix: reserved });
        }
    }
    Ok(())
}
