//! The port for producers of rows.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Cursor, OnDuplicate, Page, Result, TableRef};

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
    async fn row_origin(&self, cursor: Option<&Cursor>, table: &str, row: usize) -> Option<String> {
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
