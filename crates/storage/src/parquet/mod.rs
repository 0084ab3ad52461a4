//! A folder of Parquet files, one a table, day and load: `<table>/<time>_day=<day>/<commit>.parquet`, as
//! Hive lays them out; `<table>/<commit>.parquet` where a table has no time.

mod days;
mod encode;
mod load;
mod scan;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Scan, Table, Warehouse};

use crate::folder::{Folder, Format, Manifest, Part, Stored};
use crate::{Error, Result};

/// A folder of Parquet files.
pub(crate) type Parquet = Folder<ParquetFiles>;

/// Parquet, as a folder's format.
#[derive(Debug)]
pub(crate) enum ParquetFiles {}

impl Format for ParquetFiles {
    const NAME: &'static str = "parquet";

    fn create(_: &Path, _: &Table, _: &mut Stored) -> Result<()> {
        Ok(())
    }

    fn widen(_: &Path, _: &Table, _: &mut Stored) -> Result<()> {
        Ok(()) // older files lack the columns, and read as null there
    }

    fn write(
        dir: &Path,
        table: &Table,
        _: &mut Stored,
        commit: u64,
        frame: DataFrame,
    ) -> Result<Part> {
        load::write(dir, table, commit, frame)
    }

    fn keys(dir: &Path, table: &Table, part: &Part) -> Result<DataFrame> {
        scan::read(dir, table, part, table.key.iter().map(ToString::to_string).collect())
    }

    fn clean(dir: &Path, manifest: &Manifest, unfinished: bool) -> Result<()> {
        if unfinished { load::clean(dir, manifest) } else { Ok(()) }
    }
}

#[async_trait]
impl Warehouse for Parquet {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<DataFrame> {
        let scan = scan.clone();
        self.blocking(move |dir| scan::scan(dir, &scan)).await
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<DataFrame> {
        let aggregate = aggregate.clone();
        self.blocking(move |dir| scan::summarise(dir, &aggregate)).await
    }
}

/// The folder of a table's files, or of those of one day.
fn folder(dir: &Path, table: &Table, day: Option<&str>) -> PathBuf {
    let folder = dir.join(table.name.as_ref());
    match (&table.time, day) {
        (Some(time), Some(day)) => folder.join(format!("{time}_day={day}")),
        _ => folder,
    }
}

/// What the file is called that `commit` wrote.
fn file(commit: u64) -> String {
    format!("{commit:012}.parquet")
}

/// The commit that wrote the file called `name`; none if it is not called like one of ours.
fn commit(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".parquet").filter(|digits| digits.len() >= 12)?;
    digits.parse().ok()
}

fn opened(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| Error::io(path, error))
}

fn entries(dir: &Path) -> Result<Vec<fs::DirEntry>> {
    let entries = fs::read_dir(dir).and_then(Iterator::collect);
    entries.map_err(|error| Error::io(dir, error))
}
