//! The guard of a load in progress, and the records of loads that began and may not have ended.

use super::manifest::Manifest;
use crate::Result;

/// The guard of a load in progress.
pub(crate) trait LoadGuard {
    /// Returns the id that distinguishes the files of this load from those of concurrent ones, if
    /// loads may be concurrent.
    fn load_id(&self) -> Option<&str>;

    /// Records durably that the load of `commit` begins, and the extent of what it writes. Returns
    /// the loads that were killed here, whose files must be removed first.
    fn begin(&mut self, commit: u64, extent: WriteExtent) -> Result<Vec<UnfinishedLoad>>;

    /// Records the end of the load of `commit`: it is committed, it was rolled back
    /// without leaving files, or files may be left, in which case its record stays.
    fn end(&mut self, commit: u64, outcome: LoadOutcome);

    /// Returns `true` if remains of other loads should be swept now, after the commit of `commit`.
    fn should_sweep(&mut self, commit: u64) -> bool;

    /// Records that the sweep has failed.
    fn retry_sweep(&mut self);
}

/// The extent of the files that a load writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteExtent {
    /// No files.
    Nothing,
    /// Files of one commit.
    OneCommit,
    /// Files of one commit and any number of later ones: a reset.
    ManyCommits,
}

/// The outcome of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadOutcome {
    /// It is committed; this is the last commit.
    Committed(u64),
    /// It failed and left no files; this is the last commit.
    RolledBack(u64),
    /// Files of it may be left, or files that it was to remove.
    Incomplete,
}

/// A load or a reset that began and is not known to have ended; only files of these are ever
/// removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnfinishedLoad {
    /// The number of its commit; `None` if it is the one after the manifest's.
    pub(crate) commit: Option<u64>,
    /// The id that distinguishes its files from those of concurrent loads.
    pub(crate) load_id: Option<String>,
    /// `true` for a reset: the commit numbers of its files start at its own.
    pub(crate) is_reset: bool,
    /// `true` if it began so long ago that it cannot write anything any more.
    pub(crate) is_expired: bool,
}

impl UnfinishedLoad {
    /// Returns the number of its commit, given that `manifest` is the folder's.
    pub(crate) fn commit_number(&self, manifest: &Manifest) -> u64 {
        self.commit.unwrap_or(manifest.commit + 1)
    }

    /// Returns `true` if it may have written files with the number `commit` and `load_id`.
    #[cfg(feature = "parquet")]
    pub(crate) fn may_have_written(
        &self,
        commit: u64,
        load_id: Option<&str>,
        manifest: &Manifest,
    ) -> bool {
        let first = self.commit_number(manifest);
        self.load_id.as_deref() == load_id && (first == commit || self.is_reset && first < commit)
    }
}
