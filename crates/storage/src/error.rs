//! What can go wrong in a store.

use std::io;
#[cfg(any(feature = "_folder", feature = "sqlite"))]
use std::path::Path;

use tidegauge_core::arrow::schema::ArrowError;
use tidegauge_core::{BoxError, ErrorKind};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a store. Every message names the thing and the way out.
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
        /// What stands before `://`, or the whole where nothing does.
        scheme: String,
    },
    /// A URL of a known store that lacks something, or has too much.
    #[error("the {scheme}:// url {reason}")]
    InvalidUrl {
        /// The kind of store.
        scheme: &'static str,
        /// What is wrong, and what to write instead.
        reason: String,
    },
    /// A URL of a store that this build leaves out.
    #[error(
        "the {scheme}:// url needs the feature `{feature}`, which this was built without; build it \
         with `--features {feature}`, or {instead}"
    )]
    MissingFeature {
        /// The kind of store.
        scheme: &'static str,
        /// The feature of `tidegauge-storage` that turns it on.
        feature: &'static str,
        /// What can be done in this build.
        instead: &'static str,
    },
    /// A warehouse was asked for, and CSV is not one.
    #[error(
        "a csv folder is a backup that cannot be read back; \
         analyse from a sqlite://, postgres://, mysql://, bigquery:// or parquet:// warehouse, and keep csv:// as a sink beside it"
    )]
    NotReadable,
    /// A table named like what the store keeps for itself.
    #[error("table `{table}`: names beginning with `{prefix}` are the store's own; rename it")]
    Reserved {
        /// The table.
        table: String,
        /// The beginning that is taken.
        prefix: &'static str,
    },
    /// The store holds a table of that name with other columns.
    #[error(
        "table `{table}`, column `{column}`: the store has {found}, its definition says {expected}; \
         rename the table in its definition, or migrate the stored one"
    )]
    Drift {
        /// The table.
        table: String,
        /// The first column that differs.
        column: String,
        /// What the store has.
        found: String,
        /// What the definition says.
        expected: String,
    },
    /// A row whose key an append table holds already.
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
        /// The value, and why not.
        reason: String,
    },
    /// A table without rows that were loaded into it.
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
    /// A cursor that no load has written.
    #[error(
        "the cursor of `{source_name}` is not the one that its last load wrote: it was changed by hand, and rows \
         would be left out; put it back, or begin that source anew with `tidegauge reset {source_name}`, then run \
         again"
    )]
    CursorChanged {
        /// The source.
        source_name: String,
    },
    /// Somebody else holds the store's lock.
    #[error("`{path}` is in use by another process; wait for it to finish, then run again")]
    Busy {
        /// The file or folder.
        path: String,
    },
    /// The store may be read but not written.
    #[error("`{path}` cannot be written: it is read-only for this user, or opened with mode=ro")]
    ReadOnly {
        /// The file or folder.
        path: String,
    },
    /// No space left.
    #[error("the disk of `{path}` is full; nothing was written, make room and run again")]
    DiskFull {
        /// The file or folder.
        path: String,
    },
    /// The store's own files are damaged, or were edited.
    #[error("`{path}` is damaged: {reason}; restore it from a backup, or load into a new place")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder's manifest is gone, damaged, or not that of its files.
    #[error("`{path}` {reason}; nothing was written or removed: {mend}")]
    Manifest {
        /// The manifest.
        path: String,
        /// What is wrong with it.
        reason: String,
        /// The way out.
        mend: String,
    },
    /// A file is gone that the manifest names.
    #[error(
        "`{path}` is gone, and was committed; restore it from a backup, or run `tidegauge repair`, \
         which says what is missing and goes on without it"
    )]
    Gone {
        /// The file.
        path: String,
    },
    /// A file that is not as long as it was when it was committed.
    #[error(
        "`{path}` has {there} bytes, and {written} were committed; restore it from a backup, or run `tidegauge \
         repair`, which says what is missing and goes on without it"
    )]
    Cut {
        /// The file.
        path: String,
        /// Its length in bytes.
        there: u64,
        /// How long it was.
        written: u64,
    },
    /// A file that is not ours lies where one of ours must go.
    #[error("`{path}` was not written by this store; move it away, or choose another folder")]
    InTheWay {
        /// The file.
        path: String,
    },
    /// The store was written by a newer release.
    #[error("`{path}` was written by a newer release of tidegauge; update tidegauge to use it")]
    Newer {
        /// The file or folder.
        path: String,
    },
    /// Something else has the place of a file of this store.
    #[error("`{path}` is {what}, where this store keeps a file; name another file in the URL")]
    NotAFile {
        /// The path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// Something else has the place of a table of this store.
    #[error(
        "`{table}` is {what}, and this store keeps a table of that name; rename it, or load into another place"
    )]
    NotATable {
        /// The name.
        table: String,
        /// What it is.
        what: &'static str,
    },
    /// A trigger that somebody has put on a table refused its rows.
    #[error(
        "a trigger on table `{table}` has refused the rows: {reason}; drop it, or load into another place"
    )]
    Trigger {
        /// The table.
        table: String,
        /// What it said.
        reason: String,
    },
    /// The disk did not take what was written, or give back what is read.
    #[error(
        "the disk of `{path}` fails, or is full: {error}; nothing was written: make room, look into the system's log \
         (`dmesg`), then run again"
    )]
    Disk {
        /// The file or folder.
        path: String,
        /// Why.
        #[source]
        error: BoxError,
    },
    /// The operating system refused.
    #[error("`{path}`: {error}; {}", mend(error))]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A store that keeps no manifest, or none that can be made anew.
    #[error("`{name}` cannot be repaired: {reason}")]
    Unrepairable {
        /// The store.
        name: String,
        /// Why not, and the way out.
        reason: String,
    },
    /// A server refused, or is not there.
    #[error("{reason}; {mend}")]
    Server {
        /// What kind of failure it is.
        kind: ErrorKind,
        /// What it said.
        reason: String,
        /// The way out.
        mend: String,
    },
    /// SQLite refused.
    #[error("`{path}`: {error}")]
    Sqlite {
        /// The file.
        path: String,
        /// Why.
        #[source]
        error: BoxError,
    },
    /// A migration of the built-in tables failed.
    #[error("`{path}`: {error}")]
    Migrate {
        /// The file.
        path: String,
        /// Why.
        #[source]
        error: BoxError,
    },
    /// Columns could not be put together.
    #[error("columns could not be put together: {0}")]
    Columns(#[from] ArrowError),
    /// An error in the ports' own terms.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

/// Returns the way out of what the operating system refused.
fn mend(error: &io::Error) -> &'static str {
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

/// What the operating system says of a device that fails.
#[cfg(any(feature = "_folder", feature = "sqlite"))]
const EIO: i32 = 5;

impl Error {
    /// Returns what kind of failure this is, for a caller that acts on it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownStore { .. }
            | Self::InvalidUrl { .. }
            | Self::MissingFeature { .. }
            | Self::NotReadable
            | Self::NotAFile { .. }
            | Self::Unrepairable { .. }
            | Self::InTheWay { .. } => ErrorKind::Configuration,
            Self::Reserved { .. } | Self::Duplicate { .. } | Self::Unrepresentable { .. } => {
                ErrorKind::InvalidInput
            }
            Self::Drift { .. }
            | Self::NotATable { .. }
            | Self::Trigger { .. }
            | Self::Newer { .. } => ErrorKind::SchemaMismatch,
            Self::Busy { .. } => ErrorKind::Conflict,
            Self::Disk { .. } => ErrorKind::Unavailable,
            Self::ReadOnly { .. } => ErrorKind::Permission,
            Self::DiskFull { .. } => ErrorKind::OutOfSpace,
            Self::Damaged { .. }
            | Self::Gone { .. }
            | Self::Cut { .. }
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

    /// Classifies what the operating system said of `path`.
    #[cfg(any(feature = "_folder", feature = "sqlite"))]
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        let path = path.display().to_string();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::AlreadyExists => Self::InTheWay { path },
            _ if error.raw_os_error() == Some(EIO) => Self::Disk { path, error: error.into() },
            _ => Self::Io { path, error },
        }
    }

    /// Classifies what the Parquet reader or writer said of the file at `path`.
    #[cfg(feature = "parquet")]
    pub(crate) fn file(path: &Path, error: parquet::errors::ParquetError) -> Self {
        match error {
            parquet::errors::ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(error) => Self::io(path, *error),
                Err(cause) => Self::damaged(path, cause.to_string()),
            },
            other => Self::damaged(path, other.to_string()),
        }
    }

    /// Says why `column` of `table` cannot hold a value.
    #[cfg(any(feature = "_sql", feature = "csv"))]
    pub(crate) fn unrepresentable(table: &str, column: &str, reason: String) -> Self {
        Self::Unrepresentable { table: table.into(), column: column.into(), reason }
    }

    /// Says that the file at `path` is not what was written there.
    #[cfg(any(feature = "_folder", feature = "sqlite"))]
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.display().to_string(), reason: reason.into() }
    }

    /// Says what a server refused, and the way out.
    #[cfg(any(feature = "postgres", feature = "mysql", feature = "_http"))]
    pub(crate) fn server(
        kind: ErrorKind,
        reason: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Server { kind, reason: reason.into(), mend: mend.into() }
    }

    /// Turns this into the ports' error, as one of the store called `name`.
    #[cfg(any(feature = "_sql", feature = "_folder"))]
    pub(crate) fn of(self, name: &str) -> tidegauge_core::Error {
        match self {
            Self::Core(error) => error,
            other => tidegauge_core::Error::sink(name, other.kind(), other),
        }
    }
}
