//! The files that a scan reads.

use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::{Predicate, Table};

use super::file_name::file_path;
use super::prune;
use super::request::DataFile;
use crate::folder::Segment;

/// A file to read, with the rows that are wanted if they are known beforehand.
#[derive(Debug)]
pub(super) struct FileScanTask {
    pub(super) file: DataFile,
    pub(super) selected: Option<BooleanBuffer>,
}

/// Returns the files of `segment` in which rows may pass.
pub(super) fn data_files(predicate: &Predicate, table: &Table, segment: &Segment) -> Vec<DataFile> {
    let file = |day: Option<&str>, rows| DataFile {
        path: file_path(table, segment, day),
        rows,
        footer: segment.footers.get(day.unwrap_or_default()).copied(),
    };
    if segment.partitions.is_empty() {
        return vec![file(None, segment.rows)];
    }
    let days = segment.partitions.iter().filter(|(day, _)| prune::partition(predicate, table, day));
    days.map(|(day, rows)| file(Some(day), *rows)).collect()
}
