//! A view of a batch of purchases.

use tidegauge_acquisition::files::import::{PurchaseColumn, PurchaseFile};
use tidegauge_core::{Batch, Cell, ColumnView};

use crate::Result;

/// The amounts of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) value: f64,
    pub(super) revenue: f64,
    pub(super) refunded: f64,
}

/// The columns of a batch of purchases.
#[derive(Debug)]
pub(super) struct RowView<'b> {
    columns: Vec<Option<ColumnView<'b>>>,
    names: Vec<String>,
    /// The dimensions of the users by name, and the columns of their labels.
    dimensions: Vec<(String, ColumnView<'b>)>,
}

impl<'b> RowView<'b> {
    /// Creates a view of the columns that the file has.
    ///
    /// # Errors
    /// When the batch lacks one of them.
    pub(super) fn new(file: &PurchaseFile, batch: &'b Batch) -> Result<Self> {
        let (mut columns, mut names) = (Vec::new(), Vec::new());
        for column in PurchaseColumn::ALL {
            let name = file.columns.get(&column);
            columns.push(name.map(|_| batch.column(column.name())).transpose()?);
            names
                .push(name.map_or_else(|| column.name().to_owned(), |name| name.trim().to_owned()));
        }
        let mut dimensions = Vec::new();
        for column in [PurchaseColumn::Channel, PurchaseColumn::Country] {
            if file.columns.contains_key(&column) {
                dimensions.push((column.name().to_owned(), batch.column(column.name())?));
            }
        }
        for dimension in &file.dimensions {
            dimensions.push((dimension.name.clone(), batch.column(&dimension.column)?));
        }
        Ok(Self { columns, names, dimensions })
    }

    /// Returns the names of the dimensions of the users.
    pub(super) fn dimensions(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the label of a row in a dimension, or `None` if it is empty.
    pub(super) fn label(&self, dimension: usize, row: usize) -> Option<&'b str> {
        match self.dimensions.get(dimension)?.1.cell(row) {
            Cell::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn cell(&self, column: PurchaseColumn, row: usize) -> Cell<'b> {
        let view = self.columns.get(column as usize).and_then(Option::as_ref);
        view.map_or(Cell::Null, |view| view.cell(row))
    }

    /// Returns the name of a column in the file.
    pub(super) fn name(&self, column: PurchaseColumn) -> &str {
        self.names.get(column as usize).map_or("", String::as_str)
    }

    /// Returns the text of a cell without surrounding blanks, or `None` if it is empty.
    pub(super) fn text(&self, column: PurchaseColumn, row: usize) -> Option<&'b str> {
        match self.cell(column, row) {
            Cell::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn number(&self, column: PurchaseColumn, row: usize) -> Option<f64> {
        match self.cell(column, row) {
            Cell::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the time of a row, in microseconds since 1970.
    pub(super) fn time(&self, row: usize) -> Option<i64> {
        match self.cell(PurchaseColumn::Time, row) {
            Cell::Timestamp(micros) => Some(micros),
            _ => None,
        }
    }

    /// Returns the currency of a row, in upper case.
    pub(super) fn currency(&self, row: usize) -> Option<String> {
        self.text(PurchaseColumn::Currency, row).map(str::to_uppercase)
    }

    /// Returns the amounts of a row, or `None` if it has no value. The value is the revenue, unless
    /// another column is.
    pub(super) fn amount(&self, file: &PurchaseFile, row: usize) -> Option<Amount> {
        let divisor = file.divisor as f64;
        let quantity = self.number(PurchaseColumn::Quantity, row).unwrap_or(1.0);
        let value = self.number(PurchaseColumn::Value, row)? * quantity / divisor;
        let revenue = match file.columns.contains_key(&PurchaseColumn::Revenue) {
            true => self.number(PurchaseColumn::Revenue, row).unwrap_or_default() / divisor,
            false => value,
        };
        let refunded = self.number(PurchaseColumn::Refunded, row).unwrap_or_default() / divisor;
        Some(Amount { value, revenue, refunded: refunded.abs() })
    }

    /// Returns the reason of a row that lacks a column.
    pub(super) fn missing(&self, column: PurchaseColumn) -> String {
        format!("column `{}`: it is empty", self.name(column))
    }

    /// Returns the reason of a row that is in the future.
    pub(super) fn in_future(&self, at: i64) -> String {
        let name = self.name(PurchaseColumn::Time);
        let at = chrono::DateTime::from_timestamp_micros(at).unwrap_or_default();
        format!("column `{name}`: `{}` is in the future", at.format("%Y-%m-%d"))
    }
}
