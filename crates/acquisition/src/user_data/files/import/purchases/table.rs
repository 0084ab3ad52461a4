//! The table of purchases.

use tidegauge_core::{DataType, Table, TableRef};

use super::column::PurchaseColumn;
use super::dimension::PurchaseDimension;
use crate::Result;

/// The name of the table.
pub(super) const NAME: &str = "purchases";

/// The key column: all columns that are read, joined, since rows may be equal.
pub(super) const ROW: &str = "row";

/// Returns the table of purchases with these columns and dimensions, all of which may be null.
///
/// # Errors
/// Returns an error if a column is there twice.
pub fn purchases_table<'d>(
    columns: impl IntoIterator<Item = PurchaseColumn>,
    dimensions: impl IntoIterator<Item = &'d PurchaseDimension>,
) -> Result<TableRef> {
    let table = Table::builder(NAME, "Purchases of a file of the user's own");
    let table = table.column(ROW, DataType::Text, "What is read of the row");
    let table = columns.into_iter().fold(table, |table, column| {
        table.nullable(column.name(), column.dtype(), column.meaning())
    });
    let table = dimensions.into_iter().fold(table, |table, dimension| {
        table.nullable(dimension.column.clone(), DataType::Text, "A label of the user")
    });
    Ok(table.key([ROW]).build()?)
}
