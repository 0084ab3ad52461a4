//! PostgreSQL: rows are written and read by binary `COPY`, in a schema of their own.

mod ddl;
mod decode;
mod encode;
mod error;
mod numeric;
mod read;
mod target;
mod write;

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use tidegauge_core::{Batch, ErrorKind, Table, WriteMode};

pub(crate) use self::target::Target;

use crate::sql::{
    Database, Dialect, LOCK_TIMEOUT, MIGRATIONS_TABLE, Query, Rows, SqlStore, StoredColumn,
    locked_out, refuse_views, told,
};
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

/// The timeout for connecting to a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// A schema of a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    target: Target,
}

/// Returns the store in the schema `target`, which connects on first use.
pub(crate) fn open(target: Target) -> SqlStore<Postgres> {
    SqlStore::new(Postgres { target })
}

impl Postgres {
    async fn connection(&self) -> Result<PgConnection> {
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
            Ok(connected) => connected.map_err(|error| self.failed(error, None)),
            Err(_) => Err(Error::server(
                ErrorKind::Unavailable,
                format!("it does not answer within {} s", CONNECT_TIMEOUT.as_secs()),
                "check host, port and network, and that the server runs",
            )),
        }
    }

    /// Creates the schema, and applies missing migrations of the built-in tables, in one process at
    /// a time.
    async fn migrate(&self, connection: &mut PgConnection) -> Result<()> {
        let failed = |error| self.failed(error, None);
        let mut transaction = connection.begin().await.map_err(failed)?;
        // The lock comes first: `IF NOT EXISTS` does not prevent two processes from creating the
        // same object at once.
        let alone = self.alone_at(&mut transaction, "migrations");
        told(&self.target.name, "its migrations", alone).await?;
        // The check comes first, because the schema's owner may lack the right to create schemas.
        let there = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        let there = sqlx::query_scalar(there).bind(&self.target.schema);
        if !there.fetch_one(&mut *transaction).await.map_err(failed)? {
            let schema = ddl::DIALECT.quoted(&self.target.schema);
            let sql = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
            sqlx::raw_sql(sql).execute(&mut *transaction).await.map_err(failed)?;
        }
        let tables = "SELECT EXISTS (SELECT 1 FROM pg_tables \
                      WHERE schemaname = $1 AND tablename = '_tidegauge_cursors') \
                      AND NOT EXISTS (SELECT 1 FROM pg_tables \
                      WHERE schemaname = $1 AND tablename = '_sqlx_migrations')";
        let is_gone = sqlx::query_scalar(tables).bind(&self.target.schema);
        if is_gone.fetch_one(&mut *transaction).await.map_err(failed)? {
            let reason = format!("{MIGRATIONS_TABLE} is gone");
            return Err(Error::Damaged { path: self.target.name.clone(), reason });
        }
        let migrated = MIGRATIONS.run_direct(None, &mut *transaction, false);
        let migrated = told(&self.target.name, "a built-in table", migrated).await;
        if let Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) = &migrated {
            transaction.rollback().await.map_err(failed)?;
            let views = "SELECT c.relname::text FROM pg_class c \
                         JOIN pg_namespace n ON n.oid = c.relnamespace \
                         WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')";
            let views = sqlx::query_scalar(views).bind(&self.target.schema);
            refuse_views(&views.fetch_all(connection).await.map_err(failed)?)?;
            return migrated.map_err(|error| self.not_migrated(error));
        }
        migrated.map_err(|error| self.not_migrated(error))?;
        transaction.commit().await.map_err(failed)
    }

    fn not_migrated(&self, error: MigrateError) -> Error {
        let path = self.target.name.clone();
        match error {
            MigrateError::VersionMissing(_) => Error::Newer { path },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                self.failed(error, None)
            }
            error @ (MigrateError::Dirty(_) | MigrateError::VersionMismatch(_)) => {
                Error::Damaged { path, reason: format!("{MIGRATIONS_TABLE} was changed: {error}") }
            }
            error => Error::Migrate { path, error: error.into() },
        }
    }

    /// Acquires the exclusive lock on `what` of this schema; it is held until the transaction ends.
    async fn alone_at(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        let locked = sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("tidegauge {} {what}", self.target.schema))
            .execute(connection)
            .await;
        locked.map(|_| ()).map_err(|error| match error::is_lock_timeout(&error) {
            true => Error::Busy { path: self.target.name.clone() },
            false => self.failed(error, None),
        })
    }
}

#[async_trait]
impl Database for Postgres {
    type Connection = PgConnection;

    const KEEPS_READERS: bool = true;

    fn dialect(&self) -> &'static Dialect {
        &ddl::DIALECT
    }

    fn name(&self) -> &str {
        &self.target.name
    }

    fn table(&self, name: &str) -> String {
        self.target.table(name)
    }

    async fn connect(&self) -> Result<PgConnection> {
        let mut connection = self.connection().await?;
        self.migrate(&mut connection).await?;
        Ok(connection)
    }

    async fn connect_reader(&self) -> Result<Option<PgConnection>> {
        self.connection().await.map(Some)
    }

    async fn is_alive(&self, connection: &mut PgConnection) -> bool {
        connection.ping().await.is_ok()
    }

    async fn close(&self, connection: PgConnection) {
        drop(connection.close().await); // there is nothing to lose
    }

    async fn stored(
        &self,
        connection: &mut PgConnection,
        table: &str,
    ) -> Result<Vec<StoredColumn>> {
        let stored = ddl::stored(connection, &self.target.schema, table).await;
        stored.map_err(|error| self.failed(error, None))
    }

    async fn run(&self, connection: &mut PgConnection, sql: String, at: &Table) -> Result<()> {
        // Identifiers are quoted, and the rest of the statement is not user input.
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        done.map(|_| ()).map_err(|error| self.failed(error, Some(at)))
    }

    fn create(&self, _: &PgConnection, table: &Table) -> String {
        ddl::create(table, &self.target.table(&table.name))
    }

    fn stage(&self, table: &Table) -> Option<Vec<String>> {
        Some(vec![write::stage(table)])
    }

    async fn begin(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        let begun = sqlx::raw_sql("BEGIN").execute(&mut *connection).await;
        begun.map_err(|error| self.failed(error, None))?;
        self.alone_at(connection, what).await
    }

    async fn also_alone(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        self.alone_at(connection, what).await
    }

    async fn lock(
        &self,
        connection: &mut PgConnection,
        tables: &[&Table],
        is_written: bool,
    ) -> Result<()> {
        let names: Vec<_> = tables.iter().map(|table| self.target.table(&table.name)).collect();
        let sql = match is_written {
            true => format!("LOCK TABLE {} IN ROW EXCLUSIVE MODE", names.join(", ")),
            // Like reading them, this locks the tables of a view too.
            false => format!("SELECT FROM {} LIMIT 0", names.join(", ")),
        };
        let locked = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        locked.map(|_| ()).map_err(|error| match error::is_lock_timeout(&error) {
            true => locked_out(tables, error::HOLDER),
            false => self.failed(error, None),
        })
    }

    async fn commit(&self, connection: &mut PgConnection, _: &str) -> Result<()> {
        let committed = sqlx::raw_sql("COMMIT").execute(connection).await;
        committed.map(|_| ()).map_err(|error| self.failed(error, None))
    }

    async fn cursors(
        &self,
        connection: &mut PgConnection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>> {
        let sql = "SELECT source, cursor FROM _tidegauge_cursors WHERE $1 IS NULL OR source = $1";
        let found = sqlx::query_as(sql).bind(source).fetch_all(connection).await;
        found.map_err(|error| self.failed(error, None))
    }

    async fn cursor(
        &self,
        connection: &mut PgConnection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>> {
        let sql = "SELECT cursor, loaded FROM _tidegauge_cursors WHERE source = $1";
        let found = sqlx::query_as(sql).bind(source).fetch_optional(connection).await;
        found.map_err(|error| self.failed(error, None))
    }

    async fn move_cursor(
        &self,
        connection: &mut PgConnection,
        source: &str,
        after: &str,
        loaded: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO _tidegauge_cursors (source, cursor, loaded) VALUES ($1, $2, $3) \
                   ON CONFLICT (source) DO UPDATE \
                   SET cursor = excluded.cursor, loaded = excluded.loaded";
        let moved = sqlx::query(sql).bind(source).bind(after).bind(loaded).execute(connection);
        moved.await.map(|_| ()).map_err(|error| self.failed(error, None))
    }

    async fn is_view(&self, connection: &mut PgConnection, table: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('v', 'm'))";
        let found = sqlx::query_scalar(sql).bind(&self.target.schema).bind(table);
        found.fetch_one(connection).await.map_err(|error| self.failed(error, None))
    }

    async fn delete(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        self.bind(connection, &query.params, &table.name).await?;
        // Identifiers are quoted and values bound; the rest of the statement is not user input.
        let query = sqlx::query(AssertSqlSafe(query.sql.clone())).persistent(false);
        let deleted = query.execute(connection).await;
        let deleted = deleted.map_err(|error| self.failed(error, Some(table)))?;
        Ok(usize::try_from(deleted.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn find(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        rows: &mut Rows,
    ) -> Result<()> {
        self.of_keys(connection, batch, rows).await
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.write(connection, batch, write).await
    }

    async fn insert_found(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.take_staged(connection, batch.table(), write).await
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()> {
        self.rows(connection, query, rows).await
    }
}
