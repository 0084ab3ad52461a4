//! The cursor of the `classic` preset.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Batch, Cursor, Fingerprint, Page};

/// The progress of the simulation, serialized as JSON in the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    pub(crate) seed: u64,
    pub(crate) start_day: NaiveDate,
    /// Fingerprint of the market that the first ninety days are priced from.
    pub(crate) market: Fingerprint,
    /// Index of the next reference row; `None` once all are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<usize>,
    /// The next day of ramp purchases, and the index of its next row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) day: Option<NaiveDate>,
    #[serde(default)]
    pub(crate) row: usize,
}

/// Parses a cursor, or returns `None` if it is not a cursor of this preset.
pub(crate) fn parse(cursor: &Cursor) -> Option<Position> {
    serde_json::from_str(cursor.as_str()).ok()
}

/// Returns a page with these batches that ends at a position.
pub(crate) fn page_at(batches: Vec<Batch>, position: Position, done: bool) -> Page {
    let text = serde_json::to_string(&position).unwrap_or_default();
    Page { batches, cursor: Cursor::new(text), done }
}
