//! The CSV format of a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tidegauge_core::{Batch, Removal, SinkCapabilities, Table, TableRef};

use super::paths::{self, file_name};
use super::{decode, load, reset};
use crate::Result;
use crate::folder::{
    CommitContext, Directory, Disk, Folder, Format, KeyRange, Manifest, RowConsumer, Segment,
    StoredTable, UnfinishedLoad,
};

/// A folder of CSV files.
pub(crate) type CsvFolder = Folder<CsvFormat, Disk>;

/// The CSV format of a folder.
#[derive(Debug)]
pub(crate) enum CsvFormat {}

impl Format<Disk> for CsvFormat {
    const NAME: &'static str = "csv";

    fn capabilities() -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            resets: true,
            replaces: true,
            ..SinkCapabilities::default()
        }
    }

    const ADVICE: &'static str = "put the newest manifest back and remove lines that were added by hand, \
                                or move the folder away, and the next run writes a new one from the \
                                beginning";

    /// Lines are appended to the existing ones, which must be complete.
    const VERIFIES_EVERY_LOAD: bool = true;

    /// The length in bytes of the file of each table.
    type Listing = BTreeMap<String, Option<u64>>;

    fn create_table(disk: &Disk, table: &Table, stored: &mut StoredTable) -> Result<()> {
        stored.bytes = Some(load::create_file(&disk.dir, table)?);
        Ok(())
    }

    /// Limits the stored columns to those of the file's header, which determines the columns of all
    /// lines: added columns without values are omitted from further lines too.
    fn add_columns(disk: &Disk, table: &Table, stored: &mut StoredTable) -> Result<()> {
        stored.truncate_columns(load::header_column_count(&paths::current_path(
            &disk.dir, table, stored,
        ))?);
        Ok(())
    }

    fn may_rewrite(table: &Table, stored: &StoredTable) -> bool {
        stored.column_count() < table.columns.len()
    }

    fn write_segment(
        disk: &Disk,
        table: &TableRef,
        stored: &mut StoredTable,
        segment: &mut Segment,
        batch: Batch,
        _: &mut CommitContext<'_>,
    ) -> Result<()> {
        let mut lacking = batch.views()?.into_iter().skip(stored.column_count());
        if lacking.any(|column| column.null_count() < batch.rows()) {
            reset::add_columns(&disk.dir, table, stored, segment.commit)?;
        }
        let start = stored.bytes.unwrap_or_default();
        // After a removal in the same commit, rows are written to the rewritten file.
        let path = match stored.rewritten_by == Some(segment.commit) {
            true => paths::rewritten_path(&disk.dir, &table.name, segment.commit),
            false => disk.dir.join(file_name(&table.name)),
        };
        let end = load::append_rows(&path, table, start, &batch, stored.column_count())?;
        stored.bytes = Some(end);
        segment.bytes = Some([start, end]);
        Ok(())
    }

    fn read_keys(
        disk: &Disk,
        table: &TableRef,
        segment: &Segment,
        _: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()> {
        load::read_keys(&disk.dir, table, segment, consume)
    }

    fn read_rows(
        disk: &Disk,
        table: &TableRef,
        stored: &StoredTable,
        range: Option<&KeyRange>,
        consume: RowConsumer<'_>,
    ) -> Result<()> {
        decode::read_rows(&disk.dir, table, stored, range, consume)
    }

    /// An updated row is appended as a further line.
    const READS_LATEST_ROWS: bool = false;

    fn count_removed(disk: &Disk, removal: &Removal, stored: &StoredTable) -> Result<usize> {
        reset::count_removed(&disk.dir, removal, stored)
    }

    fn remove_rows(
        disk: &Disk,
        removal: &Removal,
        stored: &mut StoredTable,
        (commit, _): (&mut u64, Option<&str>),
        _: &mut Vec<String>,
    ) -> Result<()> {
        reset::remove_rows(&disk.dir, removal, stored, *commit)
    }

    fn finish_reset(disk: &Disk, manifest: &Manifest) -> Result<()> {
        reset::finish_rewrites(&disk.dir, manifest)?;
        load::truncate_files(&disk.dir, manifest, false)
    }

    fn find_orphan(disk: &Disk) -> Result<Option<String>> {
        // Other programs may have CSV files here; a file with the name of one of this store's is
        // refused when it is to be created.
        match disk.known_commit() {
            0 => Ok(None),
            _ => load::find_csv_file(&disk.dir),
        }
    }

    fn list_files(disk: &Disk, manifest: &Manifest) -> Result<Self::Listing> {
        load::file_lengths(&disk.dir, manifest)
    }

    fn verify(
        disk: &Disk,
        listing: &Self::Listing,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<Vec<String>> {
        load::verify(&disk.dir, listing, before, manifest, unfinished)
    }

    fn remove_uncommitted(
        disk: &Disk,
        manifest: &Manifest,
        unfinished: &[UnfinishedLoad],
    ) -> Result<()> {
        // The rewritten files of a committed reset may not be in place yet.
        let leaves = |load: &UnfinishedLoad| {
            load.is_reset || Disk::is_superseded(load.commit_number(manifest), manifest)
        };
        if !unfinished.iter().any(leaves) {
            return Ok(());
        }
        reset::finish_rewrites(&disk.dir, manifest)?;
        load::truncate_files(&disk.dir, manifest, true)
    }
}

/// Opens the folder of CSV files at `dir`.
pub(crate) fn open(dir: PathBuf) -> CsvFolder {
    Folder::open(format!("csv://{}", dir.display()), Disk { dir })
}
