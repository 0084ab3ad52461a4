//! Tiles: the key figures of a page.

use serde::Serialize;

/// A key figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tile {
    /// The name of the figure.
    pub name: String,
    /// The formatted value.
    pub value: String,
    /// The total that the value is part of, or its interval.
    pub note: String,
}
