//! The file format of a folder: what Parquet and CSV do differently.

use std::fmt::Debug;

use tidegauge_core::{Batch, Cursor, Removal, SinkCapabilities, Table, TableRef};

use super::key_lookup::RowConsumer;
use super::load_guard::UnfinishedLoad;
use super::manifest::Manifest;
use super::segment::{KeyRange, Segment};
use super::stored_table::StoredTable;
use crate::Result;

/// A file format of a folder.
pub(crate) trait Format<D>: Debug + Send + Sync + 'static {
    /// The scheme of the URL, and the name in the manifest.
    const NAME: &'static str;

    /// Returns the capabilities of such a folder.
    fn capabilities() -> SinkCapabilities;

    /// Prepares for `table`, which the folder does not have yet.
    fn create_table(directory: &D, table: &Table, stored: &mut StoredTable) -> Result<()>;

    /// Prepares for columns that were added to the definition of `table`.
    fn add_columns(directory: &D, table: &Table, stored: &mut StoredTable) -> Result<()>;

    /// Returns `true` if writing rows of `table` may require rewriting existing ones, as a reset
    /// does.
    fn may_rewrite(_table: &Table, _stored: &StoredTable) -> bool {
        false
    }

    /// Writes the rows of `batch`, which is not empty, as `segment`, and records their location in
    /// it. The rows are durable when it returns.
    fn write_segment(
        directory: &D,
        table: &TableRef,
        stored: &mut StoredTable,
        segment: &mut Segment,
        batch: Batch,
        commit: &mut CommitContext<'_>,
    ) -> Result<()>;

    /// Passes the key columns of `segment` to `consume` in batches; rows whose key is outside
    /// `range` may be left out.
    fn read_keys(
        directory: &D,
        table: &TableRef,
        segment: &Segment,
        range: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()>;

    /// Passes the rows of `stored` to `consume`, rows that replace others after those; rows whose
    /// key is outside `range` may be left out.
    fn read_rows(
        directory: &D,
        table: &TableRef,
        stored: &StoredTable,
        range: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()>;

    /// `true` if readers select the newest row of each key, so that a row that its own load
    /// replaces need not be written.
    const READS_LATEST_ROWS: bool;

    /// Counts the rows of `stored` that `removal` removes.
    fn count_removed(directory: &D, removal: &Removal, stored: &StoredTable) -> Result<usize>;

    /// Removes the rows of `removal` from `stored`, and rewrites what is necessary with the commit
    /// number and load id in `next`, which may be increased. Committed files are not touched; the
    /// paths of files that are no longer named are appended to `old`.
    fn remove_rows(
        directory: &D,
        removal: &Removal,
        stored: &mut StoredTable,
        next: (&mut u64, Option<&str>),
        old: &mut Vec<String>,
    ) -> Result<()>;

    /// Brings the files into the state of `manifest` after the commit of a reset; idempotent.
    fn finish_reset(directory: &D, manifest: &Manifest) -> Result<()>;

    /// The advice for a manifest that does not match the files.
    const ADVICE: &'static str;

    /// `true` if `list_files` and `verify` are cheap enough for every load.
    const VERIFIES_EVERY_LOAD: bool;

    /// The files of a folder, as listed.
    type Listing;

    /// Returns the path of a data file in a folder without a manifest, or `None` if there is none.
    fn find_orphan(directory: &D) -> Result<Option<String>>;

    /// Lists the files.
    fn list_files(directory: &D, manifest: &Manifest) -> Result<Self::Listing>;

    /// Returns the files that are neither in the manifest nor of one of the `unfinished` loads.
    ///
    /// # Errors
    /// When a file is missing that was in the manifest `before`, which was read before the
    /// listing, and still is in `manifest`, which was read after it.
    fn verify(
        directory: &D,
        listing: &Self::Listing,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<Vec<String>>;

    /// Removes the files of those `unfinished` loads and resets that can no longer commit.
    fn remove_uncommitted(
        directory: &D,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<()>;
}

/// The metadata of a load that is written into its files, so that a manifest can be rebuilt from
/// them. A reset, which rewrites rows of others, has no source.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "parquet"), allow(dead_code))]
pub(crate) struct CommitContext<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) before: Option<&'a Cursor>,
    pub(crate) after: Option<&'a Cursor>,
    /// The number of files written so far.
    pub(crate) files: usize,
    /// `true` for the last table that has rows.
    pub(crate) is_last: bool,
}
