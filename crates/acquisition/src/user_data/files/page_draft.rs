//! A page of rows under construction.

use crate::user_data::mapping::{KnownColumns, Notes, PageRows};

/// A page under construction: its rows, the notes on them, and the columns that files have filled
/// so far.
#[derive(Debug)]
pub(super) struct PageDraft {
    pub(super) rows: PageRows,
    pub(super) notes: Notes,
    pub(super) known: KnownColumns,
}
