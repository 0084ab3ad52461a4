//! What can go wrong between a source and a sink.

use crate::Cursor;

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

fn shown(cursor: Option<&Cursor>) -> String {
    cursor.map_or_else(|| "the beginning".into(), |cursor| format!("`{cursor}`"))
}
