//! Conversion of Arrow values to fields.

use tidegauge_core::arrow::array::cast::AsArray;
use tidegauge_core::arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use tidegauge_core::arrow::array::{Array, ArrayRef};
use tidegauge_core::arrow::schema::{ArrowError, DataType as ArrowType, TimeUnit};
use tidegauge_core::arrow::select::take::take;

use crate::user_data::mapping::Field;

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

/// A column of a file, of a type that is [`is_readable`].
#[derive(Debug)]
pub(super) struct ArrowColumn {
    name: String,
    array: ArrayRef,
}

impl ArrowColumn {
    /// Creates a column; a dictionary is decoded, so that each row has its value.
    pub(super) fn new(name: &str, array: &ArrayRef) -> Result<Self, ArrowError> {
        let array = match array.as_any_dictionary_opt() {
            Some(compressed) => take(compressed.values(), compressed.keys(), None)?,
            None => array.clone(),
        };
        Ok(Self { name: name.to_owned(), array })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value of a row.
    pub(super) fn field(&self, row: usize) -> Field<'_> {
        let array = &self.array;
        if array.is_null(row) {
            return Field::Null;
        }
        match array.data_type() {
            ArrowType::Boolean => Field::Bool(array.as_boolean().value(row)),
            ArrowType::Int8 => int::<Int8Type>(array, row),
            ArrowType::Int16 => int::<Int16Type>(array, row),
            ArrowType::Int32 => int::<Int32Type>(array, row),
            ArrowType::Int64 => int::<Int64Type>(array, row),
            ArrowType::UInt8 => int::<UInt8Type>(array, row),
            ArrowType::UInt16 => int::<UInt16Type>(array, row),
            ArrowType::UInt32 => int::<UInt32Type>(array, row),
            ArrowType::UInt64 => int::<UInt64Type>(array, row),
            ArrowType::Float16 => {
                shortest_float(array.as_primitive::<Float16Type>().value(row).to_f32())
            }
            ArrowType::Float32 => shortest_float(array.as_primitive::<Float32Type>().value(row)),
            ArrowType::Float64 => Field::Float(array.as_primitive::<Float64Type>().value(row)),
            ArrowType::Utf8 => Field::from(array.as_string::<i32>().value(row)),
            ArrowType::LargeUtf8 => Field::from(array.as_string::<i64>().value(row)),
            ArrowType::Utf8View => Field::from(array.as_string_view().value(row)),
            ArrowType::Binary => bytes(array.as_binary::<i32>().value(row)),
            ArrowType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
            ArrowType::BinaryView => bytes(array.as_binary_view().value(row)),
            ArrowType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(row)),
            ArrowType::Date32 => Field::Date(array.as_primitive::<Date32Type>().value(row)),
            ArrowType::Date64 => day(array.as_primitive::<Date64Type>().value(row)),
            ArrowType::Timestamp(unit, Some(_)) => Field::Timestamp(micros(array, *unit, row)),
            ArrowType::Timestamp(unit, None) => Field::Local(micros(array, *unit, row)),
            ArrowType::Decimal32(_, scale) => decimal::<Decimal32Type>(array, *scale, row),
            ArrowType::Decimal64(_, scale) => decimal::<Decimal64Type>(array, *scale, row),
            ArrowType::Decimal128(_, scale) => decimal::<Decimal128Type>(array, *scale, row),
            ArrowType::Decimal256(precision, scale) => {
                let value = array.as_primitive::<Decimal256Type>().value(row);
                Field::Text(Decimal256Type::format_decimal(value, *precision, *scale).into())
            }
            // Other types are rejected when the file is opened.
            _ => Field::Missing,
        }
    }
}

fn int<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef, row: usize) -> Field<'static> {
    Field::Int(array.as_primitive::<T>().value(row).into())
}

/// Converts a float by its shortest decimal form: 0.1 stays 0.1.
fn shortest_float(value: f32) -> Field<'static> {
    Field::Float(value.to_string().parse().unwrap_or(value.into()))
}

fn bytes(bytes: &[u8]) -> Field<'_> {
    Field::Bytes(bytes.into())
}

fn day(millis: i64) -> Field<'static> {
    match i32::try_from(millis.div_euclid(DAY)) {
        Ok(days) if millis.rem_euclid(DAY) == 0 => Field::Date(days),
        _ => Field::Timestamp(millis.saturating_mul(1_000)),
    }
}

fn micros(array: &ArrayRef, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => {
            array.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1_000_000)
        }
        TimeUnit::Millisecond => {
            array.as_primitive::<TimestampMillisecondType>().value(row).saturating_mul(1_000)
        }
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => {
            array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000)
        }
    }
}

fn decimal<T: DecimalType<Native: Into<i128>>>(
    array: &ArrayRef,
    scale: i8,
    row: usize,
) -> Field<'static> {
    let units: i128 = array.as_primitive::<T>().value(row).into();
    match u32::try_from(scale) {
        Ok(scale) => Field::Decimal(units, scale),
        Err(_) => {
            let power = 10i128.checked_pow(scale.unsigned_abs().into());
            let whole = power.and_then(|power| units.checked_mul(power));
            whole.map_or_else(|| Field::Text(format!("{units}e{}", -scale).into()), Field::Int)
        }
    }
}

/// Returns `true` if values of the type can be converted to fields.
pub(super) fn is_readable(dtype: &ArrowType) -> bool {
    match dtype {
        ArrowType::Dictionary(_, values) => is_readable(values),
        ArrowType::Boolean
        | ArrowType::Utf8
        | ArrowType::LargeUtf8
        | ArrowType::Utf8View
        | ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_)
        | ArrowType::Date32
        | ArrowType::Date64
        | ArrowType::Timestamp(..)
        | ArrowType::Null => true,
        other => other.is_integer() || other.is_floating() || other.is_decimal(),
    }
}

/// Returns a plain description of the type.
pub(super) fn type_name(dtype: &ArrowType) -> String {
    match dtype {
        ArrowType::Time32(_) | ArrowType::Time64(_) => "a time of day".into(),
        ArrowType::Duration(_) | ArrowType::Interval(_) => "a duration".into(),
        ArrowType::List(_)
        | ArrowType::LargeList(_)
        | ArrowType::ListView(_)
        | ArrowType::LargeListView(_)
        | ArrowType::FixedSizeList(..) => "a list".into(),
        ArrowType::Struct(_) => "a struct".into(),
        ArrowType::Map(..) => "a map".into(),
        ArrowType::Dictionary(_, values) => format!("a dictionary of {}", type_name(values)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidegauge_core::arrow::array::{
        Date64Array, Decimal128Array, DictionaryArray, StringViewArray, UInt64Array,
    };
    use tidegauge_core::arrow::array::{Int32Array, TimestampSecondArray};

    use super::*;

    fn fields(array: impl Array + 'static) -> Vec<Field<'static>> {
        let array: ArrayRef = Arc::new(array);
        let column = ArrowColumn::new("x", &array).unwrap();
        let owned = |row| match column.field(row) {
            Field::Text(text) => Field::Text(text.into_owned().into()),
            Field::Bytes(bytes) => Field::Bytes(bytes.into_owned().into()),
            Field::Int(value) => Field::Int(value),
            Field::Date(days) => Field::Date(days),
            Field::Timestamp(micros) => Field::Timestamp(micros),
            Field::Local(micros) => Field::Local(micros),
            Field::Decimal(units, scale) => Field::Decimal(units, scale),
            Field::Null => Field::Null,
            other => panic!("{other:?}"),
        };
        (0..array.len()).map(owned).collect()
    }

    #[test]
    fn arrow_values_are_converted_by_their_types() {
        let kinds: ArrayRef = Arc::new(StringViewArray::from(vec!["ads", "organic"]));
        let compressed =
            DictionaryArray::new(Int32Array::from(vec![Some(1), None, Some(0)]), kinds);
        let text = |text: &'static str| Field::from(text);
        assert_eq!(fields(compressed), [text("organic"), Field::Null, text("ads")]);
        let days = Date64Array::from(vec![-86_400_000, 1]);
        assert_eq!(fields(days), [Field::Date(-1), Field::Timestamp(1_000)]);
        assert_eq!(fields(UInt64Array::from(vec![u64::MAX])), [Field::Int(u64::MAX.into())]);
        assert_eq!(fields(TimestampSecondArray::from(vec![1])), [Field::Local(1_000_000)]);
        let zoned = TimestampSecondArray::from(vec![1]).with_timezone("UTC");
        assert_eq!(fields(zoned), [Field::Timestamp(1_000_000)]);
        let hundreds = Decimal128Array::from(vec![5]).with_precision_and_scale(3, -2).unwrap();
        assert_eq!(fields(hundreds), [Field::Int(500)]);
    }
}
