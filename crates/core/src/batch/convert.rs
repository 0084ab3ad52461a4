//! Conversion of every Arrow encoding that fits a column's type to the one that a batch holds.
//!
//! Files of pandas, polars, DuckDB and Spark differ in widths, units and layouts, not in meaning. A
//! value that would lose precision is refused, with its row.

use std::sync::Arc;

use super::check::{InvalidValue, is_text};
use crate::{Column, DataType};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type,
    Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, PrimitiveArray, StringArray, downcast_dictionary_array,
    new_null_array,
};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{DataType as ArrowType, TimeUnit};

/// The lengths of a day in microseconds and in milliseconds.
const DAY_MICROS: i64 = 86_400_000_000;
const DAY_MILLIS: i64 = 86_400_000;

/// The largest integer up to which every integer has an exact float.
const MAX_EXACT_FLOAT: i64 = 1 << 53;

/// Converts `array` to the Arrow type of `column`; an array of that type is not copied.
pub(super) fn convert(column: &Column, array: &ArrayRef) -> Result<ArrayRef, InvalidValue> {
    let target = column.dtype.to_arrow();
    if *array.data_type() == target || (column.dtype == DataType::Text && is_text(array)) {
        return Ok(array.clone());
    }
    if *array.data_type() == ArrowType::Null {
        return Ok(new_null_array(&target, array.len()));
    }
    let converted = match column.dtype {
        DataType::Bool => None,
        DataType::Int64 => integers(array)?,
        DataType::Float64 => floats(array)?,
        DataType::Text => text(array)?,
        DataType::Date => dates(array)?,
        DataType::Timestamp => timestamps(array)?,
        DataType::Decimal { precision, scale } => decimals(array, precision, scale)?,
    };
    converted.ok_or_else(|| {
        let is_float = array.data_type().is_floating();
        let why = match column.dtype {
            DataType::Decimal { .. } if is_float => ": money is never a float",
            _ => "",
        };
        (None, format!("it is {}, not {}{why}", array.data_type(), column.dtype))
    })
}

/// Converts value by value; nulls stay nulls.
fn map_values<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &dyn Array,
    value: impl Fn(S::Native) -> Result<T::Native, String>,
) -> Result<PrimitiveArray<T>, InvalidValue> {
    let from = array.as_primitive::<S>();
    let mut values = Vec::with_capacity(from.len());
    for (row, found) in from.values().iter().enumerate() {
        // The buffer may hold any value under a null.
        values.push(match value(*found) {
            Ok(value) => value,
            Err(_) if from.is_null(row) => T::Native::default(),
            Err(reason) => return Err((Some(row), reason)),
        });
    }
    let nulls = from.nulls().cloned();
    PrimitiveArray::try_new(values.into(), nulls).map_err(|error| (None, error.to_string()))
}

type Converted = Result<Option<ArrayRef>, InvalidValue>;

fn boxed<T: ArrowPrimitiveType>(array: PrimitiveArray<T>) -> Converted {
    Ok(Some(Arc::new(array)))
}

fn integers(array: &ArrayRef) -> Converted {
    fn widened<S: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef) -> Converted {
        boxed(map_values::<S, Int64Type>(array, |value| Ok(value.into()))?)
    }
    match array.data_type() {
        ArrowType::Int8 => widened::<Int8Type>(array),
        ArrowType::Int16 => widened::<Int16Type>(array),
        ArrowType::Int32 => widened::<Int32Type>(array),
        ArrowType::UInt8 => widened::<UInt8Type>(array),
        ArrowType::UInt16 => widened::<UInt16Type>(array),
        ArrowType::UInt32 => widened::<UInt32Type>(array),
        ArrowType::UInt64 => boxed(map_values::<UInt64Type, Int64Type>(array, |value| {
            i64::try_from(value).map_err(|_| format!("{value} does not fit 64 bits"))
        })?),
        _ => Ok(None),
    }
}

fn floats(array: &ArrayRef) -> Converted {
    fn widened<S: ArrowPrimitiveType<Native: Into<f64>>>(array: &ArrayRef) -> Converted {
        boxed(map_values::<S, Float64Type>(array, |value| Ok(value.into()))?)
    }
    match array.data_type() {
        ArrowType::Float16 => {
            boxed(map_values::<Float16Type, Float64Type>(array, |value| Ok(value.to_f64()))?)
        }
        ArrowType::Float32 => widened::<Float32Type>(array),
        ArrowType::Int8 => widened::<Int8Type>(array),
        ArrowType::Int16 => widened::<Int16Type>(array),
        ArrowType::Int32 => widened::<Int32Type>(array),
        ArrowType::UInt8 => widened::<UInt8Type>(array),
        ArrowType::UInt16 => widened::<UInt16Type>(array),
        ArrowType::UInt32 => widened::<UInt32Type>(array),
        ArrowType::Int64 => boxed(map_values::<Int64Type, Float64Type>(array, |value| {
            let is_exact = (-MAX_EXACT_FLOAT..=MAX_EXACT_FLOAT).contains(&value);
            is_exact.then_some(value as f64).ok_or_else(|| format!("{value} is no exact float"))
        })?),
        _ => Ok(None),
    }
}

fn dates(array: &ArrayRef) -> Converted {
    let days = |value: i64, day: i64| {
        let is_whole = value.rem_euclid(day) == 0;
        let days = is_whole.then(|| i32::try_from(value.div_euclid(day)).ok()).flatten();
        days.ok_or_else(|| "it is a time, and not a whole day".to_owned())
    };
    let from_unit = |per_second: i64| move |value: i64| days(value, 86_400 * per_second);
    match array.data_type() {
        ArrowType::Date64 => {
            boxed(map_values::<Date64Type, Date32Type>(array, |value| days(value, DAY_MILLIS))?)
        }
        // pandas has no date type, only timestamps at midnight.
        ArrowType::Timestamp(TimeUnit::Second, _) => {
            boxed(map_values::<TimestampSecondType, Date32Type>(array, from_unit(1))?)
        }
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => {
            boxed(map_values::<TimestampMillisecondType, Date32Type>(array, from_unit(1_000))?)
        }
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            boxed(map_values::<TimestampMicrosecondType, Date32Type>(array, from_unit(1_000_000))?)
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            boxed(map_values::<TimestampNanosecondType, Date32Type>(
                array,
                from_unit(1_000_000_000),
            )?)
        }
        _ => Ok(None),
    }
}

/// Converts timestamps of any unit and time zone to microseconds in UTC.
fn timestamps(array: &ArrayRef) -> Converted {
    let times = |factor: i64| {
        move |value: i64| {
            value.checked_mul(factor).ok_or_else(|| "it is a time too far to hold".to_owned())
        }
    };
    match array.data_type() {
        ArrowType::Timestamp(TimeUnit::Second, _) => boxed(map_values::<
            TimestampSecondType,
            TimestampMicrosecondType,
        >(array, times(1_000_000))?),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => boxed(map_values::<
            TimestampMillisecondType,
            TimestampMicrosecondType,
        >(array, times(1_000))?),
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>();
            boxed(micros.clone().with_timezone_opt::<&str>(None))
        }
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => {
            let micros = |value: i64| {
                let is_whole = value.rem_euclid(1_000) == 0;
                is_whole.then(|| value.div_euclid(1_000)).ok_or_else(|| {
                    "its time is finer than microseconds: cut or round it to microseconds".into()
                })
            };
            boxed(map_values::<TimestampNanosecondType, TimestampMicrosecondType>(array, micros)?)
        }
        ArrowType::Date64 => {
            let micros = |value: i64| match value.rem_euclid(DAY_MILLIS) {
                0 => times(1_000)(value),
                _ => Err("it is not a whole day".to_owned()),
            };
            boxed(map_values::<Date64Type, TimestampMicrosecondType>(array, micros)?)
        }
        ArrowType::Date32 => {
            let micros = |days: i32| Ok(i64::from(days) * DAY_MICROS);
            boxed(map_values::<Date32Type, TimestampMicrosecondType>(array, micros)?)
        }
        _ => Ok(None),
    }
}

fn decimals(array: &ArrayRef, precision: u8, scale: u8) -> Converted {
    let to = i32::from(scale);
    let integers = |from: i32| move |value: i128| rescale(value, from, to);
    let converted = match array.data_type() {
        ArrowType::Decimal32(_, from) => decimal::<Decimal32Type>(array, *from, to)?,
        ArrowType::Decimal64(_, from) => decimal::<Decimal64Type>(array, *from, to)?,
        ArrowType::Decimal128(_, from) if i32::from(*from) == to => {
            array.as_primitive::<Decimal128Type>().clone()
        }
        ArrowType::Decimal128(_, from) => decimal::<Decimal128Type>(array, *from, to)?,
        ArrowType::Decimal256(_, from) => {
            map_values::<Decimal256Type, Decimal128Type>(array, |value| {
                let value =
                    value.to_i128().ok_or_else(|| "it has more than 38 digits".to_owned())?;
                rescale(value, i32::from(*from), to)
            })?
        }
        // Integers are whole units.
        ArrowType::UInt64 => map_values::<UInt64Type, _>(array, |value| integers(0)(value.into()))?,
        ArrowType::Int64 => map_values::<Int64Type, _>(array, |value| integers(0)(value.into()))?,
        _ => match self::integers(array)? {
            Some(array) => map_values::<Int64Type, _>(&array, |value| integers(0)(value.into()))?,
            None => return Ok(None),
        },
    };
    // The values are checked against the precision when the column is validated.
    let converted = converted.with_precision_and_scale(precision, scale.cast_signed());
    boxed(converted.map_err(|error| (None, error.to_string()))?)
}

fn decimal<S: DecimalType<Native: Into<i128>>>(
    array: &ArrayRef,
    from: i8,
    to: i32,
) -> Result<PrimitiveArray<Decimal128Type>, InvalidValue> {
    map_values::<S, Decimal128Type>(array, |value| rescale(value.into(), i32::from(from), to))
}

fn rescale(value: i128, from: i32, to: i32) -> Result<i128, String> {
    let power = 10i128.checked_pow(from.abs_diff(to));
    if from <= to {
        let units = power.and_then(|power| value.checked_mul(power));
        return if value == 0 { Ok(0) } else { units.ok_or_else(|| "it is too large".to_owned()) };
    }
    match power {
        Some(power) if value % power == 0 => Ok(value / power),
        None if value == 0 => Ok(0),
        _ => Err(format!("it has more than {to} decimal places")),
    }
}

fn text(array: &ArrayRef) -> Converted {
    Ok(match array.data_type() {
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => {
            Some(Arc::new(to_plain(array)?))
        }
        ArrowType::Dictionary(_, values)
            if matches!(**values, ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View) =>
        {
            Some(dictionary(array)?)
        }
        _ => None,
    })
}

/// Converts text of any layout to the plain one.
fn to_plain(array: &ArrayRef) -> Result<StringArray, InvalidValue> {
    fn build<'a>(
        texts: impl Iterator<Item = Option<&'a str>> + Clone,
    ) -> Result<StringArray, InvalidValue> {
        check_text_size(texts.clone().flatten().map(str::len).sum())?;
        Ok(texts.collect())
    }
    if let Some(texts) = array.as_string_opt::<i32>() {
        return Ok(texts.clone());
    }
    if let Some(texts) = array.as_string_opt::<i64>() {
        return build(texts.iter());
    }
    build(array.as_string_view().iter())
}

/// Checks that a text column of `bytes` bytes fits the 32-bit offsets of a batch.
pub(super) fn check_text_size(bytes: usize) -> Result<(), InvalidValue> {
    let fits = i32::try_from(bytes).is_ok();
    if fits {
        Ok(())
    } else {
        Err((None, "its text is longer than 2 GiB: make smaller batches".into()))
    }
}

/// Converts to a dictionary with keys of 8 or 32 bits, or to plain text if a value of the
/// dictionary is null.
fn dictionary(array: &ArrayRef) -> Result<ArrayRef, InvalidValue> {
    let dictionary = array.as_any_dictionary();
    let values = to_plain(dictionary.values())?;
    if values.null_count() > 0 {
        return decode_dictionary(array, &values);
    }
    fn with_keys<K: ArrowDictionaryKeyType>(
        keys: PrimitiveArray<K>,
        values: StringArray,
    ) -> Result<ArrayRef, InvalidValue> {
        let packed = DictionaryArray::try_new(keys, Arc::new(values));
        Ok(Arc::new(packed.map_err(|error| (None, error.to_string()))?))
    }
    if let Some(small) = array.as_dictionary_opt::<UInt8Type>() {
        return with_keys(small.keys().clone(), values);
    }
    downcast_dictionary_array!(
        array => {
            let key = |key: usize| i32::try_from(key).map_err(|_| "it has too many texts".to_owned());
            let keys = map_keys(array.keys(), key)?;
            with_keys(keys, values)
        },
        _ => Err((None, "it is no dictionary".into())),
    )
}

fn map_keys<K: ArrowDictionaryKeyType>(
    keys: &PrimitiveArray<K>,
    key: impl Fn(usize) -> Result<i32, String>,
) -> Result<PrimitiveArray<Int32Type>, InvalidValue> {
    map_values::<K, Int32Type>(keys, |value| key(value.as_usize()))
}

fn decode_dictionary(array: &ArrayRef, values: &StringArray) -> Result<ArrayRef, InvalidValue> {
    let packed = array.as_any_dictionary();
    if values.is_empty() {
        return Ok(new_null_array(&ArrowType::Utf8, array.len()));
    }
    let (keys, nulls) = (packed.normalized_keys(), array.nulls());
    let text = |(row, key): (usize, &usize)| {
        let is_valid = nulls.is_none_or(|nulls| nulls.is_valid(row)) && values.is_valid(*key);
        is_valid.then(|| values.value(*key))
    };
    let texts = keys.iter().enumerate().map(text);
    check_text_size(texts.clone().flatten().map(str::len).sum())?;
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// Converts text of either encoding of a batch to the plain layout.
pub(super) fn plain_text(array: &ArrayRef) -> Result<ArrayRef, InvalidValue> {
    if array.as_string_opt::<i32>().is_some() {
        return Ok(array.clone());
    }
    decode_dictionary(array, &to_plain(array.as_any_dictionary().values())?)
}

#[cfg(test)]
mod tests;
