//! Files as a snapshot: all files are read anew if any of them, or the settings, have changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Page};

use super::listing::{self, FileEntry};
use super::progress::FilesProgress;
use super::source::Inner;
use crate::user_data::mapping::{KnownColumns, Notes};
use crate::user_data::snapshot::SnapshotPages;
use crate::{Error, Result, cursor};

/// The cursor of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotProgress {
    /// The fingerprint of the names, sizes and modification times of the files.
    files: String,
    /// The fingerprint of the settings that decide what rows of the files become, and of the table.
    /// `None` in cursors of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settings: Option<Fingerprint>,
    /// The columns of the table that files have filled.
    #[serde(default, skip_serializing_if = "KnownColumns::is_empty")]
    columns: KnownColumns,
}

impl Inner {
    /// Returns all rows of the files as one page, if the files or settings have changed since
    /// `before`.
    ///
    /// # Errors
    /// Returns an error if there are too many rows, none at all, or the files change while they are
    /// read.
    pub(super) fn snapshot(&self, before: Option<&Cursor>) -> Result<(Page, Notes, Vec<String>)> {
        let name = &self.config.name;
        // The cursor of a source that was not a snapshot before is ignored.
        let taken = before.and_then(|before| cursor::read::<SnapshotProgress>(name, before).ok());
        let (files, mut settings) = (self.files_fingerprint()?, self.settings);
        settings.add(Some(format!("{:?}", self.config.bad_rows)));
        let notes = Notes::new(self.clock.now());
        if let (Some(before), Some(taken)) = (before, &taken)
            && taken.files == files
            && taken.settings == Some(settings)
        {
            return Ok((cursor::nothing_new(before), notes, Vec::new()));
        }
        let mut begin = FilesProgress::default();
        begin.columns = taken.unwrap_or_default().columns;
        let mut at = cursor::write(name, &begin)?;
        let mut pages = SnapshotPages::default();
        loop {
            let (page, found, _) = self.page(Some(&at))?;
            found.report_to(&self.mapping, &self.note_log);
            let (next, done) = (page.cursor.clone(), page.done);
            pages.take(name, page)?;
            at = next;
            if done {
                break;
            }
        }
        let progress: FilesProgress = cursor::read(name, &at)?;
        if self.files_fingerprint()? != files || progress.files.values().any(|seen| !seen.ended) {
            return Err(Error::Unsettled { path: self.config.path.clone() });
        }
        let batches = pages.finish(name)?;
        let taken = SnapshotProgress { files, settings: Some(settings), columns: progress.columns };
        Ok((Page { batches, cursor: cursor::write(name, &taken)?, done: true }, notes, Vec::new()))
    }

    /// Returns the progress in the cursor of a source that is not a snapshot. If it was one before,
    /// the files are read from the beginning: rows that are stored already are skipped.
    pub(super) fn read_progress(&self, before: &Cursor) -> Result<FilesProgress> {
        let name = &self.config.name;
        let progress = cursor::read(name, before);
        progress.or_else(|error| {
            let taken = cursor::read::<SnapshotProgress>(name, before).map_err(|_| error)?;
            let mut progress = FilesProgress::default();
            progress.columns = taken.columns;
            Ok(progress)
        })
    }

    /// Returns a fingerprint of the names, sizes and modification times of the files.
    fn files_fingerprint(&self) -> Result<String> {
        let mut hasher = DefaultHasher::new();
        for FileEntry { name, size, modified, .. } in listing::list(&self.config.path)? {
            (name, size, modified).hash(&mut hasher);
        }
        Ok(format!("{:016x}", hasher.finish()))
    }
}
