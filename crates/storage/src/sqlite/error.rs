//! Classification of errors of SQLite, with advice on what to do.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tidegauge_core::Table;

use crate::Error;

/// The free space in bytes above which a disk is not full: SQLite grows its files by less.
const PROBE_BYTES: usize = 1 << 20;

/// The suffix of the file, beside the database, that the test for free space writes.
const PROBE_SUFFIX: &str = ".tidegauge-probe";

/// Returns SQLite's extended result code (<https://www.sqlite.org/rescode.html>).
fn extended_code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Returns SQLite's primary result code.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    extended_code(error).map(|code| code & 0xff)
}

/// Returns `true` if a reader was refused because it may not write beside the file.
pub(super) fn is_read_only(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(8 | 14))
}

/// Classifies an error of SQLite on the file at `path`.
pub(super) fn classify(path: &Path, error: sqlx::Error) -> Error {
    let shown = path.display().to_string();
    match primary_code(&error) {
        Some(5 | 6) => Error::Busy { path: shown },
        Some(8) => Error::ReadOnly { path: shown },
        Some(10) => classify_io(path, error),
        Some(11 | 26) => Error::damaged(path, error.to_string()),
        Some(13) => Error::DiskFull { path: shown },
        Some(14) => match probe_open(path) {
            Err(probed) => Error::io(path, probed),
            Ok(()) => Error::Io { path: shown, error: io::Error::other(error) },
        },
        _ => Error::Sqlite { path: shown, error: error.into() },
    }
}

/// Opens the file at `path`, to find the operating system's error, which SQLite does not return.
fn probe_open(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::metadata(folder.unwrap_or(Path::new(".")))?;
    match File::options().read(true).write(true).open(path) {
        // The file is missing and must be created, which the folder does not allow.
        Err(error) if error.kind() == io::ErrorKind::NotFound => probe_free_space(path),
        opened => opened.map(drop),
    }
}

/// Classifies an I/O error for which SQLite does not return the operating system's error. Errors on
/// the shared memory beside the file, and on syncing, truncating and writing, often mean a full
/// disk.
fn classify_io(path: &Path, error: sqlx::Error) -> Error {
    const SHMSIZE: u32 = 10 | 19 << 8;
    if extended_code(&error) == Some(SHMSIZE) {
        return Error::DiskFull { path: path.display().to_string() };
    }
    match probe_free_space(path) {
        Err(probed) => match Error::io(path, probed) {
            warn_if_slow @ (Error::DiskFull { .. } | Error::ReadOnly { .. }) => warn_if_slow,
            _ => Error::Disk { path: path.display().to_string(), error: error.into() },
        },
        Ok(()) => Error::Disk { path: path.display().to_string(), error: error.into() },
    }
}

/// Writes a file beside `path`, to find out whether its disk has free space.
fn probe_free_space(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("{PROBE_SUFFIX}-{}", std::process::id()));
    let write = || {
        let mut probe = File::create_new(&name)?;
        probe.write_all(&vec![1; PROBE_BYTES])?;
        probe.sync_all()
    };
    let written = write();
    match written {
        // Another thread runs the same test.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => {
            // A file that cannot be removed is empty or small.
            let _ = fs::remove_file(&name);
            written
        }
    }
}

/// Returns an error if `path` is not a regular file: to open a pipe, for example, would block
/// forever.
pub(super) fn refuse_non_file(path: &Path) -> Result<(), Error> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let what = match () {
        () if found.is_file() => return Ok(()),
        () if found.is_dir() => "a folder",
        () => "a pipe, a socket or a device",
    };
    Err(Error::NotAFile { path: path.display().to_string(), what })
}

/// Classifies an error of SQLite on a row of `table`.
pub(super) fn classify_row(path: &Path, table: &Table, error: sqlx::Error) -> Error {
    const TRIGGER: u32 = 19 | 7 << 8;
    match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => {
            Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
        }
        Some(cause) if extended_code(&error) == Some(TRIGGER) => {
            Error::Trigger { table: table.name.to_string(), reason: cause.message().into() }
        }
        _ => classify(path, error),
    }
}
