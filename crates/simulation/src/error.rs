//! What keeps the simulator from going on.

use chrono::NaiveDate;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What keeps the simulator from going on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The market tables have no price for a day.
    #[error(
        "no price of {symbol} on {day}: the market tables have {known}; load prices for that day \
         first, or choose days that have them"
    )]
    NoPrice {
        /// The symbol.
        symbol: String,
        /// The day.
        day: NaiveDate,
        /// The days that there are, in words.
        known: String,
    },
    /// The market tables have no exchange rate on or before a day.
    #[error(
        "no exchange rate between USD and {currency} on or before {day}: load `fx_rates` that \
         reach back to that day first"
    )]
    NoRate {
        /// The currency.
        currency: String,
        /// The day.
        day: NaiveDate,
    },
    /// A market frame lacks a column, or a value in it makes no sense.
    #[error("the market table `{table}` cannot be used: {reason}")]
    Market {
        /// The table.
        table: &'static str,
        /// Why not.
        reason: String,
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
    /// A table's rows did not fit it.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}
