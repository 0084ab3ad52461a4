//! What SQLite says, and the way out of it.

use std::path::Path;

use tidegauge_core::Table;

use crate::Error;

/// Returns SQLite's primary result code (<https://www.sqlite.org/rescode.html>).
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Returns `true` if a reader was refused because it may not write beside the file.
pub(super) fn is_closed(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(8 | 14))
}

/// Classifies what SQLite said of the file at `path`.
pub(super) fn failure(path: &Path, error: sqlx::Error) -> Error {
    let shown = path.display().to_string();
    match code(&error) {
        Some(5 | 6) => Error::Busy { path: shown },
        Some(8) => Error::ReadOnly { path: shown },
        Some(11 | 26) => Error::damaged(path, error.to_string()),
        Some(13) => Error::DiskFull { path: shown },
        Some(14) => Error::Io { path: shown, error: std::io::Error::other(error) },
        _ => Error::Sqlite { path: shown, error: error.into() },
    }
}

/// Classifies what SQLite said of a row of `table`.
pub(super) fn refused(path: &Path, table: &Table, error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => {
            Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
        }
        _ => failure(path, error),
    }
}
