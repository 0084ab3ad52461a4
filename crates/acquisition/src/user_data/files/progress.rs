//! The cursor, the checkpoint of a file source: the position in each file, and its state when it was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegauge_core::Fingerprint;

use super::compaction::{self, Block, FileStatus};
use super::file_state::FileState;
use super::listing::FileEntry;
use crate::user_data::mapping::KnownColumns;

/// The key of the folded files in the cursor; no file has this name.
const BLOCKS: &str = "/";

/// The key of the settings' fingerprint in the cursor; no file has this name.
const SETTINGS: &str = "//";

/// The state of each file by its name, some 60 bytes a file. The columns of the table that files
/// have filled are under the empty name, which no file has, the folded files under `/`, and the
/// fingerprint of the settings under `//`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Entry>", into = "BTreeMap<String, Entry>")]
pub(super) struct FilesProgress {
    pub(super) files: BTreeMap<String, FileState>,
    pub(super) columns: KnownColumns,
    /// The fingerprint of the settings; `None` in cursors of earlier releases.
    pub(super) settings: Option<Fingerprint>,
    blocks: Vec<Block>,
}

impl FilesProgress {
    /// Returns `true` if rows were read before with settings other than `these`.
    pub(super) fn has_other_settings(&self, these: Fingerprint) -> bool {
        let has_rows = !self.blocks.is_empty() || self.files.values().any(|seen| seen.taken > 0);
        has_rows && self.settings.is_some_and(|settings| settings != these)
    }

    /// Returns the status of each of the files `found`, which are sorted by name. Doubtful files
    /// must be read anew.
    pub(super) fn compare(&mut self, found: &[FileEntry]) -> Vec<FileStatus> {
        compaction::compare(&mut self.blocks, found, &self.files)
    }

    /// Limits the size of the cursor by folding files that sort before `limit`, up to which all
    /// files were read.
    pub(super) fn compact(&mut self, limit: Option<&str>) {
        compaction::compact(&mut self.blocks, &mut self.files, limit);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "how far a file was read")]
enum Entry {
    File(FileState),
    Settings(Fingerprint),
    Columns(KnownColumns),
    Blocks(Vec<Block>),
}

impl From<FilesProgress> for BTreeMap<String, Entry> {
    fn from(FilesProgress { files, columns, settings, blocks }: FilesProgress) -> Self {
        let columns = (!columns.is_empty()).then(|| (String::new(), Entry::Columns(columns)));
        let blocks = (!blocks.is_empty()).then(|| (BLOCKS.to_owned(), Entry::Blocks(blocks)));
        let settings = settings.map(|settings| (SETTINGS.to_owned(), Entry::Settings(settings)));
        let files = files.into_iter().map(|(name, seen)| (name, Entry::File(seen)));
        files.chain(columns).chain(blocks).chain(settings).collect()
    }
}

impl TryFrom<BTreeMap<String, Entry>> for FilesProgress {
    type Error = String;

    fn try_from(entries: BTreeMap<String, Entry>) -> Result<Self, String> {
        let mut progress = Self::default();
        for (name, entry) in entries {
            match entry {
                Entry::Columns(columns) if name.is_empty() => progress.columns = columns,
                Entry::Blocks(blocks) if name == BLOCKS => progress.blocks = blocks,
                Entry::Settings(settings) if name == SETTINGS => progress.settings = Some(settings),
                Entry::File(seen) => drop(progress.files.insert(name, seen)),
                Entry::Columns(_) => return Err(format!("`{name}` has columns and no place")),
                Entry::Blocks(_) => return Err(format!("`{name}` has files and no place")),
                Entry::Settings(_) => return Err(format!("`{name}` has settings and no place")),
            }
        }
        Ok(progress)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cursors_of_earlier_releases_are_read() {
        let old: FilesProgress = serde_json::from_str(r#"{"a.csv":"a.b.c"}"#).unwrap();
        assert_eq!((old.files.len(), old.columns.is_empty()), (1, true));
        let text = r#"{"":["-b","a"],"//":"00000000000000ab","a.csv":"a.b.c"}"#;
        let read: FilesProgress = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        for text in [r#"{"a.csv":"no"}"#, r#"{"a.csv":"ab"}"#, r#"{"a.csv":["a"]}"#] {
            assert!(serde_json::from_str::<FilesProgress>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn file_states_round_trip(
            size: u64, modified: u64, digest: u64, taken: u64, ended: bool, whole: bool,
        ) {
            let taken = if whole { size } else { taken };
            let seen = FileState { size, modified, digest, taken, ended };
            prop_assert_eq!(seen.to_string().parse(), Ok(seen));
        }

        #[test]
        fn foreign_cursors_are_rejected(text in "[0-9a-g.+]{0,30}") {
            if let Ok(seen) = text.parse::<FileState>() {
                prop_assert_eq!(seen.to_string().parse::<FileState>(), Ok(seen));
            }
        }
    }
}
