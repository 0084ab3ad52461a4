//! What can go wrong between a source and a sink.

use std::fmt;

use std::io;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Cursor;
use crate::market::MAX_AGE_DAYS;

/// An error of somebody else's making, carried as the cause of one of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kinds of failure, for a program to act on; the message is for people.
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
    /// A value, a file or a request that makes no sense.
    InvalidInput,
    /// Settings that are missing or contradict each other.
    Configuration,
    /// A credential that is missing, wrong or expired.
    Authentication,
    /// A credential that does not allow this.
    Permission,
    /// Too many requests, or a budget that is used up.
    RateLimited,
    /// A service or server that cannot be reached, or does not answer properly, at the moment.
    Unavailable,
    /// A compare-and-swap that another runner has won, or a lock that it holds.
    Conflict,
    /// A table or file whose columns are not those that are expected.
    SchemaMismatch,
    /// Something that is not there.
    NotFound,
    /// A disk or a quota that is full.
    OutOfSpace,
    /// Stored data that contradicts itself.
    Corrupt,
    /// A failure of this program.
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

    /// Returns the kind of an error of the operating system, where that alone tells it: not found,
    /// permission or out of space.
    pub fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::NotFound => Some(Self::NotFound),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Some(Self::Permission)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::OutOfSpace),
            _ => None,
        }
    }

    /// Returns `true` if the same request may succeed later by itself.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::Conflict)
    }

    /// Returns the name, as in `rate_limited`: what is stored and shown.
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

/// What can go wrong between a source and a sink. Every message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table's definition contradicts itself.
    #[error("table `{table}` is ill-defined: {reason}")]
    Schema {
        /// The table.
        table: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows do not fit the table that they are meant for.
    #[error("rows do not fit table `{table}`, column `{column}`{}: {reason}", at_row(*.row))]
    Mismatch {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The first row concerned, counted from 0 within its batch, where one is known.
        row: Option<usize>,
        /// What does not fit.
        reason: String,
    },
    /// A summary that cannot be worked out.
    #[error("table `{table}`: {reason}")]
    Aggregate {
        /// The table.
        table: String,
        /// Why not.
        reason: String,
    },
    /// A filter that cannot be applied to its column.
    #[error("table `{table}`: {reason}")]
    Filter {
        /// The table.
        table: String,
        /// Why not, naming the column.
        reason: String,
    },
    /// Somebody else has moved the cursor: nothing was written.
    #[error(
        "another runner has loaded `{source_name}` meanwhile: expected its cursor at {}, found {}; \
         nothing was written, run again to go on from there",
        shown(.expected.as_ref()), shown(.found.as_ref())
    )]
    Conflict {
        /// The source whose cursor moved.
        source_name: String,
        /// Where the load expected the cursor.
        expected: Option<Cursor>,
        /// Where the sink has it.
        found: Option<Cursor>,
    },
    /// A row that differs from the one of its key, where that is to be refused: nothing was written.
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
        /// Which of the load's rows of this table it is, from 0 on.
        row: usize,
        /// Where it stands in the source, once that was asked for.
        place: Option<String>,
    },
    /// A cursor that this source did not write.
    #[error("the cursor of `{source_name}` cannot be read: {reason}")]
    Cursor {
        /// The source.
        source_name: String,
        /// Why it cannot be read, and what to do.
        reason: String,
    },
    /// An instrument that cannot be one.
    #[error("there can be no instrument `{symbol}`: {reason}")]
    Instrument {
        /// Its symbol.
        symbol: String,
        /// Why not.
        reason: &'static str,
    },
    /// A row of the market tables makes no sense, or a column of theirs is missing.
    #[error("the market table `{table}` cannot be used: {reason}; repair it and run again")]
    Market {
        /// The table.
        table: String,
        /// Why not.
        reason: String,
    },
    /// The market tables have no price of a coin.
    #[error(
        "no price of {symbol} on {day}: the market tables have {known}; load prices for that day \
         first, or choose days that have them"
    )]
    NoPrice {
        /// The symbol.
        symbol: String,
        /// The day, UTC.
        day: NaiveDate,
        /// The days that there are, in words.
        known: String,
    },
    /// The market tables have no exchange rate of a currency that is fresh enough.
    #[error(
        "no exchange rate of `{currency}` in US dollars on {day}: {}; load `fx_rates` (prices, if \
         it is a coin) for that day first, or choose days that have them", fixed(*.last)
    )]
    NoRate {
        /// The currency.
        currency: String,
        /// The day, UTC.
        day: NaiveDate,
        /// The last day on or before it that has a fixing.
        last: Option<NaiveDate>,
    },
    /// A source could not give its next page.
    #[error("source `{name}`: {error}")]
    Source {
        /// The source.
        name: String,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// Why.
        #[source]
        error: BoxError,
    },
    /// A sink was to remove rows, and cannot.
    #[error(
        "{name} cannot remove rows and cursors: empty it by hand, or fill a new one from the beginning"
    )]
    NoReset {
        /// The sink, as its user named it, without secrets.
        name: String,
    },
    /// A sink was to replace all rows of a table by a snapshot, and cannot.
    #[error(
        "{name} cannot replace the rows of a table in one step: leave it out, or load without `write = \"replace\"`"
    )]
    NoReplace {
        /// The sink, as its user named it, without secrets.
        name: String,
    },
    /// A sink could not commit a load, or a warehouse could not be read.
    #[error("{name}: {error}")]
    Sink {
        /// The sink, as its user named it, without secrets.
        name: String,
        /// What kind of failure it is.
        kind: ErrorKind,
        /// Why.
        #[source]
        error: BoxError,
    },
}

impl Error {
    /// Returns a failure of the source called `name`.
    pub fn source(name: impl Into<String>, kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self::Source { name: name.into(), kind, error: error.into() }
    }

    /// Returns a failure of the sink or warehouse called `name`.
    pub fn sink(name: impl Into<String>, kind: ErrorKind, error: impl Into<BoxError>) -> Self {
        Self::Sink { name: name.into(), kind, error: error.into() }
    }

    /// Returns what kind of failure this is, for a program to act on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Schema { .. } | Self::NoReset { .. } | Self::NoReplace { .. } => {
                ErrorKind::Configuration
            }
            // With a row it is a value, without one the whole column.
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

fn at_row(row: Option<usize>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}

fn fixed(last: Option<NaiveDate>) -> String {
    match last {
        Some(last) => {
            format!("its last fixing is of {last}, and after {MAX_AGE_DAYS} days it says nothing")
        }
        None => "it has no fixing on or before that day".into(),
    }
}

fn shown(cursor: Option<&Cursor>) -> String {
    cursor.map_or_else(|| "the beginning".into(), |cursor| format!("`{cursor}`"))
}
