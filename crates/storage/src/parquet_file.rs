//! Encoding of columns as a Parquet file: row groups, compression, and delta or dictionary
//! encoding.

use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread;

use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use tidegauge_core::arrow::array::{ArrayRef, RecordBatch};
use tidegauge_core::arrow::schema::{ArrowError, DataType as ArrowType, Field, SchemaRef};

use crate::Result;

/// The number of rows of a row group, the unit of statistics and of reading.
pub(crate) const ROW_GROUP_ROWS: usize = 1 << 18;

/// The minimum number of rows for which threads are worthwhile.
const MIN_ROWS_FOR_THREADS: usize = 10_000;

/// The fastest compression level: compression dominates the time of a load, and a page is not kept
/// for its size. The default of zstd is 3.
const COMPRESSION_LEVEL: i32 = 1;

/// Encodes rows as a Parquet file with statistics by row group and page, and with `metadata` in its
/// footer. The columns of a row group are compressed on all cores.
pub(crate) fn encode_file(rows: &RecordBatch, metadata: Option<KeyValue>) -> Result<Vec<u8>> {
    Ok(write_file(rows, metadata).map_err(ArrowError::from)?)
}

fn write_file(rows: &RecordBatch, metadata: Option<KeyValue>) -> Result<Vec<u8>, ParquetError> {
    let schema = rows.schema_ref();
    let properties = Arc::new(properties(schema, metadata)?);
    let columns = ArrowSchemaConverter::new().convert(schema)?;
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, columns.root_schema_ptr(), properties)?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, schema.clone());
    for (index, from) in (0..rows.num_rows()).step_by(ROW_GROUP_ROWS).enumerate() {
        let group = rows.slice(from, ROW_GROUP_ROWS.min(rows.num_rows() - from));
        let chunks = compress_columns(factory.create_column_writers(index)?, &group)?;
        let mut row_group = writer.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
    }
    writer.close()?;
    Ok(bytes)
}

fn properties(
    schema: &SchemaRef,
    metadata: Option<KeyValue>,
) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_key_value_metadata(metadata.map(|metadata| vec![metadata]))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(COMPRESSION_LEVEL)?))
        .set_dictionary_enabled(false);
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().clone());
        properties = match field.data_type() {
            // Consecutive numbers and times are close to each other: their differences are short,
            // and need no dictionary lookup.
            ArrowType::Int64 | ArrowType::Timestamp(..) => {
                properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED)
            }
            // Amounts are rarely repeated.
            ArrowType::Decimal128(..) | ArrowType::Float64 | ArrowType::Boolean => properties,
            _ => properties.set_column_dictionary_enabled(column, true),
        };
    }
    Ok(properties.build())
}

/// A column to be compressed, with its index.
struct ColumnTask<'a> {
    index: usize,
    field: &'a Field,
    array: &'a ArrayRef,
    writer: ArrowColumnWriter,
}

impl ColumnTask<'_> {
    fn run(mut self) -> Result<(usize, ArrowColumnChunk), ParquetError> {
        for leaf in compute_leaves(self.field, self.array)? {
            self.writer.write(&leaf)?;
        }
        Ok((self.index, self.writer.close()?))
    }
}

/// Returns the chunk of each column, in order.
fn compress_columns(
    writers: Vec<ArrowColumnWriter>,
    group: &RecordBatch,
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let columns = group.schema_ref().fields().iter().zip(group.columns());
    let mut tasks: Vec<_> = writers
        .into_iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (writer, (field, array)))| ColumnTask { index, field, array, writer })
        .collect();
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(tasks.len());
    let mut done = Vec::with_capacity(tasks.len());
    if group.num_rows() < MIN_ROWS_FOR_THREADS || cores < 2 {
        for task in tasks {
            done.push(task.run()?);
        }
    } else {
        // The longest ones run first, so that all cores finish at about the same time; tasks are
        // taken from the end.
        tasks.sort_by_key(|task| relative_cost(task.array.data_type()));
        let queue = Mutex::new(tasks);
        let next = || queue.lock().ok().and_then(|mut tasks| tasks.pop());
        let work = || {
            let mut done = Vec::new();
            while let Some(task) = next() {
                done.push(task.run()?);
            }
            Ok::<_, ParquetError>(done)
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| {
                let chunks = worker.join();
                done.extend(chunks.unwrap_or_else(|cause| std::panic::resume_unwind(cause))?);
                Ok::<_, ParquetError>(())
            })
        })?;
    }
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, chunk)| chunk).collect())
}

/// Returns the relative time that a column of this type takes.
fn relative_cost(dtype: &ArrowType) -> u8 {
    match dtype {
        ArrowType::Utf8 => 4,
        ArrowType::Decimal128(..) => 3,
        ArrowType::Boolean => 0,
        ArrowType::Dictionary(..) => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::file::serialized_reader::ReadOptionsBuilder;
    use tidegauge_core::conformance::rows::{everything, varied};
    use tidegauge_core::{Batch, WriteMode};

    use super::*;

    #[test]
    fn columns_have_their_encodings_and_statistics_by_row_group_and_page() {
        let table = everything(WriteMode::Append);
        let rows = varied(&table, 30_000);
        let bytes = bytes::Bytes::from(encode_file(rows.record(), None).unwrap());
        let options = ReadOptionsBuilder::new().with_page_index().build();
        let file = SerializedFileReader::new_with_options(bytes, options).unwrap();
        let (metadata, group) = (file.metadata(), file.metadata().row_group(0));
        let index = metadata.page_index().unwrap();
        for (at, column) in table.columns.iter().enumerate() {
            let chunk = group.column(at);
            assert!(matches!(chunk.compression(), Compression::ZSTD(_)), "{}", column.name);
            let statistics = chunk.statistics().unwrap();
            assert!(statistics.min_bytes_opt().is_some() && statistics.max_bytes_opt().is_some());
            assert!(index.column_index(0, at).unwrap().num_pages() > 1, "{}", column.name);
            let encodings = chunk.encodings_mask();
            let is = |encoding| encodings.is_set(encoding);
            match column.name.as_ref() {
                "group" | "at" => assert!(is(Encoding::DELTA_BINARY_PACKED), "{}", column.name),
                "select" | "where" | "day" => {
                    assert!(is(Encoding::RLE_DICTIONARY), "{}", column.name);
                }
                _ => assert!(is(Encoding::PLAIN) && !is(Encoding::RLE_DICTIONARY)),
            }
        }
    }

    #[test]
    fn rows_are_divided_into_row_groups() {
        let table = tidegauge_core::conformance::rows::simple("t", WriteMode::Append);
        let rows = ROW_GROUP_ROWS + 10;
        let ids = (0..i64::try_from(rows).unwrap()).collect();
        let columns =
            vec![tidegauge_core::Values::Ints(ids), tidegauge_core::Values::Constant("a")];
        let batch = Batch::from_columns(&table, rows, columns).unwrap();
        let bytes = bytes::Bytes::from(encode_file(batch.record(), None).unwrap());
        let file = SerializedFileReader::new(bytes).unwrap();
        let groups = file.metadata().row_groups().iter().map(|group| group.num_rows());
        assert_eq!(groups.collect::<Vec<_>>(), [1 << 18, 10]);
    }
}
