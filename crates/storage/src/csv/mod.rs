//! A folder of CSV files, one per table: a backup that is written and never read back.

mod decode;
mod encode;
mod load;
mod reset;

use std::collections::BTreeMap;
use std::path::PathBuf;

use tidegauge_core::{Batch, Removal, SinkCapabilities, Table, TableRef};

use crate::Result;
use crate::folder::{
    Commit, Disk, Folder, Format, Manifest, Part, Place, Range, Stored, TakeRows, Unfinished,
};

/// A folder of CSV files.
pub(crate) type Csv = Folder<CsvFiles, Disk>;

/// The CSV format of a folder.
#[derive(Debug)]
pub(crate) enum CsvFiles {}

impl Format<Disk> for CsvFiles {
    const NAME: &'static str = "csv";

    fn capabilities() -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            resets: true,
            replaces: true,
            ..SinkCapabilities::default()
        }
    }

    const MEND: &'static str = "put the newest manifest back and remove lines that were added by hand, \
                                or move the folder away, and the next run writes a new one from the \
                                beginning";

    /// Lines are appended to the existing ones, which must be complete.
    const CHEAP: bool = true;

    /// The length in bytes of the file of each table.
    type Found = BTreeMap<String, Option<u64>>;

    fn create(disk: &Disk, table: &Table, stored: &mut Stored) -> Result<()> {
        stored.bytes = Some(load::create(&disk.dir, table)?);
        Ok(())
    }

    /// Limits the stored columns to those of the file's header, which determines the columns of all
    /// lines: added columns without values are omitted from further lines too.
    fn widen(disk: &Disk, table: &Table, stored: &mut Stored) -> Result<()> {
        stored.narrow(load::width(&reset::current(&disk.dir, table, stored))?);
        Ok(())
    }

    fn may_rewrite(table: &Table, stored: &Stored) -> bool {
        stored.width() < table.columns.len()
    }

    fn write(
        disk: &Disk,
        table: &TableRef,
        stored: &mut Stored,
        part: &mut Part,
        batch: Batch,
        _: &mut Commit<'_>,
    ) -> Result<()> {
        let mut lacking = batch.views()?.into_iter().skip(stored.width());
        if lacking.any(|column| column.null_count() < batch.rows()) {
            reset::widen(&disk.dir, table, stored, part.commit)?;
        }
        let start = stored.bytes.unwrap_or_default();
        // After a removal in the same commit, rows are written to the rewritten file.
        let path = match stored.anew == Some(part.commit) {
            true => reset::beside(&disk.dir, &table.name, part.commit),
            false => disk.dir.join(file(&table.name)),
        };
        let end = load::append(&path, table, start, &batch, stored.width())?;
        stored.bytes = Some(end);
        part.bytes = Some([start, end]);
        Ok(())
    }

    fn keys(
        disk: &Disk,
        table: &TableRef,
        part: &Part,
        _: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()> {
        load::keys(&disk.dir, table, part, take)
    }

    fn rows(
        disk: &Disk,
        table: &TableRef,
        stored: &Stored,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()> {
        decode::rows(&disk.dir, table, stored, range, take)
    }

    /// An updated row is appended as a further line.
    const REPLACES: bool = false;

    fn count(disk: &Disk, removal: &Removal, stored: &Stored) -> Result<usize> {
        reset::count(&disk.dir, removal, stored)
    }

    fn remove(
        disk: &Disk,
        removal: &Removal,
        stored: &mut Stored,
        (commit, _): (&mut u64, Option<&str>),
        _: &mut Vec<String>,
    ) -> Result<()> {
        reset::remove(&disk.dir, removal, stored, *commit)
    }

    fn finish(disk: &Disk, manifest: &Manifest) -> Result<()> {
        reset::put_in_place(&disk.dir, manifest)?;
        load::cut(&disk.dir, manifest, false)
    }

    fn orphan(disk: &Disk) -> Result<Option<String>> {
        // Other programs may have CSV files here; a file with the name of one of this store's is
        // refused when it is to be created.
        match disk.reached() {
            0 => Ok(None),
            _ => load::any(&disk.dir),
        }
    }

    fn found(disk: &Disk, manifest: &Manifest) -> Result<Self::Found> {
        load::lengths(&disk.dir, manifest)
    }

    fn compare(
        disk: &Disk,
        found: &Self::Found,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[Unfinished],
    ) -> Result<Vec<String>> {
        load::compare(&disk.dir, found, before, manifest, unfinished)
    }

    fn clean(disk: &Disk, manifest: &Manifest, unfinished: &[Unfinished]) -> Result<()> {
        // The rewritten files of a committed reset may not be in place yet.
        let leaves =
            |load: &Unfinished| load.resets || Disk::is_over(load.number(manifest), manifest);
        if !unfinished.iter().any(leaves) {
            return Ok(());
        }
        reset::put_in_place(&disk.dir, manifest)?;
        load::cut(&disk.dir, manifest, true)
    }
}

/// Opens the folder of CSV files at `dir`.
pub(crate) fn open(dir: PathBuf) -> Csv {
    Folder::open(format!("csv://{}", dir.display()), Disk { dir })
}

/// Returns the name of a table's file.
fn file(table: &str) -> String {
    format!("{table}.csv")
}
