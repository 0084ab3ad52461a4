//! Typed views of a batch's columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType, UInt8Type,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    PrimitiveArray, StringArray, TimestampMicrosecondArray,
};

use chrono::{DateTime, NaiveDate, SecondsFormat};

use super::cell::Cell;
use crate::{DataType, money};

/// A column of a [`Batch`](super::Batch) as its typed Arrow array.
///
/// ```
/// use tidegauge_core::{Batch, Cell, Crypto, Values, tables::Quote};
///
/// let columns = vec![
///     Values::Constant("kraken"),
///     Values::Constant("BTC"),
///     Values::Timestamps(vec![1_779_092_258_000_000]),
///     Values::Decimals(vec![76_975 * Crypto::ONE]),
///     Values::Constant("USD"),
///     Values::Nulls,
///     Values::Nulls,
///     Values::Nulls,
/// ];
/// let batch = Batch::from_columns(Quote::table(), 1, columns)?;
/// assert_eq!(batch.column("symbol")?.as_text().and_then(|text| text.get(0)), Some("BTC"));
/// assert_eq!(batch.column("bid")?.cell(0), Cell::Null);
/// assert_eq!(batch.column("price")?.shown(0).as_deref(), Some("76975.00000000"));
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum ColumnView<'a> {
    /// True or false.
    Bool(&'a BooleanArray),
    /// 64-bit integers.
    Int64(&'a Int64Array),
    /// Floats.
    Float64(&'a Float64Array),
    /// Text, plain or dictionary-encoded.
    Text(TextView<'a>),
    /// Days since 1970-01-01.
    Date(&'a Date32Array),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(&'a TimestampMicrosecondArray),
    /// Minor units at the column's own scale.
    Decimal(&'a Decimal128Array),
}

/// A text column. The values of a dictionary are never null; there may be duplicates, and values
/// that no row refers to.
#[derive(Debug, Clone, Copy)]
pub enum TextView<'a> {
    /// One text per row.
    Plain(&'a StringArray),
    /// An 8-bit key per row, and at most 256 texts.
    Small(&'a DictionaryArray<UInt8Type>, &'a StringArray),
    /// A 32-bit key per row, and the texts.
    Wide(&'a DictionaryArray<Int32Type>, &'a StringArray),
}

impl<'a> ColumnView<'a> {
    /// Returns a view of an array as a column of type `dtype`, or `None` if it is of another type.
    pub fn new(array: &'a dyn Array, dtype: DataType) -> Option<Self> {
        Some(match dtype {
            DataType::Bool => Self::Bool(array.as_boolean_opt()?),
            DataType::Int64 => Self::Int64(array.as_primitive_opt::<Int64Type>()?),
            DataType::Float64 => Self::Float64(array.as_primitive_opt::<Float64Type>()?),
            DataType::Text => Self::Text(TextView::new(array)?),
            DataType::Date => Self::Date(array.as_primitive_opt::<Date32Type>()?),
            DataType::Timestamp => {
                Self::Timestamp(array.as_primitive_opt::<TimestampMicrosecondType>()?)
            }
            DataType::Decimal { .. } => {
                let values = array.as_primitive_opt::<Decimal128Type>()?;
                (*values.data_type() == dtype.to_arrow()).then_some(Self::Decimal(values))?
            }
        })
    }

    fn array(&self) -> &'a dyn Array {
        match self {
            Self::Bool(values) => *values,
            Self::Int64(values) => *values,
            Self::Float64(values) => *values,
            Self::Text(TextView::Plain(values)) => *values,
            Self::Text(TextView::Small(values, _)) => *values,
            Self::Text(TextView::Wide(values, _)) => *values,
            Self::Date(values) => *values,
            Self::Timestamp(values) => *values,
            Self::Decimal(values) => *values,
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.array().len()
    }

    /// Returns `true` if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns `true` if the value of `row` is null.
    pub fn is_null(&self, row: usize) -> bool {
        self.array().is_null(row)
    }

    /// Returns the number of nulls.
    pub fn null_count(&self) -> usize {
        self.array().null_count()
    }

    /// Returns the value of `row`.
    pub fn cell(&self, row: usize) -> Cell<'a> {
        match self {
            Self::Bool(values) => {
                if values.is_null(row) {
                    Cell::Null
                } else {
                    Cell::Bool(values.value(row))
                }
            }
            Self::Int64(values) => cell(values, row, |value| Cell::Int(value.into())),
            Self::Float64(values) => cell(values, row, Cell::Float),
            Self::Text(texts) => texts.get(row).map_or(Cell::Null, Cell::Text),
            Self::Date(values) => cell(values, row, Cell::Date),
            Self::Timestamp(values) => cell(values, row, Cell::Timestamp),
            Self::Decimal(values) => cell(values, row, Cell::Decimal),
        }
    }

    /// Returns the value of `row` in readable form, or `None` if it is null: decimals with all
    /// their places, dates and times in ISO 8601.
    pub fn shown(&self, row: usize) -> Option<String> {
        let (cell, scale) = match self {
            Self::Decimal(values) => (self.cell(row), u32::try_from(values.scale()).ok()?),
            _ => (self.cell(row), 0),
        };
        Some(match cell {
            Cell::Null => return None,
            Cell::Bool(value) => value.to_string(),
            Cell::Int(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Text(text) => text.to_owned(),
            Cell::Decimal(units) => money::format_units(units, scale),
            Cell::Date(days) => match NaiveDate::from_epoch_days(days) {
                Some(day) => day.to_string(),
                None => format!("day {days} since 1970"),
            },
            Cell::Timestamp(micros) => match DateTime::from_timestamp_micros(micros) {
                Some(time) => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
                None => format!("microsecond {micros} since 1970"),
            },
        })
    }

    /// Returns the boolean array, or `None` if the column is of another type.
    pub fn as_bool(&self) -> Option<&'a BooleanArray> {
        if let Self::Bool(values) = self { Some(values) } else { None }
    }

    /// Returns the integer array, or `None` if the column is of another type.
    pub fn as_i64(&self) -> Option<&'a Int64Array> {
        if let Self::Int64(values) = self { Some(values) } else { None }
    }

    /// Returns the float array, or `None` if the column is of another type.
    pub fn as_f64(&self) -> Option<&'a Float64Array> {
        if let Self::Float64(values) = self { Some(values) } else { None }
    }

    /// Returns the text view, or `None` if the column is of another type.
    pub fn as_text(&self) -> Option<TextView<'a>> {
        if let Self::Text(texts) = self { Some(*texts) } else { None }
    }

    /// Returns the array of days since 1970-01-01, or `None` if the column is of another type.
    pub fn as_date(&self) -> Option<&'a Date32Array> {
        if let Self::Date(values) = self { Some(values) } else { None }
    }

    /// Returns the array of microseconds since 1970-01-01 UTC, or `None` if the column is of
    /// another type.
    pub fn as_timestamp(&self) -> Option<&'a TimestampMicrosecondArray> {
        if let Self::Timestamp(values) = self { Some(values) } else { None }
    }

    /// Returns the array of minor units, or `None` if the column is of another type.
    pub fn as_decimal(&self) -> Option<&'a Decimal128Array> {
        if let Self::Decimal(values) = self { Some(values) } else { None }
    }
}

fn cell<'a, T: ArrowPrimitiveType>(
    values: &PrimitiveArray<T>,
    row: usize,
    cell: impl Fn(T::Native) -> Cell<'a>,
) -> Cell<'a> {
    if values.is_null(row) { Cell::Null } else { cell(values.value(row)) }
}

impl<'a> TextView<'a> {
    fn new(array: &'a dyn Array) -> Option<Self> {
        if let Some(texts) = array.as_string_opt::<i32>() {
            return Some(Self::Plain(texts));
        }
        if let Some(keys) = array.as_dictionary_opt::<UInt8Type>() {
            return Some(Self::Small(keys, keys.values().as_string_opt::<i32>()?));
        }
        let keys = array.as_dictionary_opt::<Int32Type>()?;
        Some(Self::Wide(keys, keys.values().as_string_opt::<i32>()?))
    }

    /// Returns the text of `row`, or `None` if it is null.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(texts) => texts.is_valid(row).then(|| texts.value(row)),
            _ => self.key(row).map(|key| self.values().value(key)),
        }
    }

    /// Returns the texts that the keys refer to; one per row if the encoding is plain.
    pub fn values(&self) -> &'a StringArray {
        match self {
            Self::Plain(texts) | Self::Small(_, texts) | Self::Wide(_, texts) => texts,
        }
    }

    /// Returns the index of the text of `row` in [`values`](Self::values), or `None` if it is null.
    pub fn key(&self, row: usize) -> Option<usize> {
        match self {
            Self::Plain(texts) => texts.is_valid(row).then_some(row),
            Self::Small(keys, _) => keys.is_valid(row).then(|| usize::from(keys.keys().value(row))),
            Self::Wide(keys, _) => {
                if keys.is_null(row) {
                    None
                } else {
                    keys.keys().value(row).try_into().ok()
                }
            }
        }
    }

    /// Returns the texts, row by row.
    pub fn iter(self) -> impl Iterator<Item = Option<&'a str>> {
        (0..self.len()).map(move |row| self.get(row))
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(texts) => texts.len(),
            Self::Small(keys, _) => keys.len(),
            Self::Wide(keys, _) => keys.len(),
        }
    }

    /// Returns `true` if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
