//! Writing files, and removing those that no commit names.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Table, WriteMode};

use super::{commit, entries, path};
use crate::folder::{Manifest, Part, sync_dir, synced};
use crate::{Error, Result, sql};

/// Writes `frame` as the file of `number`.
pub(super) fn write(dir: &Path, table: &Table, number: u64, frame: DataFrame) -> Result<Part> {
    let mut frame = match table.write {
        WriteMode::Append => frame,
        WriteMode::Merge => sql::newest(table, frame)?,
    };
    let path = path(dir, &table.name, number);
    let folder = dir.join(table.name.as_ref());
    if !folder.exists() {
        fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, error))?;
        sync_dir(dir)?;
    }
    // By way of memory, which a page fits: what the disk says is then said by itself.
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .finish(&mut frame)?;
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(&bytes)?;
        Ok(file)
    };
    synced(&write().map_err(|error| Error::io(&path, error))?, &path)?;
    sync_dir(&folder)?;
    Ok(Part { commit: number, rows: frame.height(), bytes: None, range: None })
}

/// Removes the files that a killed load left: those named like ours and not in the manifest.
pub(super) fn clean(dir: &Path, manifest: &Manifest) -> Result<()> {
    for folder in entries(dir)?.into_iter().map(|entry| entry.path()).filter(|it| it.is_dir()) {
        let table = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let parts = manifest.tables.get(table).into_iter().flat_map(|stored| &stored.parts);
        let committed: HashSet<u64> = parts.map(|part| part.commit).collect();
        for file in entries(&folder)? {
            let number = file.file_name().to_str().and_then(commit);
            if number.is_some_and(|number| !committed.contains(&number)) {
                let path = file.path();
                tracing::warn!(path = %path.display(), "removing what an unfinished load left");
                fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
            }
        }
    }
    Ok(())
}
