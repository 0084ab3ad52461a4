//! The client of a server.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};
use tidegauge_core::ErrorKind;

use super::ddl;
use super::target::PostgresTarget;
use crate::sql::LOCK_TIMEOUT;
use crate::{Error, Result};

/// The timeout for connecting to a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// A schema of a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    pub(super) target: PostgresTarget,
}

impl Postgres {
    /// Connects, and begins a session.
    pub(super) async fn connection(&self) -> Result<PgConnection> {
        let connect = async {
            let mut connection = self.target.options.connect().await?;
            // Tables of other schemas are not found by mistake, and the migrations do not name the
            // schema. Waits for locks are limited, unless the server or its user has a limit
            // already.
            let settings = format!(
                "SET search_path TO {}; \
                 SELECT set_config('lock_timeout', '{}ms', false) \
                 WHERE current_setting('lock_timeout') = '0'",
                ddl::DIALECT.quoted(&self.target.schema),
                LOCK_TIMEOUT.as_millis()
            );
            sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut connection).await?;
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
}
