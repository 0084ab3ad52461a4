//! Tiles: the key figures of a page.

use serde::Serialize;

use crate::Computation;

/// A key figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tile {
    /// The name of the figure.
    pub name: String,
    /// The formatted value.
    pub value: String,
    /// The total that the value is part of, its interval, or its change.
    pub note: String,
    /// What the change since the period before amounts to; `None` of a figure that is of no period.
    pub trend: Option<Trend>,
    /// How the figure is computed.
    pub computation: Computation,
}

/// What a change since the period before amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trend {
    /// The interval of the change lies above 0.
    Up,
    /// The interval of the change lies below 0.
    Down,
    /// The interval of the change contains 0.
    Noise,
    /// There is no period before, or the change has no interval.
    Unknown,
}
