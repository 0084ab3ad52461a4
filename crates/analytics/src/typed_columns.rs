//! Typed views of the columns of a batch.

use tidegauge_core::arrow::array::types::ArrowPrimitiveType;
use tidegauge_core::arrow::array::{Array, PrimitiveArray};
use tidegauge_core::{Batch, ColumnView};

use crate::Result;

/// Returns the column that `by_type` accepts; an error names it.
pub(crate) fn typed_column<'b, T>(
    batch: &'b Batch,
    name: &str,
    by_type: impl FnOnce(ColumnView<'b>) -> Option<T>,
) -> Result<T> {
    let column = by_type(batch.column(name)?);
    Ok(column.ok_or_else(|| tidegauge_core::Error::Mismatch {
        table: batch.table().name.to_string(),
        column: name.into(),
        row: None,
        reason: "it is of another type than the exchange's tables have".into(),
    })?)
}

/// Returns integers that are never null.
pub(crate) fn ints<'b>(batch: &'b Batch, name: &str) -> Result<&'b [i64]> {
    Ok(typed_column(batch, name, |column| column.as_i64())?.values())
}

/// Returns times that are never null, in microseconds since 1970.
pub(crate) fn times<'b>(batch: &'b Batch, name: &str) -> Result<&'b [i64]> {
    Ok(typed_column(batch, name, |column| column.as_timestamp())?.values())
}

/// Returns decimals that are never null, in units of their scale.
pub(crate) fn amounts<'b>(batch: &'b Batch, name: &str) -> Result<&'b [i128]> {
    Ok(typed_column(batch, name, |column| column.as_decimal())?.values())
}

/// Returns floats that are never null.
pub(crate) fn floats<'b>(batch: &'b Batch, name: &str) -> Result<&'b [f64]> {
    Ok(typed_column(batch, name, |column| column.as_f64())?.values())
}

/// A column of values that may be null.
#[derive(Debug)]
pub(crate) struct Nullable<'b, T: ArrowPrimitiveType>(pub(crate) &'b PrimitiveArray<T>);

impl<T: ArrowPrimitiveType> Nullable<'_, T> {
    /// Returns the value of `row`, or `None` if it is null.
    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}
