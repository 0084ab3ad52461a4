//! Advisory locks, one for each purpose within a schema.

use sqlx::postgres::PgConnection;

use super::client::Postgres;
use super::error::is_lock_timeout;
use crate::{Error, Result};

impl Postgres {
    /// Acquires the exclusive lock on `what` of this schema; it is held until the transaction ends.
    pub(super) async fn acquire_lock(
        &self,
        connection: &mut PgConnection,
        what: &str,
    ) -> Result<()> {
        let locked = sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("tidegauge {} {what}", self.target.schema))
            .execute(connection)
            .await;
        locked.map(|_| ()).map_err(|error| match is_lock_timeout(&error) {
            true => Error::Busy { path: self.target.name.clone() },
            false => self.to_error(error, None),
        })
    }
}
