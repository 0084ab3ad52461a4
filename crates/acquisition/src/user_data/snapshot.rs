//! Snapshots: files and queries that are the whole truth each time they are read.

use serde::{Deserialize, Serialize};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Page};

use crate::{Error, Result};

/// The most rows of a snapshot, which is held in memory to be committed at once.
pub const MAX_ROWS: usize = 1_000_000;

/// The most bytes of its columns.
pub const MAX_BYTES: usize = 1 << 30;

/// How the rows of a file or a query are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteRows {
    /// As the table says: appended or merged to what is there.
    #[default]
    ByTable,
    /// In place of all that is in the table, in one commit: rows that are gone from the source are gone from the
    /// table.
    Replace,
}

/// The pages of a snapshot, gathered within bounds.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    batches: Vec<Batch>,
    rows: usize,
    bytes: usize,
}

impl Gathered {
    /// Takes a page of the source called `name`.
    ///
    /// # Errors
    /// Returns an error if the snapshot is larger than its bounds.
    pub(crate) fn take(&mut self, name: &str, page: Page) -> Result<()> {
        for batch in page.batches {
            if batch.table() != Quarantine::table() {
                self.rows += batch.rows();
            }
            self.bytes = self.bytes.saturating_add(batch.record().get_array_memory_size());
            self.batches.push(batch);
        }
        if self.rows <= MAX_ROWS && self.bytes <= MAX_BYTES {
            return Ok(());
        }
        let reason = format!(
            "a snapshot is held in memory, and that of `{name}` has more than {MAX_ROWS} rows or {MAX_BYTES} bytes: \
             load it without `write = \"replace\"`, into a table that is merged"
        );
        Err(Error::config("write", reason))
    }

    /// Returns the batches of the source called `name`.
    ///
    /// # Errors
    /// Returns an error if there is no row: it would empty the table, and is more likely an export that failed.
    pub(crate) fn finish(self, name: &str) -> Result<Vec<Batch>> {
        if self.rows > 0 {
            return Ok(self.batches);
        }
        Err(Error::EmptySnapshot { name: name.to_owned() })
    }
}
