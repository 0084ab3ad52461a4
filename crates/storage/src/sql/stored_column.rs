//! Columns as the catalog of a database describes them.

use tidegauge_core::Column;

/// A column in the database's catalog.
#[derive(Debug, Clone)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) not_null: bool,
    /// The position in the key, from 1; 0 for columns that are not part of it.
    pub(crate) key: i64,
}

/// A decimal column with more digits than stored, and its stored type.
pub(crate) type WiderDecimal<'a> = (&'a Column, String);
