//! The sink and warehouse over any SQL database.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{TryStreamExt, stream};
use tidegauge_core::{
    Aggregate, Batch, BatchStream, Cursor, Fold, Load, Loaded, Reset, Scan, Sink, SinkCapabilities,
    Table, TableRef, Warehouse, WarehouseExt, WriteMode,
};
use tokio::sync::Mutex;

use super::load::check;
use super::rows::{self, Rows};
use super::summary::Plan;
use super::{CURSORS, Dialect, Prepared, Query, Select, StoredColumn, select, summarise, told};
use crate::{Error, Result};

/// A client of a database, with the steps that loads and scans are made of.
///
/// After a failure, the caller must close the connection, and with it any open transaction.
#[async_trait]
pub(crate) trait Database: Debug + Send + Sync + 'static {
    /// A connection to the database.
    type Connection: Send + 'static;

    /// Whether a connection that has read is kept for the next read.
    const KEEPS_READERS: bool;

    /// Returns the SQL dialect.
    fn dialect(&self) -> &'static Dialect;

    /// Returns the name of the database, without secrets.
    fn name(&self) -> &str;

    /// Returns the capabilities of the sink; all of them, unless an implementation says otherwise.
    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            exact_decimals: true,
            pushdown: true,
            aggregates: true,
            resets: true,
            replaces: true,
        }
    }

    /// Returns the table `name` as SQL.
    fn table(&self, name: &str) -> String;

    /// Connects for writing, and migrates the built-in tables to the current version.
    async fn connect(&self) -> Result<Self::Connection>;

    /// Connects for reading; returns `None` if there is nothing to read yet.
    async fn connect_reader(&self) -> Result<Option<Self::Connection>>;

    /// Returns `true` if a kept connection still works.
    async fn is_alive(&self, connection: &mut Self::Connection) -> bool;

    /// Closes a connection.
    async fn close(&self, connection: Self::Connection);

    /// Closes the writing connection outside a runtime, when the store is dropped.
    fn abandon(&self, connection: Self::Connection) {
        drop(connection);
    }

    /// Returns the columns of a table from the catalog of the database; empty if there is no such
    /// table.
    async fn stored(
        &self,
        connection: &mut Self::Connection,
        table: &str,
    ) -> Result<Vec<StoredColumn>>;

    /// Returns `true` if `table` is the name of a view.
    async fn is_view(&self, connection: &mut Self::Connection, table: &str) -> Result<bool>;

    /// Runs statements without parameters for the table `at`, which errors name.
    async fn run(&self, connection: &mut Self::Connection, sql: String, at: &Table) -> Result<()>;

    /// Returns the statements that create `table`.
    fn create(&self, connection: &Self::Connection, table: &Table) -> String;

    /// Returns the type of a column that is added to `table`.
    fn added(&self, _table: &Table, column: &tidegauge_core::Column) -> String {
        (self.dialect().declared)(column.dtype)
    }

    /// Returns the statements that create the temporary table for rows whose keys may be stored
    /// already; `None` if such rows need no temporary table.
    fn stage(&self, table: &Table) -> Option<Vec<String>>;

    /// Waits until no other process uses `what`, takes its lock, and begins a transaction.
    async fn begin(&self, connection: &mut Self::Connection, what: &str) -> Result<()>;

    /// Commits the transaction, and releases the lock of `what`.
    async fn commit(&self, connection: &mut Self::Connection, what: &str) -> Result<()>;

    /// Returns the cursor of `source`, or the cursors of all sources if `source` is `None`.
    async fn cursors(
        &self,
        connection: &mut Self::Connection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>>;

    /// Returns the cursor of `source`, and the tallies that are stored with it.
    async fn cursor(
        &self,
        connection: &mut Self::Connection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>>;

    /// Moves the cursor of `source` to `after`, and stores `loaded` with it.
    async fn move_cursor(
        &self,
        connection: &mut Self::Connection,
        source: &str,
        after: &str,
        loaded: &str,
    ) -> Result<()>;

    /// Takes the lock of `what` as well, until [`no_longer_alone`](Self::no_longer_alone). Does
    /// nothing where a transaction excludes all others from the database.
    async fn also_alone(&self, _: &mut Self::Connection, _what: &str) -> Result<()> {
        Ok(())
    }

    /// Releases the lock of `what`, after the commit. Does nothing where the commit has released
    /// it.
    async fn no_longer_alone(&self, _: &mut Self::Connection, _what: &str) -> Result<()> {
        Ok(())
    }

    /// Runs `query`, which deletes rows of `table`; returns the number of deleted rows.
    async fn delete(
        &self,
        connection: &mut Self::Connection,
        query: &Query,
        table: &Table,
    ) -> Result<usize>;

    /// Locks `tables` in the mode that reading or writing them takes, so that the next statements
    /// do not wait for a process that has locked one of them. Does nothing where a transaction
    /// takes all its locks at its beginning.
    async fn lock(
        &self,
        _connection: &mut Self::Connection,
        _tables: &[&Table],
        _is_written: bool,
    ) -> Result<()> {
        Ok(())
    }

    /// Passes the stored rows whose keys are in `batch` to `rows`; `batch` has each key once.
    async fn find(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        rows: &mut Rows,
    ) -> Result<()>;

    /// Writes the rows of `batch`, which has each key once if they replace stored rows
    /// ([`WriteMode::Merge`]).
    async fn insert(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()>;

    /// Writes like [`insert`](Self::insert) the same rows that were passed to [`find`](Self::find)
    /// just before, which the database may have already.
    async fn insert_found(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.insert(connection, batch, write).await
    }

    /// Runs `query`, and passes its rows to `rows` until no more are wanted.
    async fn read(
        &self,
        connection: &mut Self::Connection,
        query: &Query,
        rows: &mut Rows,
    ) -> Result<()>;
}

/// A writing connection, and what is known about the database on it.
#[derive(Debug)]
pub(crate) struct Writer<C> {
    pub(crate) connection: C,
    pub(super) prepared: Prepared,
    /// The pairs of source and table whose rows and cursors were found to agree.
    pub(super) checked: HashSet<(String, String)>,
}

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
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.database.fmt(f)
    }
}

impl<D: Database> Drop for SqlStore<D> {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.get_mut().take() {
            self.database.abandon(writer.connection);
        }
    }
}

impl<D: Database> SqlStore<D> {
    pub(crate) fn new(database: D) -> Self {
        Self {
            database: Arc::new(database),
            writer: Mutex::new(None),
            reader: Arc::new(Mutex::new(None)),
        }
    }

    fn named(&self, error: Error) -> tidegauge_core::Error {
        error.of(self.database.name())
    }

    /// Runs `write` on the writing connection, which is kept unless something fails.
    async fn writing<T>(
        &self,
        write: impl AsyncFnOnce(&D, &mut Writer<D::Connection>) -> Result<T>,
    ) -> tidegauge_core::Result<T> {
        let write = async {
            let mut slot = self.writer.lock().await;
            let mut writer = match slot.take() {
                Some(writer) => writer,
                None => {
                    let connection = self.database.connect().await?;
                    Writer { connection, prepared: Prepared::default(), checked: HashSet::new() }
                }
            };
            let done = write(&self.database, &mut writer).await;
            match done {
                Ok(_) => *slot = Some(writer),
                Err(_) => self.database.close(writer.connection).await,
            }
            done
        };
        write.await.map_err(|error| self.named(error))
    }

    /// Returns a connection for the exclusive use of the caller; `None` if there is nothing to read
    /// yet.
    async fn take_reader(&self) -> Result<Option<D::Connection>> {
        let kept = self.reader.lock().await.take();
        // The server may have restarted since the last read.
        if let Some(mut connection) = kept
            && self.database.is_alive(&mut connection).await
        {
            return Ok(Some(connection));
        }
        self.database.connect_reader().await
    }

    /// Keeps a connection on which nothing failed, or closes it.
    async fn put_reader(database: &D, slot: &Slot<D::Connection>, connection: D::Connection) {
        match D::KEEPS_READERS {
            true => *slot.lock().await = Some(connection),
            false => database.close(connection).await,
        }
    }

    /// Runs `read` on a reading connection, and returns its result.
    async fn reading<T>(
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
        let found = self.reading(async |database, connection| {
            match database.stored(connection, CURSORS).await?.is_empty() {
                true => Ok(Vec::new()),
                false => {
                    let cursors = database.cursors(connection, source);
                    told(database.name(), "table `_tidegauge_cursors`", cursors).await
                }
            }
        });
        found.await.map(Option::unwrap_or_default).map_err(|error| self.named(error))
    }

    /// Returns the numbers of rows that `reset` would remove, over a reading connection.
    async fn would_remove(&self, reset: &Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        let mut found: BTreeMap<_, _> = self.cursors_of(None).await?.into_iter().collect();
        super::reset::compare(reset.cursors, |source| found.remove(source).map(Cursor::new))
            .map_err(|error| self.named(error))?;
        let mut counts = Vec::with_capacity(reset.removals.len());
        for removal in reset.removals {
            let rows = self.count_where(removal.table(), removal.filter().clone()).await?;
            counts.push(rows);
        }
        Ok(counts)
    }

    /// Returns the stream of the rows of `select`, which owns its connection.
    fn stream(&self, mut connection: D::Connection, select: Select) -> BatchStream {
        let (database, slot) = (self.database.clone(), self.reader.clone());
        rows::spawn(self.database.name().to_owned(), |sender| async move {
            let mut rows = Rows::new(&select, sender.clone());
            let read = async {
                database.read(&mut connection, &select.query, &mut rows).await?;
                rows.finish().await
            };
            match read.await {
                Ok(true) => Self::put_reader(&database, &slot, connection).await,
                // The server may still be sending rows: a regular close would read them all.
                Ok(false) => drop(connection),
                Err(error) => {
                    drop(connection);
                    // The receiver may be gone.
                    let _ = sender.send(Err(error.of(database.name()))).await;
                }
            }
        })
    }

    async fn stream_of(&self, scan: &Scan) -> Result<Option<BatchStream>> {
        crate::check_read(&scan.table)?;
        scan.needed()?;
        let Some(mut connection) = self.take_reader().await? else { return Ok(None) };
        let database = &self.database;
        let stored = database.stored(&mut connection, &scan.table.name).await?;
        let table = database.table(&scan.table.name);
        match select(database.dialect(), table, scan, &stored)? {
            Some(select) => {
                locked(&**database, &mut connection, &[&scan.table], false).await?;
                Ok(Some(self.stream(connection, select)))
            }
            None => {
                Self::put_reader(database, &self.reader, connection).await;
                Ok(None)
            }
        }
    }

    async fn summary_of(&self, aggregate: &Aggregate) -> Result<Batch> {
        crate::check_read(&aggregate.table)?;
        let result = aggregate.result()?;
        let mut fold = Fold::new(aggregate)?;
        let Some(mut connection) = self.take_reader().await? else { return Ok(fold.finish()?) };
        let database = &self.database;
        let stored = database.stored(&mut connection, &aggregate.table.name).await?;
        let table = database.table(&aggregate.table.name);
        if !stored.is_empty() {
            locked(&**database, &mut connection, &[&aggregate.table], false).await?;
        }
        match summarise(database.dialect(), table.clone(), aggregate, &stored)? {
            Plan::Nothing => Self::put_reader(database, &self.reader, connection).await,
            Plan::There(query) => {
                let select = Select { query, table: result.clone(), rest: None };
                let batches: Vec<Batch> = self.stream(connection, select).try_collect().await?;
                return Ok(Batch::concat(&result, &batches)?);
            }
            Plan::Here => {
                let scan = aggregate.scan()?;
                match select(database.dialect(), table, &scan, &stored)? {
                    None => Self::put_reader(database, &self.reader, connection).await,
                    Some(select) => {
                        let mut batches = self.stream(connection, select);
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

/// Awaits a lock on `tables`, and reports a long wait.
pub(super) async fn locked<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    tables: &[&Table],
    is_written: bool,
) -> Result<()> {
    let names: Vec<_> = tables.iter().map(|table| format!("`{}`", table.name)).collect();
    let lock = database.lock(connection, tables, is_written);
    told(database.name(), &format!("table {}", names.join(" or ")), lock).await
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
                .writing(async |database, writer| writer.check(database, source, tables).await)
                .await;
        }
        let checked = self.reading(async |database, connection| {
            let stored = database.stored(connection, CURSORS).await?;
            // The table does not exist yet, or is of a release that stored no tallies.
            if stored.iter().all(|column| column.name != "loaded") {
                return Ok(());
            }
            check(database, connection, source, tables, &mut HashSet::new()).await
        });
        checked.await.map(drop).map_err(|error| self.named(error))
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        self.writing(async |database, writer| writer.prepare(database, tables).await).await
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
        self.writing(async |database, writer| writer.load(database, load).await).await
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        if reset.dry_run {
            return self.would_remove(&reset).await;
        }
        self.writing(async |database, writer| writer.reset(database, &reset).await).await
    }
}

#[async_trait]
impl<D: Database> Warehouse for SqlStore<D> {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        let stream = self.stream_of(scan).await.map_err(|error| self.named(error))?;
        Ok(stream.unwrap_or_else(|| Box::pin(stream::empty())))
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        self.summary_of(aggregate).await.map_err(|error| self.named(error))
    }
}
