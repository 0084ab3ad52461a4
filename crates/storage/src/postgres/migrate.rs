//! Migrations of the built-in tables, in one process at a time.

use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};

use super::client::Postgres;
use super::ddl;
use crate::sql::{MIGRATIONS_TABLE, refuse_views, warn_if_slow};
use crate::{Error, Result};

/// The migrations of the built-in tables and the cursors, forward only: a released file never
/// changes.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files: &[(i64, &str, &str)] = include!("../../migrations/postgres/list.rs");
    let migration = |(version, what, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*what).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(files.iter().map(migration).collect());
    // The store uses its own lock, which covers only the schema and whose wait is limited.
    migrator.set_locking(false);
    migrator
});

impl Postgres {
    /// Creates the schema, and applies missing migrations of the built-in tables, in one process at
    /// a time.
    pub(super) async fn migrate(&self, connection: &mut PgConnection) -> Result<()> {
        let to_error = |error| self.to_error(error, None);
        let mut transaction = connection.begin().await.map_err(to_error)?;
        // The lock comes first: `IF NOT EXISTS` does not prevent two processes from creating the
        // same object at once.
        let alone = self.acquire_lock(&mut transaction, "migrations");
        warn_if_slow(&self.target.name, "its migrations", alone).await?;
        // The check comes first, because the schema's owner may lack the right to create schemas.
        let exists = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        let exists = sqlx::query_scalar(exists).bind(&self.target.schema);
        if !exists.fetch_one(&mut *transaction).await.map_err(to_error)? {
            let schema = ddl::DIALECT.quoted(&self.target.schema);
            let sql = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
            sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(to_error)?;
        }
        let tables = "SELECT EXISTS (SELECT 1 FROM pg_tables \
                      WHERE schemaname = $1 AND tablename = '_tidegauge_cursors') \
                      AND NOT EXISTS (SELECT 1 FROM pg_tables \
                      WHERE schemaname = $1 AND tablename = '_sqlx_migrations')";
        let is_gone = sqlx::query_scalar(tables).bind(&self.target.schema);
        if is_gone.fetch_one(&mut *transaction).await.map_err(to_error)? {
            let reason = format!("{MIGRATIONS_TABLE} is gone");
            return Err(Error::Damaged { path: self.target.name.clone(), reason });
        }
        let migrated = MIGRATIONS.run_direct(None, &mut *transaction, false);
        let migrated = warn_if_slow(&self.target.name, "a built-in table", migrated).await;
        if let Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) = &migrated {
            transaction.rollback().await.map_err(to_error)?;
            let views = "SELECT c.relname::text FROM pg_class c \
                         JOIN pg_namespace n ON n.oid = c.relnamespace \
                         WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')";
            let views = sqlx::query_scalar(views).bind(&self.target.schema);
            refuse_views(&views.fetch_all(connection).await.map_err(to_error)?)?;
            return migrated.map_err(|error| self.migration_error(error));
        }
        migrated.map_err(|error| self.migration_error(error))?;
        transaction.commit().await.map_err(to_error)
    }

    fn migration_error(&self, error: MigrateError) -> Error {
        let path = self.target.name.clone();
        match error {
            MigrateError::VersionMissing(_) => Error::NewerVersion { path },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                self.to_error(error, None)
            }
            error @ (MigrateError::Dirty(_) | MigrateError::VersionMismatch(_)) => {
                Error::Damaged { path, reason: format!("{MIGRATIONS_TABLE} was changed: {error}") }
            }
            error => Error::Migrate { path, error: error.into() },
        }
    }
}
