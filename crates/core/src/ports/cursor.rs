//! The position of a source, and the page that moves it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Batch;

/// The position of a source: text that only the source understands.
///
/// A sink stores it with the rows, as the source's checkpoint, and returns it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Creates a cursor from `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text as the source wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit in which a source returns data: rows, and the cursor after them.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows, bounded in number to bound memory. Tables that others refer to come first.
    pub batches: Vec<Batch>,
    /// The cursor to continue with after these rows.
    pub cursor: Cursor,
    /// `true` if the source has no more rows *for now*. A live stream is never done.
    pub done: bool,
}

impl Page {
    /// Returns the number of rows in all batches.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(Batch::rows).sum()
    }
}
