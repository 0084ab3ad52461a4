//! The driver of a database: the steps that loads and scans are made of.

use std::fmt::Debug;

use async_trait::async_trait;
use tidegauge_core::{Batch, Column, SinkCapabilities, Table, WriteMode};

use super::batch_sender::BatchSender;
use super::dialect::Dialect;
use super::query::Query;
use super::stored_column::StoredColumn;
use crate::Result;

/// A client of a database, with the steps that loads and scans are made of.
///
/// After a failure, the caller must close the connection, and with it any open transaction.
#[async_trait]
pub(crate) trait Database: Debug + Send + Sync + 'static {
    /// A connection to the database.
    type Connection: Send + 'static;

    /// `true` to keep a connection that has read for the next read.
    const REUSES_READERS: bool;

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
    fn close_blocking(&self, connection: Self::Connection) {
        drop(connection);
    }

    /// Returns the columns of a table from the catalog of the database; empty if there is no such
    /// table.
    async fn stored_columns(
        &self,
        connection: &mut Self::Connection,
        table: &str,
    ) -> Result<Vec<StoredColumn>>;

    /// Returns `true` if `table` is the name of a view.
    async fn is_view(&self, connection: &mut Self::Connection, table: &str) -> Result<bool>;

    /// Runs statements without parameters for the table `at`, which errors name.
    async fn execute(
        &self,
        connection: &mut Self::Connection,
        sql: String,
        at: &Table,
    ) -> Result<()>;

    /// Returns the statements that create `table`.
    fn create(&self, connection: &Self::Connection, table: &Table) -> String;

    /// Returns the type of a column that is added to `table`.
    fn added_column_type(&self, _table: &Table, column: &Column) -> String {
        (self.dialect().column_type)(column.dtype)
    }

    /// Returns the statements that create the temporary table for rows whose keys may be stored
    /// already; `None` if such rows need no temporary table.
    fn staging_statements(&self, table: &Table) -> Option<Vec<String>>;

    /// Acquires the lock called `lock`, waiting for other processes, and begins a transaction.
    async fn begin(&self, connection: &mut Self::Connection, lock: &str) -> Result<()>;

    /// Commits the transaction, and releases the lock.
    async fn commit(&self, connection: &mut Self::Connection, lock: &str) -> Result<()>;

    /// Returns the cursor of `source`, or the cursors of all sources if `source` is `None`.
    async fn cursors(
        &self,
        connection: &mut Self::Connection,
        source: Option<&str>,
    ) -> Result<Vec<(String, String)>>;

    /// Returns the cursor of `source`, and the checkpoint that is stored with it.
    async fn cursor(
        &self,
        connection: &mut Self::Connection,
        source: &str,
    ) -> Result<Option<(String, Option<String>)>>;

    /// Moves the cursor of `source` to `after`, and stores `checkpoint` with it.
    async fn move_cursor(
        &self,
        connection: &mut Self::Connection,
        source: &str,
        after: &str,
        checkpoint: &str,
    ) -> Result<()>;

    /// Acquires another lock as well, until [`unlock`](Self::unlock). Does
    /// nothing where a transaction excludes all others from the database.
    async fn lock_also(&self, _: &mut Self::Connection, _lock: &str) -> Result<()> {
        Ok(())
    }

    /// Releases that lock, after the commit. Does nothing where the commit has released
    /// it.
    async fn unlock(&self, _: &mut Self::Connection, _lock: &str) -> Result<()> {
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

    /// Passes the stored rows whose keys are in `batch` to `sender`; `batch` has each key once.
    async fn find_by_keys(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        sender: &mut BatchSender,
    ) -> Result<()>;

    /// Writes the rows of `batch`, which has each key once if they replace stored rows
    /// ([`WriteMode::Merge`]).
    async fn insert(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()>;

    /// Writes like [`insert`](Self::insert) the same rows that were passed to
    /// [`find_by_keys`](Self::find_by_keys) just before, which the database may have already.
    async fn insert_found(
        &self,
        connection: &mut Self::Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        self.insert(connection, batch, write).await
    }

    /// Runs `query`, and passes its rows to `sender` until no more are requested.
    async fn read(
        &self,
        connection: &mut Self::Connection,
        query: &Query,
        sender: &mut BatchSender,
    ) -> Result<()>;
}
