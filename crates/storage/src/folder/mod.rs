//! Folders of files with transactional loads: a manifest names the files of each snapshot.
//!
//! Data files are written first and have no effect until `_tidegauge/manifest.json`, which is
//! replaced atomically, names them together with the new cursor. A load records its beginning and
//! its end; files of a killed load are recognized by that record alone, and removed by the next
//! load. Any other file that is not in the manifest means that the manifest does not belong to
//! these files, and the folder is refused. On a disk, loads are serialized by a lock; in a bucket
//! the manifest is replaced by compare-and-swap, and loads that conflict are retried.

#[cfg(feature = "object-store")]
mod bucket;
mod commit;
mod directory;
mod disk;
mod format;
mod key_lookup;
mod layout;
mod load;
mod load_guard;
mod manifest;
mod manifest_io;
mod reset;
mod segment;
mod sink;
mod stored_table;
mod verify;

#[cfg(feature = "object-store")]
pub(crate) use bucket::Bucket;
pub(crate) use directory::Directory;
#[cfg(feature = "parquet")]
pub(crate) use directory::{FileStore, OpenFile};
pub(crate) use disk::Disk;
#[cfg(feature = "csv")]
pub(crate) use disk::{sync_dir, sync_file};
pub(crate) use format::{CommitContext, Format};
pub(crate) use key_lookup::RowConsumer;
#[cfg(feature = "parquet")]
pub(crate) use key_lookup::{foreign_key_ranges, time_range};
#[cfg(feature = "parquet")]
pub(crate) use layout::MANIFEST_PATH;
pub(crate) use layout::META_DIR;
pub(crate) use load_guard::UnfinishedLoad;
#[cfg(feature = "parquet")]
pub(crate) use load_guard::{LoadGuard, LoadOutcome};
pub(crate) use manifest::Manifest;
pub(crate) use segment::{KeyRange, Segment};
pub(crate) use sink::Folder;
pub(crate) use stored_table::StoredTable;
