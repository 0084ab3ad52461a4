//! What can go wrong between a source and a sink.

use chrono::NaiveDate;

use crate::market::MAX_AGE_DAYS;
use crate::{Cursor, DataType};

/// An error of somebody else's making, carried as the cause of one of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

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
    /// A range of what has none.
    #[error("table `{table}`: only whole numbers are read by range, and `{column}` is {dtype}")]
    Range {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it is instead.
        dtype: DataType,
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
        table: &'static str,
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
        /// Why.
        #[source]
        error: BoxError,
    },
    /// A sink could not commit a load, or a warehouse could not be read.
    #[error("{name}: {error}")]
    Sink {
        /// The sink, as its user named it, without secrets.
        name: String,
        /// Why.
        #[source]
        error: BoxError,
    },
}

impl Error {
    /// A failure of the source called `name`.
    pub fn source(name: impl Into<String>, error: impl Into<BoxError>) -> Self {
        Self::Source { name: name.into(), error: error.into() }
    }

    /// A failure of the sink or warehouse called `name`.
    pub fn sink(name: impl Into<String>, error: impl Into<BoxError>) -> Self {
        Self::Sink { name: name.into(), error: error.into() }
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
