//! Hashed row keys: sets and maps of keys, and the latest row of each key.

use std::collections::HashMap;

use ahash::RandomState;
use tidegauge_core::arrow::array::Array;
use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::{Batch, Cell, ColumnView, DataType, Table};

use crate::{Result, batches};

/// The key columns of a batch's rows.
pub(crate) struct Keys<'a>(Vec<ColumnView<'a>>);

/// A map by row key.
pub(crate) enum KeyMap<V> {
    /// Keys of a single integer, the most common case.
    Ints(HashMap<i64, V, RandomState>),
    /// All other keys.
    Rows(HashMap<Vec<u8>, V, RandomState>),
}

/// A set of keys.
pub(crate) type KeySet = KeyMap<()>;

impl<'a> Keys<'a> {
    /// Returns the keys of the rows of `batch`, which must have at least the key columns of
    /// `table`.
    pub(crate) fn new(batch: &'a Batch, table: &Table) -> Result<Self> {
        let columns = table.key.iter().map(|name| batch.column(name));
        Ok(Self(columns.collect::<Result<_, _>>()?))
    }

    fn int(&self, row: usize) -> i64 {
        match self.0.first() {
            Some(ColumnView::Int64(values)) if values.is_valid(row) => values.value(row),
            _ => 0,
        }
    }

    /// Returns `true` if the keys are single integers in strictly ascending order.
    pub(crate) fn are_ascending(&self) -> bool {
        match &self.0[..] {
            [ColumnView::Int64(values)] => values.values().is_sorted_by(|one, other| one < other),
            _ => false,
        }
    }

    fn bytes(&self, row: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 * self.0.len());
        for column in &self.0 {
            match column.cell(row) {
                Cell::Bool(value) => bytes.push(value.into()),
                Cell::Int(value) | Cell::Decimal(value) => bytes.extend(value.to_le_bytes()),
                Cell::Text(text) => {
                    bytes.extend(text.len().to_le_bytes());
                    bytes.extend(text.as_bytes());
                }
                Cell::Date(days) => bytes.extend(days.to_le_bytes()),
                Cell::Timestamp(micros) => bytes.extend(micros.to_le_bytes()),
                // A key column is neither a float nor null.
                Cell::Float(_) | Cell::Null => {}
            }
        }
        bytes
    }
}

impl<V> KeyMap<V> {
    /// Creates an empty map for keys of `table`.
    pub(crate) fn new(table: &Table) -> Result<Self> {
        let key = batches::key(table)?;
        let int = key.len() == 1 && key.iter().all(|column| column.dtype == DataType::Int64);
        Ok(if int { Self::Ints(HashMap::default()) } else { Self::Rows(HashMap::default()) })
    }

    /// Sets the value of the key of `row`; returns the previous value, if any.
    pub(crate) fn insert(&mut self, keys: &Keys<'_>, row: usize, value: V) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.insert(keys.int(row), value),
            Self::Rows(seen) => seen.insert(keys.bytes(row), value),
        }
    }

    /// Returns the value of the key of `row`, or `None` if the key is not in the map.
    pub(crate) fn get(&self, keys: &Keys<'_>, row: usize) -> Option<V>
    where
        V: Copy,
    {
        match self {
            Self::Ints(seen) => seen.get(&keys.int(row)).copied(),
            Self::Rows(seen) => seen.get(&keys.bytes(row)).copied(),
        }
    }

    /// Removes the key of `row`; returns its value, if any.
    #[cfg(feature = "parquet")]
    pub(crate) fn remove(&mut self, keys: &Keys<'_>, row: usize) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.remove(&keys.int(row)),
            Self::Rows(seen) => seen.remove(&keys.bytes(row)),
        }
    }

    /// Returns `true` if the map contains the key of `row`.
    #[cfg(feature = "_folder")]
    pub(crate) fn contains(&self, keys: &Keys<'_>, row: usize) -> bool {
        match self {
            Self::Ints(seen) => seen.contains_key(&keys.int(row)),
            Self::Rows(seen) => seen.contains_key(&keys.bytes(row)),
        }
    }
}

impl KeySet {
    /// Returns the set of keys of the rows of `batch`.
    ///
    /// # Errors
    /// When two rows have the same key.
    #[cfg(any(feature = "_folder", feature = "bigquery"))]
    pub(crate) fn unique(batch: &Batch, table: &Table) -> Result<Self> {
        let (mut set, keys) = (Self::new(table)?, Keys::new(batch, table)?);
        match (0..batch.rows()).all(|row| set.add(&keys, row)) {
            true => Ok(set),
            false => Err(duplicate_key(table)),
        }
    }

    /// Returns the set of keys of the rows of `batch`, which may have duplicates.
    #[cfg(feature = "_folder")]
    pub(crate) fn from_batch(batch: &Batch, table: &Table) -> Result<Self> {
        let (mut set, keys) = (Self::new(table)?, Keys::new(batch, table)?);
        (0..batch.rows()).for_each(|row| {
            set.add(&keys, row);
        });
        Ok(set)
    }

    /// Returns the rows of `batch` whose keys are in the set.
    #[cfg(feature = "_folder")]
    pub(crate) fn select(&self, batch: &Batch, table: &Table) -> Result<Batch> {
        let keys = Keys::new(batch, table)?;
        let is_selected: Vec<bool> =
            (0..batch.rows()).map(|row| self.contains(&keys, row)).collect();
        Ok(batch.filter(&BooleanBuffer::from(is_selected))?)
    }

    /// Adds the key of `row`. Returns `true` if it was new.
    pub(crate) fn add(&mut self, keys: &Keys<'_>, row: usize) -> bool {
        self.insert(keys, row, ()).is_none()
    }
}

/// Returns the last row of each key, because a merge statement may contain each key only once.
pub(crate) fn latest_per_key(table: &Table, batch: Batch) -> Result<Batch> {
    let mut seen = KeySet::new(table)?;
    let keys = Keys::new(&batch, table)?;
    if keys.are_ascending() {
        return Ok(batch);
    }
    let mut is_latest = vec![false; batch.rows()];
    for row in (0..batch.rows()).rev() {
        is_latest[row] = seen.add(&keys, row);
    }
    Ok(batch.filter(&BooleanBuffer::from(is_latest))?)
}

/// Returns the error of a duplicate key.
#[cfg(any(feature = "_folder", feature = "bigquery"))]
pub(crate) fn duplicate_key(table: &Table) -> crate::Error {
    crate::Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
}
