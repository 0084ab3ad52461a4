//! Cursors, the checkpoints of sources, as small JSON documents.

use serde::{Serialize, de::DeserializeOwned};
use tidegauge_core::{Cursor, Error, Page, Result};

/// Deserializes the state that `source` stored in `cursor`.
pub(crate) fn read<T: DeserializeOwned>(source: &str, cursor: &Cursor) -> Result<T> {
    serde_json::from_str(cursor.as_str()).map_err(|error| Error::Cursor {
        source_name: source.into(),
        reason: format!("{error}; `tidegauge reset {source}` has it read from the beginning"),
    })
}

/// Returns a cursor that holds `state` as JSON.
pub(crate) fn write<T: Serialize>(source: &str, state: &T) -> Result<Cursor> {
    let text = serde_json::to_string(state)
        .map_err(|error| Error::Cursor { source_name: source.into(), reason: error.to_string() })?;
    Ok(Cursor::new(text))
}

/// Returns the empty page that reports that nothing is new since `cursor`.
pub(crate) fn nothing_new(cursor: &Cursor) -> Page {
    Page { batches: Vec::new(), cursor: cursor.clone(), done: true }
}
