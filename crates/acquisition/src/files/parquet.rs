//! Parquet, a slice of rows at a time.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type;
use tidegauge_core::arrow::array::RecordBatch;
use tidegauge_core::arrow::schema::{DataType as ArrowType, Field as ArrowField, Schema, TimeUnit};
use tidegauge_core::arrow::select::concat::concat_batches;
use tidegauge_core::{Cell, DataType};

use super::folder::unreadable;
use super::parquet_value::{self, named, readable};
use crate::mapping::{Field, Mapping, Misfit, Plan};
use crate::{Error, Result};

/// A Parquet file with the columns that fill a table.
#[derive(Debug)]
pub(super) struct Parquet {
    file: File,
    path: String,
    metadata: ArrowReaderMetadata,
    pub(super) rows: usize,
    /// The places of the columns that are read.
    wanted: Vec<usize>,
    /// Whether a column fills one of text.
    text: Vec<bool>,
    plan: Plan,
}

impl Parquet {
    pub(super) fn open(file: File, path: &Path, mapping: &Mapping) -> Result<Self> {
        let shown = path.display().to_string();
        let broken = |error: &dyn std::fmt::Display| Error::File {
            path: shown.clone(),
            reason: format!("it is not a Parquet file that can be read ({error})"),
        };
        let again = file.try_clone().map_err(|error| unreadable(path, &error))?;
        let metadata = ArrowReaderMetadata::load(&again, ArrowReaderOptions::new())
            .and_then(in_microseconds)
            .map_err(|error| broken(&error))?;
        let rows = metadata.metadata().file_metadata().num_rows();
        let rows = usize::try_from(rows).map_err(|error| broken(&error))?;
        let schema = metadata.schema().clone();
        let have: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        mapping.bind(&shown, &have)?;
        let asked = mapping.wanted();
        let is_wanted = |at: &usize| asked.contains(&have[*at]);
        let wanted: Vec<usize> = (0..have.len()).filter(is_wanted).collect();
        let names: Vec<&str> = wanted.iter().map(|at| have[*at]).collect();
        let plan = mapping.bind(&shown, &names)?;
        let mut text = vec![false; wanted.len()];
        for column in &mapping.table().columns {
            let Some(name) = mapping.source_of(&column.name) else { continue };
            let Some(at) = names.iter().position(|other| *other == name) else { continue };
            text[at] |= column.dtype == DataType::Text;
            let found = schema.field(wanted[at]).data_type();
            let refused = |reason: &str| {
                Err(Error::Mapping {
                    of: shown.clone(),
                    table: mapping.table().name.to_string(),
                    column: column.name.to_string(),
                    reason: format!("`{name}` is {}, {reason}", named(found)),
                })
            };
            if !readable(found) {
                return refused("a type that is not read: write it as another one");
            }
            if matches!(column.dtype, DataType::Decimal { .. }) && found.is_floating() {
                return refused("and money is never a float: write it as a decimal, or as text");
            }
        }
        Ok(Self { file, path: shown, metadata, rows, wanted, text, plan })
    }

    /// Reads `count` rows behind the first `skip`.
    pub(super) fn slice(&self, skip: usize, count: usize) -> Result<Slice> {
        let broken = |reason: String| Error::File { path: self.path.clone(), reason };
        let file = self.file.try_clone().map_err(|error| broken(error.to_string()))?;
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), self.wanted.clone());
        let (groups, skip) = self.groups(skip, count);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(mask)
                .with_row_groups(groups)
                .with_offset(skip)
                .with_limit(count)
                .with_batch_size(count.max(1))
                .build()
                .map_err(|error| broken(error.to_string()))?;
        let fields: Vec<_> =
            self.wanted.iter().map(|at| self.metadata.schema().field(*at).clone()).collect();
        let batches: Result<Vec<RecordBatch>, _> = reader.collect();
        let read = batches.and_then(|batches| match batches.as_slice() {
            [one] => Ok(one.clone()),
            batches => concat_batches(&Arc::new(Schema::new(fields)), batches),
        });
        let record = read.map_err(|error| broken(error.to_string()))?;
        match record.num_rows() {
            rows if rows == count => Slice::new(&record).map_err(|error| broken(error.to_string())),
            rows => Err(broken(format!("it has {rows} rows where it says {count}"))),
        }
    }

    /// Returns the row groups that have `count` rows behind the first `skip`, and how many rows of the first
    /// of them to skip.
    fn groups(&self, skip: usize, count: usize) -> (Vec<usize>, usize) {
        let (mut groups, mut start, mut first) = (Vec::new(), 0usize, 0usize);
        for (at, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let end = start.saturating_add(usize::try_from(group.num_rows()).unwrap_or(0));
            if skip < end && start < skip.saturating_add(count) {
                if groups.is_empty() {
                    first = skip.saturating_sub(start);
                }
                groups.push(at);
            }
            start = end;
        }
        (groups, first)
    }

    /// Returns the fields of a row of `slice`.
    pub(super) fn row<'s>(&self, slice: &'s Slice, row: usize) -> Vec<Field<'s>> {
        let fields = slice.columns.iter().zip(&self.text);
        let value = |(column, is_text): (&'s parquet_value::Column, &bool)| {
            let field = column.field(row);
            if *is_text { field.into_text() } else { field }
        };
        fields.map(value).collect()
    }

    /// Returns the cells that `fields` are.
    pub(super) fn cells<'a>(
        &self,
        mapping: &'a Mapping,
        fields: &'a [Field<'_>],
    ) -> Result<Vec<Cell<'a>>, Misfit> {
        mapping.cells(&self.plan, fields)
    }
}

/// Some rows of a file.
#[derive(Debug)]
pub(super) struct Slice {
    columns: Vec<parquet_value::Column>,
}

impl Slice {
    fn new(record: &RecordBatch) -> Result<Self, tidegauge_core::arrow::schema::ArrowError> {
        let fields = record.schema_ref().fields().iter();
        let column =
            |(field, array): (&Arc<ArrowField>, _)| parquet_value::Column::new(field.name(), array);
        let columns = fields.zip(record.columns()).map(column).collect::<Result<_, _>>()?;
        Ok(Self { columns })
    }

    /// Spells a row, to be kept beside what is wrong with it.
    pub(super) fn shown(&self, row: usize) -> String {
        let cell = |column: &parquet_value::Column| {
            format!("{}={}", column.name(), column.field(row).shown())
        };
        self.columns.iter().map(cell).collect::<Vec<_>>().join(", ")
    }
}

/// Reads what Spark calls INT96 as microseconds: as nanoseconds, the year 2263 would be 1678.
fn in_microseconds(metadata: ArrowReaderMetadata) -> parquet::errors::Result<ArrowReaderMetadata> {
    let roots = metadata.parquet_schema().root_schema().get_fields();
    let is_int96 = |at: usize| {
        roots
            .get(at)
            .is_some_and(|root| root.is_primitive() && root.get_physical_type() == Type::INT96)
    };
    if !(0..roots.len()).any(is_int96) {
        return Ok(metadata);
    }
    let field = |(at, field): (usize, &Arc<ArrowField>)| match field.data_type() {
        ArrowType::Timestamp(TimeUnit::Nanosecond, zone) if is_int96(at) => {
            let dtype = ArrowType::Timestamp(TimeUnit::Microsecond, zone.clone());
            Arc::new(field.as_ref().clone().with_data_type(dtype))
        }
        _ => field.clone(),
    };
    let fields: Vec<_> = metadata.schema().fields().iter().enumerate().map(field).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
}
