//! The ports: sources, sinks, and warehouses, which are sinks that can be read.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::ext::next;
use crate::{
    Aggregate, Batch, BatchStream, Cursor, Error, Fold, Load, Loaded, OnDuplicate, Page, Reset,
    Result, Scan, TableRef,
};

/// The capabilities of a source, which callers check instead of relying on failures.
///
/// ```
/// use tidegauge_core::SourceCapabilities;
///
/// let simulated = SourceCapabilities { deterministic: true, ..Default::default() };
/// assert!(!simulated.live);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCapabilities {
    /// The source never ends: it is a live stream, whose pages cannot be fetched a second time.
    /// Each of its pages goes into every sink, whatever that sink's cursor.
    pub live: bool,
    /// A page depends on the cursor alone and costs nothing, so the pipeline may prefetch the next
    /// page while this one is being loaded, and fetch it again if it was not loaded.
    pub deterministic: bool,
    /// A page with rows is a snapshot: it has all rows of its tables, except for `quarantine`. Rows
    /// that are not in it are removed.
    pub snapshot: bool,
}

/// The capabilities of a sink, which callers check instead of relying on failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinkCapabilities {
    /// The store itself refuses a load whose cursor has moved, across runners on all machines.
    pub conditional_writes: bool,
    /// Decimals of up to 38 digits are stored as numbers, not as text.
    pub exact_decimals: bool,
    /// Pushdown: projections, filters, time ranges and limits are applied by the store.
    pub pushdown: bool,
    /// Aggregate pushdown: aggregates are computed by the store.
    pub aggregates: bool,
    /// Rows and cursors can be removed; see [`Sink::reset`].
    pub resets: bool,
    /// A load can replace all rows of a table; see [`Load::replaces`].
    pub replaces: bool,
}

/// A producer of rows: an API, a file or a simulator.
///
/// # Implementing
/// `fetch` must depend on the cursor and the outside world alone: it is called again with the same
/// cursor after a crash, after a conflict, or for a second sink.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Returns the name under which sinks store the source's cursor; it is stable across releases.
    fn name(&self) -> &str;

    /// Returns the tables that the source fills; tables that others refer to come first.
    fn tables(&self) -> Vec<TableRef>;

    /// Returns the capabilities of the source.
    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities::default()
    }

    /// Returns how a sink handles a row of this source whose key is stored already. The pipeline
    /// calls it once per page.
    ///
    /// By default the tables decide, which suits pages that do not overlap: rows of append tables
    /// are then not compared.
    fn on_duplicate(&self) -> OnDuplicate {
        OnDuplicate::default()
    }

    /// Returns the place (file and line) of the row of `table` with the index `row`, counted from
    /// 0, in the page that follows `cursor`. `None` if it is unknown, or the row's key already
    /// identifies it.
    ///
    /// Called only to word a message about that row, never for a page that is loaded successfully.
    async fn place(&self, cursor: Option<&Cursor>, table: &str, row: usize) -> Option<String> {
        let _ = (cursor, table, row);
        None
    }

    /// Returns the page that follows `cursor` (`None`: the first).
    ///
    /// # Behavior
    /// - Returns at most a bounded number of rows, so that memory is bounded.
    /// - Never returns part of a page: it is whole, or an error.
    /// - With nothing new, returns no batches, the same cursor and `done`.
    ///
    /// # Errors
    /// Any failure that prevents the source from returning the page, after its own retries.
    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page>;

    /// Returns findings since the last call that are not errors but that a user should know, one
    /// sentence each: for example missing columns, or numbers whose unit was inferred from their
    /// magnitude.
    ///
    /// They are kept in the history of runs. Most sources return none.
    fn take_notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A destination of rows: a database or a folder of files.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// Returns the user's name for the sink, without secrets: `sqlite://tidegauge.db`.
    fn name(&self) -> &str;

    /// Returns the capabilities of the sink.
    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities::default()
    }

    /// Checks that the rows that the cursor of `source` accounts for in `tables` are still stored.
    ///
    /// # Behavior
    /// - Called once before a source is loaded, and before [`prepare`](Self::prepare), because a
    ///   table that was dropped must not be mistaken for a new one.
    /// - Never fails because of loads alone, whichever sources share a table. Rows of the tables
    ///   `runs` and `quarantine` may be deleted by hand.
    ///
    /// The default implementation trusts the cursors.
    ///
    /// # Errors
    /// An error of the kind [`Corrupt`](crate::ErrorKind::Corrupt), which names the table and the
    /// source, when a table was dropped or emptied, or the cursor was changed by hand; or any
    /// failure that prevents the check.
    async fn check(&self, source: &str, tables: &[TableRef]) -> Result<()> {
        let _ = (source, tables);
        Ok(())
    }

    /// Prepares `tables` for loading, creating what is missing; idempotent.
    ///
    /// # Errors
    /// When the store cannot be reached, or holds a table of that name with other columns.
    async fn prepare(&self, tables: &[TableRef]) -> Result<()>;

    /// Returns the cursor of each source by the source's name, as of one moment.
    ///
    /// # Behavior
    /// - Executes one query, however many sources there are; the result is empty for a store that
    ///   was never written.
    /// - Exactly the sources loaded between two calls have different cursors: see
    ///   [`data_version`](crate::SinkExt::data_version).
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>>;

    /// Returns the cursor of `source`, or `None` if it was never loaded.
    ///
    /// The default implementation picks it from [`cursors`](Self::cursors); a store may override it
    /// with a cheaper query.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn cursor(&self, source: &str) -> Result<Option<Cursor>> {
        Ok(self.cursors().await?.remove(source))
    }

    /// Commits the rows **and** the new cursor, together or not at all. Returns the row counts.
    ///
    /// # Behavior
    /// - Commits by compare-and-swap, only if the stored cursor still equals `load.before`; else
    ///   returns [`crate::Error::Conflict`].
    /// - A row whose key is stored already is handled by [`Load::on_duplicate`]. By default a table
    ///   written by [`crate::WriteMode::Merge`] upserts, so that it keeps the newest row of each
    ///   key; one written by [`crate::WriteMode::Append`] refuses a key that it holds.
    /// - Every row of `load.batches` is counted once. With [`OnDuplicate::ByTable`], a sink that
    ///   would have to read files for it may count rows as inserted that replaced one.
    /// - All rows of the tables in [`Load::replaces`] are removed in the same commit, before the
    ///   load's rows are written: a reader sees either the old rows or the new ones. The counts
    ///   include the removed rows.
    /// - After an error nothing of the load is stored.
    ///
    /// # Errors
    /// The conflict above, [`crate::Error::Differs`] for a row that is to be refused, or any
    /// failure of the store to commit.
    async fn load(&self, load: Load<'_>) -> Result<Loaded>;

    /// Removes rows of tables **and** the cursors of sources, together or not at all. Returns the
    /// number of rows removed for each of `reset.removals`.
    ///
    /// # Behavior
    /// - Only if every stored cursor still equals the one in `reset.cursors`; else returns
    ///   [`crate::Error::Conflict`].
    /// - A table that the store does not have counts as empty. Tables themselves are kept, and so
    ///   are all other rows and cursors.
    /// - With `reset.dry_run` rows are counted, and nothing is removed.
    /// - After an error nothing is removed.
    ///
    /// The conflict above, or any failure of the store to commit. [`crate::Error::NoReset`] for a
    /// sink without [`SinkCapabilities::resets`], which is the default.
    async fn reset(&self, reset: Reset<'_>) -> Result<Vec<usize>> {
        let _ = reset;
        Err(Error::NoReset { name: self.name().to_owned() })
    }
}

/// A sink that can also be read.
#[async_trait]
pub trait Warehouse: Sink {
    /// Streams the committed rows of a table, in no particular order.
    ///
    /// # Behavior
    /// - A table that was never prepared or loaded reads as no rows.
    /// - Batches have the schema of [`Scan::output`] and a bounded size, and there may be none; a
    ///   whole table is never held in memory.
    /// - All batches are of one snapshot: a load is visible completely or not at all.
    /// - A nullable column that the stored table lacks is null.
    /// - Dropping the stream releases its resources.
    ///
    /// # Errors
    /// When the scan is invalid for the table, the store cannot be reached, or it holds data that
    /// the table's definition does not allow.
    async fn scan(&self, scan: &Scan) -> Result<BatchStream>;

    /// Returns an aggregate over the committed rows of a table, computed by the store if it can.
    ///
    /// The default implementation scans the required columns and evaluates a [`Fold`].
    ///
    /// # Errors
    /// The same as for [`Aggregate::result`] and [`scan`](Self::scan).
    async fn aggregate(&self, aggregate: &Aggregate) -> Result<Batch> {
        let mut fold = Fold::new(aggregate)?;
        let mut batches = self.scan(&aggregate.scan()?).await?;
        while let Some(batch) = next(&mut batches).await {
            fold.add(&batch?)?;
        }
        fold.finish()
    }
}
