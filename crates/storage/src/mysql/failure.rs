//! What MySQL says, and the way out of it.

use mysql_async::{IoError, ServerError};
use tidegauge_core::Table;

use super::MySql;
use crate::Error;

impl MySql {
    /// What the server said, in words that say what to do; `at` is the table that we were at.
    /// The codes are those of <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
    pub(super) fn failed(&self, error: mysql_async::Error, at: Option<&Table>) -> Error {
        let refused = |reason: String, mend: &str| Error::Server { reason, mend: mend.to_owned() };
        match error {
            mysql_async::Error::Server(said) => self.said(&said, at),
            mysql_async::Error::Io(IoError::Tls(cause)) => refused(
                format!("no encrypted connection: {cause}"),
                "leave `require_ssl` out of the URL if the server offers none",
            ),
            mysql_async::Error::Io(IoError::Io(cause)) => refused(
                format!("it cannot be reached, or has gone away: {cause}"),
                "check host, port and network, and that the server runs; then run again",
            ),
            other => refused(format!("the connection failed: {other}"), "run again"),
        }
    }

    /// What became of a statement, or of a row of it.
    pub(super) fn said(&self, said: &ServerError, at: Option<&Table>) -> Error {
        let refused = |reason: String, mend: &str| Error::Server { reason, mend: mend.to_owned() };
        let (user, place) = (&self.place.user, self.place.name.clone());
        let words = said.message.replace('\n', " ");
        match said.code {
            1062 if at.is_some() => {
                let (table, key) =
                    at.map(|it| (it.name.to_string(), it.key.join(", "))).unwrap_or_default();
                Error::Duplicate { table, key }
            }
            // MariaDB says no more than that to one who comes without encryption.
            1045 | 1698 if self.place.options.ssl_opts().is_none() => refused(
                format!("user `{user}` is not let in: {words}"),
                "check user and password in the URL; if the server takes encrypted connections \
                 only, say `require_ssl=true` in the URL",
            ),
            1045 | 1698 => refused(
                format!("user `{user}` is not let in: {words}"),
                "check user and password in the URL",
            ),
            3159 => refused(
                words,
                "the server takes encrypted connections only: say `require_ssl=true` in the URL",
            ),
            1049 => refused(words, "create the database, or name another one in the URL"),
            1044 | 1142 | 1143 | 1227 | 1370 => refused(
                format!("user `{user}` may not do this: {words}"),
                &format!("let it: GRANT ALL ON `{}`.* TO '{user}'", self.database()),
            ),
            1021 | 1114 => Error::DiskFull { path: place },
            1290 | 1792 | 1836 => Error::ReadOnly { path: place },
            1205 | 1213 => refused(words, "somebody else was at these rows: run again"),
            1040 | 1203 => refused(words, "wait until others have left, then run again"),
            1053 | 1077 | 1927 => {
                refused(words, "wait until the server is there again, then run again")
            }
            _ => {
                let table = at.map(|it| format!("table `{}`: ", it.name)).unwrap_or_default();
                refused(format!("{table}{words}"), "nothing was written")
            }
        }
    }
}
