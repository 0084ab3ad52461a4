//! Where a folder lies, and what it takes to commit to it there.

use std::fmt::Debug;
#[cfg(feature = "parquet")]
use std::ops::Range;

#[cfg(feature = "parquet")]
use bytes::Bytes;

use super::Manifest;
use crate::Result;

/// The folder that the store keeps for itself, and the manifest in it.
pub(crate) const OWN: &str = "_tidegauge";
pub(crate) const MANIFEST: &str = "_tidegauge/manifest.json";

/// The manifest as of the last reset: what that has removed is told by nothing else once the manifest is lost.
#[cfg(feature = "parquet")]
pub(super) const RESET: &str = "_tidegauge/reset.json";

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

    /// Returns the number of a commit that is known to have been made; 0 if none is. A manifest that is
    /// read afterwards and has a smaller one is an older one that was put back.
    fn reached(&self) -> u64;

    /// Notes that the manifest of `commit` was seen.
    fn saw(&self, commit: u64);

    /// Returns the loads that began and were not seen to end.
    fn unfinished(&self) -> Result<Vec<Unfinished>>;

    /// Forgets those of `loads` that are over, now that nothing is left of them.
    fn forget(&self, loads: &[Unfinished], manifest: &Manifest) -> Result<()>;

    /// Returns `true` if what an unfinished load of `commit` left will never be committed, now that
    /// `manifest` is the folder's.
    fn is_over(commit: u64, manifest: &Manifest) -> bool;
}

/// A load or a reset that began and was not seen to end: nothing but what these left is ever removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    /// The number of its commit; `None` if it is the one after the manifest's.
    pub(crate) commit: Option<u64>,
    /// What tells its files from those of others, where several may load at once.
    pub(crate) mark: Option<String>,
    /// Whether it is a reset: its files have the numbers of commits from its own on.
    pub(crate) resets: bool,
    /// Whether it began so long ago that it cannot write anything any more.
    pub(crate) is_gone: bool,
}

impl Unfinished {
    /// Returns the number of its commit, now that `manifest` is the folder's.
    pub(crate) fn number(&self, manifest: &Manifest) -> u64 {
        self.commit.unwrap_or(manifest.commit + 1)
    }

    /// Returns `true` if it may have written files with the number `commit`, and `mark`.
    #[cfg(feature = "parquet")]
    pub(crate) fn wrote(&self, commit: u64, mark: Option<&str>, manifest: &Manifest) -> bool {
        let first = self.number(manifest);
        self.mark.as_deref() == mark && (first == commit || self.resets && first < commit)
    }
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

    /// Returns the paths of all files with their lengths in bytes, but for those that the store keeps for itself.
    fn files(&self) -> Result<Vec<(String, u64)>>;

    /// Removes those of the files that are still there.
    fn remove(&self, paths: &[String]) -> Result<()>;

    /// Moves a file to where nothing is yet.
    fn rename(&self, from: &str, to: &str) -> Result<()>;

    /// Keeps a copy of the manifest as of the last reset, in the place of the one before.
    fn keep(&self, manifest: &[u8]) -> Result<()>;

    /// Returns that copy; `None` if there is none.
    fn kept(&self) -> Result<Option<Vec<u8>>>;
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

    /// Notes durably that the load of `commit` begins, and what it `writes`. Returns the loads that were
    /// killed here, whose files must be removed first.
    fn begin(&mut self, commit: u64, writes: Writes) -> Result<Vec<Unfinished>>;

    /// Notes that the load of `commit` has ended. It is `done`, or it failed and nothing is left of it, or
    /// something is: then that stays noted.
    fn end(&mut self, commit: u64, ended: Ended);

    /// Returns `true` if this is the time to look for what loads have left, after the commit of `commit`.
    fn sweeps(&mut self, commit: u64) -> bool;

    /// Notes that the sweep has failed.
    fn sweeps_again(&mut self);
}

/// Which files are about to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// None.
    Nothing,
    /// Those of one commit.
    One,
    /// Those of one commit and of any number of those after it: a reset.
    From,
}

/// How a load has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is committed, and the last commit is this.
    Done(u64),
    /// It failed, the last commit is this, and no file of it is left.
    Undone(u64),
    /// Files of it may be left, or of what it was to remove.
    Left,
}
