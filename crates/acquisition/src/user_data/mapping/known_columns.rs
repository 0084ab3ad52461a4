//! The columns that a source has filled, which distinguish a column that disappears from one that
//! never existed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::notes::Notes;

/// The columns of its table that a source has filled, and, with a `-` before the name, those for
/// which a note said that they are null. It is part of the source's cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KnownColumns(BTreeSet<String>);

impl KnownColumns {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `true` if the column was filled before.
    pub(super) fn was_filled(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    /// Records that columns are filled.
    pub(crate) fn fill<'c>(&mut self, columns: impl Iterator<Item = &'c str>) {
        for column in columns {
            if !self.0.contains(column) {
                self.0.insert(column.to_owned());
            }
        }
    }

    /// Notes that a column is null: once, or every time if it was filled before.
    pub(crate) fn record_missing(&mut self, column: &str, notes: &mut Notes) {
        if self.was_filled(column) || self.0.insert(format!("-{column}")) {
            notes.missing(column);
        }
    }
}
