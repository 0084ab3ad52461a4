//! PostgreSQL: rows go in and out by binary `COPY`, in a schema of our own.

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
use tidegauge_core::{Batch, ErrorKind, Table};

pub(crate) use self::target::Target;

use crate::sql::{Database, Dialect, Query, Rows, SqlStore, StoredColumn};
use crate::{Error, Result};

/// The built-in tables and the cursors. Forward only: a released file never changes.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let files: &[(i64, &str, &str)] = include!("../../migrations/postgres/list.rs");
    let migration = |(version, what, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*what).into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
});

/// How long a server may take to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// A schema of a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    target: Target,
}

/// Returns the store in the schema that is `target`, to which it connects when that is needed.
pub(crate) fn open(target: Target) -> SqlStore<Postgres> {
    SqlStore::new(Postgres { target })
}

impl Postgres {
    async fn connection(&self) -> Result<PgConnection> {
        let connect = async {
            let mut connection = self.target.options.connect().await?;
            // No other tables are found by mistake; the migrations are written without schema.
            let path = format!("SET search_path TO {}", ddl::DIALECT.quoted(&self.target.schema));
            sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut connection).await?;
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

    /// Makes the schema, and brings the built-in tables up to date; one process at a time.
    async fn migrate(&self, connection: &mut PgConnection) -> Result<()> {
        let failed = |error| self.failed(error, None);
        // Asked first: whoever owns the schema need not be allowed to make any.
        let there = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        let there = sqlx::query_scalar(there).bind(&self.target.schema).fetch_one(&mut *connection);
        if !there.await.map_err(failed)? {
            let schema = ddl::DIALECT.quoted(&self.target.schema);
            let sql = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
            sqlx::raw_sql(sql).execute(&mut *connection).await.map_err(failed)?;
        }
        MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) => Error::Newer { path: self.target.name.clone() },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                failed(error)
            }
            error => Error::Migrate { path: self.target.name.clone(), error: error.into() },
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
        // Identifiers are quoted, and nothing else in it comes from outside.
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
        self.also_alone(connection, what).await
    }

    async fn also_alone(&self, connection: &mut PgConnection, what: &str) -> Result<()> {
        // Until the transaction ends.
        let locked = sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(format!("tidegauge {} {what}", self.target.schema))
            .execute(connection)
            .await;
        locked.map(|_| ()).map_err(|error| self.failed(error, None))
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

    async fn move_cursor(
        &self,
        connection: &mut PgConnection,
        source: &str,
        after: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO _tidegauge_cursors (source, cursor) VALUES ($1, $2) \
                   ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor";
        let moved = sqlx::query(sql).bind(source).bind(after).execute(connection).await;
        moved.map(|_| ()).map_err(|error| self.failed(error, None))
    }

    async fn delete(
        &self,
        connection: &mut PgConnection,
        query: &Query,
        table: &Table,
    ) -> Result<usize> {
        self.bind(connection, &query.params, &table.name).await?;
        // Identifiers are quoted, values bound; nothing else in it comes from outside.
        let query = sqlx::query(AssertSqlSafe(query.sql.clone())).persistent(false);
        let deleted = query.execute(connection).await;
        let deleted = deleted.map_err(|error| self.failed(error, Some(table)))?;
        Ok(usize::try_from(deleted.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn insert(&self, connection: &mut PgConnection, batch: &Batch) -> Result<()> {
        self.write(connection, batch).await
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
