//! The client of a server, and its connections.

use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::ErrorKind;

use super::target::MySqlTarget;
use crate::sql::LOCK_TIMEOUT;
use crate::{Error, Result};

/// The timeout for connecting to a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Returns the statement that begins every session: times are UTC, values that do not fit are
/// refused, and waits for locks are limited.
fn session_settings() -> String {
    let seconds = LOCK_TIMEOUT.as_secs();
    format!(
        "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', \
         lock_wait_timeout = LEAST(@@lock_wait_timeout, {seconds}), \
         innodb_lock_wait_timeout = LEAST(@@innodb_lock_wait_timeout, {seconds})"
    )
}

/// A database of a MySQL or MariaDB server.
#[derive(Debug)]
pub(crate) struct MySql {
    pub(super) target: MySqlTarget,
}

impl MySql {
    /// Returns the name of the database.
    pub(super) fn database(&self) -> &str {
        self.target.options.db_name().unwrap_or_default()
    }

    /// Connects, and begins a session.
    pub(super) async fn connection(&self) -> Result<Conn> {
        let connect = async {
            let mut connection = Conn::new(self.target.options.clone()).await?;
            connection.query_drop(session_settings()).await?;
            Ok(connection)
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected.map_err(|error| self.to_error(error, None)),
            Err(_) => Err(Error::server(
                ErrorKind::Unavailable,
                format!("it does not answer within {} s", CONNECT_TIMEOUT.as_secs()),
                "check host, port and network, and that the server runs",
            )),
        }
    }

    /// Runs a statement without parameters that concerns no table.
    pub(super) async fn run_statement(
        &self,
        connection: &mut Connection,
        sql: String,
    ) -> Result<()> {
        let done = connection.conn()?.query_drop(sql).await;
        done.map_err(|error| self.to_error(error, None))
    }
}

/// A connection, with the properties of its server.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) conn: Option<Conn>,
    /// `true` while rows of a result may still be unread.
    pub(super) is_reading: bool,
    /// `true` if the server accepts data from the client for a load.
    pub(super) local_infile: bool,
    /// The maximum size in bytes of a packet, which is a statement or a value.
    pub(super) max_packet: usize,
    /// The binary collation in which trailing spaces of a text are significant.
    pub(super) collation: &'static str,
}

impl Connection {
    /// Returns the client, which exists until this connection is closed.
    pub(super) fn conn(&mut self) -> Result<&mut Conn> {
        self.conn.as_mut().ok_or_else(|| {
            Error::server(ErrorKind::Bug, "the connection was closed", "report this")
        })
    }
}

/// Dropped within a runtime, mysql_async first reads the rest of a result, even a hundred million
/// rows; elsewhere it just closes the socket.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take_if(|_| self.is_reading) {
            // If no thread can be started, the result is read to its end after all.
            drop(std::thread::Builder::new().spawn(move || drop(conn)));
        }
    }
}
