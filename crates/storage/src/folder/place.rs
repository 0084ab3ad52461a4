//! Where a folder lies, and what it takes to commit to it there.

use std::fmt::Debug;

use polars_io::mmap::MmapBytesReader;

use super::Manifest;
use crate::Result;

/// The folder that the store keeps for itself, and the manifest in it.
pub(super) const OWN: &str = "_tidegauge";
pub(super) const MANIFEST: &str = "_tidegauge/manifest.json";

/// Which manifest it is, where that has to be said when it is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) e_tag: Option<String>,
    pub(crate) version: Option<String>,
}

/// What a file is read by.
pub(crate) type Reader = Box<dyn MmapBytesReader>;

/// Where a folder lies. Paths are those within it, with `/`.
pub(crate) trait Place: Clone + Debug + Send + Sync + 'static {
    /// What whoever loads holds.
    type Turn: Turn;

    /// The folder, or what lies at `path` in it, as messages name it.
    fn name(&self, path: &str) -> String;

    /// Waits until it is our turn to load.
    fn turn(&self) -> Result<Self::Turn>;

    /// The manifest, and which one it is; none where nothing was ever committed.
    fn manifest(&self) -> Result<Option<(Vec<u8>, Option<Edition>)>>;

    /// Replaces the manifest that is `edition` in one step: the moment of commit. Whether it did; not if
    /// it was replaced by another meanwhile.
    fn replace(&self, manifest: &[u8], edition: Option<&Edition>) -> Result<bool>;

    /// Writes files: they are there to stay when it returns.
    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()>;

    /// Hands Parquet files to `take`, in their order; `columns` is all that is read of them.
    fn read(
        &self,
        files: &[String],
        columns: &[String],
        take: &mut dyn FnMut(usize, Reader) -> Result<()>,
    ) -> Result<()>;

    /// The paths of all files, but for those that the store keeps for itself.
    fn files(&self) -> Result<Vec<String>>;

    /// Removes files.
    fn remove(&self, paths: &[String]) -> Result<()>;

    /// Whether `commit` can no more be made by anybody else, now that `manifest` is the folder's.
    fn is_over(commit: u64, manifest: &Manifest) -> bool;
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
