//! Functions that apply to the cursors of both presets.

use tidegauge_core::Cursor;

use crate::simulated_rows::SimulatedRows;
use crate::{classic, exchange};

impl SimulatedRows {
    /// Returns the rows behind a cursor, or `None` if the cursor is not a simulation's.
    pub fn from_cursor(cursor: &Cursor) -> Option<Self> {
        classic::simulated_rows(cursor).or_else(|| exchange::simulated_rows(cursor))
    }
}
