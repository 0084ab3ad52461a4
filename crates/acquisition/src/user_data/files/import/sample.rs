//! A sample of a file: its first rows, and the settings to read them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use tidegauge_core::DataType;

use super::super::gzip::GzipReader;
use super::super::listing::unreadable;
use super::super::{Config, Format};
use super::{Guess, csv, json, parquet};
use crate::{Error, Result};

/// The maximum number of bytes, uncompressed, that are read of a file.
const BYTES: u64 = 8 * 1024 * 1024;

/// The maximum number of rows that are read of a file.
pub(super) const ROWS: usize = 10_000;

/// The first rows of a file, as text, and the settings to read them.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// The settings of an entry for the format and layout of the file.
    pub(super) config: Config,
    /// The names of the columns of the file.
    pub(super) names: Vec<String>,
    /// The type of each column, if the file has types; otherwise empty.
    pub(super) types: Vec<DataType>,
    /// The rows; missing and blank cells are `None`.
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// Facts about the file, for users.
    pub(super) found: Vec<String>,
    pub(super) guesses: Vec<Guess>,
}

impl Sample {
    /// Returns the values of a column, without missing ones.
    pub(super) fn values(&self, at: usize) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(move |row| row.get(at)?.as_deref())
    }
}

/// The first bytes of a file, uncompressed.
pub(super) struct FileHead {
    pub(super) bytes: Vec<u8>,
    /// Whether these are all bytes of the file.
    pub(super) is_whole: bool,
    pub(super) is_zipped: bool,
}

impl FileHead {
    fn read(path: &Path) -> Result<Self> {
        let broken = |error: std::io::Error| unreadable(path, &error);
        let mut file = BufReader::new(File::open(path).map_err(broken)?);
        let is_zipped = file.fill_buf().map_err(broken)?.starts_with(&[0x1f, 0x8b]);
        let mut reader: Box<dyn Read> =
            if is_zipped { Box::new(GzipReader::new(file)) } else { Box::new(file) };
        let mut bytes = Vec::new();
        reader.by_ref().take(BYTES).read_to_end(&mut bytes).map_err(broken)?;
        let is_whole = reader.read(&mut [0]).map_err(broken)? == 0;
        Ok(Self { bytes, is_whole, is_zipped })
    }
}

/// Returns the first rows of the file at `path`, which is called `name`.
///
/// # Errors
/// Returns an error if the file cannot be read, is empty, or has an unsupported format.
pub(super) fn read(path: &Path, name: &str, now: DateTime<Utc>) -> Result<Sample> {
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
        Format::Csv => csv::sample(path, name, &head)?,
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
