//! The Parquet format of a folder.

use tidegauge_core::{Batch, Removal, SinkCapabilities, Table, TableRef};

use super::{load, reset, scan};
use crate::Result;
use crate::folder::{
    CommitContext, FileStore, Format, KeyRange, Manifest, RowConsumer, Segment, StoredTable,
    UnfinishedLoad,
};

/// The Parquet format of a folder.
#[derive(Debug)]
pub(crate) enum ParquetFormat {}

/// The name of the format in the manifest.
pub(super) const NAME: &str = "parquet";

impl<D: FileStore> Format<D> for ParquetFormat {
    const NAME: &'static str = NAME;
    const ADVICE: &'static str = "put the newest manifest back, or run `tidegauge repair`, which makes \
                                it anew from the files";
    const VERIFIES_EVERY_LOAD: bool = false;
    const READS_LATEST_ROWS: bool = true;

    /// The paths of the files, with their lengths in bytes.
    type Listing = Vec<(String, u64)>;

    fn capabilities() -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            exact_decimals: true,
            pushdown: true,
            aggregates: true,
            resets: true,
            replaces: true,
        }
    }

    fn create_table(_: &D, _: &Table, _: &mut StoredTable) -> Result<()> {
        Ok(())
    }

    fn add_columns(_: &D, _: &Table, _: &mut StoredTable) -> Result<()> {
        Ok(()) // older files lack the columns, and read as null there
    }

    fn write_segment(
        directory: &D,
        table: &TableRef,
        stored: &mut StoredTable,
        segment: &mut Segment,
        batch: Batch,
        context: &mut CommitContext<'_>,
    ) -> Result<()> {
        load::write_segment(directory, table, stored, segment, batch, context)
    }

    fn read_keys(
        directory: &D,
        table: &TableRef,
        segment: &Segment,
        range: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()> {
        scan::read_keys(directory, table, segment, range, consume)
    }

    fn read_rows(
        directory: &D,
        table: &TableRef,
        stored: &StoredTable,
        range: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()> {
        scan::read_rows(directory, table, stored, range, consume)
    }

    fn count_removed(directory: &D, removal: &Removal, stored: &StoredTable) -> Result<usize> {
        reset::count_removed(directory, removal, stored)
    }

    fn remove_rows(
        directory: &D,
        removal: &Removal,
        stored: &mut StoredTable,
        next: (&mut u64, Option<&str>),
        old: &mut Vec<String>,
    ) -> Result<()> {
        reset::remove_rows(directory, removal, stored, next, old)
    }

    /// Stores a copy of the manifest first, so that the removal is recorded before any file is
    /// removed.
    fn finish_reset(directory: &D, manifest: &Manifest) -> Result<()> {
        directory.save_reset_copy(&manifest.to_json(directory)?)?;
        load::remove_reset_files(directory, manifest)
    }

    fn find_orphan(directory: &D) -> Result<Option<String>> {
        Ok(load::list_data_files(directory)?.into_iter().map(|(path, _)| path).min())
    }

    fn list_files(directory: &D, _: &Manifest) -> Result<Self::Listing> {
        load::list_data_files(directory)
    }

    fn verify(
        directory: &D,
        listing: &Self::Listing,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<Vec<String>> {
        load::verify(directory, listing, before, manifest, unfinished)
    }

    fn remove_uncommitted(
        directory: &D,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<()> {
        load::remove_uncommitted(directory, manifest, unfinished)
    }
}
