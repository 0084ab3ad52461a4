//! Durable file operations: atomic replacement, and syncing of files and folders.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
#[cfg(feature = "parquet")]
use std::path::PathBuf;
#[cfg(feature = "parquet")]
use std::thread;

use crate::{Error, Result};

/// The number of files that are synced concurrently, since the disk handles them together.
#[cfg(feature = "parquet")]
const CONCURRENT_SYNCS: usize = 16;

/// Opens a regular file for reading, but not a pipe or a device, whose content may never end.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::other("it is no regular file"))
}

/// Returns the content of the file at `path`, or `None` if it does not exist.
pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || {
        let mut text = Vec::new();
        open_regular(path)?.read_to_end(&mut text)?;
        io::Result::Ok(text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// Replaces the file at `path` atomically: readers see either the old or the new content.
pub(super) fn replace_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let next = path.with_extension("next");
    let write = || {
        let mut file = File::create(&next)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    write().map_err(|error| Error::io(path, error))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Syncs all of `files` to the disk.
#[cfg(feature = "parquet")]
pub(super) fn sync_files(files: &[PathBuf]) -> Result<()> {
    let sync_files = |files: &[PathBuf]| {
        files.iter().try_for_each(|path| {
            let file = File::open(path).map_err(|error| Error::io(path, error))?;
            sync_file(&file, path)
        })
    };
    if files.len() < 2 {
        return sync_files(files);
    }
    thread::scope(|scope| {
        let chunks = files.chunks(files.len().div_ceil(CONCURRENT_SYNCS));
        let waits: Vec<_> = chunks.map(|files| scope.spawn(move || sync_files(files))).collect();
        waits.into_iter().try_for_each(|wait| match wait.join() {
            Ok(done) => done,
            Err(panicked) => std::panic::resume_unwind(panicked),
        })
    })
}

/// Syncs the file at `path` to the disk.
pub(crate) fn sync_file(file: &File, path: &Path) -> Result<()> {
    file.sync_all().map_err(|error| Error::io(path, error))
}

/// Syncs the entries of the folder `dir` to the disk.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // On other systems a folder cannot be opened, and the file system takes care of its entries.
    if cfg!(unix) {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))?;
    }
    Ok(())
}
