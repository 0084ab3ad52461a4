//! The parameters of reading data files: projection, predicate and limit.

use std::ops::ControlFlow;

use tidegauge_core::{Batch, Fingerprint, Predicate, TableRef};

use crate::Result;

/// A data file as recorded in the manifest.
#[derive(Debug, Clone)]
pub(super) struct DataFile {
    pub(super) path: String,
    pub(super) rows: usize,
    /// The fingerprint of its footer; `None` if it is unknown.
    pub(super) footer: Option<Fingerprint>,
}

/// The parameters of reading files.
#[derive(Debug, Clone)]
pub(super) struct ReadRequest {
    /// The table as defined by the reader.
    pub(super) table: TableRef,
    /// The projected columns.
    pub(super) output: TableRef,
    /// The predicate on rows.
    pub(super) predicate: Predicate,
    /// The maximum number of rows.
    pub(super) limit: Option<usize>,
}

/// A function that takes batches and returns whether to continue.
pub(super) type BatchConsumer<'a> = &'a mut dyn FnMut(Batch) -> Result<ControlFlow<()>>;

/// The maximum number of rows of a batch.
pub(super) const BATCH_ROWS: usize = 65_536;
