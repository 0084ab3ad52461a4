//! The conversion of batches to polars columns: no other module converts Arrow to polars.

use futures_util::TryStreamExt;
use polars::prelude::{
    BooleanChunked, ChunkedArray, Column, DataFrame, IntoSeries, NewChunkedArray, PlSmallStr,
    PolarsNumericType, Series, StringChunkedBuilder, TimeUnit,
};
use tidegauge_core::arrow::array::ArrayRef;
use tidegauge_core::arrow::array::cast::AsArray;
use tidegauge_core::arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type,
    TimestampMicrosecondType,
};
use tidegauge_core::{Batch, ColumnView, DataType, Scan, TableRef, Warehouse};

use crate::{Error, Result};

/// Returns rows of `table` as a frame with the table's columns.
///
/// The values of numbers, dates, times and decimals are moved without a copy if nothing else holds
/// the batch, and copied otherwise; strings are copied.
///
/// ```
/// use tidegauge_analytics::frame;
/// use tidegauge_core::{Batch, Values, tables::FxRate};
///
/// let rates = Batch::from_columns(FxRate::table(), 1, vec![
///     Values::Constant("EUR"),
///     Values::Constant("USD"),
///     Values::Dates(vec![18_536]),
///     Values::Constant("ecb"),
///     Values::Decimals(vec![116_980_000]),
/// ])?;
/// let rates = frame(FxRate::table(), [rates])?;
/// assert_eq!(rates.column("rate")?.decimal()?.physical().get(0), Some(116_980_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a batch is of a table with other columns.
pub fn frame(table: &TableRef, batches: impl IntoIterator<Item = Batch>) -> Result<DataFrame> {
    let mut frame = frame_from_batch(Batch::empty(table))?;
    for batch in batches {
        frame.vstack_mut(&frame_from_batch(batch)?)?;
    }
    Ok(frame)
}

/// Reads the rows of `scan`, batch by batch, into a frame.
///
/// # Errors
/// When the warehouse cannot be read, or returns rows of other columns.
pub(crate) async fn read_frame(warehouse: &dyn Warehouse, scan: &Scan) -> Result<DataFrame> {
    let mut frame = frame_from_batch(Batch::empty(&scan.output_schema()?))?;
    let mut batches = warehouse.scan(scan).await?;
    while let Some(batch) = batches.try_next().await? {
        frame.vstack_mut(&frame_from_batch(batch)?)?;
    }
    Ok(frame)
}

/// Returns the rows of a batch as a frame.
///
/// # Errors
/// When a column is not of the table's type.
pub(crate) fn frame_from_batch(batch: Batch) -> Result<DataFrame> {
    let table = batch.table().clone();
    let (_, arrays, rows) = batch.into_record().into_parts();
    let columns = table.columns.iter().zip(arrays).map(|(definition, array)| {
        let series = series(&definition.name, definition.dtype, array);
        series.map(Column::from).ok_or_else(|| {
            Error::Warehouse(tidegauge_core::Error::Mismatch {
                table: table.name.to_string(),
                column: definition.name.to_string(),
                row: None,
                reason: format!("it is not {}", definition.dtype),
            })
        })
    });
    let columns = columns.collect::<Result<Vec<Column>>>()?;
    Ok(DataFrame::new(rows, columns)?)
}

/// Converts an array to a series; returns `None` if the array is not of that type.
fn series(name: &str, dtype: DataType, array: ArrayRef) -> Option<Series> {
    use polars::prelude::{
        Float64Type as PolarsFloat64, Int32Type as PolarsInt32, Int64Type as PolarsInt64,
        Int128Type as PolarsInt128,
    };
    let name = PlSmallStr::from_str(name);
    Some(match dtype {
        DataType::Bool => {
            let values = array.as_boolean_opt()?.iter();
            BooleanChunked::from_iter_options(name, values).into_series()
        }
        DataType::Int64 => primitive_column::<Int64Type, PolarsInt64>(name, array)?.into_series(),
        DataType::Float64 => {
            primitive_column::<Float64Type, PolarsFloat64>(name, array)?.into_series()
        }
        DataType::Text => {
            let texts = ColumnView::new(array.as_ref(), dtype)?.as_text()?;
            let mut column = StringChunkedBuilder::new(name, texts.len());
            texts.iter().for_each(|text| column.append_option(text));
            column.finish().into_series()
        }
        DataType::Date => {
            primitive_column::<Date32Type, PolarsInt32>(name, array)?.into_date().into_series()
        }
        DataType::Timestamp => {
            primitive_column::<TimestampMicrosecondType, PolarsInt64>(name, array)?
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series()
        }
        DataType::Decimal { precision, scale } => {
            primitive_column::<Decimal128Type, PolarsInt128>(name, array)?
                .into_decimal_unchecked(precision.into(), scale.into())
                .into_series()
        }
    })
}

fn primitive_column<A, P>(name: PlSmallStr, array: ArrayRef) -> Option<ChunkedArray<P>>
where
    A: ArrowPrimitiveType,
    P: PolarsNumericType<Native = A::Native>,
{
    let values = array.as_primitive_opt::<A>()?.clone();
    drop(array); // now the values may be the only ones
    let (_, values, nulls) = values.into_parts();
    let validity = nulls.map(|nulls| nulls.iter().collect());
    Some(ChunkedArray::from_vec_validity(name, values.into(), validity))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use polars::prelude::AnyValue;
    use tidegauge_core::arrow::array::Int64Array;
    use tidegauge_core::{Table, Values};

    use super::*;

    fn table() -> TableRef {
        Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .nullable("few", DataType::Text, "")
            .nullable("text", DataType::Text, "")
            .nullable("flag", DataType::Bool, "")
            .nullable("share", DataType::Float64, "")
            .nullable("day", DataType::Date, "")
            .nullable("at", DataType::Timestamp, "")
            .nullable("amount", DataType::CRYPTO, "")
            .key(["id"])
            .build()
            .unwrap()
    }

    fn batch(id: i64) -> Batch {
        let columns = vec![
            Values::Ints(vec![id, id + 1]),
            Values::Dictionary(vec![1, 0], &["a", "bb"]),
            Values::SomeTexts(vec![None, Some("😀")]),
            Values::Bools(vec![true, false]),
            Values::Floats(vec![0.1, -0.0]),
            Values::Dates(vec![-1, 20_000]),
            Values::SomeTimestamps(vec![Some(-1), None]),
            Values::SomeDecimals(vec![None, Some(-(10i128.pow(38) - 1))]),
        ];
        Batch::from_columns(&table(), 2, columns).unwrap()
    }

    #[test]
    fn every_type_keeps_its_values_and_nulls() {
        let frame = frame(&table(), [batch(1), batch(7).slice(1, 1)]).unwrap();
        assert_eq!(frame.height(), 3);
        let value = |name: &str, row: usize| frame.column(name).unwrap().get(row).unwrap();
        let ids: Vec<_> = frame.column("id").unwrap().i64().unwrap().iter().flatten().collect();
        assert_eq!(ids, [1, 2, 8]);
        assert_eq!((value("few", 0).get_str(), value("few", 2).get_str()), (Some("bb"), Some("a")));
        assert_eq!((value("text", 0).get_str(), value("text", 2).get_str()), (None, Some("😀")));
        assert_eq!(value("flag", 0), AnyValue::Boolean(true));
        let share = frame.column("share").unwrap().f64().unwrap().get(1).map(f64::to_bits);
        assert_eq!(share, Some((-0.0f64).to_bits()));
        assert_eq!(
            (value("day", 0), value("day", 2)),
            (AnyValue::Date(-1), AnyValue::Date(20_000))
        );
        let at = frame.column("at").unwrap().datetime().unwrap().physical().clone();
        assert_eq!((at.get(0), at.get(1), at.get(2)), (Some(-1), None, None));
        let amount = frame.column("amount").unwrap().decimal().unwrap();
        assert_eq!((amount.precision(), amount.scale()), (38, 18));
        assert_eq!(amount.physical().get(2), Some(-(10i128.pow(38) - 1)));
        assert_eq!(amount.physical().get(0), None);
        let none = super::frame(&table(), []).unwrap();
        assert_eq!((none.height(), none.schema()), (0, frame.schema()));
    }

    #[test]
    fn unshared_numbers_are_moved_without_a_copy() {
        let values = vec![1i64, 2, 3];
        let place = values.as_ptr();
        let array: ArrayRef = Arc::new(Int64Array::from(values));
        let series = series("id", DataType::Int64, array).unwrap();
        assert_eq!(series.i64().unwrap().cont_slice().unwrap().as_ptr(), place);
    }
}
