//! A folder of Parquet files, one per table, day and load, in Hive's layout. See [`name`] for their
//! names, and [`note`] for the information on the load in each, from which the manifest can be
//! rebuilt.

mod days;
mod decimal;
mod file;
mod load;
mod merge;
mod name;
mod note;
mod prune;
mod repair;
mod reset;
mod scan;
mod stream;
mod tally;

use std::path::PathBuf;

use async_trait::async_trait;
use tidegauge_core::{
    Aggregate, Batch, BatchStream, Removal, Scan, Sink, SinkCapabilities, Table, TableRef,
    Warehouse,
};

use crate::Result;
use crate::folder::{
    Commit, Disk, Files, Folder, Format, Manifest, Part, Range, Stored, TakeRows, Unfinished,
};

/// A folder of Parquet files.
pub(crate) type Parquet<P> = Folder<ParquetFiles, P>;

/// Opens the folder of Parquet files at `dir`.
pub(crate) fn open(dir: PathBuf) -> Parquet<Disk> {
    Folder::open(format!("parquet://{}", dir.display()), Disk { dir })
}

/// Opens the folder of Parquet files in `bucket`.
#[cfg(feature = "object-store")]
pub(crate) fn open_bucket(bucket: crate::folder::Bucket) -> Parquet<crate::folder::Bucket> {
    Folder::open(crate::folder::Place::name(&bucket, ""), bucket)
}

/// The Parquet format of a folder.
#[derive(Debug)]
pub(crate) enum ParquetFiles {}

/// The name of the format in the manifest.
const NAME: &str = "parquet";

impl<P: Files> Format<P> for ParquetFiles {
    const NAME: &'static str = NAME;
    const MEND: &'static str = "put the newest manifest back, or run `tidegauge repair`, which makes \
                                it anew from the files";
    const CHEAP: bool = false;
    const REPLACES: bool = true;

    /// The paths of the files, with their lengths in bytes.
    type Found = Vec<(String, u64)>;

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

    fn create(_: &P, _: &Table, _: &mut Stored) -> Result<()> {
        Ok(())
    }

    fn widen(_: &P, _: &Table, _: &mut Stored) -> Result<()> {
        Ok(()) // older files lack the columns, and read as null there
    }

    fn write(
        place: &P,
        table: &TableRef,
        stored: &mut Stored,
        part: &mut Part,
        batch: Batch,
        commit: &mut Commit<'_>,
    ) -> Result<()> {
        load::write(place, table, stored, part, batch, commit)
    }

    fn keys(
        place: &P,
        table: &TableRef,
        part: &Part,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()> {
        scan::keys(place, table, part, range, take)
    }

    fn rows(
        place: &P,
        table: &TableRef,
        stored: &Stored,
        range: Option<&Range>,
        take: TakeRows<'_>,
    ) -> Result<()> {
        scan::rows(place, table, stored, range, take)
    }

    fn count(place: &P, removal: &Removal, stored: &Stored) -> Result<usize> {
        reset::count(place, removal, stored)
    }

    fn remove(
        place: &P,
        removal: &Removal,
        stored: &mut Stored,
        next: (&mut u64, Option<&str>),
        old: &mut Vec<String>,
    ) -> Result<()> {
        reset::remove(place, removal, stored, next, old)
    }

    /// Stores a copy of the manifest first, so that the removal is recorded before any file is
    /// removed.
    fn finish(place: &P, manifest: &Manifest) -> Result<()> {
        place.keep(&manifest.text(place)?)?;
        load::remove_old(place, manifest)
    }

    fn orphan(place: &P) -> Result<Option<String>> {
        Ok(load::found(place)?.into_iter().map(|(path, _)| path).min())
    }

    fn found(place: &P, _: &Manifest) -> Result<Self::Found> {
        load::found(place)
    }

    fn compare(
        place: &P,
        found: &Self::Found,
        before: &Manifest,
        manifest: &Manifest,
        unfinished: &[Unfinished],
    ) -> Result<Vec<String>> {
        load::compare(place, found, before, manifest, unfinished)
    }

    fn clean(place: &P, manifest: &Manifest, unfinished: &[Unfinished]) -> Result<()> {
        load::clean(place, manifest, unfinished)
    }
}

#[async_trait]
impl<P: Files> Warehouse for Parquet<P> {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        let (name, scan) = (self.name().to_owned(), scan.clone());
        let batches = self.blocking(move |place| scan::scan(place, &name, &scan)).await?;
        Ok(Box::pin(batches))
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        let (name, aggregate) = (self.name().to_owned(), aggregate.clone());
        self.blocking(move |place| scan::summarise(place, &name, &aggregate)).await
    }
}
