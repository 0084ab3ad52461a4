//! Encoding of rows as CSV (RFC 4180, lines ending in LF).

use tidegauge_core::{Batch, Cell, Column, DataType, Table};

use crate::{Error, Result, format};

/// Returns the header line with the column names.
pub(super) fn header(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    names.join(",") + "\n"
}

/// Encodes the first `width` columns of the rows of `batch` as lines.
pub(super) fn encode_rows(table: &Table, batch: &Batch, width: usize) -> Result<String> {
    let columns = batch.views()?;
    let mut lines = String::with_capacity(batch.rows() * columns.len() * 12);
    for row in 0..batch.rows() {
        for (at, (values, column)) in columns.iter().zip(&table.columns).take(width).enumerate() {
            if at > 0 {
                lines.push(',');
            }
            field(&mut lines, values.cell(row), table, column)?;
        }
        lines.push('\n');
    }
    Ok(lines)
}

/// Writes a field: nothing for null and `""` for empty text, so that they differ.
fn field(line: &mut String, cell: Cell<'_>, table: &Table, column: &Column) -> Result<()> {
    match (cell, column.dtype) {
        (Cell::Null, _) => {}
        (Cell::Bool(value), _) => line.push_str(if value { "true" } else { "false" }),
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => {
            line.push_str(&format::format_decimal(units, scale));
        }
        (Cell::Int(value) | Cell::Decimal(value), _) => line.push_str(&value.to_string()),
        // The shortest digits that parse to the same float.
        (Cell::Float(value), _) => line.push_str(&format!("{value:?}")),
        (Cell::Date(days), _) => {
            let error = || out_of_range(table, column, format::out_of_range("day", days));
            line.push_str(&format::format_date(days).ok_or_else(error)?);
        }
        (Cell::Timestamp(at), _) => {
            let error = || out_of_range(table, column, format::out_of_range("microsecond", at));
            line.push_str(&format::format_timestamp(at, 'T', "Z").ok_or_else(error)?);
        }
        (Cell::Text(text), _) if text.is_empty() || text.contains([',', '"', '\r', '\n']) => {
            line.push('"');
            line.push_str(&text.replace('"', "\"\""));
            line.push('"');
        }
        (Cell::Text(text), _) => line.push_str(text),
    }
    Ok(())
}

/// Returns the error for a time out of the range of CSV.
fn out_of_range(table: &Table, column: &Column, reason: String) -> Error {
    Error::unrepresentable(&table.name, &column.name, reason)
}
