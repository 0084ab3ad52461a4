//! Metrics of a scan, for the log: the files, row groups and bytes that it reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counters of a scan, which are logged at debug level when it ends.
#[derive(Debug)]
pub(super) struct ScanMetrics {
    table: String,
    files: AtomicU64,
    row_groups: AtomicU64,
    bytes: AtomicU64,
}

impl ScanMetrics {
    /// Creates the counters of a scan of `table`.
    pub(super) fn new(table: &str) -> Self {
        let zero = || AtomicU64::new(0);
        Self { table: table.into(), files: zero(), row_groups: zero(), bytes: zero() }
    }

    /// Adds an opened file, and the bytes read to open it.
    pub(super) fn add_file(&self, bytes: usize) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.add_bytes(bytes);
    }

    /// Adds row groups that are read, possibly not all of their pages.
    pub(super) fn add_row_groups(&self, row_groups: usize) {
        self.row_groups.fetch_add(u64::try_from(row_groups).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Adds bytes that were read.
    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Returns the number of row groups read so far.
    pub(super) fn row_groups(&self) -> u64 {
        self.row_groups.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for ScanMetrics {
    fn drop(&mut self) {
        tracing::debug!(
            table = self.table,
            files = self.files.load(Ordering::Relaxed),
            row_groups = self.row_groups(),
            bytes = self.bytes(),
            "scanned Parquet files"
        );
    }
}
