//! Whole columns at once, for what decodes millions of rows.

use polars_core::prelude::{
    ChunkFull, ChunkTake, Column as PolarsColumn, Float64Chunked, IdxCa, IdxSize, Int32Chunked,
    Int64Chunked, Int128Chunked, IntoSeries, NamedFrom, NewChunkedArray, PlSmallStr, Series,
    StringChunked, TimeUnit,
};

use super::Batch;
use crate::{Column, DataType, Error, Result, TableRef};

/// The values of a whole column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values<'a> {
    /// The same text in every row.
    Same(&'a str),
    /// Text.
    Texts(Vec<&'a str>),
    /// The same where some are null.
    SomeTexts(Vec<Option<&'a str>>),
    /// Text out of a few, by its place among them.
    Picked(Vec<u8>, &'a [&'a str]),
    /// True or false.
    Bools(Vec<bool>),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// The same where some are null.
    SomeInts(Vec<Option<i64>>),
    /// Floats.
    Floats(Vec<f64>),
    /// Days since 1970-01-01.
    Dates(Vec<i32>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamps(Vec<i64>),
    /// The same where some are null.
    SomeTimestamps(Vec<Option<i64>>),
    /// Minor units at the column's own scale.
    Decimals(Vec<i128>),
    /// The same where some are null.
    SomeDecimals(Vec<Option<i128>>),
    /// Null in every row.
    Nulls,
}

impl Batch {
    /// Takes `rows` rows as columns, in the table's order, without a copy of what is fixed in size.
    ///
    /// ```
    /// use tidegauge_core::{Batch, Values, tables::Quote};
    ///
    /// let columns = vec![
    ///     Values::Same("kraken"),
    ///     Values::Same("BTC"),
    ///     Values::Timestamps(vec![1_779_092_258_000_000]),
    ///     Values::Decimals(vec![7_697_500_000_000]),
    ///     Values::Same("USD"),
    ///     Values::Nulls,
    ///     Values::Nulls,
    ///     Values::SomeDecimals(vec![Some(28_306_00000000)]),
    /// ];
    /// assert_eq!(Batch::from_columns(Quote::table(), 1, columns)?.rows(), 1);
    /// # Ok::<(), tidegauge_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are more or fewer columns than the table has, one is of another length or type,
    /// or as for [`Batch::new`].
    pub fn from_columns(table: &TableRef, rows: usize, columns: Vec<Values<'_>>) -> Result<Self> {
        if columns.len() != table.columns.len() {
            let reason = format!("{} columns, not {}", columns.len(), table.columns.len());
            return Err(Error::mismatch(&table.name, "*", None, reason));
        }
        let column = |(column, values): (&Column, Values<'_>)| {
            // What is picked is checked once, and not in every row.
            let is_checked = matches!(values, Values::Picked(..));
            let values = values.into_series(column, rows);
            let values = values.filter(|values| values.len() == rows).ok_or_else(|| {
                let reason = format!("its values are not {rows} of {}", column.dtype);
                Error::mismatch(&table.name, &column.name, None, reason)
            })?;
            let values = PolarsColumn::from(values);
            if !is_checked {
                Self::check(table, column, &values)?;
            }
            Ok(values)
        };
        let columns: Result<Vec<_>> = table.columns.iter().zip(columns).map(column).collect();
        Self::of_checked(table, rows, columns?)
    }
}

impl Values<'_> {
    /// None when they are not of the column's type.
    fn into_series(self, column: &Column, rows: usize) -> Option<Series> {
        let name = PlSmallStr::from_str(&column.name);
        Some(match (self, column.dtype) {
            (Self::Nulls, dtype) => Series::full_null(name, rows, &dtype.to_polars()),
            (Self::Same(text), DataType::Text) => {
                StringChunked::full(name, text, rows).into_series()
            }
            (Self::Texts(texts), DataType::Text) => Series::new(name, texts),
            (Self::SomeTexts(texts), DataType::Text) => Series::new(name, texts),
            (Self::Picked(places, texts), DataType::Text) => picked(name, &places, texts)?,
            (Self::Bools(values), DataType::Bool) => Series::new(name, values),
            (Self::Ints(values), DataType::Int64) => {
                Int64Chunked::from_vec(name, values).into_series()
            }
            (Self::SomeInts(values), DataType::Int64) => Series::new(name, values),
            (Self::Floats(values), DataType::Float64) => {
                Float64Chunked::from_vec(name, values).into_series()
            }
            (Self::Dates(days), DataType::Date) => {
                Int32Chunked::from_vec(name, days).into_date().into_series()
            }
            (Self::SomeTimestamps(micros), DataType::Timestamp) => {
                Int64Chunked::from_slice_options(name, &micros)
                    .into_datetime(TimeUnit::Microseconds, None)
                    .into_series()
            }
            (Self::Timestamps(micros), DataType::Timestamp) => Int64Chunked::from_vec(name, micros)
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series(),
            (Self::Decimals(units), DataType::Decimal { precision, scale }) => {
                Int128Chunked::from_vec(name, units)
                    .into_decimal_unchecked(precision.into(), scale.into())
                    .into_series()
            }
            (Self::SomeDecimals(units), DataType::Decimal { precision, scale }) => {
                Int128Chunked::from_slice_options(name, &units)
                    .into_decimal_unchecked(precision.into(), scale.into())
                    .into_series()
            }
            _ => return None,
        })
    }
}

/// None where a place is not one of the texts', or a text has a NUL.
fn picked(name: PlSmallStr, places: &[u8], texts: &[&str]) -> Option<Series> {
    if texts.iter().any(|text| text.as_bytes().contains(&0)) {
        return None;
    }
    let few = StringChunked::from_slice(name.clone(), texts);
    let places = IdxCa::from_vec(name, places.iter().map(|it| IdxSize::from(*it)).collect());
    few.take(&places).ok().map(StringChunked::into_series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::FxRate;

    #[test]
    fn what_is_picked_is_one_of_the_texts() {
        let texts = ["EUR", "a text that is longer than twelve bytes"];
        let series = picked("base".into(), &[1, 0, 1], &texts).unwrap();
        let found: Vec<_> = series.str().unwrap().iter().flatten().collect();
        assert_eq!(found, [texts[1], texts[0], texts[1]]);
        assert!(picked("base".into(), &[2], &texts).is_none());
        assert!(picked("base".into(), &[0], &["a\0"]).is_none());
    }

    #[test]
    fn columns_of_another_number_length_or_type_are_refused() {
        let table = FxRate::table();
        let error = Batch::from_columns(table, 1, vec![Values::Nulls]).unwrap_err().to_string();
        assert!(error.contains("1 columns, not 5"), "{error}");
        for (values, says) in [
            (Values::Texts(vec!["EUR", "USD"]), "not 1 of text"),
            (Values::Ints(vec![1]), "not 1 of text"),
            (Values::Nulls, "it is null"),
        ] {
            let mut columns = vec![Values::Nulls; 5];
            columns[0] = values;
            let error = Batch::from_columns(table, 1, columns).unwrap_err().to_string();
            assert!(error.contains("`base`") && error.contains(says), "{error}");
        }
    }
}
