//! Lookup of stored keys, like a database's index, by reading only the files that may contain them.

#[cfg(feature = "parquet")]
use std::collections::BTreeMap;

use tidegauge_core::arrow::array::{Array, ArrowPrimitiveType, PrimitiveArray};
use tidegauge_core::{Batch, ColumnView, Table};

use super::segment::{KeyRange, Segment};
use super::stored_table::StoredTable;
use crate::keys::{KeySet, Keys, duplicate_key};
use crate::{Result, batches};

/// The maximum length in bytes of a text that is kept as a bound.
const MAX_BOUND_LENGTH: usize = 64;

/// Returns the smallest and the largest value of the key's first column.
pub(super) fn key_range(batch: &Batch, table: &Table) -> Result<Option<KeyRange>> {
    let Some(first) = batches::key(table)?.first().copied() else { return Ok(None) };
    Ok(match batch.column(&first.name)? {
        ColumnView::Text(texts) => {
            let bounds = texts.iter().flatten().fold(None, extend_range);
            bounds
                .filter(|(min, max)| min.len().max(max.len()) <= MAX_BOUND_LENGTH)
                .map(|(min, max)| KeyRange::Text([min.into(), max.into()]))
        }
        numbers => integer_range(numbers).map(KeyRange::Int),
    })
}

/// Returns the smallest and the largest value of each integer column that refers to another table.
#[cfg(feature = "parquet")]
pub(crate) fn foreign_key_ranges(
    batch: &Batch,
    table: &Table,
) -> Result<BTreeMap<String, [i64; 2]>> {
    let mut ranges = BTreeMap::new();
    for name in table.foreign_keys.iter().flat_map(|key| &key.columns) {
        if let values @ ColumnView::Int64(_) = batch.column(name)?
            && let Some(bounds) = integer_range(values)
        {
            ranges.insert(name.to_string(), bounds);
        }
    }
    Ok(ranges)
}

/// Returns the smallest and the largest event time.
#[cfg(feature = "parquet")]
pub(crate) fn time_range(batch: &Batch, table: &Table) -> Result<Option<[i64; 2]>> {
    let Some(time) = &table.time else { return Ok(None) };
    Ok(integer_range(batch.column(time)?))
}

/// Returns the smallest and the largest of integers, days or microseconds.
fn integer_range(values: ColumnView<'_>) -> Option<[i64; 2]> {
    match values {
        ColumnView::Int64(values) => min_max(values),
        ColumnView::Timestamp(values) => min_max(values),
        ColumnView::Date(values) => min_max(values),
        _ => None,
    }
}

fn min_max<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>) -> Option<[i64; 2]>
where
    T::Native: Ord + Into<i64>,
{
    let bounds = match values.null_count() {
        0 => values.values().iter().copied().fold(None, extend_range),
        _ => values.iter().flatten().fold(None, extend_range),
    };
    bounds.map(|(min, max)| [min.into(), max.into()])
}

fn extend_range<T: Ord + Copy>(bounds: Option<(T, T)>, value: T) -> Option<(T, T)> {
    Some(bounds.map_or((value, value), |(min, max)| (min.min(value), max.max(value))))
}

/// A function that takes batches of rows, or of their keys.
pub(crate) type RowConsumer<'a> = &'a mut dyn FnMut(&Batch) -> Result<()>;

/// Refuses rows whose key appears twice or is stored already; only stored segments are read whose
/// range overlaps that of the rows.
pub(super) fn refuse_known_keys(
    table: &Table,
    batch: &Batch,
    range: Option<&KeyRange>,
    stored: &StoredTable,
    read: impl Fn(&Segment, RowConsumer<'_>) -> Result<()>,
) -> Result<()> {
    let overlaps = |segment: &&Segment| KeyRange::overlap(segment.key_range.as_ref(), range);
    // Trades usually arrive in this form: every key is greater than the one before.
    if stored.segments.iter().filter(overlaps).count() == 0
        && Keys::new(batch, table)?.are_ascending()
    {
        return Ok(());
    }
    let new = KeySet::unique(batch, table)?;
    for segment in stored.segments.iter().filter(overlaps) {
        read(segment, &mut |old| {
            let keys = Keys::new(old, table)?;
            match (0..old.rows()).any(|row| new.contains(&keys, row)) {
                true => Err(duplicate_key(table)),
                false => Ok(()),
            }
        })?;
    }
    Ok(())
}
