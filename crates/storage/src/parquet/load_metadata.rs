//! Metadata of its load in a file's footer. From it the manifest can be rebuilt, and a commit with
//! missing files is recognized.

use std::io;
use std::path::Path;

use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Table};

use crate::folder::{CommitContext, Segment, StoredTable};
use crate::{Error, Result};

/// The key of the entry in the footer's metadata.
const KEY: &str = "tidegauge";

/// The version of the layout that this release writes.
const VERSION: u32 = 1;

/// The maximum length in bytes of a cursor in a footer; longer ones are omitted.
const MAX_CURSOR_LENGTH: usize = 1 << 20;

/// The metadata of a file's load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LoadMetadata {
    version: u32,
    pub(super) table: String,
    /// The definition of the table, without segments.
    pub(super) stored: StoredTable,
    /// The segment of the table that the load wrote, without its days.
    #[serde(rename = "part")]
    pub(super) segment: Segment,
    /// The source of the load; `None` if a reset rewrote the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// The index of the file among the load's files, from 0.
    pub(super) file: usize,
    /// The metadata that only the load's last file has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<LoadEnd>,
}

/// The metadata of a whole load in its last file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LoadEnd {
    /// The number of files of the load.
    pub(super) files: usize,
    /// The fingerprint of the cursor before the load; `None` if there was no cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Fingerprint>,
    /// The cursor that the load committed; `None` if it is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Cursor>,
}

impl LoadMetadata {
    /// Creates the metadata of a load's file with the index `file`.
    pub(super) fn new(
        table: &Table,
        stored: &StoredTable,
        segment: &Segment,
        context: &CommitContext<'_>,
        file: usize,
        is_last: bool,
    ) -> Self {
        let end = is_last.then(|| LoadEnd {
            files: file + 1,
            before: context.before.map(cursor_fingerprint),
            after: context
                .after
                .filter(|cursor| cursor.as_str().len() <= MAX_CURSOR_LENGTH)
                .cloned(),
        });
        Self {
            version: VERSION,
            table: table.name.to_string(),
            stored: stored.without_segments(),
            segment: segment.without_partitions(),
            source: context.source.map(Into::into),
            file,
            end,
        }
    }

    /// Returns the metadata as an entry of the footer's metadata.
    pub(super) fn to_entry(&self) -> Result<KeyValue> {
        let text = serde_json::to_string(self)
            .map_err(|error| Error::io(Path::new(&self.table), io::Error::other(error)))?;
        Ok(KeyValue::new(KEY.to_owned(), text))
    }

    /// Returns the load metadata in a footer's metadata, or `None` if there is none, or one of a
    /// newer release.
    pub(super) fn find(entries: Option<&Vec<KeyValue>>) -> Option<Self> {
        let entry = entries?.iter().find(|entry| entry.key == KEY)?;
        let metadata: Self = serde_json::from_str(entry.value.as_deref()?).ok()?;
        (metadata.version <= VERSION).then_some(metadata)
    }
}

/// Returns the fingerprint of a cursor.
pub(super) fn cursor_fingerprint(cursor: &Cursor) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.update(cursor.as_str().as_bytes());
    fingerprint
}
