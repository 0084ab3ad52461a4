//! The reader of Parquet files, in slices of rows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type;
use tidegauge_core::DataType;
use tidegauge_core::arrow::array::RecordBatch;
use tidegauge_core::arrow::schema::{DataType as ArrowType, Field as ArrowField, Schema, TimeUnit};

use super::config::Config;
use super::listing::unreadable;
use super::page_draft::PageDraft;
use super::parquet_pages::PageSizes;
use super::parquet_value::{self, is_readable, type_name};
use crate::text::cut;
use crate::user_data::mapping::{BoundMapping, Field, Mapping};
use crate::{Error, Result};

/// The maximum number of bytes of uncompressed pages at a time, unless a single row takes more.
const SLICE_BYTES: u64 = 64 * 1024 * 1024;

/// The maximum size of the pages that contain one row, as a multiple of the maximum size of a row:
/// 256 MiB for rows of 16 MiB.
const PAGES_PER_ROW: u64 = 16;

/// A Parquet file with the columns that fill a table.
#[derive(Debug)]
pub(super) struct Parquet {
    file: File,
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    pub(super) rows: usize,
    /// The maximum number of bytes of a row.
    row_bytes: usize,
    /// The row group that is being read, and its pages.
    group: Option<(usize, PageSizes)>,
    /// The projection: the indexes of the columns that are read.
    wanted: Vec<usize>,
    /// Whether each column is read as text, because it fills a text column or a part of a column,
    /// or because a condition refers to it.
    text: Vec<bool>,
    nulls: Vec<String>,
    bound: BoundMapping,
}

impl Parquet {
    pub(super) fn open(
        file: File,
        path: &Path,
        mapping: &Mapping,
        config: &Config,
        draft: &mut PageDraft,
    ) -> Result<Self> {
        let shown = path.display().to_string();
        let broken = |error: &dyn std::fmt::Display| parquet_error(path, error);
        let again = file.try_clone().map_err(|error| unreadable(path, &error))?;
        let metadata = ArrowReaderMetadata::load(&again, ArrowReaderOptions::new())
            .map_err(|error| broken(&error))?;
        let rows = metadata.metadata().file_metadata().num_rows();
        let rows = usize::try_from(rows).map_err(|error| broken(&error))?;
        let schema = metadata.schema().clone();
        let have: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let bound = mapping.bind_after(&shown, &have, &draft.known)?;
        draft.known.learn(mapping, &bound, &mut draft.notes);
        let wanted = bound.fields();
        let bound = bound.projected(&wanted);
        let mut text = vec![false; wanted.len()];
        for used in bound.uses() {
            let column = used.column.and_then(|at| mapping.table().columns.get(at));
            let is_typed = column.is_some_and(|column| column.dtype != DataType::Text);
            text[used.field] |= !(used.is_whole && is_typed);
            let (name, found) =
                (have[wanted[used.field]], schema.field(wanted[used.field]).data_type());
            let reason = if !is_readable(found) {
                "a type that is not read: write it as another one"
            } else if column.is_some_and(|column| matches!(column.dtype, DataType::Decimal { .. }))
                && found.is_floating()
            {
                "and money is never a float: write it as a decimal, or as text"
            } else {
                continue;
            };
            let reason = format!("`{name}` is {}, {reason}", type_name(found));
            return Err(match column {
                Some(column) => Error::Mapping {
                    of: shown,
                    table: mapping.table().name.to_string(),
                    column: column.name.to_string(),
                    reason,
                },
                None => Error::Condition { of: shown, setting: "a condition".into(), reason },
            });
        }
        let metadata = with_read_types(metadata).map_err(|error| broken(&error))?;
        let group = None;
        let path = path.to_owned();
        let (row_bytes, nulls) = (config.row_bytes, config.nulls.clone());
        Ok(Self { file, path, metadata, rows, row_bytes, group, wanted, text, nulls, bound })
    }

    /// Returns a reader, in slices, of at most `count` rows after the first `skip`: as many as fit
    /// the memory limit when uncompressed.
    pub(super) fn slices(&mut self, skip: usize, count: usize) -> Result<SliceReader> {
        let (at, start) = self.locate_row(skip)?;
        let known = self.group.take().filter(|(known, _)| *known == at);
        let (_, pages) = match known {
            Some(known) => self.group.insert(known),
            None => {
                let pages = self.pages(at)?;
                self.group.insert((at, pages))
            }
        };
        let within = pages.rows_within(start as u64, SLICE_BYTES);
        let count = count.min(usize::try_from(within).unwrap_or(usize::MAX));
        let once = usize::try_from(pages.rows_at_once(SLICE_BYTES)).unwrap_or(usize::MAX);
        let broken = |error: &dyn std::fmt::Display| self.parquet_error(error);
        let file = self.file.try_clone().map_err(|error| broken(&error))?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), self.wanted.clone());
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(vec![at])
                .with_offset(start)
                .with_limit(count)
                .with_batch_size(count.min(once).max(1))
                .build()
                .map_err(|error| broken(&error))?;
        Ok(SliceReader { reader, path: self.path.clone() })
    }

    /// Returns the row group of the row after the first `skip`, and the row's index in it.
    fn locate_row(&self, skip: usize) -> Result<(usize, usize)> {
        let mut start = 0usize;
        for (at, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows =
                usize::try_from(group.num_rows()).map_err(|error| self.parquet_error(&error))?;
            let end = start.saturating_add(rows);
            if skip < end {
                return Ok((at, skip - start));
            }
            start = end;
        }
        Err(self.parquet_error(&format!("it has {start} rows where it says {}", self.rows)))
    }

    /// Returns the pages of a row group.
    ///
    /// # Errors
    /// Returns an error if their uncompressed size exceeds the limit for a row.
    fn pages(&self, at: usize) -> Result<PageSizes> {
        let group = self.metadata.metadata().row_group(at);
        let schema = self.metadata.parquet_schema();
        let leaves = 0..schema.num_columns();
        let is_wanted = |leaf: &usize| self.wanted.contains(&schema.get_column_root_idx(*leaf));
        let leaves: Vec<usize> = leaves.filter(is_wanted).collect();
        let mut file = self.file.try_clone().map_err(|error| self.parquet_error(&error))?;
        let limit = PAGES_PER_ROW.saturating_mul(self.row_bytes as u64);
        let pages = PageSizes::read(&mut file, group, &leaves, limit);
        let pages = pages.map_err(|error| self.parquet_error(&error))?;
        match pages.exceeding(limit) {
            None => Ok(pages),
            Some((column, bytes)) => Err(Error::File {
                path: self.path.display().to_string(),
                reason: format!(
                    "its row group {} unpacks to more than {limit} bytes at a time, {bytes} of them \
                     of column `{column}`: write it with smaller pages or shorter cells, or raise \
                     `row_bytes`",
                    at + 1
                ),
            }),
        }
    }

    fn parquet_error(&self, error: &dyn std::fmt::Display) -> Error {
        parquet_error(&self.path, error)
    }

    /// Returns an error if the size of a row, `bytes`, exceeds the limit; `number` is that of the
    /// row in the file.
    pub(super) fn check_row_size(&self, bytes: usize, number: usize) -> Result<()> {
        if bytes <= self.row_bytes {
            return Ok(());
        }
        Err(Error::File {
            path: self.path.display().to_string(),
            reason: format!(
                "its row {number} has more than {} bytes: raise `row_bytes` if that is right",
                self.row_bytes
            ),
        })
    }

    /// Returns the fields of a row of `slice`.
    pub(super) fn row<'s>(&self, slice: &'s RowSlice, row: usize) -> Vec<Field<'s>> {
        let fields = slice.columns.iter().zip(&self.text);
        let value = |(column, is_text): (&'s parquet_value::ArrowColumn, &bool)| {
            let field = column.field(row);
            let field = if *is_text { field.into_text() } else { field };
            field.with_null_markers(&self.nulls)
        };
        fields.map(value).collect()
    }

    /// Returns the plan that assigns the fields of a row to columns.
    pub(super) fn bound(&self) -> &BoundMapping {
        &self.bound
    }
}

/// A reader of some rows of a file, in slices.
pub(super) struct SliceReader {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
}

impl SliceReader {
    /// Returns the next slice, or `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<RowSlice>> {
        let slice =
            self.reader.next().map(|record| record.and_then(|record| RowSlice::new(&record)));
        slice.transpose().map_err(|error| parquet_error(&self.path, &error))
    }
}

/// Some rows of a file.
#[derive(Debug)]
pub(super) struct RowSlice {
    rows: usize,
    columns: Vec<parquet_value::ArrowColumn>,
}

impl RowSlice {
    fn new(record: &RecordBatch) -> Result<Self, tidegauge_core::arrow::schema::ArrowError> {
        let fields = record.schema_ref().fields().iter();
        let column = |(field, array): (&Arc<ArrowField>, _)| {
            parquet_value::ArrowColumn::new(field.name(), array)
        };
        let columns = fields.zip(record.columns()).map(column).collect::<Result<_, _>>()?;
        Ok(Self { rows: record.num_rows(), columns })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a row as text, for the quarantine.
    pub(super) fn shown(&self, row: usize) -> String {
        let cell = |column: &parquet_value::ArrowColumn| {
            format!("{}={}", column.name(), column.field(row).shown())
        };
        self.columns.iter().map(cell).collect::<Vec<_>>().join(", ")
    }
}

/// Sets the Arrow types to read: text as views, so that rows with the same dictionary entry share
/// its bytes, and INT96 timestamps, as Spark writes them, as microseconds in UTC, since in
/// nanoseconds the year 2263 would overflow to 1678.
fn with_read_types(metadata: ArrowReaderMetadata) -> parquet::errors::Result<ArrowReaderMetadata> {
    let roots = metadata.parquet_schema().root_schema().get_fields();
    let is_int96 = |at: usize| {
        roots
            .get(at)
            .is_some_and(|root| root.is_primitive() && root.get_physical_type() == Type::INT96)
    };
    let field = |(at, field): (usize, &Arc<ArrowField>)| {
        let dtype = match field.data_type() {
            ArrowType::Timestamp(TimeUnit::Nanosecond, _) if is_int96(at) => {
                ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            dtype => view_type(dtype).unwrap_or_else(|| dtype.clone()),
        };
        Arc::new(field.as_ref().clone().with_data_type(dtype))
    };
    let fields: Vec<_> = metadata.schema().fields().iter().enumerate().map(field).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
}

fn view_type(dtype: &ArrowType) -> Option<ArrowType> {
    match dtype {
        ArrowType::Utf8 | ArrowType::LargeUtf8 => Some(ArrowType::Utf8View),
        ArrowType::Binary | ArrowType::LargeBinary => Some(ArrowType::BinaryView),
        ArrowType::Dictionary(_, values) => match values.as_ref() {
            ArrowType::Utf8View | ArrowType::BinaryView => Some(values.as_ref().clone()),
            values => view_type(values),
        },
        _ => None,
    }
}

/// Returns the error of a file that cannot be read.
pub(super) fn parquet_error(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let error = cut(&error.to_string(), 200);
    Error::File {
        path: path.display().to_string(),
        reason: format!(
            "it is not a Parquet file that can be read ({error}): it is damaged, or still being \
             written; write it anew, or move it away"
        ),
    }
}
