//! Read-only connections to a user's database.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use secrecy::SecretString;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, ColumnIndex, ConnectOptions, Connection as _, Decode, Executor, Row,
    SqlSafeStr, Statement, Type, TypeInfo, ValueRef,
};

use tidegauge_core::ErrorKind;

use super::config::Config;
use super::dialect::Dialect;
use super::error::DatabaseError;
use super::progress::KeysetValue;
use super::target::{Options, Target};
use crate::text::cut;

/// A database server or file, and its timeouts.
pub(super) struct Client {
    name: String,
    pub(super) dialect: Dialect,
    /// The server and the database, without credentials.
    pub(super) place: String,
    options: Options,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

/// A connection within a read-only transaction.
pub(super) enum Connection {
    Postgres(PgConnection),
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// The cells of a row as text or bytes; `None` for null.
pub(super) type RawRow = Vec<Option<Vec<u8>>>;

/// Rows, and `true` if the statement has no more of them.
pub(super) type PageOfRows = (Vec<RawRow>, bool);

/// The number of bytes at which a page is full, whatever the number of its rows.
const PAGE_BYTES: usize = 64 * 1024 * 1024;

/// Evaluates the same expression for each kind of connection.
macro_rules! dispatch {
    ($connection:expr, $inner:ident => $body:expr) => {
        match $connection {
            Connection::Postgres($inner) => $body,
            Connection::MySql($inner) => $body,
            Connection::Sqlite($inner) => $body,
        }
    };
}

impl Client {
    pub(super) fn new(config: &Config, url: &SecretString) -> Result<Self, DatabaseError> {
        let Target { dialect, place, options } = Target::parse(config, url)?;
        Ok(Self {
            name: config.name.clone(),
            dialect,
            place,
            options,
            connect_timeout: config.connect_timeout,
            statement_timeout: config.statement_timeout,
        })
    }

    /// Connects and begins a read-only transaction whose time zone is UTC.
    pub(super) async fn connect(&self) -> Result<Connection, DatabaseError> {
        let refused = |error: &sqlx::Error| DatabaseError::Connect {
            name: self.name.clone(),
            place: self.place.clone(),
            reason: message_of(error),
            kind: self.connect_error_kind(error),
        };
        let connect = async {
            Ok(match &self.options {
                Options::Postgres(options) => Connection::Postgres(options.connect().await?),
                Options::MySql(options) => Connection::MySql(options.connect().await?),
                Options::Sqlite(options) => Connection::Sqlite(options.connect().await?),
            })
        };
        let connect = self.with_timeout("connect_timeout", self.connect_timeout, async {
            connect.await.map_err(|error: sqlx::Error| refused(&error))
        });
        let mut connection = connect.await?;
        let begin =
            async { self.begin(&mut connection).await.map_err(|error| self.failed(&error)) };
        self.with_timeout("connect_timeout", self.connect_timeout, begin).await?;
        Ok(connection)
    }

    /// Returns the kind of error that a failed connection is reported as.
    fn connect_error_kind(&self, error: &sqlx::Error) -> ErrorKind {
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
            // SQLite's error says no more than that the file cannot be opened.
            Options::Sqlite(options) => match std::fs::File::open(options.get_filename()) {
                Err(error) => ErrorKind::from_io(&error).unwrap_or(ErrorKind::Unavailable),
                Ok(_) => ErrorKind::Unavailable,
            },
        }
    }

    async fn begin(&self, connection: &mut Connection) -> sqlx::Result<()> {
        let millis = self.statement_timeout.as_millis();
        match connection {
            Connection::Postgres(connection) => {
                // One snapshot for all statements of a page.
                let begin = format!(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL TIME ZONE 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; \
                     SET LOCAL extra_float_digits = 3; SET LOCAL statement_timeout = {millis}"
                );
                connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
            }
            Connection::MySql(connection) => {
                let version: String =
                    sqlx::query_scalar("SELECT VERSION()").fetch_one(&mut *connection).await?;
                let limit = match version.contains("MariaDB") {
                    true => format!("max_statement_time = {}", millis.div_ceil(1000)),
                    false => format!("max_execution_time = {millis}"),
                };
                let set = format!("SET SESSION {limit}, time_zone = '+00:00'");
                connection.execute(sqlx::raw_sql(AssertSqlSafe(set))).await?;
                connection.execute(sqlx::raw_sql("START TRANSACTION READ ONLY")).await?;
            }
            Connection::Sqlite(connection) => {
                connection.execute(sqlx::raw_sql("PRAGMA query_only = ON; BEGIN")).await?;
            }
        }
        Ok(())
    }

    /// Returns the names and types of the columns of the statement `sql`.
    pub(super) async fn columns(
        &self,
        connection: &mut Connection,
        sql: String,
    ) -> Result<Vec<(String, String)>, DatabaseError> {
        let described = async {
            let sql = AssertSqlSafe(sql).into_sql_str();
            dispatch!(connection, inner => inner.prepare(sql).await.map(|statement| {
                let columns = statement.columns().iter();
                columns
                    .map(|column| (column.name().to_owned(), column.type_info().name().to_owned()))
                    .collect()
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
            dispatch!(connection, inner => sqlx::query_scalar(sql).persistent(false).fetch_one(inner).await)
        };
        self.statement(count).await
    }

    /// Returns the rows of `sql`, up to the one with which they reach [`PAGE_BYTES`].
    pub(super) async fn rows(
        &self,
        connection: &mut Connection,
        sql: String,
        parameters: &[&KeysetValue],
    ) -> Result<PageOfRows, DatabaseError> {
        let sql = AssertSqlSafe(sql);
        let rows = async {
            match connection {
                Connection::Postgres(connection) => {
                    let query = parameters
                        .iter()
                        .fold(sqlx::query(sql), |query, value| query.bind(value.text.as_str()));
                    collect_page(query.persistent(false).fetch(connection), text_cell).await
                }
                Connection::MySql(connection) => {
                    let query = parameters
                        .iter()
                        .fold(sqlx::query(sql), |query, value| query.bind(value.text.as_str()));
                    collect_page(query.persistent(false).fetch(connection), text_cell).await
                }
                Connection::Sqlite(connection) => {
                    let mut query = sqlx::query(sql);
                    for value in parameters {
                        let number = |error| sqlx::Error::Encode(error);
                        query = match value.dtype.as_str() {
                            "integer" => query.bind(
                                value.text.parse::<i64>().map_err(|error| number(error.into()))?,
                            ),
                            "real" => query.bind(
                                value.text.parse::<f64>().map_err(|error| number(error.into()))?,
                            ),
                            _ => query.bind(value.text.as_str()),
                        };
                    }
                    collect_page(query.persistent(false).fetch(connection), sqlite_cell).await
                }
            }
        };
        self.statement(rows).await
    }

    /// Reads the rows of `sql` one by one into `take`, until that returns `false`.
    pub(super) async fn stream(
        &self,
        connection: &mut Connection,
        sql: String,
        take: impl FnMut(RawRow) -> bool,
    ) -> Result<(), DatabaseError> {
        let query = AssertSqlSafe(sql);
        let rows = async {
            match connection {
                Connection::Postgres(connection) => {
                    let rows = sqlx::query(query).persistent(false).fetch(connection);
                    each_row(rows, text_cell, take).await
                }
                Connection::MySql(connection) => {
                    let rows = sqlx::query(query).persistent(false).fetch(connection);
                    each_row(rows, text_cell, take).await
                }
                Connection::Sqlite(connection) => {
                    let rows = sqlx::query(query).persistent(false).fetch(connection);
                    each_row(rows, sqlite_cell, take).await
                }
            }
        };
        self.statement(rows).await
    }

    pub(super) async fn close(&self, connection: Connection) {
        // All rows are read: a connection that is not closed properly has no effect on them.
        let close = async { dispatch!(connection, inner => inner.close().await) };
        let _ = tokio::time::timeout(self.connect_timeout, close).await;
    }

    async fn statement<T>(
        &self,
        work: impl Future<Output = sqlx::Result<T>>,
    ) -> Result<T, DatabaseError> {
        let work = async { work.await.map_err(|error| self.failed(&error)) };
        self.with_timeout("statement_timeout", self.statement_timeout, work).await
    }

    /// Returns the result of `work`, or a timeout error if it takes longer than `after` by the
    /// local clock. The server's own timeout may not be kept, and the network may be down.
    async fn with_timeout<T>(
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

    /// Returns the error that a failed statement is reported as: a rejected query, a broken
    /// connection, or a timeout.
    fn failed(&self, error: &sqlx::Error) -> DatabaseError {
        let (name, place, reason) = (self.name.clone(), self.place.clone(), message_of(error));
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
            // Shutting down, overloaded, or in conflict with another transaction.
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

/// Returns the message of an error, of at most 400 characters.
fn message_of(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => cut(error.message(), 400),
        other => cut(&other.to_string(), 400),
    }
}

async fn each_row<R: Row>(
    mut rows: BoxStream<'_, sqlx::Result<R>>,
    cell: fn(&R, usize) -> sqlx::Result<Option<Vec<u8>>>,
    mut take: impl FnMut(RawRow) -> bool,
) -> sqlx::Result<()> {
    while let Some(row) = rows.try_next().await? {
        let raw = (0..row.len()).map(|at| cell(&row, at)).collect::<sqlx::Result<RawRow>>()?;
        if !take(raw) {
            break;
        }
    }
    Ok(())
}

async fn collect_page<R: Row>(
    mut rows: BoxStream<'_, sqlx::Result<R>>,
    cell: fn(&R, usize) -> sqlx::Result<Option<Vec<u8>>>,
) -> sqlx::Result<PageOfRows> {
    let (mut all, mut bytes) = (Vec::new(), 0usize);
    while let Some(row) = rows.try_next().await? {
        let raw = (0..row.len()).map(|at| cell(&row, at)).collect::<sqlx::Result<RawRow>>()?;
        bytes += raw.iter().flatten().map(Vec::len).sum::<usize>();
        all.push(raw);
        if bytes >= PAGE_BYTES {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}

/// Returns the bytes of a cell that the server sent as text, or `None` if it is null.
fn text_cell<R: Row>(row: &R, at: usize) -> sqlx::Result<Option<Vec<u8>>>
where
    usize: ColumnIndex<R>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get_unchecked(at)
}

/// Returns the text or bytes of a cell of SQLite, which may be of any type, or `None` if it is
/// null. Floats are written with as many digits as identify them.
fn sqlite_cell(row: &SqliteRow, at: usize) -> sqlx::Result<Option<Vec<u8>>> {
    let real = row.try_get_raw(at)?.type_info().name() == "REAL";
    match real {
        true => {
            let value: Option<f64> = row.try_get_unchecked(at)?;
            Ok(value.map(|value| format!("{value:?}").into_bytes()))
        }
        false => row.try_get_unchecked(at),
    }
}

// The options contain the password.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("place", &self.place).finish_non_exhaustive()
    }
}
