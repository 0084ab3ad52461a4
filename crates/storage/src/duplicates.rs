//! Resolution of duplicate keys, by which loads are idempotent: selection of the rows to write.

use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::tables::{EXTERNAL_ID, keeps_external_ids};
use tidegauge_core::{Batch, Cell, ColumnView, RowTally, WriteMode};

use crate::Result;
use crate::keys::{KeyMap, Keys};

/// The rows of a batch that remain to be written.
#[derive(Debug)]
pub(crate) struct ResolvedRows {
    /// The rows that are new or replace others, in their order.
    pub(crate) rows: Batch,
    /// The write mode: whether they replace stored rows, or stored rows with their keys are an
    /// error.
    pub(crate) write: WriteMode,
}

/// Compares the rows of `batch` in order with the existing row of their key: a `stored` one, of
/// which the last counts, or an earlier one of the batch. With `keeps_replaced`, rows that a later
/// row of the batch replaces are written too. A row never replaces one with a different
/// `external_id`.
///
/// # Errors
/// When a row differs and rows that differ are refused, or when two external ids share a surrogate
/// key.
pub(crate) fn resolve_duplicates(
    tally: &mut RowTally<'_>,
    batch: &Batch,
    stored: &[Batch],
    keeps_replaced: bool,
) -> Result<ResolvedRows> {
    let table = batch.table();
    let (keys, views) = (Keys::new(batch, table)?, batch.views()?);
    let write = match tally.replaces(table) && table.write == WriteMode::Merge {
        true => WriteMode::Merge,
        false => WriteMode::Append,
    };
    if stored.is_empty() && keys.are_ascending() {
        tally.count_inserted(table, batch.rows());
        return Ok(ResolvedRows { rows: batch.clone(), write });
    }
    let mut known = KeyMap::<KeyHolder>::new(table)?;
    let mut stored_views = Vec::with_capacity(stored.len());
    for (at, batch) in stored.iter().enumerate() {
        let keys = Keys::new(batch, table)?;
        for row in 0..batch.rows() {
            known.insert(&keys, row, KeyHolder { stored: Some(at), row });
        }
        stored_views.push(batch.views()?);
    }
    let external = match keeps_external_ids(table) {
        true => table.columns.iter().position(|column| column.name == EXTERNAL_ID),
        false => None,
    };
    let (mut writes, mut replaces) = (vec![false; batch.rows()], false);
    for row in 0..batch.rows() {
        let candidate = KeyHolder { stored: None, row };
        let Some(holder) = known.get(&keys, row) else {
            known.insert(&keys, row, candidate);
            tally.count_inserted(table, 1);
            writes[row] = true;
            continue;
        };
        let existing = holder.stored.and_then(|at| stored_views.get(at)).unwrap_or(&views);
        // Two different external ids with the same surrogate integer.
        if external.is_some_and(|at| {
            matches!((views[at].cell(row), existing[at].cell(holder.row)),
                (Cell::Text(new), Cell::Text(old)) if new != old)
        }) {
            tally.count_conflict(batch, row, EXTERNAL_ID)?;
            continue;
        }
        let column = first_difference(&views, row, existing, holder.row);
        let column = column.and_then(|at| table.columns.get(at));
        if tally.count_existing(batch, row, column.map(|column| column.name.as_ref()))? {
            match holder.stored {
                Some(_) => replaces = true,
                None => writes[holder.row] = keeps_replaced,
            }
            known.insert(&keys, row, candidate);
            writes[row] = true;
        }
    }
    let rows = match writes.iter().all(|writes| *writes) {
        true => batch.clone(),
        false => batch.filter(&BooleanBuffer::from(writes))?,
    };
    Ok(ResolvedRows { rows, write: if replaces { WriteMode::Merge } else { write } })
}

/// The location of the row that holds a key: in one of the stored batches, or in the loaded one.
#[derive(Debug, Clone, Copy)]
struct KeyHolder {
    stored: Option<usize>,
    row: usize,
}

/// Returns the index of the first column in which two rows differ, or `None` if they are identical.
fn first_difference(
    one: &[ColumnView<'_>],
    row: usize,
    other: &[ColumnView<'_>],
    other_row: usize,
) -> Option<usize> {
    one.iter().zip(other).position(|(one, other)| one.cell(row) != other.cell(other_row))
}
