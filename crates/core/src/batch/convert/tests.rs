use std::sync::Arc;

use arrow_array::builder::{LargeStringDictionaryBuilder, StringDictionaryBuilder};
use arrow_array::types::{Int8Type, Int32Type, UInt8Type, UInt16Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, Date32Array, Date64Array, Decimal32Array, Decimal64Array, Decimal128Array,
    Decimal256Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray, StringViewArray,
    Time32SecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_buffer::i256;

use crate::{Batch, Cell, DataType, Result, Table};

/// Reads an array as a nullable column of type `dtype`.
fn read(dtype: DataType, array: ArrayRef) -> Result<Batch> {
    let table = Table::builder("t", "")
        .column("id", DataType::Int64, "")
        .nullable("value", dtype, "")
        .key(["id"])
        .build()?;
    let ids: ArrayRef = Arc::new((0i64..).take(array.len()).map(Some).collect::<Int64Array>());
    Batch::new(
        &table,
        RecordBatch::try_from_iter_with_nullable([("value", array, true), ("id", ids, false)])
            .unwrap(),
    )
}

#[track_caller]
fn assert_converts(dtype: DataType, array: impl arrow_array::Array + 'static, wanted: &[Cell<'_>]) {
    let batch = read(dtype, Arc::new(array)).unwrap();
    let column = batch.column("value").unwrap();
    let found: Vec<_> = (0..batch.rows()).map(|row| column.cell(row)).collect();
    assert_eq!(found, wanted);
}

#[track_caller]
fn assert_refused(dtype: DataType, array: impl arrow_array::Array + 'static, says: &str) {
    let error = read(dtype, Arc::new(array)).unwrap_err().to_string();
    assert!(error.contains("`value`") && error.contains(says), "{error} should say {says}");
}

const NULL: Cell<'_> = Cell::Null;
const CRYPTO: DataType = DataType::Decimal { precision: 28, scale: 8 };

#[test]
fn integers_of_any_width_are_accepted() {
    let wanted = [Cell::Int(7), NULL, Cell::Int(0)];
    assert_converts(DataType::Int64, Int8Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, Int16Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, Int32Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, UInt8Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, UInt16Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, UInt32Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, UInt64Array::from(vec![Some(7), None, Some(0)]), &wanted);
    assert_converts(DataType::Int64, Int8Array::from(vec![-128]), &[Cell::Int(-128)]);
    assert_converts(
        DataType::Int64,
        UInt32Array::from(vec![u32::MAX]),
        &[Cell::Int(u32::MAX.into())],
    );
    let large = UInt64Array::from(vec![Some(1), None, Some(1 << 63)]);
    assert_refused(DataType::Int64, large, "row 2: 9223372036854775808 does not fit 64 bits");
    assert_refused(DataType::Int64, Float64Array::from(vec![1.0]), "it is Float64, not int64");
}

#[test]
fn floats_are_accepted_if_exact() {
    let wanted = [Cell::Float(0.5), NULL];
    assert_converts(DataType::Float64, Float32Array::from(vec![Some(0.5), None]), &wanted);
    assert_converts(DataType::Float64, UInt32Array::from(vec![3]), &[Cell::Float(3.0)]);
    assert_converts(
        DataType::Float64,
        Int64Array::from(vec![1 << 53]),
        &[Cell::Float(9_007_199_254_740_992.0)],
    );
    assert_refused(
        DataType::Float64,
        Int64Array::from(vec![0, (1 << 53) + 1]),
        "row 1: 9007199254740993",
    );
    assert_refused(
        DataType::Float64,
        Float32Array::from(vec![f32::INFINITY]),
        "row 0: it is not a finite",
    );
}

#[test]
fn text_of_any_layout_is_accepted() {
    let texts = vec![Some("a"), None, Some("a text longer than twelve bytes 😀"), Some("")];
    let wanted: Vec<_> = texts.iter().map(|text| text.map_or(NULL, Cell::Text)).collect();
    assert_converts(DataType::Text, StringArray::from(texts.clone()), &wanted);
    assert_converts(DataType::Text, LargeStringArray::from(texts.clone()), &wanted);
    assert_converts(DataType::Text, StringViewArray::from(texts.clone()), &wanted);
    let slice = StringViewArray::from(texts.clone()).slice(2, 2);
    assert_converts(DataType::Text, slice, &wanted[2..]);
    assert_refused(
        DataType::Text,
        LargeStringArray::from(vec!["a", "b\0"]),
        "row 1: its text has a NUL",
    );
    assert_refused(DataType::Text, Int64Array::from(vec![1]), "it is Int64, not text");
}

#[test]
fn dictionaries_of_any_key_and_text_type_are_accepted() {
    let texts = [Some("ads"), None, Some("organic"), Some("ads")];
    let wanted: Vec<_> = texts.iter().map(|text| text.map_or(NULL, Cell::Text)).collect();
    // Categories of pandas and enums of polars and DuckDB have different key and text types.
    let small: DictionaryArray<Int8Type> = texts.into_iter().collect();
    assert_converts(DataType::Text, small.clone(), &wanted);
    let values: ArrayRef = Arc::new(StringViewArray::from(vec!["ads", "organic"]));
    let keys = Int32Array::from(vec![Some(0), None, Some(1), Some(0)]);
    assert_converts(DataType::Text, DictionaryArray::new(keys, values), &wanted);
    let mut large = LargeStringDictionaryBuilder::<UInt64Type>::new();
    large.extend(texts);
    assert_converts(DataType::Text, large.finish(), &wanted);
    let mut wide = StringDictionaryBuilder::<UInt16Type>::new();
    wide.extend(texts);
    let wide = wide.finish();
    assert_converts(DataType::Text, wide.slice(2, 2), &wanted[2..]);
    // The two dictionary encodings that a batch supports are kept as they are.
    let kept: DictionaryArray<UInt8Type> = texts.into_iter().collect();
    let batch = read(DataType::Text, Arc::new(kept.clone())).unwrap();
    assert_eq!(batch.record().column(1).data_type(), kept.data_type());
    let batch = read(DataType::Text, Arc::new(small)).unwrap();
    let held = DictionaryArray::<Int32Type>::from_iter(texts);
    assert_eq!(batch.record().column(1).data_type(), held.data_type());
}

#[test]
fn dictionaries_with_null_values_are_decoded_to_plain_text() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let keys = UInt8Array::from(vec![Some(1), Some(0), None]);
    assert_converts(
        DataType::Text,
        DictionaryArray::new(keys, values),
        &[NULL, Cell::Text("a"), NULL],
    );
    let values: ArrayRef = Arc::new(StringArray::from(Vec::<Option<&str>>::new()));
    let keys = Int8Array::from(vec![None, None]);
    assert_converts(DataType::Text, DictionaryArray::new(keys, values), &[NULL, NULL]);
    let values: ArrayRef = Arc::new(StringArray::from(vec!["a", "b\0"]));
    let keys = UInt8Array::from(vec![0, 1]);
    assert_refused(DataType::Text, DictionaryArray::new(keys, values), "row 1: its text has a NUL");
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let numbers = DictionaryArray::new(UInt8Array::from(vec![0]), numbers);
    assert_refused(DataType::Text, numbers, "it is Dictionary(UInt8, Int64), not text");
}

#[test]
fn timestamps_of_any_unit_and_zone_become_utc_microseconds() {
    const SECOND: i64 = 1_700_000_000;
    let wanted = [Cell::Timestamp(SECOND * 1_000_000), NULL];
    assert_converts(
        DataType::Timestamp,
        TimestampSecondArray::from(vec![Some(SECOND), None]),
        &wanted,
    );
    let millis = TimestampMillisecondArray::from(vec![Some(SECOND * 1_000), None]);
    assert_converts(DataType::Timestamp, millis.with_timezone("UTC"), &wanted);
    let micros = TimestampMicrosecondArray::from(vec![Some(SECOND * 1_000_000), None]);
    assert_converts(DataType::Timestamp, micros.with_timezone("Europe/Berlin"), &wanted);
    let nanos = TimestampNanosecondArray::from(vec![Some(SECOND * 1_000_000_000), None]);
    assert_converts(DataType::Timestamp, nanos.with_timezone("+05:30"), &wanted);
    assert_converts(
        DataType::Timestamp,
        Date64Array::from(vec![-86_400_000]),
        &[Cell::Timestamp(-86_400_000_000)],
    );
    assert_converts(
        DataType::Timestamp,
        Date32Array::from(vec![-1]),
        &[Cell::Timestamp(-86_400_000_000)],
    );
    let before = TimestampNanosecondArray::from(vec![-1_000]);
    assert_converts(DataType::Timestamp, before, &[Cell::Timestamp(-1)]);
    let fine = TimestampNanosecondArray::from(vec![0, 1]);
    assert_refused(DataType::Timestamp, fine, "row 1: its time is finer than microseconds");
    let far = TimestampSecondArray::from(vec![i64::MAX]);
    assert_refused(DataType::Timestamp, far, "row 0: it is a time too far");
    let time = Time32SecondArray::from(vec![1]);
    assert_refused(DataType::Timestamp, time, "not timestamp");
}

#[test]
fn timestamps_at_midnight_are_read_as_dates() {
    let wanted = [Cell::Date(-1), NULL];
    assert_converts(DataType::Date, Date32Array::from(vec![Some(-1), None]), &wanted);
    assert_converts(DataType::Date, Date64Array::from(vec![Some(-86_400_000), None]), &wanted);
    let midnights = TimestampNanosecondArray::from(vec![Some(-86_400_000_000_000), None]);
    assert_converts(DataType::Date, midnights, &wanted);
    let noon = TimestampMillisecondArray::from(vec![0, 43_200_000]);
    assert_refused(DataType::Date, noon, "row 1: it is a time, and not a whole day");
}

#[test]
fn decimals_of_any_width_are_accepted() {
    let wanted = [Cell::Decimal(512_70000000), NULL];
    let decimal = |precision, scale| {
        Decimal128Array::from(vec![
            Some(5_127 * 10i128.pow(u32::try_from(scale).unwrap() - 1)),
            None,
        ])
        .with_precision_and_scale(precision, scale)
        .unwrap()
    };
    for (precision, scale) in [(28, 8), (38, 8), (12, 8), (38, 18), (10, 1)] {
        assert_converts(CRYPTO, decimal(precision, scale), &wanted);
    }
    let small = Decimal32Array::from(vec![Some(51_270), None]).with_precision_and_scale(9, 2);
    assert_converts(CRYPTO, small.unwrap(), &wanted);
    let middle = Decimal64Array::from(vec![Some(512_700), None]).with_precision_and_scale(18, 3);
    assert_converts(CRYPTO, middle.unwrap(), &wanted);
    let wide = Decimal256Array::from(vec![Some(i256::from_i128(5_127)), None]);
    assert_converts(CRYPTO, wide.with_precision_and_scale(76, 1).unwrap(), &wanted);
    let hundreds = Decimal128Array::from(vec![5]).with_precision_and_scale(3, -2).unwrap();
    assert_converts(CRYPTO, hundreds, &[Cell::Decimal(500_00000000)]);
    // Integers are whole units.
    assert_converts(CRYPTO, Int16Array::from(vec![-3]), &[Cell::Decimal(-3_00000000)]);
    assert_converts(
        CRYPTO,
        UInt64Array::from(vec![u64::MAX]),
        &[Cell::Decimal(i128::from(u64::MAX) * 100_000_000)],
    );
    // The stored type is the table's, regardless of the array's precision.
    let batch = read(CRYPTO, Arc::new(decimal(38, 8))).unwrap();
    assert_eq!(*batch.record().column(1).data_type(), CRYPTO.to_arrow());
}

#[test]
fn decimals_that_would_lose_digits_are_refused_with_their_row() {
    let fine = Decimal128Array::from(vec![10, 1]).with_precision_and_scale(38, 9).unwrap();
    assert_refused(CRYPTO, fine, "row 1: it has more than 8 decimal places");
    let large = Decimal128Array::from(vec![0, 10i128.pow(37)]).with_precision_and_scale(38, 0);
    assert_refused(CRYPTO, large.unwrap(), "row 1: it is too large");
    let large = Decimal128Array::from(vec![0, 10i128.pow(28)]).with_precision_and_scale(38, 8);
    assert_refused(CRYPTO, large.unwrap(), "row 1: it has more than 28 digits");
    let huge = Decimal256Array::from(vec![i256::MAX]).with_precision_and_scale(76, 8).unwrap();
    assert_refused(CRYPTO, huge, "row 0: it has more than 38 digits");
    assert_refused(
        CRYPTO,
        Float64Array::from(vec![0.1]),
        "it is Float64, not decimal(28,8): money is never",
    );
    assert_refused(CRYPTO, StringArray::from(vec!["1"]), "it is Utf8, not decimal(28,8)");
}

#[test]
fn buffer_contents_under_nulls_are_ignored() {
    let nulls = Some(vec![true, false].into());
    let fine = TimestampNanosecondArray::new(vec![1_000, 1].into(), nulls.clone());
    assert_converts(DataType::Timestamp, fine, &[Cell::Timestamp(1), NULL]);
    let large = Decimal128Array::new(vec![1, i128::MAX].into(), nulls.clone());
    assert_converts(
        CRYPTO,
        large.with_precision_and_scale(38, 8).unwrap(),
        &[Cell::Decimal(1), NULL],
    );
    let floats = Float64Array::new(vec![1.0, f64::NAN].into(), nulls);
    assert_converts(DataType::Float64, floats, &[Cell::Float(1.0), NULL]);
    assert_converts(DataType::Bool, NullArray::new(2), &[NULL, NULL]);
    assert_converts(CRYPTO, NullArray::new(1), &[NULL]);
}
