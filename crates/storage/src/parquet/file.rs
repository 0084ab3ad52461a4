//! Reading of a Parquet file by ranges: its footer, then the required parts of each row group.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::DecodeResult;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, RowFilter, RowGroupSelection,
    RowSelection,
};
use parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use parquet::basic::{ConvertedType, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};
use tidegauge_core::arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array,
};
use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::arrow::schema::{
    ArrowError, DataType as ArrowType, Field, FieldRef, Schema, SchemaRef,
};
use tidegauge_core::panics;
use tidegauge_core::{Batch, Condition, DataType, Fingerprint, Predicate, Scan, TableRef, Test};

use super::decimal::Decimals;
use super::prune;
use super::tally::Tally;
use crate::folder::{Files, Opened};
use crate::{Error, Result};

/// The maximum number of rows of a batch.
pub(super) const BATCH: usize = 65_536;

/// The maximum size in bytes of a dictionary for its column to be read as a dictionary.
const SMALL: i64 = 16 * 1024;

/// Runs `work`, which decodes possibly damaged data, and converts panics to errors, because the
/// library asserts in places where an error would be appropriate.
fn decoded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    panics::caught(work).unwrap_or_else(|panicked| {
        Err(ParquetError::General(format!("it cannot be decoded ({panicked})")))
    })
}

/// A data file as recorded in the manifest.
#[derive(Debug, Clone)]
pub(super) struct DataFile {
    pub(super) path: String,
    pub(super) rows: usize,
    /// The fingerprint of its footer; `None` if it is unknown.
    pub(super) footer: Option<Fingerprint>,
}

/// The parameters of reading files.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// The table as defined by the reader.
    pub(super) table: TableRef,
    /// The projected columns.
    pub(super) output: TableRef,
    /// The predicate on rows.
    pub(super) predicate: Predicate,
    /// The maximum number of rows.
    pub(super) limit: Option<usize>,
}

/// A function that takes batches and returns whether to continue.
pub(super) type Take<'a> = &'a mut dyn FnMut(Batch) -> Result<ControlFlow<()>>;

/// A file whose footer was read.
pub(super) struct ParquetFile<'a, P: Files> {
    place: &'a P,
    tally: &'a Tally,
    path: &'a str,
    opened: Opened<P::File>,
    metadata: ArrowReaderMetadata,
    decimals: Decimals,
}

impl<'a, P: Files> ParquetFile<'a, P> {
    /// Opens a file; `pages` is `true` to read the page index too.
    pub(super) fn open(
        place: &'a P,
        tally: &'a Tally,
        file: &'a DataFile,
        pages: bool,
    ) -> Result<Self> {
        let opened = place.open(&file.path)?;
        tally.open(opened.tail.len());
        let named = place.name(&file.path);
        let failed = |error| Error::file(Path::new(&named), error);
        let read = |ranges: &[_]| fetch(place, tally, &file.path, &opened, ranges);
        if let Some(footer) = file.footer
            && fingerprint(place, tally, &file.path, &opened)? != footer
        {
            let reason = "its footer is not the one that was written";
            return Err(Error::damaged(Path::new(&named), reason));
        }
        let metadata = footer(&opened, pages, read, failed)?;
        let found = metadata.file_metadata().num_rows();
        if usize::try_from(found) != Ok(file.rows) {
            let reason = format!("it has {found} rows, not {}", file.rows);
            return Err(Error::damaged(Path::new(&named), reason));
        }
        let groups = metadata.row_groups().iter().map(|group| group.num_rows());
        if groups.sum::<i64>() != found {
            let reason = "its row groups have not as many rows as it says";
            return Err(Error::damaged(Path::new(&named), reason));
        }
        let decimals = decoded(|| {
            let (decimals, metadata) = Decimals::take(metadata)?;
            Ok((decimals, typed(Arc::new(metadata))?))
        });
        let (decimals, metadata) = decimals.map_err(failed)?;
        Ok(Self { place, tally, path: &file.path, opened, metadata, decimals })
    }

    /// Reads the rows that pass the predicate, pruning row groups and pages by their statistics.
    pub(super) fn read(&self, request: &Request, take: Take<'_>) -> Result<()> {
        let (mut conditions, mut missing) = (Vec::new(), false);
        for condition in &request.predicate.conditions {
            match self.column(&condition.name) {
                Some(place) => conditions.push((place, condition)),
                // A column that the file lacks is null in all rows.
                None => missing |= condition.test != Test::IsNull,
            }
        }
        if missing {
            return Ok(());
        }
        // Rows of row groups that pass as a whole are not tested.
        for same in self
            .row_groups(&conditions)?
            .chunk_by(|one, next| one.passes_whole == next.passes_whole)
        {
            let compared = !same.iter().all(|group| group.passes_whole);
            let filter = if compared { self.filter(request, &conditions)? } else { None };
            let groups = same.iter().map(|group| group.selection.clone()).collect();
            if self.decode(request, groups, filter, take)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads the rows whose bit in `stays` is set, regardless of the predicate.
    pub(super) fn read_rows(
        &self,
        request: &Request,
        stays: &BooleanBuffer,
        take: Take<'_>,
    ) -> Result<()> {
        let mut groups = Vec::new();
        for (index, rows) in self.rows_of_groups().into_iter().enumerate() {
            let stays = stays.slice(rows.start, rows.len());
            let selection = match stays.count_set_bits() {
                0 => continue,
                all if all == stays.len() => None,
                _ => Some(RowSelection::from_boolean_buffer(stays)),
            };
            groups.push(RowGroupSelection::new(index, selection));
        }
        self.decode(request, groups, None, take).map(|_| ())
    }

    /// Reads all rows of those row groups in which rows may pass, regardless of the predicate; each
    /// batch comes with the indexes of its rows in the file.
    pub(super) fn read_groups(
        &self,
        request: &Request,
        take: &mut dyn FnMut(&Batch, &mut dyn Iterator<Item = usize>) -> Result<()>,
    ) -> Result<()> {
        let conditions: Vec<_> = request.predicate.conditions.iter().collect();
        let there = conditions
            .iter()
            .filter_map(|condition| Some((self.column(&condition.name)?, *condition)));
        let groups = self.row_groups(&there.collect::<Vec<_>>())?;
        let rows = self.rows_of_groups();
        let chosen: Vec<usize> =
            groups.iter().map(|group| group.selection.row_group_index()).collect();
        let groups = chosen.iter().map(|index| RowGroupSelection::new(*index, None)).collect();
        let mut places = chosen.into_iter().flat_map(|index| rows[index].clone());
        self.decode(request, groups, None, &mut |batch| {
            take(&batch, &mut places)?;
            Ok(ControlFlow::Continue(()))
        })
        .map(|_| ())
    }

    fn row_groups(&self, conditions: &[(usize, &Condition)]) -> Result<Vec<prune::RowGroup>> {
        let units: Vec<i128> =
            conditions.iter().map(|(place, condition)| self.unit(*place, condition)).collect();
        let groups = decoded(|| prune::row_groups(self.metadata.metadata(), conditions, &units));
        groups.map_err(|error| self.failed(error))
    }

    /// Returns the number of units of a decimal condition per unit of its column in the file: more
    /// than one if the column had a smaller scale when the file was written.
    fn unit(&self, place: usize, condition: &Condition) -> i128 {
        let DataType::Decimal { scale, .. } = condition.dtype else { return 1 };
        let written = self.decimals.scale(&condition.name).or_else(|| {
            let column = self.metadata.parquet_schema().column(place);
            let is_decimal = column.converted_type() == ConvertedType::DECIMAL;
            u8::try_from(column.type_scale()).ok().filter(|_| is_decimal)
        });
        let more = written.map_or(0, |written| scale.saturating_sub(written));
        10i128.checked_pow(more.into()).unwrap_or(i128::MAX)
    }

    /// Returns the range of rows of the file in each row group.
    fn rows_of_groups(&self) -> Vec<Range<usize>> {
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
    fn column(&self, name: &str) -> Option<usize> {
        let columns = self.metadata.parquet_schema().columns();
        columns.iter().position(|column| column.path().parts() == [name])
    }

    fn mask(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> ProjectionMask {
        let places = names.into_iter().filter_map(|name| self.column(name.as_ref()));
        ProjectionMask::leaves(self.metadata.parquet_schema(), places)
    }

    /// Returns the filter with which the columns of the conditions are decoded first, and the other
    /// columns only for rows that pass.
    fn filter(
        &self,
        request: &Request,
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
        let mask = self.mask(&names);
        let columns = Scan::columns(&request.table, names).output()?;
        let conditions = conditions.iter().map(|(_, condition)| (*condition).clone()).collect();
        let (predicate, decimals) = (Predicate { conditions }, self.decimals.clone());
        let keeps = move |record: RecordBatch| {
            let batch = Batch::new(&columns, decimals.restore(record)?);
            let keeps = batch.and_then(|batch| predicate.keeps(&batch));
            let keeps = keeps.map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
            Ok(BooleanArray::new(keeps, None))
        };
        Ok(Some(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, keeps))])))
    }

    /// Decodes row groups; returns `Break` if `take` stopped the reading.
    fn decode(
        &self,
        request: &Request,
        groups: Vec<RowGroupSelection>,
        filter: Option<RowFilter>,
        take: Take<'_>,
    ) -> Result<ControlFlow<()>> {
        if groups.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        self.tally.select(groups.len());
        let failed = |error| self.failed(error);
        let wanted = request.output.columns.iter().map(|column| column.name.as_ref());
        let mut builder = ParquetPushDecoderBuilder::new_with_metadata(self.metadata.clone())
            .with_batch_size(BATCH)
            .with_projection(self.mask(wanted))
            .with_row_group_selections(groups);
        if let Some(filter) = filter {
            builder = builder.with_row_filter(filter);
        }
        if let Some(limit) = request.limit {
            builder = builder.with_limit(limit);
        }
        let mut decoder = decoded(|| builder.build()).map_err(failed)?;
        loop {
            match decoded(|| decoder.try_decode()).map_err(failed)? {
                DecodeResult::NeedsData(ranges) => {
                    let bytes = fetch(self.place, self.tally, self.path, &self.opened, &ranges)?;
                    decoder.push_ranges(ranges, bytes).map_err(failed)?;
                }
                DecodeResult::Data(record) => {
                    let record = self.decimals.restore(record)?;
                    if take(self.batch(record, &request.output)?)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                DecodeResult::Finished => return Ok(ControlFlow::Continue(())),
            }
        }
    }

    /// Converts a record to a batch; columns that were added to the table after the file was
    /// written are null.
    fn batch(&self, record: RecordBatch, output: &TableRef) -> Result<Batch> {
        if record.num_columns() == output.columns.len() {
            return self.fits(Batch::new(output, record));
        }
        let rows = record.num_rows();
        let mut fields: Vec<FieldRef> = record.schema_ref().fields().to_vec();
        let mut arrays: Vec<ArrayRef> = record.columns().to_vec();
        for column in &output.columns {
            if record.schema_ref().column_with_name(&column.name).is_none() {
                if !column.nullable {
                    let reason = format!("it has no column `{}`", column.name);
                    return Err(Error::damaged(self.named().as_ref(), reason));
                }
                let dtype = column.dtype.to_arrow();
                arrays.push(new_null_array(&dtype, rows));
                fields.push(Arc::new(Field::new(column.name.as_ref(), dtype, true)));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let record = RecordBatch::try_new_with_options(schema, arrays, &options)?;
        self.fits(Batch::new(output, record))
    }

    /// Converts the error of rows that do not fit the table: their file is damaged.
    fn fits(&self, batch: tidegauge_core::Result<Batch>) -> Result<Batch> {
        let damaged =
            |error: tidegauge_core::Error| Error::damaged(self.named().as_ref(), error.to_string());
        batch.map_err(damaged)
    }

    fn named(&self) -> String {
        self.place.name(self.path)
    }

    fn failed(&self, error: ParquetError) -> Error {
        Error::file(Path::new(&self.named()), error)
    }
}

/// Decodes the footer of the file at `path`, about which nothing is known. Returns its metadata,
/// its fingerprint, and the file's size in bytes.
pub(super) fn metadata<P: Files>(
    place: &P,
    path: &str,
) -> Result<(ParquetMetaData, Fingerprint, u64)> {
    let (opened, tally, named) = (place.open(path)?, Tally::new(path), place.name(path));
    let read = |ranges: &[_]| fetch(place, &tally, path, &opened, ranges);
    let metadata = footer(&opened, false, read, |error| Error::file(Path::new(&named), error))?;
    Ok((metadata, fingerprint(place, &tally, path, &opened)?, opened.size))
}

/// Returns the fingerprint of a file's footer.
fn fingerprint<P: Files>(
    place: &P,
    tally: &Tally,
    path: &str,
    opened: &Opened<P::File>,
) -> Result<Fingerprint> {
    let range = footer_range(opened.size, &opened.tail)
        .ok_or_else(|| Error::damaged(Path::new(&place.name(path)), "it ends too early"))?;
    let mut fingerprint = Fingerprint::default();
    for bytes in fetch(place, tally, path, opened, &[range])? {
        fingerprint.eat(&bytes);
    }
    Ok(fingerprint)
}

/// Returns the range of the footer in a file of `size` bytes that ends with `tail`: the first four
/// of the last eight bytes are its length.
pub(super) fn footer_range(size: u64, tail: &[u8]) -> Option<Range<u64>> {
    let (_, end) = tail.split_last_chunk::<8>()?;
    let (length, _) = end.split_first_chunk::<4>()?;
    Some(size.checked_sub(u64::from(u32::from_le_bytes(*length)) + 8)?..size)
}

/// Reads ranges of a file; those within its tail are already in memory.
fn fetch<P: Files>(
    place: &P,
    tally: &Tally,
    path: &str,
    opened: &Opened<P::File>,
    ranges: &[Range<u64>],
) -> Result<Vec<Bytes>> {
    let damaged = |reason: &str| Error::damaged(Path::new(&place.name(path)), reason);
    let tail_at = opened.size - opened.tail.len().try_into().unwrap_or(opened.size);
    let mut bytes = vec![Bytes::new(); ranges.len()];
    let (mut far, mut places) = (Vec::new(), Vec::new());
    for (at, range) in ranges.iter().enumerate() {
        if range.start > range.end || range.end > opened.size {
            return Err(damaged("its footer names what is not there"));
        }
        if range.start < tail_at {
            far.push(range.clone());
            places.push(at);
            continue;
        }
        let within = usize::try_from(range.start - tail_at).ok();
        let within = within.zip(usize::try_from(range.end - tail_at).ok());
        let within = within.filter(|(_, end)| *end <= opened.tail.len());
        let (start, end) = within.ok_or_else(|| damaged("it changes while it is read"))?;
        bytes[at] = opened.tail.slice(start..end);
    }
    if !far.is_empty() {
        for (at, read) in places.into_iter().zip(place.read(&opened.file, path, &far)?) {
            tally.read(read.len());
            bytes[at] = read;
        }
    }
    Ok(bytes)
}

/// Decodes the footer of a file, and with `pages` its page index, if it has one.
fn footer<F>(
    opened: &Opened<F>,
    pages: bool,
    fetch: impl Fn(&[Range<u64>]) -> Result<Vec<Bytes>>,
    failed: impl Fn(ParquetError) -> Error,
) -> Result<ParquetMetaData> {
    let policy = if pages { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let decoder = ParquetMetaDataPushDecoder::try_new(opened.size).map_err(&failed)?;
    let mut decoder = decoder.with_page_index_policy(policy);
    loop {
        match decoded(|| decoder.try_decode()).map_err(&failed)? {
            DecodeResult::NeedsData(ranges) => {
                let bytes = fetch(&ranges)?;
                decoder.push_ranges(ranges, bytes).map_err(&failed)?;
            }
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => {
                return Err(failed(ParquetError::EOF("its footer ends too early".into())));
            }
        }
    }
}

/// Returns how the columns of a file are decoded: in the file's types, except for text with few
/// values, which is read dictionary-encoded. Type metadata of other writers is ignored.
fn typed(metadata: Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata, ParquetError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::try_new(metadata.clone(), options.clone())?;
    let fields = plain.schema().fields();
    let is_flat = fields.len() == metadata.file_metadata().schema_descr().num_columns();
    let mut few = false;
    let typed = fields.iter().enumerate().map(|(place, field)| {
        if *field.data_type() != ArrowType::Utf8 || !is_of_few(&metadata, place) {
            return field.clone();
        }
        few = true;
        let dtype = ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8));
        Arc::new(Field::new(field.name(), dtype, field.is_nullable()))
    });
    let typed: Vec<FieldRef> = if is_flat { typed.collect() } else { Vec::new() };
    match few {
        true => ArrowReaderMetadata::try_new(
            metadata,
            options.with_schema(Arc::new(Schema::new(typed))),
        ),
        false => Ok(plain),
    }
}

/// Returns `true` if all pages of a column are encoded with a short dictionary.
fn is_of_few(metadata: &ParquetMetaData, place: usize) -> bool {
    metadata.row_groups().iter().all(|group| {
        let column = group.column(place);
        let length = column.dictionary_page_offset().map(|at| column.data_page_offset() - at);
        let pages = column.page_encoding_stats_mask();
        length.is_some_and(|length| (0..=SMALL).contains(&length))
            && pages.is_some_and(|pages| {
                pages.is_only(Encoding::RLE_DICTIONARY) || pages.is_only(Encoding::PLAIN_DICTIONARY)
            })
    })
}
