//! A folder of CSV files, one a table: a backup, written and never read back.

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

/// CSV, as a folder's format.
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

    /// Lines are added behind those that are there: these must be whole.
    const CHEAP: bool = true;

    /// The tables, and how long their files are.
    type Found = BTreeMap<String, Option<u64>>;

    fn create(disk: &Disk, table: &Table, stored: &mut Stored) -> Result<()> {
        stored.bytes = Some(load::create(&disk.dir, table)?);
        Ok(())
    }

    /// The header says what all lines have: they go on without the columns that were added, as long as nothing stands in
    /// these.
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
        // What the same commit has emptied is written beside what is there.
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

    /// A line that replaces another is a further line.
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
        // Others may have files here; and ours are refused where they are to be made.
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
        // A reset that is committed may not have put its files in place.
        let leaves =
            |load: &Unfinished| load.resets || Disk::is_over(load.number(manifest), manifest);
        if !unfinished.iter().any(leaves) {
            return Ok(());
        }
        reset::put_in_place(&disk.dir, manifest)?;
        load::cut(&disk.dir, manifest, true)
    }
}

/// The folder of CSV files at `dir`.
pub(crate) fn open(dir: PathBuf) -> Csv {
    Folder::open(format!("csv://{}", dir.display()), Disk { dir })
}

/// What the file of a table is called.
fn file(table: &str) -> String {
    format!("{table}.csv")
}
