//! Errors of the simulator.

use chrono::NaiveDate;
use tidegauge_core::ErrorKind;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error type of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The start day is out of range: ninety days before it must lie in 1970 or later, and its year must be
    /// at most 9999.
    #[error("start_day: {start_day} is out of range; choose a day from 1970-04-01 to 9999-12-31")]
    StartDayOutOfRange {
        /// The configured start day.
        start_day: NaiveDate,
    },
    /// A price or an exchange rate that is outside the supported range.
    #[error(
        "the market tables put {what} on {day} at less than 0.00000001 or more than a billion for \
         one; repair that price or rate"
    )]
    PriceOutOfRange {
        /// The priced symbol and its currency.
        what: String,
        /// The day of the price or rate.
        day: NaiveDate,
    },
    /// An invalid setting.
    #[error("{setting}: {reason}")]
    InvalidSetting {
        /// The name of the setting.
        setting: &'static str,
        /// The reason, and the values that are valid.
        reason: String,
    },
    /// A day outside the simulated period.
    #[error("{day} is not among the days that are played")]
    DayOutOfRange {
        /// The requested day.
        day: NaiveDate,
    },
    /// Prices moved so far that fixed counts of transactions cannot be reached with non-negative balances.
    #[error(
        "user {user} cannot {what} without a balance below zero in this market; use another seed \
         or another start day"
    )]
    Infeasible {
        /// The id of the user.
        user: i64,
        /// The action that cannot be carried out.
        what: &'static str,
    },
    /// A previous run up to a later day was interrupted and must be finished first.
    #[error(
        "a run of all days before {to} was broken off; finish it first: play up to that day \
         (`tidegauge run --until {to}`)"
    )]
    UnfinishedRun {
        /// The exclusive end of the interrupted run.
        to: NaiveDate,
    },
    /// A missing price or exchange rate, or rows that do not fit their table.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::StartDayOutOfRange { .. }
            | Self::InvalidSetting { .. }
            | Self::Infeasible { .. } => ErrorKind::Configuration,
            Self::PriceOutOfRange { .. } | Self::DayOutOfRange { .. } => ErrorKind::InvalidInput,
            Self::UnfinishedRun { .. } => ErrorKind::Conflict,
            Self::Core(error) => error.kind(),
        }
    }
}

/// The source name under which sinks store the cursor.
pub(crate) const NAME: &str = "simulation";

/// Returns the error for a cursor that cannot be resumed by this version or with these market tables.
pub(crate) fn cursor_error(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::Cursor { source_name: NAME.into(), reason }
}

/// Returns the error for a cursor that was written with the preset `preset` instead of `wanted`.
pub(crate) fn preset_mismatch(preset: &str, wanted: &str) -> tidegauge_core::Error {
    settings_mismatch(format!(
        "it was played with the preset `{preset}`, and is to go on with `{wanted}`: set simulation.preset = \
         \"{preset}\", use another warehouse, or have it played from the beginning (`tidegauge reset simulation`)"
    ))
}

/// Returns the error for a cursor that was written with other settings.
pub(crate) fn settings_mismatch(reason: String) -> tidegauge_core::Error {
    tidegauge_core::Error::source(NAME, tidegauge_core::ErrorKind::Configuration, reason)
}
