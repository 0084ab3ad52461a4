//! Parquet, a slice of rows at a time.

use std::fs::File;
use std::path::Path;

use polars_io::SerReader;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{AnyValue, Column, TimeUnit};
use tidegauge_core::{Cell, DataType};

use super::folder::unreadable;
use crate::mapping::{Field, Mapping, Misfit, Plan};
use crate::{Error, Result};

/// A Parquet file with the columns that fill a table.
#[derive(Debug)]
pub(super) struct Parquet {
    file: File,
    path: String,
    pub(super) rows: usize,
    wanted: Vec<String>,
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
        let again = |file: &File| file.try_clone().map_err(|error| unreadable(path, &error));
        let mut reader = ParquetReader::new(again(&file)?);
        let schema = reader.schema().map_err(|error| broken(&error))?;
        let rows = reader.num_rows().map_err(|error| broken(&error))?;
        let have: Vec<&str> = schema.iter_names().map(|name| name.as_str()).collect();
        mapping.bind(&shown, &have)?;
        let asked = mapping.wanted();
        let wanted: Vec<&str> = have.into_iter().filter(|name| asked.contains(name)).collect();
        let plan = mapping.bind(&shown, &wanted)?;
        let mut text = vec![false; wanted.len()];
        for column in &mapping.table().columns {
            let Some(name) = mapping.source_of(&column.name) else { continue };
            let Some(at) = wanted.iter().position(|it| *it == name) else { continue };
            text[at] |= column.dtype == DataType::Text;
            let found = schema.get(name).map(|field| format!("{:?}", field.dtype));
            let refused = |reason: &str| {
                Err(Error::Mapping {
                    of: shown.clone(),
                    table: mapping.table().name.to_string(),
                    column: column.name.to_string(),
                    reason: format!("`{name}` is {}, {reason}", found.clone().unwrap_or_default()),
                })
            };
            let found = found.as_deref().unwrap_or_default();
            if !readable(found) {
                return refused("a type that is not read: write it as another one");
            }
            if matches!(column.dtype, DataType::Decimal { .. }) && found.starts_with("Float") {
                return refused("and money is never a float: write it as a decimal, or as text");
            }
        }
        let wanted = wanted.into_iter().map(Into::into).collect();
        Ok(Self { file, path: shown, rows, wanted, text, plan })
    }

    /// `count` rows behind the first `skip`.
    pub(super) fn slice(&self, skip: usize, count: usize) -> Result<DataFrame> {
        let broken = |reason: String| Error::File { path: self.path.clone(), reason };
        let file = self.file.try_clone().map_err(|error| broken(error.to_string()))?;
        let frame = ParquetReader::new(file)
            .with_columns(Some(self.wanted.clone()))
            .with_slice(Some((skip, count)))
            .read_parallel(ParallelStrategy::None)
            .finish()
            .and_then(|frame| frame.select(&self.wanted))
            .map_err(|error| broken(error.to_string()))?;
        match frame.height() {
            _ if self.wanted.is_empty() => Ok(frame),
            height if height == count => Ok(frame),
            height => Err(broken(format!("it has {height} rows where it says {count}"))),
        }
    }

    /// The fields of a row of `frame`.
    pub(super) fn row<'f>(&self, frame: &'f DataFrame, row: usize) -> Vec<Field<'f>> {
        let value = |(column, text): (&'f Column, &bool)| {
            let field = column.get(row).map_or(Field::Missing, field);
            if *text { field.into_text() } else { field }
        };
        frame.columns().iter().zip(&self.text).map(value).collect()
    }

    /// The cells that `fields` are.
    pub(super) fn cells<'a>(
        &self,
        mapping: &'a Mapping,
        fields: &'a [Field<'_>],
    ) -> Result<Vec<Cell<'a>>, Misfit> {
        mapping.cells(&self.plan, fields)
    }
}

/// Whether polars was built to read the type. What is not read would make it panic.
fn readable(dtype: &str) -> bool {
    const READ: [&str; 18] = [
        "Boolean",
        "Int32",
        "Int64",
        "UInt32",
        "UInt64",
        "Float32",
        "Float64",
        "Utf8",
        "LargeUtf8",
        "Utf8View",
        "Binary",
        "LargeBinary",
        "BinaryView",
        "Date32",
        "Date64",
        "Timestamp",
        "Decimal",
        "Null",
    ];
    let name = dtype.split(['(', ' ', '{']).next().unwrap_or_default();
    READ.contains(&name)
}

fn field(value: AnyValue<'_>) -> Field<'_> {
    match value {
        AnyValue::Null => Field::Null,
        AnyValue::Boolean(value) => Field::Bool(value),
        AnyValue::String(text) => Field::Text(text.into()),
        AnyValue::StringOwned(text) => Field::Text(text.to_string().into()),
        AnyValue::Int32(value) => Field::Int(value.into()),
        AnyValue::Int64(value) => Field::Int(value.into()),
        AnyValue::UInt32(value) => Field::Int(value.into()),
        AnyValue::UInt64(value) => Field::Int(value.into()),
        // By way of its digits: 0.1 stays 0.1.
        AnyValue::Float32(value) => Field::Float(value.to_string().parse().unwrap_or(value.into())),
        AnyValue::Float64(value) => Field::Float(value),
        AnyValue::Date(days) => Field::Date(days),
        AnyValue::Datetime(at, unit, _) => micros(at, unit),
        AnyValue::DatetimeOwned(at, unit, _) => micros(at, unit),
        AnyValue::Decimal(units, _, scale) => {
            Field::Decimal(units, u32::try_from(scale).unwrap_or(0))
        }
        AnyValue::Binary(bytes) => Field::Bytes(bytes.into()),
        AnyValue::BinaryOwned(bytes) => Field::Bytes(bytes.into()),
        other => Field::Text(other.to_string().into()),
    }
}

fn micros(at: i64, unit: TimeUnit) -> Field<'static> {
    match unit {
        TimeUnit::Nanoseconds => Field::Timestamp(at.div_euclid(1_000)),
        TimeUnit::Microseconds => Field::Timestamp(at),
        TimeUnit::Milliseconds => Field::Timestamp(at.saturating_mul(1_000)),
    }
}

/// A row of `frame`, to be kept beside what is wrong with it.
pub(super) fn shown(frame: &DataFrame, row: usize) -> String {
    let cell = |column: &Column| {
        let value = column.get(row).map_or(Field::Missing, field);
        format!("{}={}", column.name(), value.shown())
    };
    frame.columns().iter().map(cell).collect::<Vec<_>>().join(", ")
}
