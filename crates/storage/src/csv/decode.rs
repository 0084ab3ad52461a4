//! Decoding of stored lines, with which new rows are compared.

use std::borrow::Cow;
use std::path::Path;

use tidegauge_core::{Batch, BatchBuilder, Cell, DataType, TableRef};

use super::{paths, segment};
use crate::folder::{KeyRange, RowConsumer, StoredTable};
use crate::{Error, Result};

/// Passes the rows of the segments of `stored` whose keys may lie in `range` to `consume`, oldest
/// first.
pub(super) fn read_rows(
    dir: &Path,
    table: &TableRef,
    stored: &StoredTable,
    range: Option<&KeyRange>,
    consume: RowConsumer<'_>,
) -> Result<()> {
    let (path, table) = (paths::current_path(dir, table, stored), table.as_read());
    let damaged = |reason: String| Error::damaged(&path, reason);
    for segment in stored
        .segments
        .iter()
        .filter(|segment| KeyRange::overlap(segment.key_range.as_ref(), range))
    {
        let bytes = segment::read_segment(&path, segment)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
        consume(&decode_lines(text, &table, stored.column_count()).map_err(damaged)?)?;
    }
    Ok(())
}

/// Decodes lines of `width` columns written by [`encode`](super::encode), or returns why they are
/// invalid. The remaining columns are null.
fn decode_lines(text: &str, table: &TableRef, width: usize) -> Result<Batch, String> {
    let (mut builder, mut rest) = (BatchBuilder::new(table), text);
    while !rest.is_empty() {
        for column in table.columns.iter().take(width) {
            let (text, behind) = field(rest).ok_or("a line of it has no end")?;
            rest = behind;
            let wrong = |error: &dyn std::fmt::Display| format!("`{}`: {error}", column.name);
            let cell = match (&text, column.dtype) {
                (None, _) => Cell::Null,
                (Some(text), DataType::Bool) => Cell::Bool(text == "true"),
                (Some(text), DataType::Int64) => {
                    Cell::Int(text.parse::<i64>().map_err(|error| wrong(&error))?.into())
                }
                (Some(text), DataType::Float64) => {
                    Cell::Float(text.parse().map_err(|error| wrong(&error))?)
                }
                (Some(text), _) => Cell::Text(text),
            };
            builder.push(cell).map_err(|error| wrong(&error))?;
        }
        for _ in width..table.columns.len() {
            builder.push(Cell::Null).map_err(|error| error.to_string())?;
        }
    }
    builder.finish().map_err(|error| error.to_string())
}

/// Returns the first field of `line`, an inner `None` being null, and the rest after it; `None` if
/// the field has no end.
fn field(line: &str) -> Option<(Option<Cow<'_, str>>, &str)> {
    let Some(quoted) = line.strip_prefix('"') else {
        let end = line.find([',', '\n'])?;
        let text = line.get(..end)?;
        return Some(((!text.is_empty()).then_some(text.into()), line.get(end + 1..)?));
    };
    let mut end = 0;
    loop {
        end += quoted.get(end..)?.find('"')?;
        if !quoted.get(end + 1..)?.starts_with('"') {
            break;
        }
        end += 2; // a quote in the text
    }
    let text = quoted.get(..end)?.replace("\"\"", "\"");
    Some((Some(text.into()), quoted.get(end + 2..)?))
}
