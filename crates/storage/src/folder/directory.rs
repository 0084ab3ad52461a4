//! The location of a folder, and the operations to commit to it.

use std::fmt::Debug;
#[cfg(feature = "parquet")]
use std::ops::Range;

#[cfg(feature = "parquet")]
use bytes::Bytes;

use super::load_guard::{LoadGuard, UnfinishedLoad};
use super::manifest::{Manifest, ManifestVersion};
use crate::Result;

/// The location of a folder. Paths are relative to it, with `/`.
pub(crate) trait Directory: Clone + Debug + Send + Sync + 'static {
    /// The guard held for the duration of a load.
    type Guard: LoadGuard;

    /// Returns the name of the folder, or of `path` in it, for messages.
    fn name(&self, path: &str) -> String;

    /// Waits for the lock, if the directory has one, and returns the guard of a load.
    fn acquire_guard(&self) -> Result<Self::Guard>;

    /// Returns the manifest and its version, or `None` if nothing was ever committed.
    fn read_manifest(&self) -> Result<Option<(Vec<u8>, Option<ManifestVersion>)>>;

    /// Commits by compare-and-swap of the manifest, which must still be `version`. Returns `false`
    /// if another load has replaced it meanwhile.
    fn swap_manifest(&self, manifest: &[u8], version: Option<&ManifestVersion>) -> Result<bool>;

    /// Returns the number of a commit that is known to have been made; 0 if none is. If a manifest
    /// that is read afterwards has a smaller number, it is an outdated one that was put back.
    fn known_commit(&self) -> u64;

    /// Records that the manifest of `commit` was seen.
    fn record_commit(&self, commit: u64);

    /// Returns the loads that began and are not known to have ended.
    fn unfinished_loads(&self) -> Result<Vec<UnfinishedLoad>>;

    /// Deletes the records of those `loads` that can no longer commit, after their files were
    /// removed.
    fn forget_loads(&self, loads: &[UnfinishedLoad], manifest: &Manifest) -> Result<()>;

    /// Returns `true` if an unfinished load of `commit` can no longer commit, given that `manifest`
    /// is the folder's.
    fn is_superseded(commit: u64, manifest: &Manifest) -> bool;
}

/// A location of many files, which are written as a whole and read by ranges.
#[cfg(feature = "parquet")]
pub(crate) trait FileStore: Directory {
    /// The handle for reading a file.
    type File: Send + Sync;

    /// Writes files. They are durable when it returns.
    fn write_files(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>)
    -> Result<()>;

    /// Opens the file at `path`.
    fn open_file(&self, path: &str) -> Result<OpenFile<Self::File>>;

    /// Reads `ranges` of the file at `path`, all of which end within the file.
    fn read_ranges(
        &self,
        file: &Self::File,
        path: &str,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>>;

    /// Returns the maximum number of files to read concurrently.
    fn max_readers() -> usize;

    /// Returns the paths of all files with their lengths in bytes, except the store's own files.
    fn list_files(&self) -> Result<Vec<(String, u64)>>;

    /// Removes those of the files that still exist.
    fn remove_files(&self, paths: &[String]) -> Result<()>;

    /// Moves a file to a path that does not exist yet.
    fn rename_file(&self, from: &str, to: &str) -> Result<()>;

    /// Stores a copy of the manifest as of the last reset, replacing the previous copy.
    fn save_reset_copy(&self, manifest: &[u8]) -> Result<()>;

    /// Returns that copy, or `None` if there is none.
    fn reset_copy(&self) -> Result<Option<Vec<u8>>>;
}

/// An opened file.
#[cfg(feature = "parquet")]
#[derive(Debug)]
pub(crate) struct OpenFile<F> {
    pub(crate) file: F,
    /// The length in bytes.
    pub(crate) size: u64,
    /// The last bytes of the file: all of a short one.
    pub(crate) tail: Bytes,
}
