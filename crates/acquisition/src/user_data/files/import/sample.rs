//! A sample of a file: its first rows, and the settings to read them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use tidegauge_core::DataType;

use super::inspection::Guess;
use crate::Result;
use crate::user_data::files::config::Config;
use crate::user_data::files::gzip::GzipReader;
use crate::user_data::files::listing::unreadable;

/// The maximum number of bytes, uncompressed, that are read of a file.
pub(super) const BYTES: u64 = 8 * 1024 * 1024;

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
    pub(super) fn read(path: &Path) -> Result<Self> {
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
