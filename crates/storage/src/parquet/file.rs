//! Reading of a Parquet file by ranges, with projection and predicate pushdown: its footer, then
//! the required row groups and pages.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, RowFilter, RowGroupSelection, RowSelection,
};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::basic::ConvertedType;
use parquet::errors::ParquetError;
use tidegauge_core::arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array,
};
use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::arrow::schema::{ArrowError, Field, FieldRef, Schema, SchemaRef};
use tidegauge_core::{Batch, Condition, DataType, Predicate, Scan, TableRef, Test};

use super::decimal::Decimals;
use super::footer::{
    catch_decode, decode_footer, fetch_ranges, footer_fingerprint, reader_metadata,
};
use super::prune;
use super::request::{BATCH_ROWS, BatchConsumer, DataFile, ReadRequest};
use super::scan_metrics::ScanMetrics;
use crate::folder::{FileStore, OpenFile};
use crate::{Error, Result};

/// A file whose footer was read.
pub(super) struct ParquetFile<'a, D: FileStore> {
    directory: &'a D,
    metrics: &'a ScanMetrics,
    path: &'a str,
    opened: OpenFile<D::File>,
    metadata: ArrowReaderMetadata,
    decimals: Decimals,
}

impl<'a, D: FileStore> ParquetFile<'a, D> {
    /// Opens a file; `pages` is `true` to read the page index too.
    pub(super) fn open(
        directory: &'a D,
        metrics: &'a ScanMetrics,
        file: &'a DataFile,
        pages: bool,
    ) -> Result<Self> {
        let opened = directory.open_file(&file.path)?;
        metrics.add_file(opened.tail.len());
        let name = directory.name(&file.path);
        let to_error = |error| Error::parquet(Path::new(&name), error);
        let read = |ranges: &[_]| fetch_ranges(directory, metrics, &file.path, &opened, ranges);
        if let Some(footer) = file.footer
            && footer_fingerprint(directory, metrics, &file.path, &opened)? != footer
        {
            let reason = "its footer is not the one that was written";
            return Err(Error::damaged(Path::new(&name), reason));
        }
        let metadata = decode_footer(&opened, pages, read, to_error)?;
        let found = metadata.file_metadata().num_rows();
        if usize::try_from(found) != Ok(file.rows) {
            let reason = format!("it has {found} rows, not {}", file.rows);
            return Err(Error::damaged(Path::new(&name), reason));
        }
        let groups = metadata.row_groups().iter().map(|group| group.num_rows());
        if groups.sum::<i64>() != found {
            let reason = "its row groups have not as many rows as it says";
            return Err(Error::damaged(Path::new(&name), reason));
        }
        let decimals = catch_decode(|| {
            let (decimals, metadata) = Decimals::extract(metadata)?;
            Ok((decimals, reader_metadata(Arc::new(metadata))?))
        });
        let (decimals, metadata) = decimals.map_err(to_error)?;
        Ok(Self { directory, metrics, path: &file.path, opened, metadata, decimals })
    }

    /// Reads the rows that pass the predicate, pruning row groups and pages by their statistics.
    pub(super) fn read(&self, request: &ReadRequest, consume: BatchConsumer<'_>) -> Result<()> {
        let (mut conditions, mut missing) = (Vec::new(), false);
        for condition in &request.predicate.conditions {
            match self.column_index(&condition.name) {
                Some(index) => conditions.push((index, condition)),
                // A column that the file lacks is null in all rows.
                None => missing |= condition.test != Test::IsNull,
            }
        }
        if missing {
            return Ok(());
        }
        // Rows of row groups that pass as a whole are not tested.
        for same in
            self.row_groups(&conditions)?.chunk_by(|one, next| one.all_pass == next.all_pass)
        {
            let compared = !same.iter().all(|group| group.all_pass);
            let filter = if compared { self.row_filter(request, &conditions)? } else { None };
            let groups = same.iter().map(|group| group.selection.clone()).collect();
            if self.decode(request, groups, filter, consume)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the rows whose bit in `selected` is set, regardless of the predicate.
    pub(super) fn read_rows(
        &self,
        request: &ReadRequest,
        selected: &BooleanBuffer,
        consume: BatchConsumer<'_>,
    ) -> Result<()> {
        let mut groups = Vec::new();
        for (index, rows) in self.row_group_ranges().into_iter().enumerate() {
            let selected = selected.slice(rows.start, rows.len());
            let selection = match selected.count_set_bits() {
                0 => continue,
                all if all == selected.len() => None,
                _ => Some(RowSelection::from_boolean_buffer(selected)),
            };
            groups.push(RowGroupSelection::new(index, selection));
        }
        self.decode(request, groups, None, consume).map(|_| ())
    }

    /// Reads all rows of those row groups in which rows may pass, regardless of the predicate; each
    /// batch comes with the indexes of its rows in the file.
    pub(super) fn read_groups(
        &self,
        request: &ReadRequest,
        consume: &mut dyn FnMut(&Batch, &mut dyn Iterator<Item = usize>) -> Result<()>,
    ) -> Result<()> {
        let conditions: Vec<_> = request.predicate.conditions.iter().collect();
        let present = conditions
            .iter()
            .filter_map(|condition| Some((self.column_index(&condition.name)?, *condition)));
        let groups = self.row_groups(&present.collect::<Vec<_>>())?;
        let rows = self.row_group_ranges();
        let chosen: Vec<usize> =
            groups.iter().map(|group| group.selection.row_group_index()).collect();
        let groups = chosen.iter().map(|index| RowGroupSelection::new(*index, None)).collect();
        let mut positions = chosen.into_iter().flat_map(|index| rows[index].clone());
        self.decode(request, groups, None, &mut |batch| {
            consume(&batch, &mut positions)?;
            Ok(ControlFlow::Continue(()))
        })
        .map(|_| ())
    }

    /// Returns the row groups in which rows may pass the conditions, pruned by statistics.
    fn row_groups(&self, conditions: &[(usize, &Condition)]) -> Result<Vec<prune::RowGroup>> {
        let units: Vec<i128> = conditions
            .iter()
            .map(|(index, condition)| self.units_per_file_unit(*index, condition))
            .collect();
        let groups =
            catch_decode(|| prune::row_groups(self.metadata.metadata(), conditions, &units));
        groups.map_err(|error| self.to_error(error))
    }

    /// Returns the number of units of a decimal condition per unit of its column in the file: more
    /// than one if the column had a smaller scale when the file was written.
    fn units_per_file_unit(&self, index: usize, condition: &Condition) -> i128 {
        let DataType::Decimal { scale, .. } = condition.dtype else { return 1 };
        let written = self.decimals.scale(&condition.name).or_else(|| {
            let column = self.metadata.parquet_schema().column(index);
            let is_decimal = column.converted_type() == ConvertedType::DECIMAL;
            u8::try_from(column.type_scale()).ok().filter(|_| is_decimal)
        });
        let more = written.map_or(0, |written| scale.saturating_sub(written));
        10i128.checked_pow(more.into()).unwrap_or(i128::MAX)
    }

    /// Returns the range of rows of the file in each row group.
    fn row_group_ranges(&self) -> Vec<Range<usize>> {
        let mut from = 0;
        let groups = self.metadata.metadata().row_groups().iter();
        let ranges = groups.map(|group| {
            let rows = usize::try_from(group.num_rows()).unwrap_or_default();
            from += rows;
            from - rows..from
        });
        ranges.collect()
    }

    /// Returns the index of a column in the file, or `None` if the file lacks it.
    fn column_index(&self, name: &str) -> Option<usize> {
        let columns = self.metadata.parquet_schema().columns();
        columns.iter().position(|column| column.path().parts() == [name])
    }

    /// Returns the projection of the columns `names`.
    fn projection(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> ProjectionMask {
        let indexes = names.into_iter().filter_map(|name| self.column_index(name.as_ref()));
        ProjectionMask::leaves(self.metadata.parquet_schema(), indexes)
    }

    /// Returns the pushed-down predicate with which the columns of the conditions are decoded
    /// first, and the other columns only for rows that pass.
    fn row_filter(
        &self,
        request: &ReadRequest,
        conditions: &[(usize, &Condition)],
    ) -> Result<Option<RowFilter>> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let mut names: Vec<String> = Vec::new();
        for (_, condition) in conditions {
            if !names.iter().any(|name| *name == condition.name) {
                names.push(condition.name.to_string());
            }
        }
        let mask = self.projection(&names);
        let columns = Scan::columns(&request.table, names).output_schema()?;
        let conditions = conditions.iter().map(|(_, condition)| (*condition).clone()).collect();
        let (predicate, decimals) = (Predicate { conditions }, self.decimals.clone());
        let passing = move |record: RecordBatch| {
            let batch = Batch::new(&columns, decimals.restore(record)?);
            let passing = batch.and_then(|batch| predicate.keeps(&batch));
            let passing = passing.map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
            Ok(BooleanArray::new(passing, None))
        };
        Ok(Some(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, passing))])))
    }

    /// Decodes row groups; returns `Break` if `consume` stopped the reading.
    fn decode(
        &self,
        request: &ReadRequest,
        groups: Vec<RowGroupSelection>,
        filter: Option<RowFilter>,
        consume: BatchConsumer<'_>,
    ) -> Result<ControlFlow<()>> {
        if groups.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        self.metrics.add_row_groups(groups.len());
        let to_error = |error| self.to_error(error);
        let wanted = request.output.columns.iter().map(|column| column.name.as_ref());
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(self.metadata.clone())
            .with_batch_size(BATCH_ROWS)
            .with_projection(self.projection(wanted))
            .with_row_group_selections(groups);
        if let Some(filter) = filter {
            builder = builder.with_row_filter(filter);
        }
        if let Some(limit) = request.limit {
            builder = builder.with_limit(limit);
        }
        let mut decoder = catch_decode(|| builder.build()).map_err(to_error)?;
        loop {
            match catch_decode(|| decoder.try_decode()).map_err(to_error)? {
                DecodeResult::NeedsData(ranges) => {
                    let bytes = fetch_ranges(
                        self.directory,
                        self.metrics,
                        self.path,
                        &self.opened,
                        &ranges,
                    )?;
                    decoder.push_ranges(ranges, bytes).map_err(to_error)?;
                }
                DecodeResult::Data(record) => {
                    let record = self.decimals.restore(record)?;
                    if consume(self.to_batch(record, &request.output)?)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                DecodeResult::Finished => return Ok(ControlFlow::Continue(())),
            }
        }
    }

    /// Converts a record to a batch; columns that were added to the table after the file was
    /// written are null.
    fn to_batch(&self, record: RecordBatch, output: &TableRef) -> Result<Batch> {
        if record.num_columns() == output.columns.len() {
            return self.check_batch(Batch::new(output, record));
        }
        let rows = record.num_rows();
        let mut fields: Vec<FieldRef> = record.schema_ref().fields().to_vec();
        let mut arrays: Vec<ArrayRef> = record.columns().to_vec();
        for column in &output.columns {
            if record.schema_ref().column_with_name(&column.name).is_none() {
                if !column.nullable {
                    let reason = format!("it has no column `{}`", column.name);
                    return Err(Error::damaged(self.name().as_ref(), reason));
                }
                let dtype = column.dtype.to_arrow();
                arrays.push(new_null_array(&dtype, rows));
                fields.push(Arc::new(Field::new(column.name.as_ref(), dtype, true)));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let record = RecordBatch::try_new_with_options(schema, arrays, &options)?;
        self.check_batch(Batch::new(output, record))
    }

    /// Converts the error of rows that do not fit the table: their file is damaged.
    fn check_batch(&self, batch: tidegauge_core::Result<Batch>) -> Result<Batch> {
        let damaged =
            |error: tidegauge_core::Error| Error::damaged(self.name().as_ref(), error.to_string());
        batch.map_err(damaged)
    }

    /// Returns the name of the file for messages.
    fn name(&self) -> String {
        self.directory.name(self.path)
    }

    /// Converts an error of the decoder.
    fn to_error(&self, error: ParquetError) -> Error {
        Error::parquet(Path::new(&self.name()), error)
    }
}
