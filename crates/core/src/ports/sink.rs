//! The port for destinations of rows, with idempotent loads.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Cursor, Error, Load, Loaded, Reset, Result, TableRef};

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
    /// - Every row of `load.batches` is counted once. With [`OnDuplicate::ByTable`](crate::OnDuplicate::ByTable), a sink that
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
    /// # Errors
    /// The conflict above, or any failure of the store to commit. [`crate::Error::NoReset`] for a
    /// sink without [`SinkCapabilities::resets`], which is the default.
    async fn reset(&self, reset: Reset<'_>) -> Result<Vec<usize>> {
        let _ = reset;
        Err(Error::NoReset { name: self.name().to_owned() })
    }
}
