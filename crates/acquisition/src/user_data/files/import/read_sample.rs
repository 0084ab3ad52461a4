//! The reading of a sample, by the format of the file.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::sample::{BYTES, FileHead, Sample};
use super::{csv, json, parquet};
use crate::user_data::files::config::{Config, Format};
use crate::{Error, Result};

/// Returns the first rows of the file at `path`, which is called `name`. The cells of CSV are
/// delimited by `delimiter` if that is given.
///
/// # Errors
/// Returns an error if the file cannot be read, is empty, or has an unsupported format.
pub(super) fn read(
    path: &Path,
    name: &str,
    now: DateTime<Utc>,
    delimiter: Option<u8>,
) -> Result<Sample> {
    let refused =
        |reason: &str| Err(Error::File { path: path.display().to_string(), reason: reason.into() });
    let head = FileHead::read(path)?;
    if head.bytes.is_empty() {
        return refused("it is empty");
    }
    let named = Config::default().format(name);
    let format = match (&named, head.bytes.as_slice()) {
        (_, [b'P', b'A', b'R', b'1', ..]) if !head.is_zipped => Format::Parquet,
        (Ok(format), _) if *format != Format::Csv => *format,
        (_, [b'P', b'K', 3, 4, ..]) => {
            return refused(
                "it is a workbook of a spreadsheet, or another archive: save the sheet as CSV, or unpack it",
            );
        }
        (_, [0xd0, 0xcf, 0x11, 0xe0, ..]) => {
            return refused("it is a workbook of a spreadsheet: save the sheet as CSV");
        }
        (_, bytes) => match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Format::Ndjson,
            Some(b'[') if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() => {
                return refused(
                    "it is one JSON array, and JSON lines are read: write one object a line, as `jq -c '.[]'` does",
                );
            }
            Some(b'<') => {
                return refused("it is HTML or XML, which is not read: export CSV instead");
            }
            Some(_) => Format::Csv,
            None => return refused("it has blank lines alone"),
        },
    };
    let mut sample = match format {
        Format::Csv => csv::sample(path, name, &head, delimiter)?,
        Format::Ndjson => json::sample(path, &head)?,
        Format::Parquet => parquet::sample(path, now)?,
    };
    if named.is_err() {
        sample.config.format = Some(format);
    }
    if !head.is_whole && format != Format::Parquet {
        let mib = BYTES / (1024 * 1024);
        sample.found.push(format!("the first {mib} MiB were looked at"));
    }
    if sample.names.is_empty() || sample.rows.is_empty() {
        return refused("no row was found in it");
    }
    Ok(sample)
}
