//! The tables of a report as files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use parquet::arrow::ArrowWriter;
use tidegauge_core::{Batch, DataType, Table, Values};
use tidegauge_report::{Cell, Panel, Report};

use crate::{Error, Result};

/// The format of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableFormat {
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// Writes the table of each panel of the report to a file of its own in `folder`, which is created
/// if it is missing, and returns the files.
///
/// # Errors
/// When a file cannot be written.
pub fn write_tables(report: &Report, folder: &Path, format: TableFormat) -> Result<Vec<PathBuf>> {
    let panels = report.answers.iter().flat_map(|answer| &answer.panels);
    let mut files = Vec::new();
    for panel in panels.filter(|panel| !panel.table.rows().is_empty()) {
        let (extension, content) = match format {
            TableFormat::Csv => ("csv", panel.to_csv().into_bytes()),
            TableFormat::Parquet => ("parquet", parquet_of(panel)?),
        };
        let file = folder.join(format!("{}.{extension}", panel.id));
        write(&file, &content).map_err(|error| Error::Write { file: file.clone(), error })?;
        files.push(file);
    }
    Ok(files)
}

fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, content)
}

/// A column of the file.
enum Content {
    Texts(Vec<Option<String>>),
    Numbers(Vec<Option<f64>>),
}

/// Returns a table as Parquet, with the columns of its CSV: text, or floats.
fn parquet_of(panel: &Panel) -> Result<Vec<u8>> {
    let (names, columns) = columns(panel);
    let mut table = Table::builder("panel", panel.title.clone()).column(
        "row_number",
        DataType::Int64,
        "The number of the row, from 1 on",
    );
    for (name, column) in names.iter().zip(&columns) {
        let dtype = match column {
            Content::Texts(_) => DataType::Text,
            Content::Numbers(_) => DataType::Float64,
        };
        table = table.nullable(name.clone(), dtype, "");
    }
    let table = table.key(["row_number"]).build()?;
    let rows = panel.table.rows().len();
    let numbers: Vec<i64> = (1i64..).take(rows).collect();
    let mut values = vec![Values::Ints(numbers)];
    for column in &columns {
        values.push(match column {
            Content::Texts(texts) => {
                Values::SomeTexts(texts.iter().map(Option::as_deref).collect())
            }
            Content::Numbers(numbers) => Values::Array(std::sync::Arc::new(
                tidegauge_core::arrow::array::Float64Array::from(numbers.clone()),
            )),
        });
    }
    let record = Batch::from_columns(&table, rows, values)?.into_record();
    let failed = |error: parquet::errors::ParquetError| Error::Write {
        file: format!("{}.parquet", panel.id).into(),
        error: io::Error::other(error),
    };
    let mut writer = ArrowWriter::try_new(Vec::new(), record.schema(), None).map_err(failed)?;
    writer.write(&record).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// Returns the columns of a table by the names of its CSV.
fn columns(panel: &Panel) -> (Vec<String>, Vec<Content>) {
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    let rows = panel.table.rows();
    for (at, column) in panel.table.columns().iter().enumerate() {
        let cells = || rows.iter().filter_map(|row| row.cells.get(at));
        names.push(column.name.clone());
        columns.push(match column.format.is_number() {
            true => Content::Numbers(
                cells().map(|cell| cell.as_number().map(|number| number.value)).collect(),
            ),
            false => Content::Texts(
                cells()
                    .map(|cell| match cell {
                        Cell::Text(text) => Some(text.clone()),
                        Cell::Number(number) => Some(number.value.to_string()),
                        Cell::Missing(_) => None,
                    })
                    .collect(),
            ),
        });
        if column.interval {
            let interval = |cell: &Cell| cell.as_number().and_then(|number| number.interval);
            names.push(format!("{}_low", column.name));
            columns.push(Content::Numbers(
                cells().map(|cell| interval(cell).map(|interval| interval.low)).collect(),
            ));
            names.push(format!("{}_high", column.name));
            columns.push(Content::Numbers(
                cells().map(|cell| interval(cell).and_then(|interval| interval.high)).collect(),
            ));
        }
        if column.n {
            names.push(format!("{}_n", column.name));
            columns.push(Content::Numbers(
                cells().map(|cell| cell.as_number()?.n.map(|n| n as f64)).collect(),
            ));
        }
    }
    (names, columns)
}
