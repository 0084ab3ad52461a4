//! Writing files, and removing those that no commit names.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Table, WriteMode};

use super::encode::encode;
use super::{commit, days, entries, file, folder};
use crate::folder::{Manifest, Part, Stored, sync_dir, synced};
use crate::{Error, Result, sql};

/// Files that are waited for at a time until they are on the disk: it does them together.
const SYNCED: usize = 16;

/// Writes `frame` as the files of `number`.
pub(super) fn write(dir: &Path, table: &Table, number: u64, frame: DataFrame) -> Result<Part> {
    let frame = match table.write {
        WriteMode::Append => frame,
        WriteMode::Merge => sql::newest(table, frame)?,
    };
    let mut part = Part::new(number, frame.height());
    let (mut files, mut folders) = (Vec::new(), BTreeSet::new());
    for (day, rows) in days::by_day(table, frame)? {
        let folder = folder(dir, table, day.as_deref());
        if !folder.exists() {
            fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, error))?;
            folders.extend([dir.to_owned(), dir.join(table.name.as_ref())]);
        }
        let path = folder.join(file(number));
        write_file(&path, &rows)?;
        part.days.extend(day.map(|day| (day, rows.height())));
        folders.insert(folder);
        files.push(path);
    }
    sync(&files)?;
    folders.iter().try_for_each(|folder| sync_dir(folder))?;
    Ok(part)
}

fn write_file(path: &Path, rows: &DataFrame) -> Result<()> {
    // By way of memory, which a page fits: what the disk says is then said by itself.
    let bytes = encode(rows)?;
    let write = || File::create(path)?.write_all(&bytes);
    write().map_err(|error| Error::io(path, error))
}

/// Waits until all of `files` are on the disk.
fn sync(files: &[PathBuf]) -> Result<()> {
    let sync = |files: &[PathBuf]| {
        files.iter().try_for_each(|path| {
            let file = File::open(path).map_err(|error| Error::io(path, error))?;
            synced(&file, path)
        })
    };
    if files.len() < 2 {
        return sync(files);
    }
    thread::scope(|scope| {
        let chunks = files.chunks(files.len().div_ceil(SYNCED));
        let waits: Vec<_> = chunks.map(|files| scope.spawn(move || sync(files))).collect();
        waits.into_iter().try_for_each(|wait| match wait.join() {
            Ok(done) => done,
            Err(panicked) => std::panic::resume_unwind(panicked),
        })
    })
}

/// Removes the files that a killed load left: those named like ours and not in the manifest.
pub(super) fn clean(dir: &Path, manifest: &Manifest) -> Result<()> {
    for (name, path) in folders(dir)? {
        let stored = manifest.tables.get(&name);
        remove_uncommitted(&path, stored, None)?;
        for (name, path) in folders(&path)? {
            // `<time>_day=<day>`
            if let Some((_, day)) = name.split_once('=') {
                remove_uncommitted(&path, stored, Some(day))?;
            }
        }
    }
    Ok(())
}

/// Removes what lies in `folder` and no commit of `stored` names, of `day` if its files are by day.
fn remove_uncommitted(folder: &Path, stored: Option<&Stored>, day: Option<&str>) -> Result<()> {
    let parts = stored.into_iter().flat_map(|stored| &stored.parts);
    let here = parts.filter(|part| match day {
        Some(day) => part.days.contains_key(day),
        None => part.days.is_empty(),
    });
    let committed: HashSet<u64> = here.map(|part| part.commit).collect();
    for file in entries(folder)? {
        let number = file.file_name().to_str().and_then(commit);
        if number.is_some_and(|number| !committed.contains(&number)) {
            let path = file.path();
            tracing::warn!(path = %path.display(), "removing what an unfinished load left");
            fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
        }
    }
    Ok(())
}

/// The folders in `dir`, by name.
fn folders(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let folders = entries(dir)?.into_iter().filter(|entry| entry.path().is_dir());
    Ok(folders
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect())
}
