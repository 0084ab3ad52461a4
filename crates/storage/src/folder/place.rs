//! The location of a folder, and the operations to commit to it.

use std::fmt::Debug;
#[cfg(feature = "parquet")]
use std::ops::Range;

#[cfg(feature = "parquet")]
use bytes::Bytes;

use super::Manifest;
use crate::Result;

/// The folder of the store's own files, and the manifest in it.
pub(crate) const OWN: &str = "_tidegauge";
pub(crate) const MANIFEST: &str = "_tidegauge/manifest.json";

/// The manifest as of the last reset: without it, a manifest that is lost could not be rebuilt
/// without the removed rows.
#[cfg(feature = "parquet")]
pub(super) const RESET: &str = "_tidegauge/reset.json";

/// The identity of a version of the manifest, where compare-and-swap needs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) e_tag: Option<String>,
    pub(crate) version: Option<String>,
}

/// The location of a folder. Paths are relative to it, with `/`.
pub(crate) trait Place: Clone + Debug + Send + Sync + 'static {
    /// The guard held for the duration of a load.
    type Turn: Turn;

    /// Returns the name of the folder, or of `path` in it, for messages.
    fn name(&self, path: &str) -> String;

    /// Waits for permission to load and returns the guard.
    fn turn(&self) -> Result<Self::Turn>;

    /// Returns the manifest and its edition, or `None` if nothing was ever committed.
    fn manifest(&self) -> Result<Option<(Vec<u8>, Option<Edition>)>>;

    /// Commits by compare-and-swap of the manifest that is `edition`. Returns `false` if another load
    /// has replaced it meanwhile.
    fn replace(&self, manifest: &[u8], edition: Option<&Edition>) -> Result<bool>;

    /// Returns the number of a commit that is known to have been made; 0 if none is. If a manifest
    /// that is read afterwards has a smaller number, it is an outdated one that was put back.
    fn reached(&self) -> u64;

    /// Records that the manifest of `commit` was seen.
    fn saw(&self, commit: u64);

    /// Returns the loads that began and are not known to have ended.
    fn unfinished(&self) -> Result<Vec<Unfinished>>;

    /// Deletes the records of those `loads` that can no longer commit, after their files were
    /// removed.
    fn forget(&self, loads: &[Unfinished], manifest: &Manifest) -> Result<()>;

    /// Returns `true` if an unfinished load of `commit` can no longer commit, given that `manifest`
    /// is the folder's.
    fn is_over(commit: u64, manifest: &Manifest) -> bool;
}

/// A load or a reset that began and is not known to have ended; only files of these are ever
/// removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// The number of its commit; `None` if it is the one after the manifest's.
    pub(crate) commit: Option<u64>,
    /// The mark that distinguishes its files from those of concurrent loads.
    pub(crate) mark: Option<String>,
    /// `true` for a reset: the commit numbers of its files start at its own.
    pub(crate) resets: bool,
    /// `true` if it began so long ago that it cannot write anything any more.
    pub(crate) is_gone: bool,
}

impl Unfinished {
    /// Returns the number of its commit, given that `manifest` is the folder's.
    pub(crate) fn number(&self, manifest: &Manifest) -> u64 {
        self.commit.unwrap_or(manifest.commit + 1)
    }

    /// Returns `true` if it may have written files with the number `commit` and `mark`.
    #[cfg(feature = "parquet")]
    pub(crate) fn wrote(&self, commit: u64, mark: Option<&str>, manifest: &Manifest) -> bool {
        let first = self.number(manifest);
        self.mark.as_deref() == mark && (first == commit || self.resets && first < commit)
    }
}

/// A location of many files, which are written as a whole and read by ranges.
#[cfg(feature = "parquet")]
pub(crate) trait Files: Place {
    /// The handle for reading a file.
    type File: Send + Sync;

    /// Writes files. They are durable when it returns.
    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()>;

    /// Opens the file at `path`.
    fn open(&self, path: &str) -> Result<Opened<Self::File>>;

    /// Reads `ranges` of the file at `path`, all of which end within the file.
    fn read(&self, file: &Self::File, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>>;

    /// Returns the number of files to read concurrently.
    fn readers() -> usize;

    /// Returns the paths of all files with their lengths in bytes, except the store's own files.
    fn files(&self) -> Result<Vec<(String, u64)>>;

    /// Removes those of the files that still exist.
    fn remove(&self, paths: &[String]) -> Result<()>;

    /// Moves a file to a path that does not exist yet.
    fn rename(&self, from: &str, to: &str) -> Result<()>;

    /// Stores a copy of the manifest as of the last reset, replacing the previous copy.
    fn keep(&self, manifest: &[u8]) -> Result<()>;

    /// Returns that copy, or `None` if there is none.
    fn kept(&self) -> Result<Option<Vec<u8>>>;
}

/// An opened file.
#[cfg(feature = "parquet")]
#[derive(Debug)]
pub(crate) struct Opened<F> {
    pub(crate) file: F,
    /// The length in bytes.
    pub(crate) size: u64,
    /// The last bytes of the file: all of a short one.
    pub(crate) tail: Bytes,
}

/// The guard of a load in progress.
pub(crate) trait Turn {
    /// Returns the mark that distinguishes the files of this load from those of concurrent ones, if
    /// loads may be concurrent.
    fn mark(&self) -> Option<&str>;

    /// Records durably that the load of `commit` begins, and what it `writes`. Returns the loads
    /// that were killed here, whose files must be removed first.
    fn begin(&mut self, commit: u64, writes: Writes) -> Result<Vec<Unfinished>>;

    /// Records the end of the load of `commit`: it is done, it failed without leaving files, or it
    /// failed and files may be left, in which case its record stays.
    fn end(&mut self, commit: u64, ended: Ended);

    /// Returns `true` if remains of other loads should be swept now, after the commit of `commit`.
    fn sweeps(&mut self, commit: u64) -> bool;

    /// Records that the sweep has failed.
    fn sweeps_again(&mut self);
}

/// The extent of the files that a load writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// No files.
    Nothing,
    /// Files of one commit.
    One,
    /// Files of one commit and any number of later ones: a reset.
    From,
}

/// The outcome of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is committed; this is the last commit.
    Done(u64),
    /// It failed and left no files; this is the last commit.
    Undone(u64),
    /// Files of it may be left, or files that it was to remove.
    Left,
}
