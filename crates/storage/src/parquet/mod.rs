//! A folder of Parquet files, one a table, day and load: `<table>/<time>_day=<day>/<commit>.parquet`, as
//! Hive lays them out; `<table>/<commit>.parquet` where a table has no time, or the days of a load have
//! few rows each. In a bucket, where several may load at once, the number is followed by what tells them
//! apart: `<commit>-<mark>.parquet`.

mod days;
mod decimal;
mod file;
mod load;
mod merge;
mod prune;
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
use crate::folder::{Disk, Files, Folder, Format, Manifest, Part, Range, Stored, TakeKeys};

/// A folder of Parquet files.
pub(crate) type Parquet<P> = Folder<ParquetFiles, P>;

/// The folder of Parquet files at `dir`.
pub(crate) fn open(dir: PathBuf) -> Parquet<Disk> {
    Folder::open(format!("parquet://{}", dir.display()), Disk { dir })
}

/// The folder of Parquet files in `bucket`.
#[cfg(feature = "object-store")]
pub(crate) fn open_bucket(bucket: crate::folder::Bucket) -> Parquet<crate::folder::Bucket> {
    Folder::open(crate::folder::Place::name(&bucket, ""), bucket)
}

/// Parquet, as a folder's format.
#[derive(Debug)]
pub(crate) enum ParquetFiles {}

/// What the manifest calls it.
const NAME: &str = "parquet";

impl<P: Files> Format<P> for ParquetFiles {
    const NAME: &'static str = NAME;
    const CLEAN: bool = false;

    fn capabilities() -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            exact_decimals: true,
            pushdown: true,
            aggregates: true,
            resets: true,
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
        _: &mut Stored,
        part: &mut Part,
        batch: Batch,
    ) -> Result<()> {
        load::write(place, table, part, batch)
    }

    fn keys(
        place: &P,
        table: &TableRef,
        part: &Part,
        range: Option<&Range>,
        take: TakeKeys<'_>,
    ) -> Result<()> {
        scan::keys(place, table, part, range, take)
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

    fn settle(place: &P, _: &Manifest, old: &[String]) -> Result<()> {
        place.remove(old)
    }

    fn clean(place: &P, manifest: &Manifest) -> Result<()> {
        load::clean(place, manifest)
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

/// The path of what `part` wrote: of all of it, or of `day`.
fn path(table: &Table, part: &Part, day: Option<&str>) -> String {
    let (name, file) = (&table.name, file(part));
    match (&table.time, day) {
        (Some(time), Some(day)) => format!("{name}/{time}_day={day}/{file}"),
        _ => format!("{name}/{file}"),
    }
}

/// What the files are called that `part` wrote.
fn file(part: &Part) -> String {
    let mark = part.mark.as_ref().map(|mark| format!("-{mark}")).unwrap_or_default();
    format!("{:012}{mark}.parquet", part.commit)
}

/// The commit that wrote the file called `name`; none if it is not called like one of ours.
fn commit(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(".parquet")?;
    let (digits, mark) = stem.split_once('-').map_or((stem, None), |(it, mark)| (it, Some(mark)));
    let is_hex = |mark: &str| mark.len() == 16 && mark.bytes().all(|it| it.is_ascii_hexdigit());
    digits.parse().ok().filter(|_| digits.len() >= 12 && mark.is_none_or(is_hex))
}
