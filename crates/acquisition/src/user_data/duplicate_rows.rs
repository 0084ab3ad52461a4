//! The policies for rows whose key another row has: reject, quarantine, or keep the last.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::{BatchBuilder, Cell, OnDuplicate, Table, TableRef, WriteMode};

use crate::text::cut;
use crate::{Error, Result};

/// The policy for a row whose key another row has, in the same file or query or in the store, and
/// that differs from it. A row that is equal in all columns is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateRows {
    /// The page fails, and none of its rows are loaded.
    Refuse,
    /// The row goes to the table `quarantine`, and the earlier one stays.
    SetAside,
    /// The row replaces the earlier one.
    Last,
}

impl DuplicateRows {
    /// Returns the default policy of a table: [`Self::Refuse`] if it is written by append,
    /// [`Self::Last`] if it is merged.
    pub fn of(table: &Table) -> Self {
        match table.write {
            WriteMode::Append => Self::Refuse,
            WriteMode::Merge => Self::Last,
        }
    }

    /// Returns the policy of a sink that corresponds to this one, at the time `now`.
    pub(crate) fn policy(self, now: DateTime<Utc>) -> OnDuplicate {
        match self {
            Self::Refuse => OnDuplicate::Refuse,
            Self::SetAside => OnDuplicate::SetAside { noted_at: now },
            Self::Last => OnDuplicate::Last,
        }
    }
}

/// The keys of the rows of a page, and the places of these rows.
#[derive(Debug)]
pub(crate) struct PageKeys {
    table: TableRef,
    /// The indexes of the key columns in a row.
    key: Vec<usize>,
    /// For each key, the fingerprint and the number of its row.
    rows: HashMap<Vec<u8>, (u64, usize)>,
    /// The place of each row; empty if its key identifies it.
    places: Vec<String>,
    has_places: bool,
    /// A buffer for the bytes of a row, reused to avoid an allocation for each.
    bytes: Vec<u8>,
}

/// Two rows of a page that have the same key and differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyConflict {
    /// The key columns with their values.
    pub(crate) key: String,
    /// The place of the first row, if known.
    pub(crate) first: Option<String>,
}

impl PageKeys {
    pub(crate) fn new(table: &TableRef, has_places: bool) -> Self {
        Self {
            table: table.clone(),
            key: table
                .key
                .iter()
                .filter_map(|name| table.columns.iter().position(|column| column.name == *name))
                .collect(),
            rows: HashMap::new(),
            places: Vec::new(),
            has_places,
            bytes: Vec::new(),
        }
    }

    /// Adds the next row, or returns the earlier row with the same key from which it differs. With
    /// `replaces` it is added in both cases.
    pub(crate) fn take(
        &mut self,
        cells: &[Cell<'_>],
        place: impl FnOnce() -> String,
        replaces: bool,
    ) -> Result<Option<KeyConflict>> {
        let mut key = Vec::with_capacity(16 * self.key.len());
        self.key
            .iter()
            .filter_map(|at| cells.get(*at))
            .for_each(|cell| append_cell_bytes(cell, &mut key));
        self.bytes.clear();
        cells.iter().for_each(|cell| append_cell_bytes(cell, &mut self.bytes));
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        let ours = (hasher.finish(), self.places.len());
        let conflict = match self.rows.get(&key) {
            Some((row, first)) if *row != ours.0 => {
                let first = self.places.get(*first).filter(|_| self.has_places).cloned();
                Some(KeyConflict { key: self.shown_key(cells)?, first })
            }
            _ => None,
        };
        if conflict.is_none() || replaces {
            if conflict.is_some() {
                self.rows.insert(key, ours);
            } else {
                self.rows.entry(key).or_insert(ours);
            }
            self.places.push(if self.has_places { place() } else { String::new() });
        }
        Ok(conflict)
    }

    pub(crate) fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the places of the rows that were added.
    pub(crate) fn into_places(self) -> Vec<String> {
        self.places
    }

    /// Returns the key columns with their values, in at most 200 characters.
    fn shown_key(&self, cells: &[Cell<'_>]) -> Result<String> {
        let mut builder = BatchBuilder::new(&self.table);
        for cell in cells {
            builder.push(*cell)?;
        }
        Ok(cut(&builder.finish()?.shown_key(0)?, 200))
    }
}

impl KeyConflict {
    /// Returns the error for the row at `place`, whose key another row has.
    pub(crate) fn error(&self, table: &Table, place: String) -> Error {
        let (table, key) = (table.name.to_string(), self.key.clone());
        Error::Duplicate { table, key, places: self.first.clone().map(|first| (first, place)) }
    }

    /// Returns the reason for which the row is quarantined.
    pub(crate) fn reason(&self) -> String {
        match &self.first {
            Some(first) => {
                format!("has the key {} of the row at {first}, and differs from it", self.key)
            }
            None => format!("has the key {} of an earlier row, and differs from it", self.key),
        }
    }
}

/// Appends the bytes of `cell`, which are unique among the values of its column.
pub(crate) fn append_cell_bytes(cell: &Cell<'_>, bytes: &mut Vec<u8>) {
    match cell {
        Cell::Null => bytes.push(0),
        Cell::Bool(value) => bytes.extend([1, u8::from(*value)]),
        Cell::Int(value) | Cell::Decimal(value) => {
            bytes.push(2);
            bytes.extend(value.to_le_bytes());
        }
        // Both zeros are the same number.
        Cell::Float(value) => {
            bytes.push(3);
            bytes.extend((value + 0.0).to_bits().to_le_bytes());
        }
        Cell::Text(text) => {
            bytes.push(4);
            bytes.extend(text.len().to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        Cell::Date(days) => {
            bytes.push(5);
            bytes.extend(days.to_le_bytes());
        }
        Cell::Timestamp(micros) => {
            bytes.push(6);
            bytes.extend(micros.to_le_bytes());
        }
    }
}
