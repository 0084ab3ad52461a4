//! A folder of CSV files, one a table: a backup, written and never read back.

mod encode;
mod load;

use std::path::{Path, PathBuf};

use tidegauge_core::Table;
use tidegauge_core::polars::frame::DataFrame;

use crate::folder::{Folder, Format, Manifest, Part, Stored};
use crate::{Error, Result};

/// A folder of CSV files.
pub(crate) type Csv = Folder<CsvFiles>;

/// CSV, as a folder's format.
#[derive(Debug)]
pub(crate) enum CsvFiles {}

impl Format for CsvFiles {
    const NAME: &'static str = "csv";

    fn create(dir: &Path, table: &Table, stored: &mut Stored) -> Result<()> {
        stored.bytes = Some(load::create(dir, table)?);
        Ok(())
    }

    fn widen(dir: &Path, table: &Table, _: &mut Stored) -> Result<()> {
        // The header says what all lines have, and committed lines are never written again.
        let path = path(dir, &table.name).display().to_string();
        Err(Error::Narrow { path, table: table.name.to_string() })
    }

    fn write(
        dir: &Path,
        table: &Table,
        stored: &mut Stored,
        commit: u64,
        frame: DataFrame,
    ) -> Result<Part> {
        let start = stored.bytes.unwrap_or_default();
        let end = load::append(dir, table, start, &frame)?;
        stored.bytes = Some(end);
        Ok(Part { bytes: Some([start, end]), ..Part::new(commit, frame.height()) })
    }

    fn keys(dir: &Path, table: &Table, part: &Part) -> Result<DataFrame> {
        load::keys(dir, table, part)
    }

    fn clean(dir: &Path, manifest: &Manifest, _: bool) -> Result<()> {
        load::clean(dir, manifest)
    }
}

fn path(dir: &Path, table: &str) -> PathBuf {
    dir.join(format!("{table}.csv"))
}
