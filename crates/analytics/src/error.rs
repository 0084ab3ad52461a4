//! The errors of facts, metrics and the audit.

use tidegauge_core::{ErrorKind, SetAside, SetAsideReason};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure to read facts, to compute a metric or to audit a warehouse.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame lacks a column.
    #[error("{frame} need a column `{column}`; they have {}", .known.join(", "))]
    MissingColumn {
        /// The name of the frame: `users`, `events`, `transactions`, `spend`, `prices` or `posts`.
        frame: &'static str,
        /// The missing column.
        column: String,
        /// The columns of the frame.
        known: Vec<String>,
    },
    /// A column is of an unsupported type.
    #[error("{frame}, column `{column}` is {found}, must be {wanted}; cast it first")]
    ColumnType {
        /// The name of the frame.
        frame: &'static str,
        /// The column.
        column: String,
        /// The type of the column.
        found: String,
        /// The required type.
        wanted: String,
    },
    /// A column has nulls, or numbers that are not finite.
    #[error(
        "{frame}, column `{column}` has {rows} rows that are null or not finite; drop or repair them"
    )]
    Nulls {
        /// The name of the frame.
        frame: &'static str,
        /// The column.
        column: String,
        /// The number of such rows.
        rows: usize,
    },
    /// A dimension of the users has the name of a column that metrics add.
    #[error("users, column `{column}` bears a name that metrics give; rename it")]
    ReservedColumn {
        /// The column.
        column: String,
    },
    /// A user is duplicated.
    #[error("user `{user}` is there more than once; users must be unique")]
    DuplicateUser {
        /// The first such user.
        user: String,
    },
    /// An event is of a user that does not exist.
    #[error("events are of users that are not among the users, first `{user}`")]
    UnknownUser {
        /// The first such user.
        user: String,
    },
    /// An event precedes its user's signup.
    #[error(
        "events come before their user's signup, first of user `{user}`; \
         repair `signup_at`, or count from first events with `Facts::from_transactions`"
    )]
    BeforeSignup {
        /// The first such user.
        user: String,
    },
    /// A temporary file of events cannot be written or read.
    #[error(
        "the temporary file of events cannot be used: {0}; \
         free space in the folder of temporary files, or set TMPDIR to another folder"
    )]
    TemporaryFile(#[source] std::io::Error),
    /// There are neither users nor events, so that the end of observation is unknown.
    #[error("there are no users and no events; load some, or say where observation ends")]
    NoFacts,
    /// All rows are left out, so that there is nothing to compute.
    #[error("no row of the warehouse counts; {}{}", join_reasons(set_aside), remedy(set_aside))]
    AllSetAside {
        /// The rows, by table and reason.
        set_aside: Vec<SetAside>,
    },
    /// A parameter is out of its range.
    #[error("`{name}` {reason}")]
    Parameter {
        /// The name of the parameter.
        name: &'static str,
        /// The valid range.
        reason: &'static str,
    },
    /// The warehouse could not be read, or its market tables have no value for an amount.
    #[error(transparent)]
    Warehouse(#[from] tidegauge_core::Error),
    /// There is no price, so that there are no statistics of the market.
    #[error(
        "there are no prices of the wanted instruments before the end of observation; load some, check the names of the \
         instruments, or set a later end"
    )]
    NoPrices,
    /// Series could not be compared.
    #[error(transparent)]
    Series(#[from] tidegauge_models::series::SeriesError),
    /// A survival curve could not be computed.
    #[error("a survival curve could not be computed: {0}")]
    Survival(#[from] tidegauge_models::survival::SurvivalError),
    /// A frame could not be computed.
    #[error("a frame could not be computed: {0}")]
    Frame(#[from] polars::error::PolarsError),
}

/// Returns the rows that were left out, on one line.
fn join_reasons(set_aside: &[SetAside]) -> String {
    set_aside.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Returns the remedy for rows that cannot be valued; empty for others.
fn remedy(set_aside: &[SetAside]) -> &'static str {
    match set_aside
        .iter()
        .any(|aside| matches!(aside.reason, SetAsideReason::Unpriced | SetAsideReason::Unvalued))
    {
        true => {
            "; load exchange rates into `fx_rates` and prices of coins into `candles` up to those days, as the sources \
             ecb and kraken do"
        }
        false => "",
    }
}

impl Error {
    /// Returns the kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Warehouse(error) => error.kind(),
            Self::NoFacts | Self::NoPrices | Self::AllSetAside { .. } => ErrorKind::NotFound,
            Self::Parameter { .. } => ErrorKind::Configuration,
            Self::TemporaryFile(error) => {
                ErrorKind::from_io(error).unwrap_or(ErrorKind::Unavailable)
            }
            Self::Frame(_) | Self::Series(_) | Self::Survival(_) => ErrorKind::Bug,
            Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::Nulls { .. }
            | Self::ReservedColumn { .. }
            | Self::DuplicateUser { .. }
            | Self::UnknownUser { .. }
            | Self::BeforeSignup { .. } => ErrorKind::InvalidInput,
        }
    }
}
