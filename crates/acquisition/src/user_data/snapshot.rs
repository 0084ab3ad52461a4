//! Snapshots: files and queries of which every read has all rows.

use serde::{Deserialize, Serialize};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Page};

use crate::{Error, Result};

/// The maximum number of rows of a snapshot, which is held in memory to be committed at once.
pub(crate) const MAX_ROWS: usize = 1_000_000;

/// The maximum number of bytes of a snapshot's columns.
pub(crate) const MAX_BYTES: usize = 1 << 30;

/// The way in which the rows of a file or a query are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteRows {
    /// As the table specifies: appended, or merged with the existing rows.
    #[default]
    ByTable,
    /// Replacing all rows of the table in one commit: rows that are no longer in the source are
    /// removed from the table.
    Replace,
}

/// The pages of a snapshot, collected within its limits.
#[derive(Debug, Default)]
pub(crate) struct SnapshotPages {
    batches: Vec<Batch>,
    rows: usize,
    bytes: usize,
}

impl SnapshotPages {
    /// Adds a page of the source called `name`.
    ///
    /// # Errors
    /// Returns an error if the snapshot exceeds its limits.
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
    /// Returns an error if there is no row: it would empty the table, and is more likely a failed
    /// export.
    pub(crate) fn finish(self, name: &str) -> Result<Vec<Batch>> {
        if self.rows > 0 {
            return Ok(self.batches);
        }
        Err(Error::EmptySnapshot { name: name.to_owned() })
    }
}
