//! Connections that only read.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use secrecy::{ExposeSecret, SecretString};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, ColumnIndex, ConnectOptions, Connection as _, Decode, Executor, Row,
    SqlSafeStr, Statement, Type, TypeInfo, ValueRef,
};

use tidegauge_core::{ErrorKind, connection_url};

use super::config::Config;
use super::dialect::Dialect;
use super::error::DatabaseError;
use super::progress::Mark;
use crate::error::cut;

/// Where a database is, and how long it may take.
pub(super) struct Client {
    name: String,
    pub(super) dialect: Dialect,
    /// The server and the database, without secrets.
    pub(super) place: String,
    options: Options,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

enum Options {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// A connection within a transaction that only reads.
pub(super) enum Connection {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// The options that the drivers know; those of PostgreSQL's are in [`connection_url`].
const MYSQL_OPTIONS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "charset",
    "collation",
    "socket",
    "timezone",
    "time-zone",
    "statement-cache-capacity",
];
const SQLITE_OPTIONS: [&str; 4] = ["mode", "cache", "immutable", "vfs"];

/// The cells of a row, each in its written form.
pub(super) type Raw = Vec<Option<Vec<u8>>>;

/// Rows, and whether they are all that were asked for.
pub(super) type Answer = (Vec<Raw>, bool);

/// The bytes after which a page is full, whatever the number of its rows.
const PAGE_BYTES: usize = 64 * 1024 * 1024;

/// The same for whichever kind of connection it is.
macro_rules! each {
    ($connection:expr, $inner:ident => $body:expr) => {
        match $connection {
            Connection::Postgres($inner) => $body,
            Connection::MySql($inner) => $body,
            Connection::Sqlite($inner) => $body,
        }
    };
}

/// Returns what is wrong with a URL, if something is.
type Check = fn(&str) -> Result<(), String>;

impl Client {
    pub(super) fn new(config: &Config, url: &SecretString) -> Result<Self, DatabaseError> {
        let url = url.expose_secret().trim();
        let wrong = |reason: &str| DatabaseError::Url {
            name: config.name.clone(),
            reason: format!(
                "{reason}; it looks like postgres://user:password@host:5432/database, mysql://…, \
                 or sqlite:///path/to/file.db"
            ),
        };
        let scheme = url.split(':').next().unwrap_or_default();
        let (check, known): (Check, &[&str]) = match scheme {
            "postgres" | "postgresql" => {
                (connection_url::check_server, &connection_url::POSTGRES_OPTIONS)
            }
            "mysql" | "mariadb" => (connection_url::check_server, &MYSQL_OPTIONS),
            "sqlite" => (connection_url::check_path, &SQLITE_OPTIONS),
            _ => return Err(wrong("it is of no kind that is known")),
        };
        // Drivers ignore options that they do not know, and one logs them with their values.
        check(url)
            .and_then(|()| connection_url::check_options(url, known))
            .map_err(|reason| wrong(&format!("it {reason}")))?;
        let (dialect, options) = match scheme {
            "postgres" | "postgresql" | "mysql" | "mariadb" if !url.contains("://") => {
                return Err(wrong("it is no URL"));
            }
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url).map_err(|_| wrong("it is no URL"))?;
                // Without named statements, so that it works through a pooler as well.
                let options = options.statement_cache_capacity(0);
                let options = match options.get_application_name() {
                    None => options.application_name("tidegauge"),
                    Some(_) => options,
                };
                (Dialect::Postgres, Options::Postgres(Box::new(options)))
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql{}", &url[scheme.len()..]);
                let options =
                    MySqlConnectOptions::from_str(&url).map_err(|_| wrong("it is no URL"))?;
                // The query means what it means in any other client.
                let options = options.pipes_as_concat(false).no_engine_substitution(false);
                let options = options.statement_cache_capacity(0);
                (Dialect::MySql, Options::MySql(Box::new(options)))
            }
            _ => {
                let options =
                    SqliteConnectOptions::from_str(url).map_err(|_| wrong("it is no URL"))?;
                let options = options.read_only(true).create_if_missing(false);
                let options = options.busy_timeout(config.statement_timeout);
                (Dialect::Sqlite, Options::Sqlite(Box::new(options)))
            }
        };
        let place = match &options {
            Options::Postgres(it) => {
                let database = it.get_database().unwrap_or_default();
                format!("postgres://{}:{}/{database}", it.get_host(), it.get_port())
            }
            Options::MySql(it) => {
                let database = it.get_database().unwrap_or_default();
                format!("mysql://{}:{}/{database}", it.get_host(), it.get_port())
            }
            Options::Sqlite(it) => format!("sqlite://{}", it.get_filename().display()),
        };
        Ok(Self {
            name: config.name.clone(),
            dialect,
            place,
            options,
            connect_timeout: config.connect_timeout,
            statement_timeout: config.statement_timeout,
        })
    }

    /// Connects, and begins a transaction that only reads, in UTC.
    pub(super) async fn connect(&self) -> Result<Connection, DatabaseError> {
        let refused = |error: &sqlx::Error| DatabaseError::Connect {
            name: self.name.clone(),
            place: self.place.clone(),
            reason: words(error),
            kind: self.refusal(error),
        };
        let connect = async {
            Ok(match &self.options {
                Options::Postgres(options) => Connection::Postgres(options.connect().await?),
                Options::MySql(options) => Connection::MySql(options.connect().await?),
                Options::Sqlite(options) => Connection::Sqlite(options.connect().await?),
            })
        };
        let connect = self.within("connect_timeout", self.connect_timeout, async {
            connect.await.map_err(|error: sqlx::Error| refused(&error))
        });
        let mut connection = connect.await?;
        let begin =
            async { self.begin(&mut connection).await.map_err(|error| self.failed(&error)) };
        self.within("connect_timeout", self.connect_timeout, begin).await?;
        Ok(connection)
    }

    /// Returns what kind of failure it is that keeps us from connecting.
    fn refusal(&self, error: &sqlx::Error) -> ErrorKind {
        let Some(said) = error.as_database_error() else { return ErrorKind::Unavailable };
        match &self.options {
            Options::Postgres(_) => match said.code().as_deref() {
                Some(code) if code.starts_with("28") => ErrorKind::Authentication,
                Some("3D000") => ErrorKind::NotFound,
                Some("42501") => ErrorKind::Permission,
                _ => ErrorKind::Unavailable,
            },
            Options::MySql(_) => {
                let said = said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
                match said.map(sqlx::mysql::MySqlDatabaseError::number) {
                    Some(1045 | 1698) => ErrorKind::Authentication,
                    Some(1044) => ErrorKind::Permission,
                    Some(1049) => ErrorKind::NotFound,
                    _ => ErrorKind::Unavailable,
                }
            }
            // It says no more than that it cannot open the file.
            Options::Sqlite(it) => match std::fs::File::open(it.get_filename()) {
                Err(error) => ErrorKind::of_io(&error).unwrap_or(ErrorKind::Unavailable),
                Ok(_) => ErrorKind::Unavailable,
            },
        }
    }

    async fn begin(&self, connection: &mut Connection) -> sqlx::Result<()> {
        let millis = self.statement_timeout.as_millis();
        match connection {
            Connection::Postgres(it) => {
                // One snapshot for all that a page asks.
                let begin = format!(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL TIME ZONE 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; \
                     SET LOCAL extra_float_digits = 3; SET LOCAL statement_timeout = {millis}"
                );
                it.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
            }
            Connection::MySql(it) => {
                let version: String =
                    sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut *it).await?;
                let limit = match version.contains("MariaDB") {
                    true => format!("max_statement_time = {}", millis.div_ceil(1000)),
                    false => format!("max_execution_time = {millis}"),
                };
                let set = format!("SET SESSION {limit}, time_zone = '+00:00'");
                it.execute(sqlx::raw_sql(AssertSqlSafe(set))).await?;
                it.execute(sqlx::raw_sql("START TRANSACTION READ ONLY")).await?;
            }
            Connection::Sqlite(it) => {
                it.execute(sqlx::raw_sql("PRAGMA query_only = ON; BEGIN")).await?;
            }
        }
        Ok(())
    }

    /// The names and types of the columns that `sql` has.
    pub(super) async fn columns(
        &self,
        connection: &mut Connection,
        sql: String,
    ) -> Result<Vec<(String, String)>, DatabaseError> {
        let described = async {
            let sql = AssertSqlSafe(sql).into_sql_str();
            each!(connection, it => it.prepare(sql).await.map(|statement| {
                let columns = statement.columns().iter();
                columns.map(|it| (it.name().to_owned(), it.type_info().name().to_owned())).collect()
            }))
        };
        self.statement(described).await
    }

    pub(super) async fn count(
        &self,
        connection: &mut Connection,
        sql: String,
    ) -> Result<i64, DatabaseError> {
        let count = async {
            let sql = AssertSqlSafe(sql);
            each!(connection, it => sqlx::query_scalar(sql).persistent(false).fetch_one(it).await)
        };
        self.statement(count).await
    }

    /// The rows of `sql`, until there are enough bytes.
    pub(super) async fn rows(
        &self,
        connection: &mut Connection,
        sql: String,
        parameters: &[&Mark],
    ) -> Result<Answer, DatabaseError> {
        let sql = AssertSqlSafe(sql);
        let rows = async {
            match connection {
                Connection::Postgres(it) => {
                    let query = parameters
                        .iter()
                        .fold(sqlx::query(sql), |query, mark| query.bind(mark.text.as_str()));
                    drain(query.persistent(false).fetch(it), bytes).await
                }
                Connection::MySql(it) => {
                    let query = parameters
                        .iter()
                        .fold(sqlx::query(sql), |query, mark| query.bind(mark.text.as_str()));
                    drain(query.persistent(false).fetch(it), bytes).await
                }
                Connection::Sqlite(it) => {
                    let mut query = sqlx::query(sql);
                    for mark in parameters {
                        let number = |error| sqlx::Error::Encode(error);
                        query = match mark.dtype.as_str() {
                            "integer" => query.bind(
                                mark.text.parse::<i64>().map_err(|error| number(error.into()))?,
                            ),
                            "real" => query.bind(
                                mark.text.parse::<f64>().map_err(|error| number(error.into()))?,
                            ),
                            _ => query.bind(mark.text.as_str()),
                        };
                    }
                    drain(query.persistent(false).fetch(it), written).await
                }
            }
        };
        self.statement(rows).await
    }

    pub(super) async fn close(&self, connection: Connection) {
        // All is read; that goodbye is not heard changes nothing.
        let close = async { each!(connection, it => it.close().await) };
        let _ = tokio::time::timeout(self.connect_timeout, close).await;
    }

    async fn statement<T>(
        &self,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, DatabaseError> {
        let work = async { work.await.map_err(|error| self.failed(&error)) };
        self.within("statement_timeout", self.statement_timeout, work).await
    }

    /// `work`, unless it takes longer than `after`: by our clock, should the server not keep to its
    /// own, or the network be gone.
    async fn within<T>(
        &self,
        setting: &'static str,
        after: Duration,
        work: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<T, DatabaseError> {
        let done = tokio::time::timeout(after, work).await;
        done.unwrap_or_else(|_| Err(self.timeout(setting, after)))
    }

    fn timeout(&self, setting: &'static str, after: Duration) -> DatabaseError {
        DatabaseError::Timeout {
            name: self.name.clone(),
            place: self.place.clone(),
            after,
            setting,
        }
    }

    /// What the driver's error is to a user: refused, broken off, or too late.
    fn failed(&self, error: &sqlx::Error) -> DatabaseError {
        let (name, place, reason) = (self.name.clone(), self.place.clone(), words(error));
        let sqlx::Error::Database(error) = error else {
            return DatabaseError::Broken { name, place, reason };
        };
        let mysql = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
        let number = mysql.map(|error| error.number().to_string());
        let code = number.or_else(|| error.code().map(Into::into)).unwrap_or_default();
        match (self.dialect, code.as_str()) {
            (Dialect::Postgres, "57014") | (Dialect::MySql, "3024" | "1969") => {
                self.timeout("statement_timeout", self.statement_timeout)
            }
            // Shutting down, overloaded, or in the way of another transaction.
            (Dialect::Postgres, code)
                if ["08", "40", "53", "57"].contains(&code.get(..2).unwrap_or_default()) =>
            {
                DatabaseError::Broken { name, place, reason }
            }
            (Dialect::MySql, "1053" | "1205" | "1213") | (Dialect::Sqlite, "5" | "6") => {
                DatabaseError::Broken { name, place, reason }
            }
            _ => DatabaseError::Query { name, place, reason },
        }
    }
}

/// What an error says, on one line.
fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => cut(error.message(), 400),
        other => cut(&other.to_string(), 400),
    }
}

async fn drain<R: Row>(
    mut rows: BoxStream<'_, sqlx::Result<R>>,
    cell: fn(&R, usize) -> sqlx::Result<Option<Vec<u8>>>,
) -> sqlx::Result<Answer> {
    let (mut all, mut bytes) = (Vec::new(), 0usize);
    while let Some(row) = rows.try_next().await? {
        let raw = (0..row.len()).map(|at| cell(&row, at)).collect::<sqlx::Result<Raw>>()?;
        bytes += raw.iter().flatten().map(Vec::len).sum::<usize>();
        all.push(raw);
        if bytes >= PAGE_BYTES {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}

/// A cell that the server wrote as text.
fn bytes<R: Row>(row: &R, at: usize) -> sqlx::Result<Option<Vec<u8>>>
where
    usize: ColumnIndex<R>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get_unchecked(at)
}

/// A cell of SQLite, which may be of any type: floats with as many digits as tell them from all
/// others.
fn written(row: &SqliteRow, at: usize) -> sqlx::Result<Option<Vec<u8>>> {
    let real = row.try_get_raw(at)?.type_info().name() == "REAL";
    match real {
        true => {
            let value: Option<f64> = row.try_get_unchecked(at)?;
            Ok(value.map(|value| format!("{value:?}").into_bytes()))
        }
        false => row.try_get_unchecked(at),
    }
}

// The options hold the password.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}
