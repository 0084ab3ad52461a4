//! Where a folder lies, and what it takes to commit to it there.

use std::fmt::Debug;
#[cfg(feature = "parquet")]
use std::ops::Range;

#[cfg(feature = "parquet")]
use bytes::Bytes;

#[cfg(feature = "parquet")]
use super::Manifest;
use crate::Result;

/// The folder that the store keeps for itself, and the manifest in it.
pub(crate) const OWN: &str = "_tidegauge";
pub(super) const MANIFEST: &str = "_tidegauge/manifest.json";

/// Which manifest it is, where that has to be said when it is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) e_tag: Option<String>,
    pub(crate) version: Option<String>,
}

/// Where a folder lies. Paths are those within it, with `/`.
pub(crate) trait Place: Clone + Debug + Send + Sync + 'static {
    /// What a load holds while it is at it.
    type Turn: Turn;

    /// The folder, or what lies at `path` in it, as messages name it.
    fn name(&self, path: &str) -> String;

    /// Waits until it is our turn to load.
    fn turn(&self) -> Result<Self::Turn>;

    /// Returns the manifest, and which one it is; `None` if nothing was ever committed.
    fn manifest(&self) -> Result<Option<(Vec<u8>, Option<Edition>)>>;

    /// Commits by compare-and-swap of the manifest that is `edition`. Returns `false` if another load
    /// has replaced it meanwhile.
    fn replace(&self, manifest: &[u8], edition: Option<&Edition>) -> Result<bool>;
}

/// A place of many files, which are written whole and read by ranges.
#[cfg(feature = "parquet")]
pub(crate) trait Files: Place {
    /// What a file is read by.
    type File: Send + Sync;

    /// Writes files. They are durable when it returns.
    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()>;

    /// Opens the file at `path`.
    fn open(&self, path: &str) -> Result<Opened<Self::File>>;

    /// Reads `ranges` of the file at `path`, none of which ends behind it.
    fn read(&self, file: &Self::File, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>>;

    /// Returns how many files are worth reading at a time.
    fn readers() -> usize;

    /// Returns the paths of all files, but for those that the store keeps for itself.
    fn files(&self) -> Result<Vec<String>>;

    /// Removes files.
    fn remove(&self, paths: &[String]) -> Result<()>;

    /// Returns `true` if `commit` can no longer be made by any load, now that `manifest` is the folder's.
    fn is_over(commit: u64, manifest: &Manifest) -> bool;
}

/// A file that was opened.
#[cfg(feature = "parquet")]
#[derive(Debug)]
pub(crate) struct Opened<F> {
    pub(crate) file: F,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// Its last bytes: all of a short one.
    pub(crate) tail: Bytes,
}

/// A load that is at it.
pub(crate) trait Turn {
    /// What tells the files of this load from those of another, where several may write at once.
    fn mark(&self) -> Option<&str>;

    /// Says that a load is at it; whether what is not in the manifest must be removed first.
    fn begin(&mut self) -> Result<bool>;

    /// Says that the load of `commit` came to an end, and whether it is `done`; whether what is not in the
    /// manifest is to be removed now.
    fn end(&mut self, commit: u64, done: bool) -> bool;

    /// Says whether nothing is left that is not in the manifest.
    fn removed(&mut self, all: bool);
}
