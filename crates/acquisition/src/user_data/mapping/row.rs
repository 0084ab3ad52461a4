//! The fields of a row, and the error of a row that does not fit its table.

use super::bound_mapping::Slot;
use super::field::Field;
use super::mapped_column::ColumnOrigin;
use crate::text::cut;

/// The fields of a row that is taken, with the fields that are derived from them.
#[derive(Debug, Clone)]
pub(crate) struct FieldRow<'f> {
    pub(super) fields: Vec<Field<'f>>,
    pub(super) joined: Vec<Field<'static>>,
    /// The fields of the columns that convert the case, converted; empty if no column does.
    pub(super) cased: Vec<Option<Field<'static>>>,
}

impl<'f> FieldRow<'f> {
    /// Returns the field that fills a column.
    pub(super) fn of<'r>(&'r self, slot: Slot, from: &'r ColumnOrigin) -> &'r Field<'f> {
        match (slot, from) {
            (Slot::Field(at), _) => self.fields.get(at).unwrap_or(&Field::Missing),
            (Slot::Joined(at), _) => self.joined.get(at).unwrap_or(&Field::Missing),
            (Slot::Constant, ColumnOrigin::Constant(value)) => value,
            (Slot::Null, ColumnOrigin::SameNameOr(_, value)) => value,
            (Slot::Constant | Slot::Null, _) => &Field::Null,
        }
    }
}

/// The reason why a row does not fit its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowError {
    /// The column of the table; `*` for the whole row.
    pub column: String,
    /// The value, truncated to 80 characters.
    pub value: String,
    /// The reason, as in "is not a whole number".
    pub reason: String,
}

impl RowError {
    /// Returns the error of a row that cannot be parsed.
    pub(crate) fn whole(row: &str, reason: impl Into<String>) -> Self {
        Self { column: "*".into(), value: cut(row, 80), reason: reason.into() }
    }
}
