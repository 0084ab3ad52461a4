//! Column builders that grow row by row.

use arrow_array::ArrayRef;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    StringBuilder, TimestampMicrosecondBuilder,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::cell::Cell;
use super::convert::check_text_size;
use super::record::Batch;
use crate::{DataType, Error, Result, TableRef, money};

/// Collects rows of a table, cell by cell, into a [`Batch`].
///
/// ```
/// use tidegauge_core::{BatchBuilder, Cell, tables::FxRate};
///
/// let mut builder = BatchBuilder::new(FxRate::table());
/// for cell in [Cell::Text("EUR"), Cell::Text("USD"), Cell::Date(18_536), Cell::Text("ecb")] {
///     builder.push(cell)?;
/// }
/// builder.push(Cell::Text("1.1698"))?;
/// assert_eq!(builder.finish()?.rows(), 1);
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchBuilder {
    table: TableRef,
    columns: Vec<ColumnBuilder>,
    next: usize,
}

impl BatchBuilder {
    /// Creates a builder of an empty batch of `table`.
    pub fn new(table: &TableRef) -> Self {
        let columns = table.columns.iter().map(|column| ColumnBuilder::new(column.dtype)).collect();
        Self { table: table.clone(), columns, next: 0 }
    }

    /// Returns the number of rows begun so far.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, ColumnBuilder::len)
    }

    /// Appends the next cell: in the table's order of columns, row after row.
    ///
    /// # Errors
    /// When the cell does not fit the column.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<()> {
        let at = self.next;
        self.next = (at + 1) % self.columns.len().max(1);
        self.set(at, cell)
    }

    /// Appends a cell to the column at index `at`. Every column must get one cell for every row.
    pub(super) fn set(&mut self, at: usize, cell: Cell<'_>) -> Result<()> {
        let values = &mut self.columns[at];
        let row = values.len();
        values.push(cell).map_err(|reason| {
            Error::mismatch(&self.table.name, &self.table.columns[at].name, Some(row), reason)
        })
    }

    pub(super) fn table(&self) -> &TableRef {
        &self.table
    }

    /// Checks the rows and closes the batch.
    ///
    /// # Errors
    /// The same as for [`Batch::new`].
    pub fn finish(self) -> Result<Batch> {
        let rows = self.rows();
        let columns = self.columns.into_iter().map(ColumnBuilder::finish).collect();
        Batch::validated(&self.table, rows, columns)
    }
}

#[derive(Debug)]
enum ColumnBuilder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder, u8),
}

impl ColumnBuilder {
    fn new(dtype: DataType) -> Self {
        match dtype {
            DataType::Bool => Self::Bool(BooleanBuilder::new()),
            DataType::Int64 => Self::Int(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Text => Self::Text(StringBuilder::new()),
            DataType::Date => Self::Date(Date32Builder::new()),
            DataType::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            DataType::Decimal { scale, .. } => {
                Self::Decimal(Decimal128Builder::new().with_data_type(dtype.to_arrow()), scale)
            }
        }
    }

    fn inner(&mut self) -> &mut dyn ArrayBuilder {
        match self {
            Self::Bool(values) => values,
            Self::Int(values) => values,
            Self::Float(values) => values,
            Self::Text(values) => values,
            Self::Date(values) => values,
            Self::Timestamp(values) => values,
            Self::Decimal(values, _) => values,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::Timestamp(values) => values.len(),
            Self::Decimal(values, _) => values.len(),
        }
    }

    fn push(&mut self, cell: Cell<'_>) -> Result<(), String> {
        match (self, cell) {
            (Self::Bool(values), Cell::Null) => values.append_null(),
            (Self::Bool(values), Cell::Bool(value)) => values.append_value(value),
            (Self::Int(values), Cell::Null) => values.append_null(),
            (Self::Int(values), Cell::Int(value)) => values.append_value(
                i64::try_from(value).map_err(|_| format!("{value} does not fit 64 bits"))?,
            ),
            (Self::Float(values), Cell::Null) => values.append_null(),
            (Self::Float(values), Cell::Float(value)) => values.append_value(value),
            (Self::Float(values), Cell::Int(value)) => values.append_value(value as f64),
            (Self::Text(values), Cell::Null) => values.append_null(),
            (Self::Text(values), Cell::Text(value)) => {
                check_text_size(values.values_slice().len() + value.len())
                    .map_err(|(_, reason)| reason)?;
                values.append_value(value);
            }
            (Self::Date(values), Cell::Null) => values.append_null(),
            (Self::Date(values), Cell::Date(days)) => values.append_value(days),
            (Self::Date(values), Cell::Text(text)) => values.append_value(date(text)?),
            (Self::Timestamp(values), Cell::Null) => values.append_null(),
            (Self::Timestamp(values), Cell::Timestamp(micros)) => values.append_value(micros),
            (Self::Timestamp(values), Cell::Text(text)) => values.append_value(timestamp(text)?),
            (Self::Decimal(values, _), Cell::Null) => values.append_null(),
            (Self::Decimal(values, _), Cell::Decimal(units)) => values.append_value(units),
            (Self::Decimal(values, scale), Cell::Int(value)) => values.append_value(
                10i128
                    .checked_pow(u32::from(*scale))
                    .and_then(|unit| value.checked_mul(unit))
                    .ok_or_else(|| format!("{value} is too large"))?,
            ),
            (Self::Decimal(values, scale), Cell::Text(text)) => {
                values.append_value(money::parse(text, u32::from(*scale), false).ok_or_else(
                    || format!("`{text}` is not a decimal number of at most {scale} places"),
                )?)
            }
            (Self::Decimal(..), Cell::Float(value)) => {
                return Err(format!("{value} is money, given as a float: money is never a float"));
            }
            (_, cell) => return Err(format!("{cell:?} is of another type")),
        }
        Ok(())
    }

    fn finish(mut self) -> ArrayRef {
        self.inner().finish()
    }
}

fn date(text: &str) -> Result<i32, String> {
    let day =
        text.parse::<NaiveDate>().map_err(|_| format!("`{text}` is not a day (YYYY-MM-DD)"))?;
    i32::try_from((day - NaiveDate::default()).num_days())
        .map_err(|_| format!("`{text}` is too far"))
}

fn timestamp(text: &str) -> Result<i64, String> {
    let plain = |text: &str| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").map(|time| time.and_utc())
    };
    let time =
        DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).or_else(|_| plain(text));
    time.map(|time| time.timestamp_micros())
        .map_err(|_| format!("`{text}` is not a time (RFC 3339, or YYYY-MM-DD HH:MM:SS in UTC)"))
}
