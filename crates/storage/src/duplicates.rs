//! Rows whose keys are there already: which are the same, which differ, and what is left to be written.

use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::tables::{EXTERNAL_ID, keeps_external_ids};
use tidegauge_core::{Batch, Cell, ColumnView, RowTally, WriteMode};

use crate::Result;
use crate::keys::{KeyMap, Keys};

/// What there is to be written of a batch.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The rows that take the place of others or are new, in their order.
    pub(crate) rows: Batch,
    /// Whether these take the place of stored ones, or are to be refused where there are any.
    pub(crate) write: WriteMode,
}

/// Compares the rows of `batch` one after the other with those of their keys: the `stored` ones, of which later
/// rows have replaced earlier ones, or one that came before in the batch. With `keeps_replaced` those are written as
/// well that a later row of the batch replaces. A row never takes the place of one whose `external_id` is another.
///
/// # Errors
/// Returns an error if a row differs and is to be refused, or has the id of another one by chance.
pub(crate) fn settle(
    tally: &mut RowTally<'_>,
    batch: &Batch,
    stored: &[Batch],
    keeps_replaced: bool,
) -> Result<Settled> {
    let table = batch.table();
    let (keys, views) = (Keys::of(batch, table)?, batch.views()?);
    let write = match tally.replaces(table) && table.write == WriteMode::Merge {
        true => WriteMode::Merge,
        false => WriteMode::Append,
    };
    if stored.is_empty() && keys.ascend() {
        tally.inserted(table, batch.rows());
        return Ok(Settled { rows: batch.clone(), write });
    }
    let mut known = KeyMap::<Holder>::new(table)?;
    let mut others = Vec::with_capacity(stored.len());
    for (at, batch) in stored.iter().enumerate() {
        let keys = Keys::of(batch, table)?;
        for row in 0..batch.rows() {
            known.insert(&keys, row, Holder { stored: Some(at), row });
        }
        others.push(batch.views()?);
    }
    let external = match keeps_external_ids(table) {
        true => table.columns.iter().position(|column| column.name == EXTERNAL_ID),
        false => None,
    };
    let (mut writes, mut replaces) = (vec![false; batch.rows()], false);
    for row in 0..batch.rows() {
        let ours = Holder { stored: None, row };
        let Some(holder) = known.get(&keys, row) else {
            known.insert(&keys, row, ours);
            tally.inserted(table, 1);
            writes[row] = true;
            continue;
        };
        let held = holder.stored.and_then(|at| others.get(at)).unwrap_or(&views);
        // Two ids that one number stands for.
        if external.is_some_and(|at| {
            matches!((views[at].cell(row), held[at].cell(holder.row)),
                (Cell::Text(ours), Cell::Text(theirs)) if ours != theirs)
        }) {
            tally.conflicts(batch, row, EXTERNAL_ID)?;
            continue;
        }
        let column = difference(&views, row, held, holder.row);
        let column = column.and_then(|at| table.columns.get(at));
        if tally.known(batch, row, column.map(|column| column.name.as_ref()))? {
            match holder.stored {
                Some(_) => replaces = true,
                None => writes[holder.row] = keeps_replaced,
            }
            known.insert(&keys, row, ours);
            writes[row] = true;
        }
    }
    let rows = match writes.iter().all(|writes| *writes) {
        true => batch.clone(),
        false => batch.filter(&BooleanBuffer::from(writes))?,
    };
    Ok(Settled { rows, write: if replaces { WriteMode::Merge } else { write } })
}

/// Where the row is that a key has: in one of the stored batches, or in the one that is loaded.
#[derive(Debug, Clone, Copy)]
struct Holder {
    stored: Option<usize>,
    row: usize,
}

/// Returns the first column in which two rows differ; `None` if they are the same.
fn difference(
    one: &[ColumnView<'_>],
    row: usize,
    other: &[ColumnView<'_>],
    other_row: usize,
) -> Option<usize> {
    one.iter().zip(other).position(|(one, other)| one.cell(row) != other.cell(other_row))
}
