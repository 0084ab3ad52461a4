//! Columns that grow row by row.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use polars_core::frame::DataFrame;
use polars_core::prelude::{
    Column as PolarsColumn, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries, NamedFrom,
    NewChunkedArray, PlSmallStr, Series, StringChunkedBuilder, TimeUnit,
};

use super::Batch;
use crate::{DataType, Error, Result, TableRef, fixed};

/// One value on its way into a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number; fits integers, floats, and decimals as whole units.
    Int(i128),
    /// A float; fits floats only.
    Float(f64),
    /// Text; fits text, and decimals, dates and timestamps in their written form.
    Text(&'a str),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Minor units at the column's own scale.
    Decimal(i128),
}

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
    columns: Vec<Growing>,
    next: usize,
}

impl BatchBuilder {
    /// An empty batch of `table`.
    pub fn new(table: &TableRef) -> Self {
        let columns = table.columns.iter().map(|column| Growing::new(column.dtype)).collect();
        Self { table: table.clone(), columns, next: 0 }
    }

    /// The rows begun so far.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Growing::len)
    }

    /// Appends the next cell: columns in the table's order, row after row.
    ///
    /// # Errors
    /// When the cell does not fit the column.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<()> {
        let at = self.next;
        self.next = (at + 1) % self.columns.len().max(1);
        self.set(at, cell)
    }

    /// Appends a cell to the column at `at`. Every column must get one for every row.
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
    /// As for [`Batch::new`].
    pub fn finish(self) -> Result<Batch> {
        let names = self.table.columns.iter().map(|column| PlSmallStr::from_str(&column.name));
        let columns: Vec<PolarsColumn> = names
            .zip(self.columns)
            .map(|(name, values)| PolarsColumn::from(values.finish(name)))
            .collect();
        let height = columns.first().map_or(0, PolarsColumn::len);
        let frame = DataFrame::new(height, columns)
            .map_err(|error| Error::mismatch(&self.table.name, "*", None, error.to_string()))?;
        Batch::new(&self.table, frame)
    }
}

enum Growing {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Text(StringChunkedBuilder, usize),
    Date(Vec<Option<i32>>),
    Timestamp(Vec<Option<i64>>),
    Decimal(Vec<Option<i128>>, u8, u8),
}

impl std::fmt::Debug for Growing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} values", self.len())
    }
}

impl Growing {
    fn new(dtype: DataType) -> Self {
        match dtype {
            DataType::Bool => Self::Bool(Vec::new()),
            DataType::Int64 => Self::Int(Vec::new()),
            DataType::Float64 => Self::Float(Vec::new()),
            DataType::Text => Self::Text(StringChunkedBuilder::new(PlSmallStr::EMPTY, 0), 0),
            DataType::Date => Self::Date(Vec::new()),
            DataType::Timestamp => Self::Timestamp(Vec::new()),
            DataType::Decimal { precision, scale } => Self::Decimal(Vec::new(), precision, scale),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bool(values) => values.len(),
            Self::Int(values) | Self::Timestamp(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Text(_, len) => *len,
            Self::Date(values) => values.len(),
            Self::Decimal(values, ..) => values.len(),
        }
    }

    fn push(&mut self, cell: Cell<'_>) -> Result<(), String> {
        match (self, cell) {
            (Self::Bool(values), Cell::Null) => values.push(None),
            (Self::Bool(values), Cell::Bool(value)) => values.push(Some(value)),
            (Self::Int(values), Cell::Null) => values.push(None),
            (Self::Int(values), Cell::Int(value)) => values.push(Some(
                i64::try_from(value).map_err(|_| format!("{value} does not fit 64 bits"))?,
            )),
            (Self::Float(values), Cell::Null) => values.push(None),
            (Self::Float(values), Cell::Float(value)) => values.push(Some(value)),
            (Self::Float(values), Cell::Int(value)) => values.push(Some(value as f64)),
            (Self::Text(values, len), Cell::Null) => {
                values.append_null();
                *len += 1;
            }
            (Self::Text(values, len), Cell::Text(value)) => {
                values.append_value(value);
                *len += 1;
            }
            (Self::Date(values), Cell::Null) => values.push(None),
            (Self::Date(values), Cell::Date(days)) => values.push(Some(days)),
            (Self::Date(values), Cell::Text(text)) => values.push(Some(date(text)?)),
            (Self::Timestamp(values), Cell::Null) => values.push(None),
            (Self::Timestamp(values), Cell::Timestamp(micros)) => values.push(Some(micros)),
            (Self::Timestamp(values), Cell::Text(text)) => values.push(Some(timestamp(text)?)),
            (Self::Decimal(values, ..), Cell::Null) => values.push(None),
            (Self::Decimal(values, ..), Cell::Decimal(units)) => values.push(Some(units)),
            (Self::Decimal(values, _, scale), Cell::Int(value)) => values.push(Some(
                10i128
                    .checked_pow(u32::from(*scale))
                    .and_then(|unit| value.checked_mul(unit))
                    .ok_or_else(|| format!("{value} is too large"))?,
            )),
            (Self::Decimal(values, _, scale), Cell::Text(text)) => {
                values.push(Some(fixed::parse(text, u32::from(*scale), false).ok_or_else(
                    || format!("`{text}` is not a decimal number of at most {scale} places"),
                )?))
            }
            (Self::Decimal(..), Cell::Float(value)) => {
                return Err(format!("{value} is money, given as a float: money is never a float"));
            }
            (_, cell) => return Err(format!("{cell:?} is of another type")),
        }
        Ok(())
    }

    fn finish(self, name: PlSmallStr) -> Series {
        match self {
            Self::Bool(values) => Series::new(name, values),
            Self::Int(values) => Series::new(name, values),
            Self::Float(values) => Series::new(name, values),
            Self::Text(values, _) => values.finish().into_series().with_name(name),
            Self::Date(values) => {
                Int32Chunked::from_slice_options(name, &values).into_date().into_series()
            }
            Self::Timestamp(values) => Int64Chunked::from_slice_options(name, &values)
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series(),
            Self::Decimal(values, precision, scale) => {
                Int128Chunked::from_slice_options(name, &values)
                    .into_decimal_unchecked(precision.into(), scale.into())
                    .into_series()
            }
        }
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
