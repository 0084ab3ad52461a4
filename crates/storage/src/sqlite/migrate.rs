//! Migrations of the built-in tables, in one process at a time.

use std::path::Path;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, SqlSafeStr};

use super::error::classify;
use crate::sql::{MIGRATIONS_TABLE, refuse_views};
use crate::{Error, Result};

/// The migrations of the built-in tables and the cursors. Forward only: a released file never
/// changes.
///
/// They are listed in a file, because `sqlx::migrate!` would build SQLite a second time, for the
/// compiler.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files: &[(i64, &str, &str)] = include!("../../migrations/sqlite/list.rs");
    let migration = |(version, what, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*what).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
});

/// Applies pending migrations to the built-in tables; one process at a time.
pub(super) async fn migrate(path: &Path, connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction =
        connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| classify(path, error))?;
    let is_missing = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_tidegauge_cursors') \
                AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations')";
    let is_missing = sqlx::query_scalar(is_missing).fetch_one(&mut *transaction).await;
    if is_missing.map_err(|error| classify(path, error))? {
        return Err(Error::damaged(path, format!("{MIGRATIONS_TABLE} is gone")));
    }
    let done = MIGRATIONS.run_direct(None, &mut *transaction, false).await;
    if let Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) = &done {
        let views = "SELECT name FROM sqlite_master WHERE type = 'view'";
        let views = sqlx::query_scalar(views).fetch_all(&mut *transaction).await;
        refuse_views(&views.unwrap_or_default())?;
    }
    done.map_err(|error| match error {
        MigrateError::VersionMissing(_) => Error::NewerVersion { path: path.display().to_string() },
        MigrateError::Execute(error) => classify(path, error),
        MigrateError::ExecuteMigration(error, _) => classify(path, error),
        error @ (MigrateError::Dirty(_) | MigrateError::VersionMismatch(_)) => {
            Error::damaged(path, format!("{MIGRATIONS_TABLE} was changed: {error}"))
        }
        error => Error::Migrate { path: path.display().to_string(), error: error.into() },
    })?;
    transaction.commit().await.map_err(|error| classify(path, error))
}
