//! What a file says, in its footer, of the load that wrote it. With that the manifest can be made anew, and a
//! commit of which files are missing is told from a whole one.

use std::io;
use std::path::Path;

use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Table};

use crate::folder::{Commit, Part, Stored};
use crate::{Error, Result};

/// The key of the note among the footer's metadata.
const KEY: &str = "tidegauge";

/// The layout written by this release.
const VERSION: u32 = 1;

/// A cursor of more bytes than this is not kept in a footer.
const LONGEST_CURSOR: usize = 1 << 20;

/// What a file says of its load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    version: u32,
    pub(super) table: String,
    /// The definition of its table, without parts.
    pub(super) stored: Stored,
    /// The rows of its table that the load wrote, without their days.
    pub(super) part: Part,
    /// Whose load it was; `None` if a reset wrote these rows anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// Which of the load's files it is, from 0 on.
    pub(super) file: usize,
    /// In the last one, what is known only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<End>,
}

/// What the last file of a load says of all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct End {
    /// How many files the load wrote.
    pub(super) files: usize,
    /// The fingerprint of the cursor that it began with; `None` if there was no cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Fingerprint>,
    /// The cursor that it committed; `None` if that is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Cursor>,
}

impl Note {
    /// Creates the note of the file with the number `file` of a load, the last one or not.
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
            after: commit.after.filter(|it| it.as_str().len() <= LONGEST_CURSOR).cloned(),
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

    /// Returns it as an entry of the footer's metadata.
    pub(super) fn entry(&self) -> Result<KeyValue> {
        let text = serde_json::to_string(self)
            .map_err(|error| Error::io(Path::new(&self.table), io::Error::other(error)))?;
        Ok(KeyValue::new(KEY.to_owned(), text))
    }

    /// Returns the note in the metadata of a footer; `None` if it has none, or one of a newer release.
    pub(super) fn find(metadata: Option<&Vec<KeyValue>>) -> Option<Self> {
        let entry = metadata?.iter().find(|entry| entry.key == KEY)?;
        let note: Self = serde_json::from_str(entry.value.as_deref()?).ok()?;
        (note.version <= VERSION).then_some(note)
    }
}

/// Returns what a cursor is recognised by.
pub(super) fn fingerprint(cursor: &Cursor) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.eat(cursor.as_str().as_bytes());
    fingerprint
}
