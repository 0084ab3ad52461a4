//! Cursors as small JSON texts.

use serde::{Serialize, de::DeserializeOwned};
use tidegauge_core::{Cursor, Error, Page, Result};

/// What `source` wrote into its cursor.
pub(crate) fn read<T: DeserializeOwned>(source: &str, cursor: &Cursor) -> Result<T> {
    serde_json::from_str(cursor.as_str()).map_err(|error| Error::Cursor {
        source_name: source.into(),
        reason: format!("{error}; `tidegauge reset {source}` has it read from the beginning"),
    })
}

/// A cursor that holds `state`.
pub(crate) fn write<T: Serialize>(source: &str, state: &T) -> Result<Cursor> {
    let text = serde_json::to_string(state)
        .map_err(|error| Error::Cursor { source_name: source.into(), reason: error.to_string() })?;
    Ok(Cursor::new(text))
}

/// The page that says that there is nothing new since `cursor`.
pub(crate) fn nothing_new(cursor: &Cursor) -> Page {
    Page { batches: Vec::new(), cursor: cursor.clone(), done: true }
}
