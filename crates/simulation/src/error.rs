//! What keeps the simulator from going on.

use chrono::NaiveDate;
use tidegauge_core::ErrorKind;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What keeps the simulator from going on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The exchange cannot start on that day: the calendar does not reach ninety days around it.
    #[error("start_day: {start_day} is out of range; choose a day from 1970-04-01 to 9999-12-31")]
    StartDay {
        /// The day.
        start_day: NaiveDate,
    },
    /// A price or an exchange rate that nobody can reckon with.
    #[error(
        "the market tables put {what} on {day} at less than 0.00000001 or more than a billion for \
         one; repair that price or rate"
    )]
    Absurd {
        /// What is priced, and in what.
        what: String,
        /// The day.
        day: NaiveDate,
    },
    /// A setting that makes no sense.
    #[error("{setting}: {reason}")]
    Invalid {
        /// The setting.
        setting: &'static str,
        /// Why not, and what would.
        reason: String,
    },
    /// A day that is not played was asked for.
    #[error("{day} is not among the days that are played")]
    Beyond {
        /// The day.
        day: NaiveDate,
    },
    /// The market moved so far that a plan with fixed counts cannot be carried out.
    #[error(
        "user {user} cannot {what} without a balance below zero in this market; use another seed \
         or another start day"
    )]
    Impossible {
        /// The user.
        user: i64,
        /// What cannot be done.
        what: &'static str,
    },
    /// A run that went further was broken off.
    #[error(
        "a run of all days before {to} was broken off; finish it first: play up to that day \
         (`tidegauge run --until {to}`)"
    )]
    Unfinished {
        /// The day that it ends before.
        to: NaiveDate,
    },
    /// The market tables lack a price or a rate, or a table's rows did not fit it.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

impl Error {
    /// Returns what kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::StartDay { .. } | Self::Invalid { .. } | Self::Impossible { .. } => {
                ErrorKind::Configuration
            }
            Self::Absurd { .. } | Self::Beyond { .. } => ErrorKind::InvalidInput,
            Self::Unfinished { .. } => ErrorKind::Conflict,
            Self::Core(error) => error.kind(),
        }
    }
}
