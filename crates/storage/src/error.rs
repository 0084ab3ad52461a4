//! The errors of stores.

use std::io;
#[cfg(any(feature = "_folder", feature = "sqlite"))]
use std::path::Path;

use tidegauge_core::arrow::schema::ArrowError;
use tidegauge_core::{BoxError, ErrorKind};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a store. Every message names the subject and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A URL that names no store of this crate.
    #[error(
        "`{scheme}` is not a kind of store; use sqlite://path/to/file.db, \
         postgres://user:password@host/database, mysql://user:password@host/database, \
         bigquery://project/dataset, parquet://dir, s3://bucket/folder, gs://bucket/folder or csv://dir"
    )]
    UnknownStore {
        /// The scheme before `://`, or the whole text if there is none.
        scheme: String,
    },
    /// A URL of a known store that is incomplete or has unknown parts.
    #[error("the {scheme}:// url {reason}")]
    InvalidUrl {
        /// The kind of store.
        scheme: &'static str,
        /// The problem, and the URL to write instead.
        reason: String,
    },
    /// A URL of a store that this build does not include.
    #[error(
        "the {scheme}:// url needs the feature `{feature}`, which this was built without; build it \
         with `--features {feature}`, or {instead}"
    )]
    MissingFeature {
        /// The kind of store.
        scheme: &'static str,
        /// The feature of `tidegauge-storage` that enables it.
        feature: &'static str,
        /// The alternative in this build.
        instead: &'static str,
    },
    /// A CSV folder where a warehouse is required.
    #[error(
        "a csv folder is a backup that cannot be read back; \
         analyse from a sqlite://, postgres://, mysql://, bigquery:// or parquet:// warehouse, and keep csv:// as a sink beside it"
    )]
    NotReadable,
    /// A table whose name is reserved by the store.
    #[error("table `{table}`: names beginning with `{prefix}` are the store's own; rename it")]
    Reserved {
        /// The table.
        table: String,
        /// The reserved prefix.
        prefix: &'static str,
    },
    /// A stored table whose columns differ from the definition.
    #[error(
        "table `{table}`, column `{column}`: the store has {found}, its definition says {expected}; \
         a new column stands behind those that are there; else rename the table in its definition, or migrate the stored one"
    )]
    SchemaDrift {
        /// The table.
        table: String,
        /// The first column that differs.
        column: String,
        /// The type or structure in the store.
        found: String,
        /// The type or structure in the definition.
        expected: String,
    },
    /// A row whose key is already stored in an append table.
    #[error(
        "table `{table}` only takes new rows and has one with this key ({key}) already; nothing was \
         written: the source repeats rows, the table should be written by merge, or the source's cursor was \
         removed by hand: begin it anew with `tidegauge reset` then"
    )]
    Duplicate {
        /// The table.
        table: String,
        /// The columns of its key.
        key: String,
    },
    /// A value that this store cannot hold exactly.
    #[error(
        "table `{table}`, column `{column}`: {reason}; correct it at its source, or load into \
         parquet://"
    )]
    Unrepresentable {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The value, and the reason.
        reason: String,
    },
    /// A table without the rows that were loaded into it.
    #[error(
        "table `{table}` lacks rows that `{source_name}` has loaded, and its cursor goes on behind them: the table \
         was dropped, emptied or replaced by hand; restore it, or begin that source anew with `tidegauge reset \
         {source_name}`, then run again"
    )]
    RowsMissing {
        /// The table.
        table: String,
        /// The source.
        source_name: String,
    },
    /// A cursor that was not written by a load.
    #[error(
        "the cursor of `{source_name}` is not the one that its last load wrote: it was changed by hand, and rows \
         would be left out; put it back, or begin that source anew with `tidegauge reset {source_name}`, then run \
         again"
    )]
    CursorChanged {
        /// The source.
        source_name: String,
    },
    /// A store that is locked by another process.
    #[error("`{path}` is in use by another process; wait for it to finish, then run again")]
    Busy {
        /// The file or folder.
        path: String,
    },
    /// A store that can be read but not written.
    #[error("`{path}` cannot be written: it is read-only for this user, or opened with mode=ro")]
    ReadOnly {
        /// The file or folder.
        path: String,
    },
    /// A disk without free space.
    #[error("the disk of `{path}` is full; nothing was written, make room and run again")]
    DiskFull {
        /// The file or folder.
        path: String,
    },
    /// A file of the store that is damaged or was edited.
    #[error("`{path}` is damaged: {reason}; restore it from a backup, or load into a new place")]
    Damaged {
        /// The file.
        path: String,
        /// The problem.
        reason: String,
    },
    /// A manifest that is missing, damaged, or does not match the files of its folder.
    #[error("`{path}` {reason}; nothing was written or removed: {advice}")]
    Manifest {
        /// The manifest.
        path: String,
        /// The problem.
        reason: String,
        /// The advice what to do.
        advice: String,
    },
    /// A file that the manifest names and that does not exist.
    #[error(
        "`{path}` is gone, and was committed; restore it from a backup, or run `tidegauge repair`, \
         which says what is missing and goes on without it"
    )]
    FileMissing {
        /// The file.
        path: String,
    },
    /// A file whose length differs from the committed one.
    #[error(
        "`{path}` has {actual} bytes, and {committed} were committed; restore it from a backup, or run `tidegauge \
         repair`, which says what is missing and goes on without it"
    )]
    LengthMismatch {
        /// The file.
        path: String,
        /// The actual length in bytes.
        actual: u64,
        /// The committed length in bytes.
        committed: u64,
    },
    /// A foreign file at the path of a file of this store.
    #[error("`{path}` was not written by this store; move it away, or choose another folder")]
    ForeignFile {
        /// The file.
        path: String,
    },
    /// A store that was written by a newer release.
    #[error("`{path}` was written by a newer release of tidegauge; update tidegauge to use it")]
    NewerVersion {
        /// The file or folder.
        path: String,
    },
    /// Something other than a file at the path of a file of this store.
    #[error("`{path}` is {what}, where this store keeps a file; name another file in the URL")]
    NotAFile {
        /// The path.
        path: String,
        /// The kind of thing that it is.
        what: &'static str,
    },
    /// Something other than a table with the name of a table of this store.
    #[error(
        "`{table}` is {what}, and this store keeps a table of that name; rename it, or load into another place"
    )]
    NotATable {
        /// The name.
        table: String,
        /// The kind of thing that it is.
        what: &'static str,
    },
    /// A user-defined trigger that rejected rows of a table.
    #[error(
        "a trigger on table `{table}` has refused the rows: {reason}; drop it, or load into another place"
    )]
    Trigger {
        /// The table.
        table: String,
        /// The trigger's message.
        reason: String,
    },
    /// A disk that failed to write or read.
    #[error(
        "the disk of `{path}` fails, or is full: {error}; nothing was written: make room, look into the system's log \
         (`dmesg`), then run again"
    )]
    Disk {
        /// The file or folder.
        path: String,
        /// The cause.
        #[source]
        error: BoxError,
    },
    /// An error of the operating system.
    #[error("`{path}`: {error}; {}", io_advice(error))]
    Io {
        /// The file or folder.
        path: String,
        /// The cause.
        #[source]
        error: io::Error,
    },
    /// A store without a manifest, or with one that cannot be rebuilt.
    #[error("`{name}` cannot be repaired: {reason}")]
    Unrepairable {
        /// The store.
        name: String,
        /// The reason, and what to do.
        reason: String,
    },
    /// A server that refused a request or is unreachable.
    #[error("{reason}; {advice}")]
    Server {
        /// The kind of error.
        kind: ErrorKind,
        /// The server's message.
        reason: String,
        /// The advice what to do.
        advice: String,
    },
    /// An error of SQLite.
    #[error("`{path}`: {error}")]
    Sqlite {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        error: BoxError,
    },
    /// A migration of the built-in tables that failed.
    #[error("`{path}`: {error}")]
    Migrate {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        error: BoxError,
    },
    /// Columns that could not be combined.
    #[error("columns could not be put together: {0}")]
    Columns(#[from] ArrowError),
    /// An error of the ports.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

/// Returns advice for an error of the operating system.
fn io_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
            "check that the folder exists and that this user may use it"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "what lies there is of another kind; choose another place"
        }
        _ => "check the path, and that this user may use it",
    }
}

/// The error code of the operating system for a failing device.
#[cfg(any(feature = "_folder", feature = "sqlite"))]
const EIO: i32 = 5;

impl Error {
    /// Returns the kind of this error, for callers to act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownStore { .. }
            | Self::InvalidUrl { .. }
            | Self::MissingFeature { .. }
            | Self::NotReadable
            | Self::NotAFile { .. }
            | Self::Unrepairable { .. }
            | Self::ForeignFile { .. } => ErrorKind::Configuration,
            Self::Reserved { .. } | Self::Duplicate { .. } | Self::Unrepresentable { .. } => {
                ErrorKind::InvalidInput
            }
            Self::SchemaDrift { .. }
            | Self::NotATable { .. }
            | Self::Trigger { .. }
            | Self::NewerVersion { .. } => ErrorKind::SchemaMismatch,
            Self::Busy { .. } => ErrorKind::Conflict,
            Self::Disk { .. } => ErrorKind::Unavailable,
            Self::ReadOnly { .. } => ErrorKind::Permission,
            Self::DiskFull { .. } => ErrorKind::OutOfSpace,
            Self::Damaged { .. }
            | Self::FileMissing { .. }
            | Self::LengthMismatch { .. }
            | Self::Manifest { .. }
            | Self::Migrate { .. }
            | Self::RowsMissing { .. }
            | Self::CursorChanged { .. } => ErrorKind::Corrupt,
            Self::Io { error, .. } => match error.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::Unavailable,
            },
            Self::Server { kind, .. } => *kind,
            Self::Sqlite { .. } | Self::Columns(_) => ErrorKind::Bug,
            Self::Core(error) => error.kind(),
        }
    }

    /// Classifies an I/O error at `path`.
    #[cfg(any(feature = "_folder", feature = "sqlite"))]
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.display().to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::AlreadyExists => Self::ForeignFile { path },
            _ if error.raw_os_error() == Some(EIO) => Self::Disk { path, error: error.into() },
            _ => Self::Io { path, error },
        }
    }

    /// Classifies an error of the Parquet reader or writer for the file at `path`.
    #[cfg(feature = "parquet")]
    pub(crate) fn parquet(path: &Path, error: parquet::errors::ParquetError) -> Self {
        match error {
            parquet::errors::ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(error) => Self::io(path, *error),
                Err(cause) => Self::damaged(path, cause.to_string()),
            },
            other => Self::damaged(path, other.to_string()),
        }
    }

    /// Returns the error of a value that `column` of `table` cannot hold.
    #[cfg(any(feature = "_sql", feature = "csv"))]
    pub(crate) fn unrepresentable(table: &str, column: &str, reason: String) -> Self {
        Self::Unrepresentable { table: table.into(), column: column.into(), reason }
    }

    /// Returns the error of a file at `path` with unexpected content.
    #[cfg(any(feature = "_folder", feature = "sqlite"))]
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.display().to_string(), reason: reason.into() }
    }

    /// Returns the error of a server, with advice what to do.
    #[cfg(any(feature = "postgres", feature = "mysql", feature = "_http"))]
    pub(crate) fn server(
        kind: ErrorKind,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self::Server { kind, reason: reason.into(), advice: advice.into() }
    }

    /// Converts the error to the ports' error type, as one of the store called `name`.
    #[cfg(any(feature = "_sql", feature = "_folder"))]
    pub(crate) fn into_core(self, name: &str) -> tidegauge_core::Error {
        match self {
            Self::Core(error) => error,
            other => tidegauge_core::Error::sink(name, other.kind(), other),
        }
    }
}
