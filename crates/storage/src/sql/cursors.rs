//! The table of cursors.

use tidegauge_core::{DataType, Table, TableRef};

use crate::Result;

/// The name of the table of cursors.
pub(crate) const CURSORS: &str = "_tidegauge_cursors";

/// Returns the table of cursors as a table whose rows can be removed.
pub(crate) fn cursor_table() -> Result<TableRef> {
    let table = Table::builder(CURSORS, "How far each source has been loaded");
    let table = table.column("source", DataType::Text, "").key(["source"]);
    Ok(table.build()?)
}
