//! MySQL and MariaDB: rows go in by `LOAD DATA LOCAL INFILE` where the server allows it.

mod aggregate;
mod ddl;
mod encode;
mod failure;
mod load;
mod migrate;
mod place;
mod scan;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Cursor, Load, Scan, Sink, TableRef, Warehouse};
use tokio::sync::Mutex;

pub(crate) use self::place::Place;

use crate::sql::Prepared;
use crate::{Error, Result};

/// How long a server may take to let us in.
const PATIENCE: Duration = Duration::from_secs(15);

/// What every session of ours begins with: times are UTC, and what does not fit is refused.
const SESSION: &str = "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'";

/// A database of a MySQL or MariaDB server.
#[derive(Debug)]
pub(crate) struct MySql {
    place: Place,
    /// The one connection that writes, kept while nothing goes wrong on it.
    writer: Mutex<Option<Writer>>,
    /// One that reads, likewise; who finds it taken opens another.
    reader: Mutex<Option<Conn>>,
}

#[derive(Debug)]
struct Writer {
    connection: Conn,
    /// Whether the server takes the text of a load from us.
    takes_files: bool,
    collation: &'static str,
    prepared: Prepared,
}

impl MySql {
    pub(crate) fn open(place: Place) -> Self {
        Self { place, writer: Mutex::new(None), reader: Mutex::new(None) }
    }

    fn database(&self) -> &str {
        self.place.options.db_name().unwrap_or_default()
    }

    async fn connection(&self) -> Result<Conn> {
        let connect = async {
            let mut connection = Conn::new(self.place.options.clone()).await?;
            connection.query_drop(SESSION).await?;
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
        let failed = |error| self.failed(error, None);
        let asked: Option<(bool, String)> =
            connection.query_first("SELECT @@local_infile, VERSION()").await.map_err(failed)?;
        let (takes_files, version) = asked.unwrap_or_default();
        if !takes_files {
            tracing::info!(
                store = self.place.name,
                "the server's local_infile is off: rows go in by INSERT, more slowly"
            );
        }
        // By its bytes, and spaces at its end count: the two call that differently.
        let is_maria = version.to_lowercase().contains("mariadb");
        let collation = if is_maria { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        self.migrate(&mut connection, collation).await?;
        Ok(Writer { connection, takes_files, collation, prepared: Prepared::default() })
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
                Err(_) => drop(writer.connection.disconnect().await),
            }
            done
        };
        write.await.map_err(|error| error.of(&self.place.name))
    }

    /// What `read` finds out, on a connection that nobody else uses meanwhile.
    async fn reading<T>(
        &self,
        read: impl AsyncFnOnce(&mut Conn) -> Result<T>,
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
impl Sink for MySql {
    fn name(&self) -> &str {
        &self.place.name
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        self.writing(async |writer| self.make_ready(writer, tables).await).await
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        self.reading(async |connection| {
            let failed = |error| self.failed(error, None);
            let there = ddl::stored(connection, load::CURSORS).await;
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
            let there = ddl::stored(connection, load::CURSORS).await;
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
impl Warehouse for MySql {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<DataFrame> {
        self.reading(async |connection| self.read(connection, scan).await).await
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<DataFrame> {
        self.reading(async |connection| self.summarise(connection, aggregate).await).await
    }
}
