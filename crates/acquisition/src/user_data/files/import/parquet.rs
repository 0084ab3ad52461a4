//! Schema inference of Parquet, first part: the first rows.

use std::fs::File;
use std::path::Path;

use chrono::{DateTime, Utc};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use tidegauge_core::arrow::schema::DataType as ArrowType;
use tidegauge_core::panics::catch;
use tidegauge_core::{Cell, DataType, Table};

use super::sample::{ROWS, Sample};
use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::files::config::Config;
use crate::user_data::files::listing::unreadable;
use crate::user_data::files::page_draft::PageDraft;
use crate::user_data::files::parquet::{Parquet, parquet_error};
use crate::user_data::files::parquet_value::{is_readable, type_name};
use crate::user_data::mapping::{Columns, KnownColumns, Mapping, Notes, PageRows, Rule};
use crate::{Error, Result};

/// Returns the first rows, and the types of their columns.
pub(super) fn sample(path: &Path, now: DateTime<Utc>) -> Result<Sample> {
    let read = || rows(path, now);
    catch(read).map_err(|error| parquet_error(path, &error))?
}

fn rows(path: &Path, now: DateTime<Utc>) -> Result<Sample> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| parquet_error(path, &error))?;
    let mut sample = Sample { found: vec!["Parquet".into()], ..Sample::default() };
    for field in metadata.schema().fields() {
        let name = field.name();
        if !is_readable(field.data_type()) {
            let dtype = type_name(field.data_type());
            sample.found.push(format!("`{name}` is {dtype}, which is not read, and is left out"));
        } else if sample.names.contains(name) {
            sample.found.push(format!("`{name}` is there twice, and is left out once"));
        } else {
            sample.names.push(name.clone());
            sample.types.push(dtype(field.data_type()));
        }
    }
    // Every column is read as text, under a generated name.
    let own = |at: usize| format!("c{at}");
    let mut table = Table::builder("sample", "").column("row", DataType::Int64, "").key(["row"]);
    let mut columns = Columns::from([("row".to_owned(), Rule::constant("0"))]);
    for (at, name) in sample.names.iter().enumerate() {
        table = table.nullable(own(at), DataType::Text, "");
        columns.insert(own(at), Rule::column(name.clone()));
    }
    let table = table.build()?;
    let mapping = Mapping::new("import", &table, &columns)?;
    let config = Config { page_rows: ROWS, ..Config::default() };
    let policies = (BadRows::Fail, DuplicateRows::Last);
    let mut draft = PageDraft {
        rows: PageRows::new(&table, policies, ROWS, true),
        notes: Notes::new(now),
        known: KnownColumns::default(),
    };
    let mut parquet = Parquet::open(file, path, &mapping, &config, &mut draft)?;
    while sample.rows.len() < ROWS.min(parquet.rows) {
        let taken = sample.rows.len();
        let mut slices = parquet.slices(taken, ROWS - taken)?;
        while let Some(slice) = slices.next()? {
            for row in 0..slice.rows() {
                let fields = parquet.row(&slice, row);
                let wrong = |row_error: crate::user_data::mapping::RowError| Error::File {
                    path: path.display().to_string(),
                    reason: format!("its row {}: {}", taken + row + 1, row_error.reason),
                };
                let found =
                    mapping.row(parquet.bound(), fields, &mut draft.notes).map_err(wrong)?;
                let Some(found) = found else { continue };
                let cells = mapping.cells(parquet.bound(), &found, &mut draft.notes);
                let cells = cells.map_err(wrong)?;
                let text = |cell: &Cell<'_>| match cell {
                    Cell::Text(text) if !text.trim().is_empty() => Some((*text).to_owned()),
                    _ => None,
                };
                sample.rows.push(cells.iter().skip(1).map(text).collect());
            }
        }
        if sample.rows.len() == taken {
            break;
        }
    }
    Ok(sample)
}

/// Returns the type of a table's column for an Arrow type.
fn dtype(found: &ArrowType) -> DataType {
    match found {
        ArrowType::Boolean => DataType::Bool,
        found if found.is_integer() => DataType::Int64,
        found if found.is_floating() => DataType::Float64,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => {
            let scale = u8::try_from(*scale).unwrap_or(0);
            DataType::Decimal { precision: (*precision).min(38), scale: scale.min(38) }
        }
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Timestamp(..) => DataType::Timestamp,
        _ => DataType::Text,
    }
}
