//! Parts of messages about columns.

use tidegauge_core::Table;

use crate::Error;
use crate::text::cut;

/// Returns the error of a column that cannot be filled.
pub(super) fn refused(of: &str, table: &Table, column: &str, reason: impl Into<String>) -> Error {
    Error::Mapping {
        of: of.into(),
        table: table.name.to_string(),
        column: column.into(),
        reason: reason.into(),
    }
}

/// Returns a list of names for a message, with at most the first 40.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 40;
    let names: Vec<_> = names.map(|name| cut(name, 60)).collect();
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    match (names.is_empty(), more) {
        (true, _) => "none".into(),
        (_, 0) => shown,
        _ => format!("{shown} and {more} more"),
    }
}
