//! What can go wrong between a database and our rows.

use tidegauge_core::ErrorKind;

use std::time::Duration;

/// What can go wrong between a database and our rows. No message holds the URL or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL cannot be used.
    #[error("the database URL of `{name}` cannot be used: {reason}")]
    Url {
        /// The source.
        name: String,
        /// Why not, and what one looks like.
        reason: String,
    },
    /// The server cannot be reached, or does not let us in.
    #[error(
        "`{name}` cannot connect to {place}: {reason}; check the URL, the network and the rights"
    )]
    Connect {
        /// The source.
        name: String,
        /// The server and the database, without secrets.
        place: String,
        /// In the server's words, or the driver's.
        reason: String,
        /// What kind of failure that is.
        kind: ErrorKind,
    },
    /// The server refuses the query, in its own words.
    #[error("{place} refuses the query of `{name}`: {reason}")]
    Query {
        /// The source.
        name: String,
        /// The server and the database, without secrets.
        place: String,
        /// In the server's words.
        reason: String,
    },
    /// The connection broke, or a value cannot be read.
    #[error("`{name}` lost its connection to {place}: {reason}; run again to go on")]
    Broken {
        /// The source.
        name: String,
        /// The server and the database, without secrets.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The answer took longer than it may.
    #[error(
        "{place} did not answer `{name}` within {}: put an index on the columns that it is \
         ordered by, lower `page_rows`, or raise `{setting}`",
        crate::duration::shown(*.after)
    )]
    Timeout {
        /// The source.
        name: String,
        /// The server and the database, without secrets.
        place: String,
        /// The time that it may take.
        after: Duration,
        /// The setting that says so.
        setting: &'static str,
    },
    /// The query does not have a column that it needs.
    #[error("the query of `{name}` has no column `{column}`; it has {has}")]
    NoColumn {
        /// The source.
        name: String,
        /// The column.
        column: String,
        /// Those that there are.
        has: String,
    },
    /// A column by which pages are told apart cannot serve for that.
    #[error("`{name}` cannot be read in the order of `{column}`: {reason}")]
    Order {
        /// The source.
        name: String,
        /// The column.
        column: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// Rows that no page would ever hold.
    #[error(
        "{count} rows of the query of `{name}` are null in {columns}, by which it is read in order, \
         so they would never be read: give them a value in the query, with COALESCE, or leave them \
         out, with WHERE"
    )]
    Nulls {
        /// The source.
        name: String,
        /// How many.
        count: i64,
        /// In which columns.
        columns: String,
    },
}

impl DatabaseError {
    /// Whether running again later, unchanged, may succeed.
    pub fn is_temporary(&self) -> bool {
        self.kind().is_retryable()
    }
}

impl DatabaseError {
    /// Returns what kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Url { .. } => ErrorKind::Configuration,
            Self::Connect { kind, .. } => *kind,
            Self::Broken { .. } | Self::Timeout { .. } => ErrorKind::Unavailable,
            Self::NoColumn { .. } | Self::Order { .. } => ErrorKind::SchemaMismatch,
            Self::Query { .. } | Self::Nulls { .. } => ErrorKind::InvalidInput,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_temporary_is_worth_a_retry_and_nothing_else() {
        let (name, place, reason) = (String::from("orders"), String::from("db"), String::new());
        for error in [
            DatabaseError::Url { name: name.clone(), reason: reason.clone() },
            DatabaseError::Connect {
                name: name.clone(),
                place: place.clone(),
                reason: reason.clone(),
                kind: ErrorKind::Unavailable,
            },
            DatabaseError::Connect {
                name: name.clone(),
                place: place.clone(),
                reason,
                kind: ErrorKind::Authentication,
            },
            DatabaseError::Broken { name, place, reason: String::new() },
        ] {
            assert_eq!(error.kind().is_retryable(), error.is_temporary(), "{error}");
        }
    }
}
