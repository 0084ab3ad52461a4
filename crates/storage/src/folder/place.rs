//! Where a folder lies, and what it takes to commit to it there.

use std::fmt::Debug;

use polars_io::mmap::MmapBytesReader;

use super::Manifest;
use crate::Result;

/// Which manifest it is, where that has to be said when it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    fn manifest(&self) -> Result<Option<(Vec<u8>, Edition)>>;

    /// Replaces the manifest that is `edition` in one step: the moment of commit. Which one it is then;
    /// none if it was replaced by another meanwhile.
    fn replace(&self, manifest: &[u8], edition: &Edition) -> Result<Option<Edition>>;

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

    /// Removes a file.
    fn remove(&self, path: &str) -> Result<()>;

    /// Whether `commit` can no more be made by anybody else, now that `manifest` is the folder's.
    fn is_over(commit: u64, manifest: &Manifest) -> bool;
}

/// A load that is at it.
pub(crate) trait Turn {
    /// What tells the files of this load from those of another, where several may write at once.
    fn mark(&self) -> Option<&str>;

    /// Says that a load is at it; whether something may be left of one before.
    fn begin(&mut self) -> Result<bool>;

    /// Says that what failed loads wrote is removed; `done`: whether this one failed not.
    fn end(&self, done: bool);
}
