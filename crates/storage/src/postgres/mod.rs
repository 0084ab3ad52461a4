//! PostgreSQL: rows go in and out by binary `COPY`, in a schema of our own.

mod aggregate;
mod ddl;
mod decode;
mod encode;
mod failure;
mod load;
mod numeric;
mod place;
mod scan;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Cursor, Load, Scan, Sink, TableRef, Warehouse};
use tokio::sync::Mutex;

pub(crate) use self::place::Place;

use crate::sql::Prepared;
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
const PATIENCE: Duration = Duration::from_secs(15);

/// A schema of a PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    place: Place,
    /// The one connection that writes, kept while nothing goes wrong on it.
    writer: Mutex<Option<Writer>>,
    /// One that reads, likewise; who finds it taken opens another.
    reader: Mutex<Option<PgConnection>>,
}

#[derive(Debug)]
struct Writer {
    connection: PgConnection,
    prepared: Prepared,
}

impl Postgres {
    pub(crate) fn open(place: Place) -> Self {
        Self { place, writer: Mutex::new(None), reader: Mutex::new(None) }
    }

    async fn connection(&self) -> Result<PgConnection> {
        let connect = async {
            let mut connection = self.place.options.connect().await?;
            // Nobody else's tables are found by mistake; the migrations are written without schema.
            let path = format!("SET search_path TO {}", ddl::DIALECT.quoted(&self.place.schema));
            sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut connection).await?;
            Ok(connection)
        };
        match tokio::time::timeout(PATIENCE, connect).await {
            Ok(connected) => connected.map_err(|error| self.failed(error, None)),
            Err(_) => Err(Error::Server {
                reason: format!("it does not answer within {} s", PATIENCE.as_secs()),
                mend: "check host, port and network, and that the server runs".into(),
            }),
        }
    }

    async fn writer(&self) -> Result<Writer> {
        let mut connection = self.connection().await?;
        self.migrate(&mut connection).await?;
        Ok(Writer { connection, prepared: Prepared::default() })
    }

    /// Makes the schema, and brings the built-in tables up to date; one process at a time.
    async fn migrate(&self, connection: &mut PgConnection) -> Result<()> {
        let failed = |error| self.failed(error, None);
        // Asked first: whoever owns the schema need not be allowed to make any.
        let there = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
        let there = sqlx::query_scalar(there).bind(&self.place.schema).fetch_one(&mut *connection);
        if !there.await.map_err(failed)? {
            let schema = ddl::DIALECT.quoted(&self.place.schema);
            let sql = AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
            sqlx::raw_sql(sql).execute(&mut *connection).await.map_err(failed)?;
        }
        MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) => Error::Newer { path: self.place.name.clone() },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                failed(error)
            }
            error => Error::Migrate { path: self.place.name.clone(), error },
        })
    }

    /// Does `write` on the writing connection. It is kept unless something fails on it: whatever
    /// transaction that left behind is closed with it.
    async fn writing(
        &self,
        write: impl AsyncFnOnce(&mut Writer) -> Result<()>,
    ) -> tidegauge_core::Result<()> {
        let write = async {
            let mut slot = self.writer.lock().await;
            let mut writer = match slot.take() {
                Some(writer) => writer,
                None => self.writer().await?,
            };
            let done = write(&mut writer).await;
            match done {
                Ok(()) => *slot = Some(writer),
                Err(_) => drop(writer.connection.close().await),
            }
            done
        };
        write.await.map_err(|error| error.of(&self.place.name))
    }

    /// What `read` finds out, on a connection that nobody else uses meanwhile.
    async fn reading<T>(
        &self,
        read: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
    ) -> tidegauge_core::Result<T> {
        let read = async {
            let mut kept = self.reader.lock().await.take();
            // The server may have gone away, and come back.
            if let Some(connection) = &mut kept
                && connection.ping().await.is_err()
            {
                kept = None;
            }
            let mut connection = match kept {
                Some(kept) => kept,
                None => self.connection().await?,
            };
            let found = read(&mut connection).await;
            if found.is_ok() {
                *self.reader.lock().await = Some(connection);
            }
            found
        };
        read.await.map_err(|error: Error| error.of(&self.place.name))
    }
}

#[async_trait]
impl Sink for Postgres {
    fn name(&self) -> &str {
        &self.place.name
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        self.writing(async |writer| self.make_ready(writer, tables).await).await
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        self.reading(async |connection| {
            let failed = |error| self.failed(error, None);
            let there = ddl::stored(connection, &self.place.schema, load::CURSORS).await;
            match there.map_err(failed)?.is_empty() {
                true => Ok(None),
                false => load::cursor(connection, source).await.map_err(failed),
            }
        })
        .await
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        self.reading(async |connection| {
            let failed = |error| self.failed(error, None);
            let there = ddl::stored(connection, &self.place.schema, load::CURSORS).await;
            match there.map_err(failed)?.is_empty() {
                true => Ok(BTreeMap::new()),
                false => load::cursors(connection).await.map_err(failed),
            }
        })
        .await
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<()> {
        self.writing(async |writer| self.commit(writer, load).await).await
    }
}

#[async_trait]
impl Warehouse for Postgres {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<DataFrame> {
        self.reading(async |connection| self.read(connection, scan).await).await
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<DataFrame> {
        self.reading(async |connection| self.summarise(connection, aggregate).await).await
    }
}
