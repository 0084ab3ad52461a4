//! Decoding of fixed-length decimals, the representation in Parquet of those with more than 18
//! digits.
//!
//! The `parquet` crate extends their sign byte by byte, which takes a third of the time of a scan.
//! So their metadata declares them as plain bytes, which are converted here a column at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaData};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use tidegauge_core::arrow::array::{
    Array, ArrayRef, Decimal128Array, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions,
};
use tidegauge_core::arrow::schema::{ArrowError, Field, FieldRef, Schema};

/// The maximum length in bytes of a decimal.
const MAX_DECIMAL_BYTES: i32 = 16;

/// The fixed-length decimals of a file, with the precision and scale of each by column name.
#[derive(Debug, Clone, Default)]
pub(super) struct Decimals(BTreeMap<String, (u8, i8)>);

impl Decimals {
    /// Returns the decimals of a file, and metadata by which they are decoded as bytes.
    pub(super) fn extract(
        metadata: ParquetMetaData,
    ) -> Result<(Self, ParquetMetaData), ParquetError> {
        let (file, mut found) = (metadata.file_metadata().clone(), Self::default());
        let root = file.schema_descr().root_schema();
        let mut fields = Vec::with_capacity(root.get_fields().len());
        for field in root.get_fields() {
            fields.push(match fixed_decimal(field) {
                Some((length, precision_and_scale)) => {
                    found.0.insert(field.name().to_owned(), precision_and_scale);
                    as_raw_bytes(field, length)?
                }
                None => field.clone(),
            });
        }
        if found.0.is_empty() {
            return Ok((found, metadata));
        }
        let root = Type::group_type_builder(root.name()).with_fields(fields).build()?;
        let file = FileMetaData::new(
            file.version(),
            file.num_rows(),
            file.created_by().map(str::to_owned),
            file.key_value_metadata().cloned(),
            Arc::new(SchemaDescriptor::new(Arc::new(root))),
            file.column_orders().cloned(),
        );
        let mut old = metadata.into_builder();
        let (groups, pages) = (old.take_row_groups(), old.take_page_index());
        let new = ParquetMetaData::new(file, groups).into_builder().set_page_index(pages);
        Ok((found, new.build()))
    }

    /// Returns the scale of the decimal column `name`, or `None` if it is not a fixed-length
    /// decimal.
    pub(super) fn scale(&self, name: &str) -> Option<u8> {
        self.0.get(name).and_then(|(_, scale)| u8::try_from(*scale).ok())
    }

    /// Converts the bytes of decimal columns in a decoded batch to numbers.
    pub(super) fn restore(&self, record: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = record.schema();
        let found = |field: &FieldRef| self.0.get(field.name()).copied();
        if !schema.fields().iter().any(|field| found(field).is_some()) {
            return Ok(record);
        }
        let mut fields: Vec<FieldRef> = schema.fields().to_vec();
        let mut columns: Vec<ArrayRef> = record.columns().to_vec();
        for (field, column) in fields.iter_mut().zip(&mut columns) {
            let bytes = column.as_any().downcast_ref::<FixedSizeBinaryArray>();
            if let (Some((precision, scale)), Some(bytes)) = (found(field), bytes) {
                let numbers = decode_column(bytes).with_precision_and_scale(precision, scale)?;
                let dtype = numbers.data_type().clone();
                *field = Arc::new(Field::new(field.name(), dtype, field.is_nullable()));
                *column = Arc::new(numbers);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(record.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
    }
}

/// Returns the length in bytes, and the precision and scale, of a fixed-length decimal.
fn fixed_decimal(field: &Type) -> Option<(i32, (u8, i8))> {
    let Type::PrimitiveType { physical_type, type_length, scale, precision, basic_info } = field
    else {
        return None;
    };
    let (precision, scale) = match basic_info.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => (decimal.precision, decimal.scale),
        None if basic_info.converted_type() == ConvertedType::DECIMAL => (*precision, *scale),
        _ => return None,
    };
    let is_fixed = *physical_type == PhysicalType::FIXED_LEN_BYTE_ARRAY;
    let is_read = is_fixed && (1..=MAX_DECIMAL_BYTES).contains(type_length);
    let known = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    is_read.then_some((*type_length, known))
}

/// Returns the field as a fixed-length byte array without a logical type.
fn as_raw_bytes(field: &Type, length: i32) -> Result<TypePtr, ParquetError> {
    let info = field.get_basic_info();
    let mut builder =
        Type::primitive_type_builder(field.name(), PhysicalType::FIXED_LEN_BYTE_ARRAY)
            .with_length(length)
            .with_id(info.has_id().then(|| info.id()));
    if info.has_repetition() {
        builder = builder.with_repetition(info.repetition());
    }
    Ok(Arc::new(builder.build()?))
}

/// Converts big-endian bytes to numbers.
fn decode_column(array: &FixedSizeBinaryArray) -> Decimal128Array {
    let bytes = array.value_data();
    // With a constant length, the compiler reduces a number to two loads and a shift.
    let numbers = match array.value_length() {
        8 => decode_fixed::<8>(bytes),
        12 => decode_fixed::<12>(bytes),
        16 => decode_fixed::<16>(bytes),
        length => {
            let length = usize::try_from(length).unwrap_or(1).max(1);
            bytes.chunks_exact(length).map(decode_number).collect()
        }
    };
    Decimal128Array::new(numbers.into(), array.nulls().cloned())
}

fn decode_fixed<const LENGTH: usize>(bytes: &[u8]) -> Vec<i128> {
    let (chunks, _) = bytes.as_chunks::<LENGTH>();
    chunks.iter().map(|chunk| decode_number(chunk)).collect()
}

/// Converts at most 16 bytes to a number: they become the upper bytes of 16, which are shifted down
/// with their sign.
#[inline]
fn decode_number(bytes: &[u8]) -> i128 {
    let mut wide = [0; 16];
    for (wide, byte) in wide.iter_mut().zip(bytes) {
        *wide = *byte;
    }
    let missing = wide.len().saturating_sub(bytes.len());
    i128::from_be_bytes(wide) >> (8 * missing).min(127)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_keep_their_sign() {
        for length in 1..=16usize {
            let most = i128::MAX >> (8 * (16 - length));
            let values = [0, 1, -1, most, -most - 1, most / 3, -most / 7];
            let bytes = values.iter().map(|value| value.to_be_bytes()[16 - length..].to_vec());
            let array = FixedSizeBinaryArray::try_from_iter(bytes).unwrap();
            assert_eq!(decode_column(&array).values(), &values[..], "{length}");
            assert_eq!(decode_column(&array.slice(2, 3)).values(), &values[2..5], "{length}");
        }
    }

    #[test]
    fn nulls_are_preserved() {
        let one = 7i128.to_be_bytes();
        let values = [Some(&one[4..]), None, Some(&one[4..])];
        let array =
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), 12).unwrap();
        let read: Vec<_> = decode_column(&array).iter().collect();
        assert_eq!(read, [Some(7), None, Some(7)]);
    }
}
