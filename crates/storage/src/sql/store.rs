//! The sink and warehouse over any SQL database.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{TryStreamExt, stream};
use tidegauge_core::{
    Aggregate, Aggregator, Batch, BatchStream, Cursor, Load, Loaded, Reset, Scan, Sink,
    SinkCapabilities, TableRef, Warehouse, WarehouseExt,
};
use tokio::sync::Mutex;

use super::aggregate::{AggregatePlan, plan_aggregate};
use super::batch_sender::{self, BatchSender};
use super::cursors::CURSORS;
use super::driver::Database;
use super::known_tables::KnownTables;
use super::load::check_rows;
use super::lock_wait::warn_if_slow;
use super::reset::check_cursors;
use super::scan_query::{ScanQuery, scan_query};
use super::writer::{Writer, lock_tables};
use crate::reserved::check_readable;
use crate::{Error, Result};

/// A slot for a connection, which is kept as long as nothing fails on it.
type Slot<C> = Mutex<Option<C>>;

/// The sink and warehouse over a [`Database`].
pub(crate) struct SqlStore<D: Database> {
    pub(crate) database: Arc<D>,
    /// The only writing connection.
    pub(crate) writer: Slot<Writer<D::Connection>>,
    /// A kept reading connection; a caller that finds the slot empty opens another one.
    reader: Arc<Slot<D::Connection>>,
}

impl<D: Database> Debug for SqlStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.database.fmt(f)
    }
}

impl<D: Database> Drop for SqlStore<D> {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.get_mut().take() {
            self.database.close_blocking(writer.connection);
        }
    }
}

impl<D: Database> SqlStore<D> {
    /// Creates the store of `database`, which connects on first use.
    pub(crate) fn new(database: D) -> Self {
        Self {
            database: Arc::new(database),
            writer: Mutex::new(None),
            reader: Arc::new(Mutex::new(None)),
        }
    }

    fn to_core_error(&self, error: Error) -> tidegauge_core::Error {
        error.into_core(self.database.name())
    }

    /// Runs `write` on the writing connection, which is kept unless something fails.
    async fn with_writer<T>(
        &self,
        write: impl AsyncFnOnce(&D, &mut Writer<D::Connection>) -> Result<T>,
    ) -> tidegauge_core::Result<T> {
        let write = async {
            let mut slot = self.writer.lock().await;
            let mut writer = match slot.take() {
                Some(writer) => writer,
                None => {
                    let connection = self.database.connect().await?;
                    Writer {
                        connection,
                        known_tables: KnownTables::default(),
                        checked: HashSet::new(),
                    }
                }
            };
            let done = write(&self.database, &mut writer).await;
            match done {
                Ok(_) => *slot = Some(writer),
                Err(_) => self.database.close(writer.connection).await,
            }
            done
        };
        write.await.map_err(|error| self.to_core_error(error))
    }

    /// Returns a connection for the exclusive use of the caller; `None` if there is nothing to read
    /// yet.
    async fn take_reader(&self) -> Result<Option<D::Connection>> {
        let reusable = self.reader.lock().await.take();
        // The server may have restarted since the last read.
        if let Some(mut connection) = reusable
            && self.database.is_alive(&mut connection).await
        {
            return Ok(Some(connection));
        }
        self.database.connect_reader().await
    }

    /// Keeps a connection on which nothing failed, or closes it.
    async fn put_reader(database: &D, slot: &Slot<D::Connection>, connection: D::Connection) {
        match D::REUSES_READERS {
            true => *slot.lock().await = Some(connection),
            false => database.close(connection).await,
        }
    }

    /// Runs `read` on a reading connection, and returns its result.
    async fn with_reader<T>(
        &self,
        read: impl AsyncFnOnce(&D, &mut D::Connection) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(mut connection) = self.take_reader().await? else { return Ok(None) };
        let found = read(&self.database, &mut connection).await;
        match &found {
            Ok(_) => Self::put_reader(&self.database, &self.reader, connection).await,
            Err(_) => self.database.close(connection).await,
        }
        found.map(Some)
    }

    async fn cursors_of(
        &self,
        source: Option<&str>,
    ) -> tidegauge_core::Result<Vec<(String, String)>> {
        let found = self.with_reader(async |database, connection| {
            match database.stored_columns(connection, CURSORS).await?.is_empty() {
                true => Ok(Vec::new()),
                false => {
                    let cursors = database.cursors(connection, source);
                    warn_if_slow(database.name(), "table `_tidegauge_cursors`", cursors).await
                }
            }
        });
        found.await.map(Option::unwrap_or_default).map_err(|error| self.to_core_error(error))
    }

    /// Returns the numbers of rows that `reset` would remove, over a reading connection.
    async fn count_removals(&self, reset: &Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        let mut found: BTreeMap<_, _> = self.cursors_of(None).await?.into_iter().collect();
        check_cursors(reset.cursors, |source| found.remove(source).map(Cursor::new))
            .map_err(|error| self.to_core_error(error))?;
        let mut counts = Vec::with_capacity(reset.removals.len());
        for removal in reset.removals {
            let rows = self.count_where(removal.table(), removal.filter().clone()).await?;
            counts.push(rows);
        }
        Ok(counts)
    }

    /// Returns the stream of the rows of `query`, which owns its connection.
    fn stream(&self, mut connection: D::Connection, query: ScanQuery) -> BatchStream {
        let (database, slot) = (self.database.clone(), self.reader.clone());
        batch_sender::spawn_stream(self.database.name().to_owned(), |sender| async move {
            let mut rows = BatchSender::new(&query, sender.clone());
            let read = async {
                database.read(&mut connection, &query.query, &mut rows).await?;
                rows.finish().await
            };
            match read.await {
                Ok(true) => Self::put_reader(&database, &slot, connection).await,
                // The server may still be sending rows: a regular close would read them all.
                Ok(false) => drop(connection),
                Err(error) => {
                    drop(connection);
                    // The receiver may be gone.
                    let _ = sender.send(Err(error.into_core(database.name()))).await;
                }
            }
        })
    }

    async fn open_scan(&self, scan: &Scan) -> Result<Option<BatchStream>> {
        check_readable(&scan.table)?;
        scan.required_columns()?;
        let Some(mut connection) = self.take_reader().await? else { return Ok(None) };
        let database = &self.database;
        let stored = database.stored_columns(&mut connection, &scan.table.name).await?;
        let table = database.table(&scan.table.name);
        match scan_query(database.dialect(), table, scan, &stored)? {
            Some(query) => {
                lock_tables(&**database, &mut connection, &[&scan.table], false).await?;
                Ok(Some(self.stream(connection, query)))
            }
            None => {
                Self::put_reader(database, &self.reader, connection).await;
                Ok(None)
            }
        }
    }

    async fn compute_aggregate(&self, aggregate: &Aggregate) -> Result<Batch> {
        check_readable(&aggregate.table)?;
        let result = aggregate.output_schema()?;
        let mut fold = Aggregator::new(aggregate)?;
        let Some(mut connection) = self.take_reader().await? else { return Ok(fold.finish()?) };
        let database = &self.database;
        let stored = database.stored_columns(&mut connection, &aggregate.table.name).await?;
        let table = database.table(&aggregate.table.name);
        if !stored.is_empty() {
            lock_tables(&**database, &mut connection, &[&aggregate.table], false).await?;
        }
        match plan_aggregate(database.dialect(), table.clone(), aggregate, &stored)? {
            AggregatePlan::Empty => Self::put_reader(database, &self.reader, connection).await,
            AggregatePlan::Pushdown(query) => {
                let query = ScanQuery { query, table: result.clone(), residual: None };
                let batches: Vec<Batch> = self.stream(connection, query).try_collect().await?;
                return Ok(Batch::concat(&result, &batches)?);
            }
            AggregatePlan::Local => {
                let scan = aggregate.scan()?;
                match scan_query(database.dialect(), table, &scan, &stored)? {
                    None => Self::put_reader(database, &self.reader, connection).await,
                    Some(query) => {
                        let mut batches = self.stream(connection, query);
                        while let Some(batch) = batches.try_next().await? {
                            fold.add(&batch)?;
                        }
                    }
                }
            }
        }
        Ok(fold.finish()?)
    }
}

#[async_trait]
impl<D: Database> Sink for SqlStore<D> {
    fn name(&self) -> &str {
        self.database.name()
    }

    fn capabilities(&self) -> SinkCapabilities {
        self.database.capabilities()
    }

    async fn check(&self, source: &str, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        // A writer has checked the cursors before; a reader changes nothing, and needs no right to.
        if self.writer.lock().await.is_some() {
            return self
                .with_writer(async |database, writer| writer.check(database, source, tables).await)
                .await;
        }
        let checked = self.with_reader(async |database, connection| {
            let stored = database.stored_columns(connection, CURSORS).await?;
            // The table does not exist yet, or is of a release that stored no checkpoints.
            if stored.iter().all(|column| column.name != "loaded") {
                return Ok(());
            }
            check_rows(database, connection, source, tables, &mut HashSet::new()).await
        });
        checked.await.map(drop).map_err(|error| self.to_core_error(error))
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        self.with_writer(async |database, writer| writer.prepare(database, tables).await).await
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let found = self.cursors_of(None).await?;
        Ok(found.into_iter().map(|(source, cursor)| (source, Cursor::new(cursor))).collect())
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        let found = self.cursors_of(Some(source)).await?;
        Ok(found.into_iter().next().map(|(_, cursor)| Cursor::new(cursor)))
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<Loaded> {
        self.with_writer(async |database, writer| writer.load(database, load).await).await
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        if reset.dry_run {
            return self.count_removals(&reset).await;
        }
        self.with_writer(async |database, writer| writer.reset(database, &reset).await).await
    }
}

#[async_trait]
impl<D: Database> Warehouse for SqlStore<D> {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        let stream = self.open_scan(scan).await.map_err(|error| self.to_core_error(error))?;
        Ok(stream.unwrap_or_else(|| Box::pin(stream::empty())))
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        self.compute_aggregate(aggregate).await.map_err(|error| self.to_core_error(error))
    }
}
