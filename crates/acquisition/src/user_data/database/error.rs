//! The errors of database sources.

use tidegauge_core::ErrorKind;

use std::time::Duration;

/// An error of a database source. No message contains the URL or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL is invalid.
    #[error("the database URL of `{name}` cannot be used: {reason}")]
    Url {
        /// The source's name.
        name: String,
        /// The reason, and an example of a valid URL.
        reason: String,
    },
    /// The server cannot be reached, or refuses the connection.
    #[error(
        "`{name}` cannot connect to {place}: {reason}; check the URL, the network and the rights"
    )]
    Connect {
        /// The source's name.
        name: String,
        /// The server and the database, without credentials.
        place: String,
        /// The message of the server or the driver.
        reason: String,
        /// The kind of the error.
        kind: ErrorKind,
    },
    /// The server rejects the query.
    #[error("{place} refuses the query of `{name}`: {reason}")]
    Query {
        /// The source's name.
        name: String,
        /// The server and the database, without credentials.
        place: String,
        /// The server's message.
        reason: String,
    },
    /// The connection broke, or a value cannot be read.
    #[error("`{name}` lost its connection to {place}: {reason}; run again to go on")]
    Broken {
        /// The source's name.
        name: String,
        /// The server and the database, without credentials.
        place: String,
        /// The message of the server or the driver.
        reason: String,
    },
    /// The server did not answer in time.
    #[error(
        "{place} did not answer `{name}` within {}: put an index on the columns that it is \
         ordered by, lower `page_rows`, or raise `{setting}`",
        crate::duration::shown(*.after)
    )]
    Timeout {
        /// The source's name.
        name: String,
        /// The server and the database, without credentials.
        place: String,
        /// The timeout.
        after: Duration,
        /// The setting of the timeout.
        setting: &'static str,
    },
    /// The query lacks a column that is needed.
    #[error("the query of `{name}` has no column `{column}`; it has {has}")]
    NoColumn {
        /// The source's name.
        name: String,
        /// The name of the missing column.
        column: String,
        /// The names of the columns that the query has.
        has: String,
    },
    /// An ordering column cannot be used for keyset pagination.
    #[error("`{name}` cannot be read in the order of `{column}`: {reason}")]
    Order {
        /// The source's name.
        name: String,
        /// The ordering column.
        column: String,
        /// The reason, and the way to solve it.
        reason: String,
    },
    /// Rows are null in an ordering column, so no page would contain them.
    #[error(
        "{count} rows of the query of `{name}` are null in {columns}, by which it is read in order, \
         so they would never be read: give them a value in the query, with COALESCE, or leave them \
         out, with WHERE"
    )]
    Nulls {
        /// The source's name.
        name: String,
        /// The number of such rows.
        count: i64,
        /// The names of the ordering columns.
        columns: String,
    },
}

impl DatabaseError {
    /// Returns `true` if the same run may succeed later, without any change.
    pub fn is_temporary(&self) -> bool {
        self.kind().is_retryable()
    }
}

impl DatabaseError {
    /// Returns the kind of the error.
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
    fn only_transient_errors_are_retryable() {
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
