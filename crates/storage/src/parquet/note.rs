//! Information on its load in a file's footer. From it the manifest can be rebuilt, and a commit
//! with missing files is recognized.

use std::io;
use std::path::Path;

use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Table};

use crate::folder::{Commit, Part, Stored};
use crate::{Error, Result};

/// The key of the note in the footer's metadata.
const KEY: &str = "tidegauge";

/// The version of the layout that this release writes.
const VERSION: u32 = 1;

/// The maximum length in bytes of a cursor in a footer; longer ones are omitted.
const LONGEST_CURSOR: usize = 1 << 20;

/// The information on a file's load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    version: u32,
    pub(super) table: String,
    /// The definition of the table, without parts.
    pub(super) stored: Stored,
    /// The part of the table that the load wrote, without its days.
    pub(super) part: Part,
    /// The source of the load; `None` if a reset rewrote the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// The index of the file among the load's files, from 0.
    pub(super) file: usize,
    /// The information that only the load's last file has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<End>,
}

/// The information on a whole load in its last file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct End {
    /// The number of files of the load.
    pub(super) files: usize,
    /// The fingerprint of the cursor before the load; `None` if there was no cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Fingerprint>,
    /// The cursor that the load committed; `None` if it is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Cursor>,
}

impl Note {
    /// Creates the note of a load's file with the index `file`.
    pub(super) fn new(
        table: &Table,
        stored: &Stored,
        part: &Part,
        commit: &Commit<'_>,
        file: usize,
        is_last: bool,
    ) -> Self {
        let end = is_last.then(|| End {
            files: file + 1,
            before: commit.before.map(fingerprint),
            after: commit.after.filter(|cursor| cursor.as_str().len() <= LONGEST_CURSOR).cloned(),
        });
        Self {
            version: VERSION,
            table: table.name.to_string(),
            stored: stored.definition(),
            part: part.without_days(),
            source: commit.source.map(Into::into),
            file,
            end,
        }
    }

    /// Returns the note as an entry of the footer's metadata.
    pub(super) fn entry(&self) -> Result<KeyValue> {
        let text = serde_json::to_string(self)
            .map_err(|error| Error::io(Path::new(&self.table), io::Error::other(error)))?;
        Ok(KeyValue::new(KEY.to_owned(), text))
    }

    /// Returns the note in a footer's metadata, or `None` if there is none, or one of a newer
    /// release.
    pub(super) fn find(metadata: Option<&Vec<KeyValue>>) -> Option<Self> {
        let entry = metadata?.iter().find(|entry| entry.key == KEY)?;
        let note: Self = serde_json::from_str(entry.value.as_deref()?).ok()?;
        (note.version <= VERSION).then_some(note)
    }
}

/// Returns the fingerprint of a cursor.
pub(super) fn fingerprint(cursor: &Cursor) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.eat(cursor.as_str().as_bytes());
    fingerprint
}
