//! Lookup of stored keys, like a database's index, by reading only the files that may contain them.

#[cfg(feature = "parquet")]
use std::collections::BTreeMap;

use tidegauge_core::arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray};
use tidegauge_core::{Batch, ColumnView, Table};

use super::manifest::Range;
use super::{Part, Stored};
use crate::keys::{KeySet, Keys, duplicate};
use crate::{Result, batches};

/// The maximum length in bytes of a text that is kept as a bound.
const LONGEST_BOUND: usize = 64;

/// Returns the smallest and the largest value of the key's first column.
pub(super) fn range(batch: &Batch, table: &Table) -> Result<Option<Range>> {
    let Some(first) = batches::key(table)?.first().copied() else { return Ok(None) };
    Ok(match batch.column(&first.name)? {
        ColumnView::Text(texts) => {
            let bounds = texts.iter().flatten().fold(None, widen);
            bounds
                .filter(|(least, most)| least.len().max(most.len()) <= LONGEST_BOUND)
                .map(|(least, most)| Range::Text([least.into(), most.into()]))
        }
        numbers => bounds(numbers).map(Range::Int),
    })
}

/// Returns the smallest and the largest value of each integer column that refers to another table.
#[cfg(feature = "parquet")]
pub(crate) fn ranges(batch: &Batch, table: &Table) -> Result<BTreeMap<String, [i64; 2]>> {
    let mut ranges = BTreeMap::new();
    for name in table.foreign_keys.iter().flat_map(|key| &key.columns) {
        if let values @ ColumnView::Int64(_) = batch.column(name)?
            && let Some(bounds) = bounds(values)
        {
            ranges.insert(name.to_string(), bounds);
        }
    }
    Ok(ranges)
}

/// Returns the smallest and the largest event time.
#[cfg(feature = "parquet")]
pub(crate) fn times(batch: &Batch, table: &Table) -> Result<Option<[i64; 2]>> {
    let Some(time) = &table.time else { return Ok(None) };
    Ok(bounds(batch.column(time)?))
}

/// Returns the smallest and the largest of integers, days or microseconds.
fn bounds(values: ColumnView<'_>) -> Option<[i64; 2]> {
    match values {
        ColumnView::Int64(values) => extremes(values),
        ColumnView::Timestamp(values) => extremes(values),
        ColumnView::Date(values) => extremes(values),
        _ => None,
    }
}

fn extremes<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>) -> Option<[i64; 2]>
where
    T::Native: Ord + Into<i64>,
{
    let bounds = match values.null_count() {
        0 => values.values().iter().copied().fold(None, widen),
        _ => values.iter().flatten().fold(None, widen),
    };
    bounds.map(|(least, most)| [least.into(), most.into()])
}

fn widen<T: Ord + Copy>(bounds: Option<(T, T)>, value: T) -> Option<(T, T)> {
    Some(bounds.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
}

/// A function that takes batches of rows, or of their keys.
pub(crate) type TakeRows<'a> = &'a mut dyn FnMut(&Batch) -> Result<()>;

/// Refuses rows whose key appears twice or is stored already; only stored parts are read whose
/// range overlaps that of the rows.
pub(super) fn refuse_known(
    table: &Table,
    batch: &Batch,
    range: Option<&Range>,
    stored: &Stored,
    read: impl Fn(&Part, TakeRows<'_>) -> Result<()>,
) -> Result<()> {
    let meets = |part: &&Part| Range::meets(part.range.as_ref(), range);
    // Trades usually arrive in this form: every key is greater than the one before.
    if stored.parts.iter().filter(meets).count() == 0 && Keys::of(batch, table)?.ascend() {
        return Ok(());
    }
    let new = KeySet::unique(batch, table)?;
    for part in stored.parts.iter().filter(meets) {
        read(part, &mut |old| {
            let keys = Keys::of(old, table)?;
            match (0..old.rows()).any(|row| new.contains(&keys, row)) {
                true => Err(duplicate(table)),
                false => Ok(()),
            }
        })?;
    }
    Ok(())
}
