//! The errors of sources, sinks and warehouses.

use std::fmt;

use std::io;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Cursor;
use crate::market::MAX_AGE_DAYS;

/// A boxed error of another library, carried as the cause of an [`Error`].
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of errors, for programs to act on; the message is for people.
///
/// ```
/// use tidegauge_core::{Error, ErrorKind};
///
/// let error = Error::source("coingecko", ErrorKind::RateLimited, "429: try again in 30 s");
/// assert!(error.kind().is_retryable());
/// assert_eq!(error.kind().to_string(), "rate_limited");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value, file or request that is not valid.
    InvalidInput,
    /// Settings that are missing or contradict each other.
    Configuration,
    /// A credential that is missing, wrong or expired.
    Authentication,
    /// A credential that does not allow this.
    Permission,
    /// Too many requests, or an exhausted budget.
    RateLimited,
    /// A service or server that is temporarily unreachable or does not respond properly: a
    /// transient error.
    Unavailable,
    /// A compare-and-swap that another runner has won, or a lock that another runner holds.
    Conflict,
    /// A table or file whose columns are not the expected ones.
    SchemaMismatch,
    /// A thing that does not exist.
    NotFound,
    /// A full disk or an exhausted quota.
    OutOfSpace,
    /// Stored data that contradicts itself.
    Corrupt,
    /// A defect of this program.
    Bug,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::InvalidInput,
        Self::Configuration,
        Self::Authentication,
        Self::Permission,
        Self::RateLimited,
        Self::Unavailable,
        Self::Conflict,
        Self::SchemaMismatch,
        Self::NotFound,
        Self::OutOfSpace,
        Self::Corrupt,
        Self::Bug,
    ];

    /// Returns the kind of an I/O error, or `None` if the operating system's code does not
    /// determine it: only not found, permission and out of space are recognized.
    pub fn from_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::NotFound => Some(Self::NotFound),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Some(Self::Permission)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::OutOfSpace),
            _ => None,
        }
    }

    /// Returns `true` if a retry of the same request may succeed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Conflict)
    }

    /// Returns the name, as in `rate_limited`, that is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::Configuration => "configuration",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Conflict => "conflict",
            Self::SchemaMismatch => "schema_mismatch",
            Self::NotFound => "not_found",
            Self::OutOfSpace => "out_of_space",
            Self::Corrupt => "corrupt",
            Self::Bug => "bug",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The errors of sources, sinks and warehouses. Every message names the subject and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table definition that contradicts itself.
    #[error("table `{table}` is ill-defined: {reason}")]
    Schema {
        /// The table.
        table: String,
        /// The contradiction in the definition.
        reason: String,
    },
    /// Rows that do not fit their table.
    #[error("rows do not fit table `{table}`, column `{column}`{}: {reason}", row_suffix(*.row))]
    Mismatch {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The first row concerned, counted from 0 within its batch, if it is known.
        row: Option<usize>,
        /// The way in which the value does not fit.
        reason: String,
    },
    /// An aggregate that cannot be computed.
    #[error("table `{table}`: {reason}")]
    Aggregate {
        /// The table.
        table: String,
        /// The reason.
        reason: String,
    },
    /// A filter that cannot be applied to its column.
    #[error("table `{table}`: {reason}")]
    Filter {
        /// The table.
        table: String,
        /// The reason; it names the column.
        reason: String,
    },
    /// A cursor that another runner has moved; nothing was written.
    #[error(
        "another runner has loaded `{source_name}` meanwhile: expected its cursor at {}, found {}; \
         nothing was written, run again to go on from there",
        cursor_text(.expected.as_ref()), cursor_text(.found.as_ref())
    )]
    Conflict {
        /// The source whose cursor moved.
        source_name: String,
        /// The cursor that the load expected.
        expected: Option<Cursor>,
        /// The cursor that the sink has.
        found: Option<Cursor>,
    },
    /// A row that differs from the stored one with the same key while such rows are to be refused;
    /// nothing was written.
    #[error(
        "table `{table}`: {} with the key {key} differs in `{column}` from the one that is there; nothing was \
         written: correct it at its source, or let `on_duplicate` be \"set_aside\" or \"last\"",
        place.as_ref().map_or_else(|| "a row".to_owned(), |place| format!("the row at {place}"))
    )]
    Differs {
        /// The table.
        table: String,
        /// The columns of the key with their values.
        key: String,
        /// The first column that differs.
        column: String,
        /// The index of the row among the load's rows of this table, counted from 0.
        row: usize,
        /// The row's place in the source, once the source was asked for it.
        place: Option<String>,
    },
    /// A cursor that this source did not write.
    #[error("the cursor of `{source_name}` cannot be read: {reason}")]
    Cursor {
        /// The source.
        source_name: String,
        /// The reason, and what to do.
        reason: String,
    },
    /// An invalid instrument.
    #[error("there can be no instrument `{symbol}`: {reason}")]
    Instrument {
        /// The instrument's symbol.
        symbol: String,
        /// The reason.
        reason: &'static str,
    },
    /// An invalid row of the market tables, or one of their columns that is missing.
    #[error("the market table `{table}` cannot be used: {reason}; repair it and run again")]
    Market {
        /// The table.
        table: String,
        /// Why not.
        reason: String,
    },
    /// A price of a coin that the market tables lack.
    #[error(
        "no price of {symbol} on {day}: the market tables have {known}; load prices for that day \
         first, or choose days that have them"
    )]
    NoPrice {
        /// The symbol.
        symbol: String,
        /// The day, UTC.
        day: NaiveDate,
        /// The days that have prices, in words.
        known: String,
    },
    /// An exchange rate of a currency that the market tables lack, or have only too old.
    #[error(
        "no exchange rate of `{currency}` in US dollars on {day}: {}; load `fx_rates` (prices, if \
         it is a coin) for that day first, or choose days that have them", last_fixing(*.last)
    )]
    NoRate {
        /// The currency.
        currency: String,
        /// The day, UTC.
        day: NaiveDate,
        /// The last day on or before it that has a fixing.
        last: Option<NaiveDate>,
    },
    /// A source that could not return its next page.
    #[error("source `{name}`: {error}")]
    Source {
        /// The source.
        name: String,
        /// The kind of error.
        kind: ErrorKind,
        /// The cause.
        #[source]
        error: BoxError,
    },
    /// A sink that was asked to remove rows and does not support it.
    #[error(
        "{name} cannot remove rows and cursors: empty it by hand, or fill a new one from the beginning"
    )]
    NoReset {
        /// The sink, as its user named it, without secrets.
        name: String,
    },
    /// A sink that was asked to replace all rows of a table by a snapshot and does not support it.
    #[error(
        "{name} cannot replace the rows of a table in one step: leave it out, or load without `write = \"replace\"`"
    )]
    NoReplace {
        /// The sink, as its user named it, without secrets.
        name: String,
    },
    /// A sink that could not commit a load, or a warehouse that could not be read.
    #[error("{name}: {error}")]
    Sink {
        /// The sink's name as its user gave it, without secrets.
        name: String,
        /// The kind of error.
        kind: ErrorKind,
        /// The cause.
        #[source]
        error: BoxError,
    },
}

impl Error {
    /// Creates an error of the source called `name`.
    pub fn source(name: impl Into<String>, kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self::Source { name: name.into(), kind, error: error.into() }
    }

    /// Creates an error of the sink or warehouse called `name`.
    pub fn sink(name: impl Into<String>, kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self::Sink { name: name.into(), kind, error: error.into() }
    }

    /// Returns the kind of this error, for programs to act on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Schema { .. } | Self::NoReset { .. } | Self::NoReplace { .. } => {
                ErrorKind::Configuration
            }
            // With a row a single value is at fault, without one the whole column.
            Self::Mismatch { row: Some(_), .. } => ErrorKind::InvalidInput,
            Self::Mismatch { row: None, .. } => ErrorKind::SchemaMismatch,
            Self::Aggregate { .. }
            | Self::Filter { .. }
            | Self::Instrument { .. }
            | Self::Differs { .. } => ErrorKind::InvalidInput,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Cursor { .. } | Self::Market { .. } => ErrorKind::Corrupt,
            Self::NoPrice { .. } | Self::NoRate { .. } => ErrorKind::NotFound,
            Self::Source { kind, .. } | Self::Sink { kind, .. } => *kind,
        }
    }

    pub(crate) fn schema(table: &str, reason: impl Into<String>) -> Self {
        Self::Schema { table: table.into(), reason: reason.into() }
    }

    pub(crate) fn mismatch(
        table: &str,
        column: &str,
        row: Option<usize>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Mismatch { table: table.into(), column: column.into(), row, reason: reason.into() }
    }
}

fn row_suffix(row: Option<usize>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}

fn last_fixing(last: Option<NaiveDate>) -> String {
    match last {
        Some(last) => {
            format!("its last fixing is of {last}, and after {MAX_AGE_DAYS} days it says nothing")
        }
        None => "it has no fixing on or before that day".into(),
    }
}

fn cursor_text(cursor: Option<&Cursor>) -> String {
    cursor.map_or_else(|| "the beginning".into(), |cursor| format!("`{cursor}`"))
}
