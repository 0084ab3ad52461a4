//! Error messages for MySQL's errors.

use mysql_async::{IoError, ServerError};
use tidegauge_core::{ErrorKind, Table};

use super::client::MySql;
use crate::Error;
use crate::sql::lock_timeout_error;

/// The code of the error for a lock timeout: `ER_LOCK_WAIT_TIMEOUT`.
pub(super) const LOCK_WAIT_TIMEOUT: u16 = 1205;

/// The advice on how to find the holder of a lock.
pub(super) const LOCK_HOLDER_ADVICE: &str = "`SHOW PROCESSLIST` shows it";

impl MySql {
    /// Returns the error of `what`, of the given size in bytes, that exceeds the server's packet
    /// limit.
    pub(super) fn too_large(&self, what: &str, bytes: Option<usize>) -> Error {
        let size = bytes.map(|bytes| format!(" of {bytes} bytes")).unwrap_or_default();
        Error::server(
            ErrorKind::Configuration,
            format!("{what}{size} is larger than the server's `max_allowed_packet`"),
            "raise that in the server's configuration (`SET GLOBAL max_allowed_packet = 1073741824` until it is \
             restarted), then run again",
        )
    }

    /// Converts an error of the client to one whose message says what to do; `at` is the table
    /// concerned. The codes are those of
    /// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
    pub(super) fn to_error(&self, error: mysql_async::Error, at: Option<&Table>) -> Error {
        match error {
            mysql_async::Error::Server(error) => self.server_error(&error, at),
            mysql_async::Error::Io(IoError::Tls(cause)) => Error::server(
                ErrorKind::Configuration,
                format!("no encrypted connection: {cause}"),
                "leave `require_ssl` out of the URL if the server offers none",
            ),
            // The server closes the connection on a packet that is too large, without an error
            // message.
            mysql_async::Error::Io(IoError::Io(cause)) if is_too_large(&cause) => {
                let of = at.map(|table| format!("a statement on table `{}`", table.name));
                self.too_large(of.as_deref().unwrap_or("a statement"), None)
            }
            mysql_async::Error::Io(IoError::Io(cause)) => Error::server(
                ErrorKind::Unavailable,
                format!("it cannot be reached, or has gone away: {cause}"),
                "check host, port and network, and that the server runs; then run again",
            ),
            other => Error::server(
                ErrorKind::Unavailable,
                format!("the connection failed: {other}"),
                "run again",
            ),
        }
    }

    /// Converts an error that the server reported for a statement, or for one of its rows.
    pub(super) fn server_error(&self, error: &ServerError, at: Option<&Table>) -> Error {
        let (user, target) = (&self.target.user, self.target.name.clone());
        let message = error.message.replace('\n', " ");
        let (kind, reason, advice) = match error.code {
            1062 if at.is_some() => {
                let (table, key) = at
                    .map(|table| (table.name.to_string(), table.key.join(", ")))
                    .unwrap_or_default();
                return Error::Duplicate { table, key };
            }
            // MariaDB reports no more than this to a client without encryption.
            1045 | 1698 if self.target.options.ssl_opts().is_none() => (
                ErrorKind::Authentication,
                format!("user `{user}` is not let in: {message}"),
                "check user and password in the URL; if the server takes encrypted connections \
                 only, say `require_ssl=true` in the URL"
                    .into(),
            ),
            1045 | 1698 => (
                ErrorKind::Authentication,
                format!("user `{user}` is not let in: {message}"),
                "check user and password in the URL".into(),
            ),
            3159 => (
                ErrorKind::Configuration,
                message,
                "the server takes encrypted connections only: say `require_ssl=true` in the URL"
                    .into(),
            ),
            1049 => (
                ErrorKind::NotFound,
                message,
                "create the database, or name another one in the URL".into(),
            ),
            1044 | 1142 | 1143 | 1227 | 1370 => (
                ErrorKind::Permission,
                format!("user `{user}` may not do this: {message}"),
                format!("let it: GRANT ALL ON `{}`.* TO '{user}'", self.database()),
            ),
            1021 | 1114 => return Error::DiskFull { path: target },
            1290 | 1792 | 1836 => return Error::ReadOnly { path: target },
            // The code of errors raised by triggers.
            1644 if at.is_some() => {
                let table = at.map(|table| table.name.to_string()).unwrap_or_default();
                return Error::Trigger { table, reason: message };
            }
            1153 | 1301 => {
                let of = at.map(|table| format!("a statement on table `{}`", table.name));
                return self.too_large(of.as_deref().unwrap_or("a statement"), None);
            }
            LOCK_WAIT_TIMEOUT => return lock_timeout_error(at.as_slice(), LOCK_HOLDER_ADVICE),
            1213 => {
                (ErrorKind::Conflict, message, "somebody else was at these rows: run again".into())
            }
            1040 | 1203 => (
                ErrorKind::Unavailable,
                message,
                "wait until others have left, then run again".into(),
            ),
            1317 | 1969 | 3024 => (
                ErrorKind::Unavailable,
                message,
                "raise the server's limit of time for a statement if it is too short, then run again"
                    .into(),
            ),
            1053 | 1077 | 1927 => (
                ErrorKind::Unavailable,
                message,
                "wait until the server is there again, then run again".into(),
            ),
            code => {
                let table = at.map(|table| format!("table `{}`: ", table.name)).unwrap_or_default();
                (kind(code), format!("{table}{message}"), "nothing was written".into())
            }
        };
        Error::Server { kind, reason, advice }
    }
}

/// Returns `true` if the protocol failed on a packet that was too large. The client's type for that
/// is not public.
fn is_too_large(cause: &std::io::Error) -> bool {
    let message = cause.to_string();
    ["larger than max_allowed_packet", "Packets out of sync"]
        .iter()
        .any(|text| message.contains(text))
}

/// Returns the kind of an error whose message is the server's own.
fn kind(code: u16) -> ErrorKind {
    match code {
        // Tables and columns that do not exist.
        1054 | 1146 => ErrorKind::SchemaMismatch,
        // Values that do not fit their columns, or are missing.
        0 | 1048 | 1062 | 1261..=1265 | 1292 | 1366 | 1406 | 1411 => ErrorKind::InvalidInput,
        _ => ErrorKind::Bug,
    }
}
