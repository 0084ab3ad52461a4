//! Appending to files whose committed length is known, and truncating what lies beyond it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tidegauge_core::{Batch, BatchBuilder, Cell, DataType, Scan, Table, TableRef};

use super::encode;
use super::paths::{self, file_name};
use crate::folder::{
    Manifest, RowConsumer, Segment, StoredTable, UnfinishedLoad, sync_dir, sync_file,
};
use crate::{Error, Result, batches};

/// The number of rows whose keys are passed on together.
const BATCH_ROWS: usize = 65_536;

/// Creates the file of a table that the folder does not have yet; returns its length in bytes.
pub(super) fn create_file(dir: &Path, table: &Table) -> Result<u64> {
    let path = dir.join(file_name(&table.name));
    let header = encode::header(table);
    // A killed run may have left the header, or the beginning of it.
    match fs::read(&path) {
        Ok(found) if header.as_bytes().starts_with(&found) => {}
        Ok(_) => return Err(Error::ForeignFile { path: path.display().to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io(&path, error)),
    }
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(header.as_bytes())?;
        Ok(file)
    };
    sync_file(&write().map_err(|error| Error::io(&path, error))?, &path)?;
    sync_dir(dir)?;
    Ok(header.len() as u64)
}

/// Returns the number of columns of the file at `path`, from its header.
pub(super) fn header_column_count(path: &Path) -> Result<usize> {
    let mut header = String::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).read_line(&mut header));
    read.map_err(|error| Error::io(path, error))?;
    Ok(header.split(',').count())
}

/// Writes the first `width` columns of the rows of `batch` to the file at `path` after its first
/// `committed` bytes. Returns the new length in bytes.
pub(super) fn append_rows(
    path: &Path,
    table: &Table,
    committed: u64,
    batch: &Batch,
    width: usize,
) -> Result<u64> {
    let lines = encode::encode_rows(table, batch, width)?;
    let write = || {
        let mut file = File::options().write(true).open(path)?;
        file.seek(SeekFrom::Start(committed))?;
        file.write_all(lines.as_bytes())?;
        Ok(file)
    };
    sync_file(&write().map_err(|error| Error::io(path, error))?, path)?;
    Ok(committed + lines.len() as u64)
}

/// Passes the key columns of the rows of `segment` to `consume`.
pub(super) fn read_keys(
    dir: &Path,
    table: &TableRef,
    segment: &Segment,
    consume: RowConsumer<'_>,
) -> Result<()> {
    let path = dir.join(file_name(&table.name));
    let [start, end] = segment.bytes.unwrap_or_default();
    let slice = || {
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file.take(end.saturating_sub(start)))
    };
    let slice = slice().map_err(|error| Error::io(&path, error))?;
    let key = batches::key(table)?;
    let indexes: Vec<usize> = key
        .iter()
        .filter_map(|column| table.columns.iter().position(|other| other.name == column.name))
        .collect();
    let names = table.key.iter().map(ToString::to_string);
    let keys = Scan::columns(table, names).output_schema()?;
    let mut builder = BatchBuilder::new(&keys);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(slice);
    let mut row = csv::StringRecord::new();
    let damaged = |reason: String| Error::damaged(&path, reason);
    while reader.read_record(&mut row).map_err(|error| damaged(error.to_string()))? {
        for (column, index) in key.iter().zip(&indexes) {
            let text = row.get(*index).unwrap_or_default();
            let cell = match column.dtype {
                DataType::Bool => Cell::Bool(text == "true"),
                DataType::Int64 => Cell::Int(
                    text.parse::<i64>()
                        .map_err(|error| {
                            damaged(format!("`{}` holds `{text}`: {error}", column.name))
                        })?
                        .into(),
                ),
                _ => Cell::Text(text),
            };
            builder.push(cell)?;
        }
        if builder.rows() >= BATCH_ROWS {
            consume(&std::mem::replace(&mut builder, BatchBuilder::new(&keys)).finish()?)?;
        }
    }
    consume(&builder.finish()?)
}

/// Returns the name of a CSV file in `dir`, or `None` if there is none.
pub(super) fn find_csv_file(dir: &Path) -> Result<Option<String>> {
    let entries = fs::read_dir(dir).map_err(|error| Error::io(dir, error))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| Error::io(dir, error))?.file_name().into_string();
        names.extend(name.ok().filter(|name| name.ends_with(".csv")));
    }
    Ok(names.into_iter().min())
}

/// Returns the length in bytes of the file of each table of `manifest`; `None` if it does not
/// exist.
pub(super) fn file_lengths(
    dir: &Path,
    manifest: &Manifest,
) -> Result<BTreeMap<String, Option<u64>>> {
    let length = |path: &Path| match fs::metadata(path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    };
    let length = |(table, stored): (&String, &StoredTable)| {
        // A rewritten file may not be in place yet, and be longer than the current one.
        let next = stored.rewritten_by.map(|commit| paths::rewritten_path(dir, table, commit));
        let found = match next.map(|next| length(&next)).transpose()?.flatten() {
            Some(found) => Some(found),
            None => length(&dir.join(file_name(table)))?,
        };
        Ok((table.clone(), found))
    };
    manifest.tables.iter().map(length).collect()
}

/// Returns the files that are longer than committed, unless an interrupted load may have left them
/// so, or an interrupted reset was to make them shorter.
///
/// # Errors
/// When a file is missing or shorter than in both manifests: `before`, which was read before
/// `lengths`, and `manifest`, which was read after them, since a reset may lie between the two.
pub(super) fn verify(
    dir: &Path,
    lengths: &BTreeMap<String, Option<u64>>,
    before: &Manifest,
    manifest: &Manifest,
    unfinished: &[UnfinishedLoad],
) -> Result<Vec<String>> {
    for (table, stored) in &before.tables {
        let path = dir.join(file_name(table));
        let after = manifest.tables.get(table).and_then(|stored| stored.bytes);
        let committed = stored.bytes.unwrap_or_default().min(after.unwrap_or_default());
        let found = lengths.get(table).copied().flatten();
        let Some(found) = found else {
            return Err(Error::damaged(&path, format!("it is gone, and had {committed} bytes")));
        };
        if found < committed {
            let reason = format!("it has {found} bytes, and {committed} were written");
            return Err(Error::damaged(&path, reason));
        }
    }
    if unfinished.iter().any(|load| load.is_reset || load.commit_number(manifest) > manifest.commit)
    {
        return Ok(Vec::new());
    }
    let is_longer = |(table, stored): &(&String, &StoredTable)| {
        let found = lengths.get(*table).copied().flatten();
        found.is_some_and(|found| found > stored.bytes.unwrap_or_default())
    };
    Ok(manifest.tables.iter().filter(is_longer).map(|(table, _)| file_name(table)).collect())
}

/// Truncates the files to their committed lengths; logs it if a killed load left more
/// (`after_unfinished_load`).
pub(super) fn truncate_files(
    dir: &Path,
    manifest: &Manifest,
    after_unfinished_load: bool,
) -> Result<()> {
    for (table, stored) in &manifest.tables {
        let path = dir.join(file_name(table));
        let committed = stored.bytes.unwrap_or_default();
        let io = |error| Error::io(&path, error);
        let file = File::options().write(true).open(&path).map_err(io)?;
        if file.metadata().map_err(io)?.len() > committed {
            if after_unfinished_load {
                tracing::warn!(path = %path.display(), "truncating file to its committed length after an unfinished load");
            }
            file.set_len(committed).map_err(io)?;
            sync_file(&file, &path)?;
        }
    }
    Ok(())
}
