//! The two ports of the house, and their reading sibling.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use polars_core::frame::DataFrame;

use crate::{Aggregate, Cursor, Fold, Load, Page, Result, Scan, TableRef};

/// Where rows come from: an API, a file, a simulator.
///
/// # Implementing
/// `fetch` must be a function of the cursor and the outside world alone: it is called again with
/// the same cursor after a crash, a conflict, or for a second sink.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// The name under which sinks keep this source's cursor; stable across releases.
    fn name(&self) -> &str;

    /// The tables that this source fills, referred-to tables first.
    fn tables(&self) -> Vec<TableRef>;

    /// Whether it never ends: a live stream, whose pages cannot be given a second time. Each of its
    /// pages goes into every sink, wherever that stands.
    fn is_live(&self) -> bool {
        false
    }

    /// Whether a page follows from the cursor alone and costs nobody anything, so that the next one may be
    /// made while this one is being loaded, and be made again if it was not.
    fn is_free(&self) -> bool {
        false
    }

    /// The page that follows `cursor` (`None`: the first).
    ///
    /// # Behavior
    /// - Returns at most a bounded number of rows, so that memory is bounded.
    /// - Never returns part of a page: it is whole, or an error.
    /// - With nothing new, returns no batches, the same cursor and `done`.
    ///
    /// # Errors
    /// Whatever keeps the source from giving the page, after its own retries.
    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page>;
}

/// Where rows go: a database, a folder of files.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// What the user calls it, without secrets: `sqlite://tidegauge.db`.
    fn name(&self) -> &str;

    /// Makes `tables` ready to be loaded, creating what is missing.
    ///
    /// # Errors
    /// When the store cannot be reached, or holds a table of that name with other columns.
    async fn prepare(&self, tables: &[TableRef]) -> Result<()>;

    /// Returns the cursor of every source that was ever loaded, by the source's name, as of one moment.
    ///
    /// # Behavior
    /// - One query, however many sources there are; empty for a store that was never written.
    /// - What changed between two calls is what was loaded in between: see [`crate::data_version`].
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>>;

    /// Returns how far `source` has been loaded, or `None` if it never was.
    ///
    /// Picks one of the [`cursors`](Self::cursors), unless a store knows a cheaper way.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn cursor(&self, source: &str) -> Result<Option<Cursor>> {
        Ok(self.cursors().await?.remove(source))
    }

    /// Commits the rows **and** the new cursor, together or not at all.
    ///
    /// # Behavior
    /// - Only if the stored cursor still equals `load.before`; else [`crate::Error::Conflict`].
    /// - A table written by [`crate::WriteMode::Merge`] takes the newest row of each key; one
    ///   written by [`crate::WriteMode::Append`] refuses a key that it holds.
    /// - After an error nothing of the load is in the store.
    ///
    /// # Errors
    /// The conflict above, or whatever kept the store from committing.
    async fn load(&self, load: Load<'_>) -> Result<()>;
}

/// A sink that also reads.
#[async_trait]
pub trait Warehouse: Sink {
    /// The committed rows of a table as columns, in no particular order.
    ///
    /// # Behavior
    /// - A table that was never prepared or loaded reads as no rows.
    /// - Columns have the polars types of the [`crate::Table`], money as exact decimals.
    /// - With a range, only the rows in it ([`Scan::bounds`]), and what is held grows with these alone.
    ///
    /// # Errors
    /// When the store cannot be reached, or holds what the table's definition does not allow, or the
    /// table has no such column.
    async fn scan(&self, scan: &Scan) -> Result<DataFrame>;

    /// A summary of the committed rows of a table, worked out where they are.
    ///
    /// Unless a warehouse knows better, the columns that it takes are read, and summed up here.
    ///
    /// # Errors
    /// As for [`Aggregate::result`] and [`scan`](Self::scan).
    async fn aggregate(&self, aggregate: &Aggregate) -> Result<DataFrame> {
        let mut fold = Fold::new(aggregate)?;
        let mut columns: Vec<_> =
            aggregate.columns()?.iter().map(|it| it.name.to_string()).collect();
        if columns.is_empty() {
            // To count rows, one column is as good as any.
            columns.extend(aggregate.table.key.first().map(ToString::to_string));
        }
        fold.add(&self.scan(&Scan::columns(&aggregate.table, columns)).await?)?;
        fold.finish()
    }
}
