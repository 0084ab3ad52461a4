//! A file that is kept open between pages.

use super::file_state::FileState;
use super::lines::Lines;
use super::parquet::Parquet;

/// A file in which a page ended before the end of the file.
#[derive(Debug)]
pub(super) struct PartlyRead {
    pub(super) name: String,
    pub(super) seen: FileState,
    pub(super) file: FileReader,
}

/// The reader of a file, by its format.
#[derive(Debug)]
pub(super) enum FileReader {
    Lines(Box<Lines>),
    Parquet(Box<Parquet>),
}
