//! Rows as CSV (RFC 4180, lines ending in LF).

use std::fmt::Write as _;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Cell, Column, DataType, Table};

use crate::{Error, Result, cells, text};

/// The line of column names.
pub(super) fn header(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    names.join(",") + "\n"
}

/// The lines of `frame`.
pub(super) fn rows(table: &Table, frame: &DataFrame) -> Result<String> {
    let columns = cells::all(frame, &table.columns)?;
    let mut lines = String::with_capacity(frame.height() * columns.len() * 12);
    for row in 0..frame.height() {
        for (at, (cells, column)) in columns.iter().zip(&table.columns).enumerate() {
            if at > 0 {
                lines.push(',');
            }
            let fits = field(&mut lines, cells.get(row), column);
            fits.map_err(|value| Error::Unrepresentable {
                table: table.name.to_string(),
                column: column.name.to_string(),
                value,
            })?;
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// Writes a field: nothing for null, `""` for empty text, which is how the two stay apart.
fn field(line: &mut String, cell: Cell<'_>, column: &Column) -> Result<(), String> {
    let wrote = match (cell, column.dtype) {
        (Cell::Null, _) => Ok(()),
        (Cell::Bool(value), _) => write!(line, "{value}"),
        (Cell::Int(value), _) => write!(line, "{value}"),
        // The shortest digits that read back as the same float.
        (Cell::Float(value), _) => write!(line, "{value:?}"),
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => {
            line.push_str(&text::decimal(units, scale));
            Ok(())
        }
        (Cell::Decimal(units), _) => return Err(units.to_string()),
        (Cell::Date(days), _) => {
            line.push_str(&text::day(days).ok_or_else(|| format!("day {days}"))?);
            Ok(())
        }
        (Cell::Timestamp(at), _) => {
            line.push_str(&text::instant(at, 'T', "Z").ok_or_else(|| format!("{at} µs"))?);
            Ok(())
        }
        (Cell::Text(text), _) => {
            if text.is_empty() || text.contains([',', '"', '\r', '\n']) {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(text);
            }
            Ok(())
        }
    };
    wrote.map_err(|error| error.to_string())
}
