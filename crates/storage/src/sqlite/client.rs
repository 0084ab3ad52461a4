//! A database file, and the options to open it.

use std::path::PathBuf;

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::error::{classify, refuse_non_file};
use crate::sql::LOCK_TIMEOUT;
use crate::{Error, Result};

/// A SQLite database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) read_only: bool,
}

impl Sqlite {
    /// Returns the options of every connection.
    pub(super) fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(LOCK_TIMEOUT)
            // Sources are loaded independently of each other: a trade may arrive before its order.
            .foreign_keys(false)
            .disable_statement_logging()
    }

    /// Classifies an error of SQLite on this file.
    pub(super) fn to_error(&self, error: sqlx::Error) -> Error {
        classify(&self.path, error)
    }

    /// Returns an error if the database, or a file that SQLite keeps beside it, is not a regular
    /// file.
    pub(super) fn refuse_non_files(&self) -> Result<()> {
        ["", "-wal", "-shm", "-journal"]
            .iter()
            .try_for_each(|suffix| refuse_non_file(&self.beside(suffix)))
    }

    /// Returns the path of the file with `suffix` that SQLite keeps beside the database.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}
