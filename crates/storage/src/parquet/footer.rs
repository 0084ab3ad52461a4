//! Reading of a file's footer: its metadata, its fingerprint, and the types of its columns.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder};
use tidegauge_core::arrow::schema::{DataType as ArrowType, Field, FieldRef, Schema};
use tidegauge_core::{Fingerprint, panics};

use super::scan_metrics::ScanMetrics;
use crate::folder::{FileStore, OpenFile};
use crate::{Error, Result};

/// The maximum size in bytes of a dictionary for its column to be read as a dictionary.
const MAX_DICTIONARY_BYTES: i64 = 16 * 1024;

/// Runs `work`, which decodes possibly damaged data, and converts panics to errors, because the
/// library asserts in places where an error would be appropriate.
pub(super) fn catch_decode<T>(
    work: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, ParquetError> {
    panics::catch(work).unwrap_or_else(|panicked| {
        Err(ParquetError::General(format!("it cannot be decoded ({panicked})")))
    })
}

/// Decodes the footer of the file at `path`, about which nothing is known. Returns its metadata,
/// its fingerprint, and the file's size in bytes.
pub(super) fn read_footer<D: FileStore>(
    directory: &D,
    path: &str,
) -> Result<(ParquetMetaData, Fingerprint, u64)> {
    let (opened, metrics, name) =
        (directory.open_file(path)?, ScanMetrics::new(path), directory.name(path));
    let read = |ranges: &[_]| fetch_ranges(directory, &metrics, path, &opened, ranges);
    let metadata =
        decode_footer(&opened, false, read, |error| Error::parquet(Path::new(&name), error))?;
    Ok((metadata, footer_fingerprint(directory, &metrics, path, &opened)?, opened.size))
}

/// Returns the fingerprint of a file's footer.
pub(super) fn footer_fingerprint<D: FileStore>(
    directory: &D,
    metrics: &ScanMetrics,
    path: &str,
    opened: &OpenFile<D::File>,
) -> Result<Fingerprint> {
    let range = footer_range(opened.size, &opened.tail)
        .ok_or_else(|| Error::damaged(Path::new(&directory.name(path)), "it ends too early"))?;
    let mut fingerprint = Fingerprint::default();
    for bytes in fetch_ranges(directory, metrics, path, opened, &[range])? {
        fingerprint.update(&bytes);
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
pub(super) fn fetch_ranges<D: FileStore>(
    directory: &D,
    metrics: &ScanMetrics,
    path: &str,
    opened: &OpenFile<D::File>,
    ranges: &[Range<u64>],
) -> Result<Vec<Bytes>> {
    let damaged = |reason: &str| Error::damaged(Path::new(&directory.name(path)), reason);
    let tail_at = opened.size - opened.tail.len().try_into().unwrap_or(opened.size);
    let mut bytes = vec![Bytes::new(); ranges.len()];
    let (mut remote, mut positions) = (Vec::new(), Vec::new());
    for (at, range) in ranges.iter().enumerate() {
        if range.start > range.end || range.end > opened.size {
            return Err(damaged("its footer names what is not there"));
        }
        if range.start < tail_at {
            remote.push(range.clone());
            positions.push(at);
            continue;
        }
        let within = usize::try_from(range.start - tail_at).ok();
        let within = within.zip(usize::try_from(range.end - tail_at).ok());
        let within = within.filter(|(_, end)| *end <= opened.tail.len());
        let (start, end) = within.ok_or_else(|| damaged("it changes while it is read"))?;
        bytes[at] = opened.tail.slice(start..end);
    }
    if !remote.is_empty() {
        for (at, read) in
            positions.into_iter().zip(directory.read_ranges(&opened.file, path, &remote)?)
        {
            metrics.add_bytes(read.len());
            bytes[at] = read;
        }
    }
    Ok(bytes)
}

/// Decodes the footer of a file, and with `pages` its page index, if it has one.
pub(super) fn decode_footer<F>(
    opened: &OpenFile<F>,
    pages: bool,
    fetch: impl Fn(&[Range<u64>]) -> Result<Vec<Bytes>>,
    to_error: impl Fn(ParquetError) -> Error,
) -> Result<ParquetMetaData> {
    let policy = if pages { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let decoder = ParquetMetaDataPushDecoder::try_new(opened.size).map_err(&to_error)?;
    let mut decoder = decoder.with_page_index_policy(policy);
    loop {
        match catch_decode(|| decoder.try_decode()).map_err(&to_error)? {
            DecodeResult::NeedsData(ranges) => {
                let bytes = fetch(&ranges)?;
                decoder.push_ranges(ranges, bytes).map_err(&to_error)?;
            }
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => {
                return Err(to_error(ParquetError::EOF("its footer ends too early".into())));
            }
        }
    }
}

/// Returns how the columns of a file are decoded: in the file's types, except for text with few
/// values, which is read dictionary-encoded. Type metadata of other writers is ignored.
pub(super) fn reader_metadata(
    metadata: Arc<ParquetMetaData>,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::try_new(metadata.clone(), options.clone())?;
    let fields = plain.schema().fields();
    let is_flat = fields.len() == metadata.file_metadata().schema_descr().num_columns();
    let mut has_dictionaries = false;
    let typed = fields.iter().enumerate().map(|(index, field)| {
        if *field.data_type() != ArrowType::Utf8 || !is_dictionary_encoded(&metadata, index) {
            return field.clone();
        }
        has_dictionaries = true;
        let dtype = ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8));
        Arc::new(Field::new(field.name(), dtype, field.is_nullable()))
    });
    let typed: Vec<FieldRef> = if is_flat { typed.collect() } else { Vec::new() };
    match has_dictionaries {
        true => ArrowReaderMetadata::try_new(
            metadata,
            options.with_schema(Arc::new(Schema::new(typed))),
        ),
        false => Ok(plain),
    }
}

/// Returns `true` if all pages of a column are encoded with a short dictionary.
fn is_dictionary_encoded(metadata: &ParquetMetaData, index: usize) -> bool {
    metadata.row_groups().iter().all(|group| {
        let column = group.column(index);
        let length = column.dictionary_page_offset().map(|at| column.data_page_offset() - at);
        let pages = column.page_encoding_stats_mask();
        length.is_some_and(|length| (0..=MAX_DICTIONARY_BYTES).contains(&length))
            && pages.is_some_and(|pages| {
                pages.is_only(Encoding::RLE_DICTIONARY) || pages.is_only(Encoding::PLAIN_DICTIONARY)
            })
    })
}
