//! The cursor: the position in each file, and its state when it was read.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tidegauge_core::Fingerprint;

use super::compaction::{self, Block, FileStatus};
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
    pub(super) fn was_read_otherwise(&self, these: Fingerprint) -> bool {
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

/// The position in a file, and its state when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    /// Its size in bytes when it was last read.
    pub(super) size: u64,
    /// Its modification time then, in microseconds since 1970.
    pub(super) modified: u64,
    /// A digest: for text, of the bytes before `taken`; for Parquet, of the file.
    pub(super) digest: u64,
    /// The number of bytes of text taken, uncompressed and in UTF-8, or of rows of Parquet.
    pub(super) taken: u64,
    /// Whether that was the end of the file.
    pub(super) ended: bool,
}

/// Writes `size.modified.digest`, followed by `taken` if that is not the file's size or the end was
/// not reached, and then by a `+` if the end was not reached; all in hexadecimal.
impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { size, modified, digest, taken, ended } = self;
        write!(f, "{size:x}.{modified:x}.{digest:x}")?;
        match (ended, taken == size) {
            (true, true) => Ok(()),
            (true, false) => write!(f, ".{taken:x}"),
            (false, _) => write!(f, ".{taken:x}+"),
        }
    }
}

impl FromStr for FileState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (numbers, ended) = match text.strip_suffix('+') {
                Some(numbers) => (numbers, false),
                None => (text, true),
            };
            let number = |text| u64::from_str_radix(text, 16).ok();
            let numbers: Vec<u64> = numbers.split('.').map(number).collect::<Option<_>>()?;
            let (size, modified, digest, taken) = match numbers[..] {
                [size, modified, digest] if ended => (size, modified, digest, size),
                [size, modified, digest, taken] => (size, modified, digest, taken),
                _ => return None,
            };
            Some(Self { size, modified, digest, taken, ended })
        };
        read().ok_or_else(|| format!("`{text}` does not say how far a file was read"))
    }
}

impl Serialize for FileState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cursors_of_before_are_read_and_columns_kept() {
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
        fn written_and_read(
            size: u64, modified: u64, digest: u64, taken: u64, ended: bool, whole: bool,
        ) {
            let taken = if whole { size } else { taken };
            let seen = FileState { size, modified, digest, taken, ended };
            prop_assert_eq!(seen.to_string().parse(), Ok(seen));
        }

        #[test]
        fn what_is_not_ours_is_refused(text in "[0-9a-g.+]{0,30}") {
            if let Ok(seen) = text.parse::<FileState>() {
                prop_assert_eq!(seen.to_string().parse::<FileState>(), Ok(seen));
            }
        }
    }
}
