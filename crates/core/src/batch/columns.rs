//! Batches built from whole columns, for decoders of millions of rows.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, PrimitiveArray, StringArray, UInt8Array,
    new_null_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::check::{InvalidValue, check};
use super::convert::{check_text_size, convert};
use super::record::Batch;
use crate::{Column, DataType, Error, Result, TableRef};

/// The values of a whole column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// The same text in every row.
    Constant(&'a str),
    /// Text without nulls.
    Texts(Vec<&'a str>),
    /// Text with nulls.
    SomeTexts(Vec<Option<&'a str>>),
    /// Dictionary-encoded text: the index of each row, and the texts.
    Dictionary(Vec<u8>, &'a [&'a str]),
    /// True or false.
    Bools(Vec<bool>),
    /// Integers without nulls.
    Ints(Vec<i64>),
    /// Integers with nulls.
    SomeInts(Vec<Option<i64>>),
    /// Floats.
    Floats(Vec<f64>),
    /// Days since 1970-01-01.
    Dates(Vec<i32>),
    /// Microseconds since 1970-01-01T00:00:00Z, without nulls.
    Timestamps(Vec<i64>),
    /// Microseconds since 1970-01-01T00:00:00Z, with nulls.
    SomeTimestamps(Vec<Option<i64>>),
    /// Minor units at the column's own scale, without nulls.
    Decimals(Vec<i128>),
    /// Minor units at the column's own scale, with nulls.
    SomeDecimals(Vec<Option<i128>>),
    /// Null in every row.
    Nulls,
    /// An Arrow array of any encoding that fits the column.
    Array(ArrayRef),
}

impl Batch {
    /// Creates a batch of `rows` rows from columns in the table's order, without copying values of
    /// fixed width.
    ///
    /// ```
    /// use tidegauge_core::{Batch, Values, tables::Quote};
    ///
    /// let columns = vec![
    ///     Values::Constant("kraken"),
    ///     Values::Constant("BTC"),
    ///     Values::Timestamps(vec![1_779_092_258_000_000]),
    ///     Values::Decimals(vec![7_697_500_000_000]),
    ///     Values::Constant("USD"),
    ///     Values::Nulls,
    ///     Values::Nulls,
    ///     Values::SomeDecimals(vec![Some(28_306_00000000)]),
    /// ];
    /// assert_eq!(Batch::from_columns(Quote::table(), 1, columns)?.rows(), 1);
    /// # Ok::<(), tidegauge_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the number of columns is not the table's, a column is of another length or type, or as
    /// for [`Batch::new`].
    pub fn from_columns(table: &TableRef, rows: usize, columns: Vec<Values<'_>>) -> Result<Self> {
        if columns.len() != table.columns.len() {
            let reason = format!("{} columns, not {}", columns.len(), table.columns.len());
            return Err(Error::mismatch(&table.name, "*", None, reason));
        }
        let column = |(column, values): (&Column, Values<'_>)| {
            let array = values.into_array(column, rows).and_then(|array| {
                let array = array.filter(|array| array.len() == rows).ok_or_else(|| {
                    (None, format!("its values are not {rows} of {}", column.dtype))
                })?;
                check(column, &array)?;
                Ok(array)
            });
            array.map_err(|(row, why)| Error::mismatch(&table.name, &column.name, row, why))
        };
        let columns: Result<Vec<_>> = table.columns.iter().zip(columns).map(column).collect();
        Self::from_validated(table, rows, columns?)
    }
}

impl Values<'_> {
    /// Converts the values to an array, or returns `None` if they are not of the column's type.
    /// Vectors of numbers become buffers without a copy.
    fn into_array(self, column: &Column, rows: usize) -> Result<Option<ArrayRef>, InvalidValue> {
        Ok(Some(match (self, column.dtype) {
            (Self::Nulls, dtype) => new_null_array(&dtype.to_arrow(), rows),
            (Self::Array(array), _) => convert(column, &array)?,
            (Self::Constant(text), DataType::Text) => {
                return Ok(dictionary(vec![0; rows], &[text]));
            }
            (Self::Dictionary(indexes, texts), DataType::Text) => {
                return Ok(dictionary(indexes, texts));
            }
            (Self::Texts(texts), DataType::Text) => {
                check_text_size(texts.iter().map(|text| text.len()).sum())?;
                Arc::new(StringArray::from_iter_values(texts))
            }
            (Self::SomeTexts(texts), DataType::Text) => {
                check_text_size(texts.iter().flatten().map(|text| text.len()).sum())?;
                Arc::new(StringArray::from(texts))
            }
            (Self::Bools(values), DataType::Bool) => Arc::new(BooleanArray::from(values)),
            (Self::Ints(values), DataType::Int64) => array_of::<Int64Type>(values),
            (Self::SomeInts(values), DataType::Int64) => nullable_array_of::<Int64Type>(&values),
            (Self::Floats(values), DataType::Float64) => array_of::<Float64Type>(values),
            (Self::Dates(days), DataType::Date) => array_of::<Date32Type>(days),
            (Self::Timestamps(micros), DataType::Timestamp) => {
                array_of::<TimestampMicrosecondType>(micros)
            }
            (Self::SomeTimestamps(micros), DataType::Timestamp) => {
                nullable_array_of::<TimestampMicrosecondType>(&micros)
            }
            (Self::Decimals(units), DataType::Decimal { .. }) => Arc::new(with_column_type(
                PrimitiveArray::<Decimal128Type>::new(units.into(), None),
                column,
            )),
            (Self::SomeDecimals(units), DataType::Decimal { .. }) => {
                Arc::new(with_column_type(nullable_primitive::<Decimal128Type>(&units), column))
            }
            _ => return Ok(None),
        }))
    }
}

fn array_of<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

fn nullable_array_of<T: ArrowPrimitiveType>(values: &[Option<T::Native>]) -> ArrayRef {
    Arc::new(nullable_primitive::<T>(values))
}

fn nullable_primitive<T: ArrowPrimitiveType>(values: &[Option<T::Native>]) -> PrimitiveArray<T> {
    let is_valid = BooleanBuffer::collect_bool(values.len(), |row| values[row].is_some());
    let values: Vec<T::Native> = values.iter().map(|value| value.unwrap_or_default()).collect();
    PrimitiveArray::new(
        values.into(),
        Some(NullBuffer::new(is_valid)).filter(|nulls| nulls.null_count() > 0),
    )
}

/// Sets the precision and scale of the column, which the table builder has already validated.
fn with_column_type(
    units: PrimitiveArray<Decimal128Type>,
    column: &Column,
) -> PrimitiveArray<Decimal128Type> {
    units.with_data_type(column.dtype.to_arrow())
}

/// Builds a dictionary array, or returns `None` if an index is out of range or there are more texts
/// than 8-bit indexes can address.
fn dictionary(indexes: Vec<u8>, texts: &[&str]) -> Option<ArrayRef> {
    let indexes = UInt8Array::new(indexes.into(), None);
    let texts = StringArray::from_iter_values(texts.iter().take(256));
    Some(Arc::new(DictionaryArray::try_new(indexes, Arc::new(texts)).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ColumnView;
    use crate::tables::FxRate;

    #[test]
    fn dictionary_rows_resolve_to_their_texts() {
        let texts = ["EUR", "a text that is longer than twelve bytes"];
        let array = dictionary(vec![1, 0, 1], &texts).unwrap();
        let found = ColumnView::new(&array, DataType::Text).unwrap().as_text().unwrap();
        let found: Vec<_> = found.iter().flatten().collect();
        assert_eq!(found, [texts[1], texts[0], texts[1]]);
        assert!(dictionary(vec![2], &texts).is_none());
    }

    #[test]
    fn columns_of_wrong_count_length_or_type_are_refused() {
        let table = FxRate::table();
        let error = Batch::from_columns(table, 1, vec![Values::Nulls]).unwrap_err().to_string();
        assert!(error.contains("1 columns, not 5"), "{error}");
        for (values, says) in [
            (Values::Texts(vec!["EUR", "USD"]), "not 1 of text"),
            (Values::Ints(vec![1]), "not 1 of text"),
            (Values::Nulls, "it is null"),
            (Values::Dictionary(vec![0], &["a\0"]), "has a NUL"),
            (Values::Dictionary(vec![1], &["a"]), "not 1 of text"),
            (Values::Array(array_of::<Int64Type>(vec![1])), "it is Int64, not text"),
        ] {
            let mut columns = vec![Values::Nulls; 5];
            columns[0] = values;
            let error = Batch::from_columns(table, 1, columns).unwrap_err().to_string();
            assert!(error.contains("`base`") && error.contains(says), "{error}");
        }
    }
}
