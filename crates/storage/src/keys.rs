//! Keys of rows, hashed: which are there, and which row of a key is the newest.

use std::collections::HashMap;

use ahash::RandomState;
use tidegauge_core::arrow::array::Array;
use tidegauge_core::arrow::buffer::BooleanBuffer;
use tidegauge_core::{Batch, Cell, ColumnView, DataType, Table};

use crate::{Result, batches};

/// The key columns of a batch's rows.
pub(crate) struct Keys<'a>(Vec<ColumnView<'a>>);

/// A map by key.
pub(crate) enum KeyMap<V> {
    /// Of a key that is one integer, as most are.
    Ints(HashMap<i64, V, RandomState>),
    /// Of any other.
    Rows(HashMap<Vec<u8>, V, RandomState>),
}

/// A set of keys.
pub(crate) type KeySet = KeyMap<()>;

impl<'a> Keys<'a> {
    /// Returns the keys of the rows of `batch`, which has the key columns of `table` at least.
    pub(crate) fn of(batch: &'a Batch, table: &Table) -> Result<Self> {
        let columns = table.key.iter().map(|name| batch.column(name));
        Ok(Self(columns.collect::<Result<_, _>>()?))
    }

    fn int(&self, row: usize) -> i64 {
        match self.0.first() {
            Some(ColumnView::Int64(values)) if values.is_valid(row) => values.value(row),
            _ => 0,
        }
    }

    /// Returns `true` if they are single integers, each greater than the one before.
    pub(crate) fn ascend(&self) -> bool {
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
                // A key column is neither.
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

    /// Sets the value of the key of `row`. Returns the one that it had.
    pub(crate) fn insert(&mut self, keys: &Keys<'_>, row: usize, value: V) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.insert(keys.int(row), value),
            Self::Rows(seen) => seen.insert(keys.bytes(row), value),
        }
    }

    /// Returns the value of the key of `row`.
    pub(crate) fn get(&self, keys: &Keys<'_>, row: usize) -> Option<V>
    where
        V: Copy,
    {
        match self {
            Self::Ints(seen) => seen.get(&keys.int(row)).copied(),
            Self::Rows(seen) => seen.get(&keys.bytes(row)).copied(),
        }
    }

    /// Removes the key of `row`. Returns the value that it had.
    #[cfg(feature = "parquet")]
    pub(crate) fn remove(&mut self, keys: &Keys<'_>, row: usize) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.remove(&keys.int(row)),
            Self::Rows(seen) => seen.remove(&keys.bytes(row)),
        }
    }

    /// Returns `true` if the key of `row` is in it.
    #[cfg(feature = "_folder")]
    pub(crate) fn contains(&self, keys: &Keys<'_>, row: usize) -> bool {
        match self {
            Self::Ints(seen) => seen.contains_key(&keys.int(row)),
            Self::Rows(seen) => seen.contains_key(&keys.bytes(row)),
        }
    }
}

impl KeySet {
    /// Returns the keys of the rows of `batch`.
    ///
    /// # Errors
    /// Returns an error if two rows have the same.
    #[cfg(any(feature = "_folder", feature = "bigquery"))]
    pub(crate) fn unique(batch: &Batch, table: &Table) -> Result<Self> {
        let (mut set, keys) = (Self::new(table)?, Keys::of(batch, table)?);
        match (0..batch.rows()).all(|row| set.add(&keys, row)) {
            true => Ok(set),
            false => Err(duplicate(table)),
        }
    }

    /// Returns the keys of the rows of `batch`, some of which may be the same.
    #[cfg(feature = "_folder")]
    pub(crate) fn of(batch: &Batch, table: &Table) -> Result<Self> {
        let (mut set, keys) = (Self::new(table)?, Keys::of(batch, table)?);
        (0..batch.rows()).for_each(|row| {
            set.add(&keys, row);
        });
        Ok(set)
    }

    /// Returns the rows of `batch` whose keys are in it.
    #[cfg(feature = "_folder")]
    pub(crate) fn chosen(&self, batch: &Batch, table: &Table) -> Result<Batch> {
        let keys = Keys::of(batch, table)?;
        let is_chosen: Vec<bool> = (0..batch.rows()).map(|row| self.contains(&keys, row)).collect();
        Ok(batch.filter(&BooleanBuffer::from(is_chosen))?)
    }

    /// Adds the key of `row`. Returns `true` if it was new.
    pub(crate) fn add(&mut self, keys: &Keys<'_>, row: usize) -> bool {
        self.insert(keys, row, ()).is_none()
    }
}

/// Returns the last row of each key: a merge in one statement may meet each key only once.
pub(crate) fn newest(table: &Table, batch: Batch) -> Result<Batch> {
    let mut seen = KeySet::new(table)?;
    let keys = Keys::of(&batch, table)?;
    if keys.ascend() {
        return Ok(batch);
    }
    let mut stays = vec![false; batch.rows()];
    for row in (0..batch.rows()).rev() {
        stays[row] = seen.add(&keys, row);
    }
    Ok(batch.filter(&BooleanBuffer::from(stays))?)
}

/// The error of a row whose key is there already.
#[cfg(any(feature = "_folder", feature = "bigquery"))]
pub(crate) fn duplicate(table: &Table) -> crate::Error {
    crate::Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
}
