//! Error messages for PostgreSQL's errors.

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use tidegauge_core::{ErrorKind, Table};

use super::client::Postgres;
use crate::Error;
use crate::sql::lock_timeout_error;

/// The advice on how to find the holder of a lock.
pub(super) const LOCK_HOLDER_ADVICE: &str = "`pg_stat_activity` shows it";

impl Postgres {
    /// Converts an error of the client to one whose message says what to do; `at` is the table
    /// concerned. The codes are those of
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    pub(super) fn to_error(&self, error: sqlx::Error, at: Option<&Table>) -> Error {
        let place = self.target.name.clone();
        let Some(cause) = error.as_database_error() else {
            return match &error {
                sqlx::Error::Io(cause) => Error::server(
                    ErrorKind::Unavailable,
                    format!("it cannot be reached, or has gone away: {cause}"),
                    "check host, port and network, and that the server runs; then run again",
                ),
                sqlx::Error::Tls(cause) => Error::server(
                    ErrorKind::Configuration,
                    format!("no encrypted connection: {cause}"),
                    "say `sslmode=disable` in the URL if the server offers none, or give its \
                     certificate by `sslrootcert=file`",
                ),
                other => Error::server(ErrorKind::Unavailable, other.to_string(), "run again"),
            };
        };
        let text = message(cause);
        let (schema, user) = (&self.target.schema, &self.target.user);
        match cause.code().as_deref() {
            Some("23505") if at.is_some() => {
                let (table, key) = at
                    .map(|table| (table.name.to_string(), table.key.join(", ")))
                    .unwrap_or_default();
                Error::Duplicate { table, key }
            }
            Some("28P01" | "28000") if text.contains("no encryption") => Error::server(
                ErrorKind::Configuration,
                text,
                "the server takes encrypted connections only: say `sslmode=require` in the URL",
            ),
            Some("28P01" | "28000") => Error::server(
                ErrorKind::Authentication,
                format!("user `{user}` is not let in: {text}"),
                "check user and password in the URL",
            ),
            Some("3D000") => Error::server(
                ErrorKind::NotFound,
                text,
                "create the database, or name another one in the URL",
            ),
            // 3F000: the server reports a schema that the user may not use as missing.
            Some("42501" | "3F000") => Error::server(
                ErrorKind::Permission,
                format!("user `{user}` may not do this in schema `{schema}`: {text}"),
                format!(
                    "let it own the schema: CREATE SCHEMA \"{schema}\" AUTHORIZATION \"{user}\""
                ),
            ),
            // The code of errors raised by triggers.
            Some("P0001") if at.is_some() => Error::Trigger {
                table: at.map(|table| table.name.to_string()).unwrap_or_default(),
                reason: text,
            },
            // A type that cannot be changed because a user's view depends on it.
            Some("0A000") if dependents(cause).is_some() => Error::server(
                ErrorKind::Configuration,
                format!("{text}: {}", dependents(cause).unwrap_or_default()),
                "drop the view, run again, and make it anew: a column that it reads gets more digits",
            ),
            Some("55P03") => lock_timeout_error(at.as_slice(), LOCK_HOLDER_ADVICE),
            Some("53100") => Error::DiskFull { path: place },
            Some("53300") => Error::server(
                ErrorKind::Unavailable,
                text,
                "wait until others have left, then run again",
            ),
            Some("57014") => Error::server(
                ErrorKind::Unavailable,
                text,
                "raise the server's `statement_timeout` for this user if it is too short, then run again",
            ),
            Some("25006") => Error::ReadOnly { path: place },
            Some(code) if code.starts_with("08") || code.starts_with("57P") => Error::server(
                ErrorKind::Unavailable,
                text,
                "wait until the server is there again, then run again",
            ),
            code => {
                let table = at.map(|table| format!("table `{}`: ", table.name)).unwrap_or_default();
                Error::server(kind(code), format!("{table}{text}"), "nothing was written")
            }
        }
    }
}

/// Returns `true` if the wait for a lock timed out.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|cause| cause.code()).as_deref() == Some("55P03")
}

/// Returns the kind of an error whose message is the server's own.
fn kind(code: Option<&str>) -> ErrorKind {
    match code.unwrap_or_default() {
        // Serialization failures and deadlocks.
        "40001" | "40P01" => ErrorKind::Conflict,
        // Tables and columns that do not exist, or have another type.
        "42P01" | "42703" | "42804" | "42883" => ErrorKind::SchemaMismatch,
        code if code.starts_with("22") || code.starts_with("23") => ErrorKind::InvalidInput,
        code if code.starts_with("53") => ErrorKind::OutOfSpace,
        "XX001" | "XX002" => ErrorKind::Corrupt,
        _ => ErrorKind::Bug,
    }
}

/// Returns the dependents that prevent a change, if the server names them.
fn dependents(cause: &dyn DatabaseError) -> Option<String> {
    let detail = cause.try_downcast_ref::<PgDatabaseError>()?.detail()?;
    Some(detail.replace('\n', " "))
}

/// Returns the server's message on one line, with the place that it names.
fn message(cause: &dyn DatabaseError) -> String {
    let mut text = cause.message().replace('\n', " ");
    if let Some(cause) = cause.try_downcast_ref::<PgDatabaseError>() {
        for (what, name) in [("column", cause.column()), ("constraint", cause.constraint())] {
            if let Some(name) = name {
                text += &format!(" ({what} `{name}`)");
            }
        }
        // For a copy, the line and the column; but never the value, which may be personal data.
        if let Some(place) = cause.r#where().and_then(|place| place.split(": \"").next()) {
            text += &format!(" ({})", place.replace('\n', " "));
        }
    }
    text
}
