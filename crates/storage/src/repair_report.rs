//! The report of a repair.

use std::collections::BTreeMap;

use tidegauge_core::Cursor;

/// The result of a repair, and the state after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// The store's name, without secrets.
    pub store: String,
    /// The faults found, as sentences without a full stop; if empty, nothing was changed.
    pub faults: Vec<String>,
    /// The content of each table.
    pub tables: BTreeMap<String, TableContents>,
    /// The cursor of each source.
    pub cursors: BTreeMap<String, Cursor>,
    /// The folder to which rejected files and the old manifest were moved.
    pub moved_to: Option<String>,
    /// The rejected files.
    pub rejected: Vec<RejectedFile>,
    /// Facts that cannot be restored, with advice on how to continue.
    pub unrecoverable: Vec<String>,
}

/// The content of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableContents {
    /// The number of files.
    pub files: usize,
    /// The number of rows; in a merge table, including replaced ones.
    pub rows: usize,
}

/// A file that was rejected, and moved aside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedFile {
    /// The former path within the store.
    pub path: String,
    /// The reason why it is rejected.
    pub reason: String,
}
