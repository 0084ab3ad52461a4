//! Which keys are there: what a database's index is for, by reading only what may hold them.

use std::collections::BTreeMap;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::PlHashMap;
use tidegauge_core::{Cell, DataType, Table};

use super::manifest::Range;
use super::{Part, Stored};
use crate::cells::{self, Cells};
use crate::{Error, Result};

/// Text beyond this many bytes is no use as a bound.
const LONGEST_BOUND: usize = 64;

/// The keys of a frame's rows.
pub(crate) struct Keys<'a>(Vec<Cells<'a>>);

/// What is known of keys.
pub(crate) enum KeyMap<V> {
    /// Of a key that is one whole number, as most are.
    Ints(PlHashMap<i64, V>),
    /// Of any other.
    Rows(PlHashMap<Vec<u8>, V>),
}

/// Keys seen so far.
pub(crate) type KeySet = KeyMap<()>;

impl<'a> Keys<'a> {
    pub(crate) fn of(frame: &'a DataFrame, table: &'a Table) -> Result<Self> {
        Ok(Self(cells::all(frame, cells::key(table)?)?))
    }

    fn int(&self, row: usize) -> i64 {
        match self.0.first() {
            Some(Cells::Int(values)) => values.get(row).unwrap_or_default(),
            _ => 0,
        }
    }

    /// Whether they are single whole numbers, each greater than the one before.
    fn ascend(&self) -> bool {
        match &self.0[..] {
            [Cells::Int(values)] => values.iter().is_sorted_by(|one, other| one < other),
            _ => false,
        }
    }

    fn bytes(&self, row: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 * self.0.len());
        for cells in &self.0 {
            match cells.get(row) {
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
    pub(crate) fn new(table: &Table) -> Result<Self> {
        let key = cells::key(table)?;
        let int = key.len() == 1 && key.iter().all(|column| column.dtype == DataType::Int64);
        Ok(if int { Self::Ints(PlHashMap::default()) } else { Self::Rows(PlHashMap::default()) })
    }

    /// Says `value` of the key of `row`; what was said of it before.
    pub(crate) fn insert(&mut self, keys: &Keys<'_>, row: usize, value: V) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.insert(keys.int(row), value),
            Self::Rows(seen) => seen.insert(keys.bytes(row), value),
        }
    }

    /// Forgets the key of `row`; what was said of it before.
    pub(crate) fn remove(&mut self, keys: &Keys<'_>, row: usize) -> Option<V> {
        match self {
            Self::Ints(seen) => seen.remove(&keys.int(row)),
            Self::Rows(seen) => seen.remove(&keys.bytes(row)),
        }
    }

    pub(crate) fn contains(&self, keys: &Keys<'_>, row: usize) -> bool {
        match self {
            Self::Ints(seen) => seen.contains_key(&keys.int(row)),
            Self::Rows(seen) => seen.contains_key(&keys.bytes(row)),
        }
    }
}

impl KeySet {
    /// The keys of `frame`.
    ///
    /// # Errors
    /// When two rows have the same.
    pub(crate) fn of(frame: &DataFrame, table: &Table) -> Result<Self> {
        let (mut set, keys) = (Self::new(table)?, Keys::of(frame, table)?);
        match (0..frame.height()).all(|row| set.add(&keys, row)) {
            true => Ok(set),
            false => Err(known(table)),
        }
    }

    /// Adds the key of `row`; whether it was new.
    pub(crate) fn add(&mut self, keys: &Keys<'_>, row: usize) -> bool {
        self.insert(keys, row, ()).is_none()
    }
}

/// The least and greatest value of the key's first column.
pub(super) fn range(frame: &DataFrame, table: &Table) -> Result<Option<Range>> {
    let keys = Keys::of(frame, table)?;
    Ok(match keys.0.first() {
        Some(Cells::Int(values) | Cells::Timestamp(values)) => {
            let bounds = values.iter().flatten().fold(None, widen);
            bounds.map(|(least, most)| Range::Int([least, most]))
        }
        Some(Cells::Date(days)) => {
            let bounds = days.iter().flatten().map(i64::from).fold(None, widen);
            bounds.map(|(least, most)| Range::Int([least, most]))
        }
        Some(Cells::Text(values)) => {
            let bounds = values.iter().flatten().fold(None, widen);
            bounds
                .filter(|(least, most)| least.len().max(most.len()) <= LONGEST_BOUND)
                .map(|(least, most)| Range::Text([least.into(), most.into()]))
        }
        _ => None,
    })
}

/// The least and greatest value of each whole number that refers to another table.
pub(crate) fn ranges(frame: &DataFrame, table: &Table) -> Result<BTreeMap<String, [i64; 2]>> {
    let mut ranges = BTreeMap::new();
    for name in table.foreign_keys.iter().flat_map(|key| &key.columns) {
        if let Cells::Int(values) = Cells::of(frame, table.column(name)?)?
            && let Some((least, most)) = values.iter().flatten().fold(None, widen)
        {
            ranges.insert(name.to_string(), [least, most]);
        }
    }
    Ok(ranges)
}

/// The least and greatest event time.
pub(crate) fn times(frame: &DataFrame, table: &Table) -> Result<Option<[i64; 2]>> {
    let Some(time) = &table.time else { return Ok(None) };
    let bounds = match Cells::of(frame, table.column(time)?)? {
        Cells::Timestamp(values) => values.iter().flatten().fold(None, widen),
        Cells::Date(days) => days.iter().flatten().map(i64::from).fold(None, widen),
        _ => None,
    };
    Ok(bounds.map(|(least, most)| [least, most]))
}

fn widen<T: Ord + Copy>(bounds: Option<(T, T)>, value: T) -> Option<(T, T)> {
    Some(bounds.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
}

/// Refuses rows of which one has the key of another, or of one that is stored: of the stored
/// parts only those are read whose range meets that of the rows.
pub(super) fn refuse_known(
    table: &Table,
    frame: &DataFrame,
    range: Option<&Range>,
    stored: &Stored,
    read: impl Fn(&Part) -> Result<DataFrame>,
) -> Result<()> {
    let meets = |part: &&Part| Range::meets(part.range.as_ref(), range);
    // As trades come: every key is greater than the one before.
    if stored.parts.iter().filter(meets).count() == 0 && Keys::of(frame, table)?.ascend() {
        return Ok(());
    }
    let new = KeySet::of(frame, table)?;
    for part in stored.parts.iter().filter(meets) {
        let mut old = read(part)?;
        old.rechunk_mut();
        let keys = Keys::of(&old, table)?;
        if (0..old.height()).any(|row| new.contains(&keys, row)) {
            return Err(known(table));
        }
    }
    Ok(())
}

fn known(table: &Table) -> Error {
    Error::Duplicate { table: table.name.to_string(), key: table.key.join(", ") }
}
