//! The position in a file, and its state when it was read, as text in the cursor.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
