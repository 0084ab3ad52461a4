//! Views of the columns of the users' tables.

use tidegauge_core::arrow::array::types::{Decimal128Type, TimestampMicrosecondType};
use tidegauge_core::{Batch, TextView};

use crate::Result;
use crate::typed_columns::{Nullable, typed_column};

/// Times that may be null.
pub(crate) type NullableTimes<'f> = Nullable<'f, TimestampMicrosecondType>;

/// Amounts that may be null.
pub(crate) type NullableAmounts<'f> = Nullable<'f, Decimal128Type>;

/// A column of strings, in which null is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strings<'f>(TextView<'f>);

impl<'f> Strings<'f> {
    /// Returns the string of `row`; empty if it is null.
    pub(crate) fn get(self, row: usize) -> &'f str {
        self.0.get(row).unwrap_or_default()
    }
}

/// Returns a column of strings.
///
/// # Errors
/// When the column is missing or of another type.
pub(crate) fn strings<'f>(batch: &'f Batch, name: &str) -> Result<Strings<'f>> {
    Ok(Strings(typed_column(batch, name, |column| column.as_text())?))
}

/// Returns a column of times that may be null.
///
/// # Errors
/// When the column is missing or of another type.
pub(crate) fn nullable_times<'f>(batch: &'f Batch, name: &str) -> Result<NullableTimes<'f>> {
    Ok(Nullable(typed_column(batch, name, |column| column.as_timestamp())?))
}

/// Returns a column of amounts that may be null.
///
/// # Errors
/// When the column is missing or of another type.
pub(crate) fn nullable_amounts<'f>(batch: &'f Batch, name: &str) -> Result<NullableAmounts<'f>> {
    Ok(Nullable(typed_column(batch, name, |column| column.as_decimal())?))
}
