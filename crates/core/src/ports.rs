//! The two ports of the house, and their reading sibling.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::ext::next;
use crate::{
    Aggregate, Batch, BatchStream, Cursor, Error, Fold, Load, Loaded, OnDuplicate, Page, Reset,
    Result, Scan, TableRef,
};

/// What a source can do; callers ask, and need not find out by failing.
///
/// ```
/// use tidegauge_core::SourceCapabilities;
///
/// let simulated = SourceCapabilities { deterministic: true, ..Default::default() };
/// assert!(!simulated.live);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCapabilities {
    /// It never ends: a live stream, whose pages cannot be given a second time. Each of its pages
    /// goes into every sink, wherever that stands.
    pub live: bool,
    /// A page follows from the cursor alone and costs nothing, so that the next one may be made while
    /// this one is being loaded, and be made again if it was not.
    pub deterministic: bool,
    /// A page with rows is a snapshot: all that there is of the tables that it has rows of, but for `quarantine`. What
    /// is not in it is gone.
    pub snapshot: bool,
}

/// What a sink can do; callers ask, and need not find out by failing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinkCapabilities {
    /// The store itself refuses a load whose cursor has moved, among runners on any machine.
    pub conditional_writes: bool,
    /// Decimals of up to 38 digits are numbers in the store, and not text.
    pub exact_decimals: bool,
    /// Projections, filters, time ranges and limits are applied where the rows are.
    pub pushdown: bool,
    /// Summaries are worked out where the rows are.
    pub aggregates: bool,
    /// Rows and cursors can be removed: see [`Sink::reset`].
    pub resets: bool,
    /// A load can replace all rows of a table: see [`Load::replaces`].
    pub replaces: bool,
}

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

    /// Returns what it can do.
    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities::default()
    }

    /// Returns what a sink does with a row of this source whose key is there already. Asked once a page.
    ///
    /// By default the tables decide, which is right for pages that do not overlap: rows of append tables are not
    /// compared then.
    fn on_duplicate(&self) -> OnDuplicate {
        OnDuplicate::default()
    }

    /// Returns where a row of `table` stands that has the number `row`, from 0 on, in the page that follows `cursor`:
    /// file and line. `None` if that cannot be told, or the key of the row says it.
    ///
    /// Asked for a message about that row, and never for a page that is taken.
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
    /// Whatever keeps the source from giving the page, after its own retries.
    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page>;

    /// Returns what reading came upon since the last call that is no error and that a user should know, a sentence
    /// each: columns that are missing, numbers whose unit was told by their magnitude.
    ///
    /// They are kept in the history of runs. Most sources have none.
    fn take_notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Where rows go: a database, a folder of files.
#[async_trait]
pub trait Sink: Debug + Send + Sync {
    /// What the user calls it, without secrets: `sqlite://tidegauge.db`.
    fn name(&self) -> &str;

    /// Returns what it can do.
    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities::default()
    }

    /// Compares what the cursor of `source` says is loaded into `tables` with the rows that are there.
    ///
    /// # Behavior
    /// - Called once before a source is loaded, and before [`prepare`](Self::prepare): a table that was dropped
    ///   and is made anew is no ordinary beginning.
    /// - Never fails for a history of loads alone, whichever sources share a table. Rows of the tables `runs` and
    ///   `quarantine` may be removed by hand.
    ///
    /// Without a body of its own, a sink takes its cursors at their word.
    ///
    /// # Errors
    /// An error of the kind [`Corrupt`](crate::ErrorKind::Corrupt), which names the table and the source, when a
    /// table was dropped or emptied, or the cursor was changed by hand; or whatever keeps the store from telling.
    async fn check(&self, source: &str, tables: &[TableRef]) -> Result<()> {
        let _ = (source, tables);
        Ok(())
    }

    /// Makes `tables` ready to be loaded, creating what is missing.
    ///
    /// # Errors
    /// When the store cannot be reached, or holds a table of that name with other columns.
    async fn prepare(&self, tables: &[TableRef]) -> Result<()>;

    /// Returns how far each source has been loaded, by the source's name, as of one moment.
    ///
    /// # Behavior
    /// - One query, however many sources there are; empty for a store that was never written.
    /// - What changed between two calls is what was loaded in between: see
    ///   [`data_version`](crate::SinkExt::data_version).
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

    /// Commits the rows **and** the new cursor, together or not at all. Returns what became of the rows.
    ///
    /// # Behavior
    /// - Only if the stored cursor still equals `load.before`; else [`crate::Error::Conflict`].
    /// - A row whose key is there already is treated by [`Load::on_duplicate`], which by default means: a
    ///   table written by [`crate::WriteMode::Merge`] takes the newest row of each key; one written by
    ///   [`crate::WriteMode::Append`] refuses a key that it holds.
    /// - Every row of `load.batches` is counted once. With [`OnDuplicate::ByTable`] a sink that has to read files
    ///   for it may count rows as inserted that replaced one.
    /// - All rows of the tables that [`Load::replaces`] names go in the same commit, before the others are written: a
    ///   reader sees the old ones or the new ones. Counts say how many went.
    /// - After an error nothing of the load is in the store.
    ///
    /// # Errors
    /// The conflict above, [`crate::Error::Differs`] for a row that is to be refused, or whatever kept the store from
    /// committing.
    async fn load(&self, load: Load<'_>) -> Result<Loaded>;

    /// Removes rows of tables **and** the cursors of sources, together or not at all. Returns how many rows
    /// were removed, for each of `reset.removals`.
    ///
    /// # Behavior
    /// - Only if every stored cursor still equals the one in `reset.cursors`; else
    ///   [`crate::Error::Conflict`].
    /// - A table that the store does not hold has no rows to remove; tables stay, and other rows and cursors.
    /// - With `reset.dry_run` rows are counted, and nothing is written.
    /// - After an error nothing is removed.
    ///
    /// # Errors
    /// The conflict above, or whatever kept the store from committing. [`crate::Error::NoReset`] of a sink that
    /// cannot do it, which is the default, and which its [`SinkCapabilities::resets`] says.
    async fn reset(&self, reset: Reset<'_>) -> Result<Vec<usize>> {
        let _ = reset;
        Err(Error::NoReset { name: self.name().to_owned() })
    }
}

/// A sink that also reads.
#[async_trait]
pub trait Warehouse: Sink {
    /// Streams the committed rows of a table, in no particular order.
    ///
    /// # Behavior
    /// - A table that was never prepared or loaded reads as no rows.
    /// - Batches are of [`Scan::output`], of bounded size, and there may be none; never is a whole
    ///   table held.
    /// - All batches are of one snapshot: a load is seen whole or not at all.
    /// - A column that the stored table lacks, and rows may lack, is null.
    /// - Dropping the stream frees what it held.
    ///
    /// # Errors
    /// When the scan makes no sense for the table, the store cannot be reached, or it holds what the
    /// table's definition does not allow.
    async fn scan(&self, scan: &Scan) -> Result<BatchStream>;

    /// Returns a summary of the committed rows of a table, worked out where they are.
    ///
    /// Unless a warehouse knows better, the columns that it takes are read, and summed up here.
    ///
    /// # Errors
    /// As for [`Aggregate::result`] and [`scan`](Self::scan).
    async fn aggregate(&self, aggregate: &Aggregate) -> Result<Batch> {
        let mut fold = Fold::new(aggregate)?;
        let mut batches = self.scan(&aggregate.scan()?).await?;
        while let Some(batch) = next(&mut batches).await {
            fold.add(&batch?)?;
        }
        fold.finish()
    }
}
