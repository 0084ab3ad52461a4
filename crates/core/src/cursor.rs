//! How far a source has been read, and what moves with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Batch;

/// A source's own notion of how far it has been read: text that only the source understands.
///
/// A sink stores it beside the rows and gives it back unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor holding `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, as the source wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a source hands out at a time: some rows, and the cursor that stands behind them.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows, bounded in number so that memory is. Tables that others refer to come first.
    pub batches: Vec<Batch>,
    /// Where to go on after these rows.
    pub cursor: Cursor,
    /// Whether the source has nothing more *for now*. A live stream never has.
    pub done: bool,
}

impl Page {
    /// The number of rows in all batches.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(Batch::rows).sum()
    }
}
