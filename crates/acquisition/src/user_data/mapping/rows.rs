//! The rows of a page: valid ones for the table, bad ones for the quarantine.

use chrono::{DateTime, Utc};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, BatchBuilder, Cell, TableRef};

use super::bound_mapping::BoundMapping;
use super::field::Field;
use super::notes::Notes;
use super::row::RowError;
use super::table_mapping::Mapping;
use crate::bad_rows::{BadRow, BadRows, RowFilter};
use crate::user_data::duplicate_rows::{DuplicateRows, PageKeys};
use crate::{Error, Result};

/// A page under construction.
#[derive(Debug)]
pub(crate) struct PageRows {
    builder: BatchBuilder,
    row_filter: RowFilter,
    keys: PageKeys,
    duplicates: DuplicateRows,
    /// The number of rows that have replaced others of the page, and the first of them.
    replaced: (usize, String),
    read: usize,
    bytes: usize,
    most: usize,
}

/// The number of bytes at which a page is full, whatever the number of its rows.
const PAGE_BYTES: usize = 64 * 1024 * 1024;

impl PageRows {
    /// Creates a page of at most `most` rows, valid or bad. Rows are identified by their key, or by
    /// their place if it `has_places`.
    pub(crate) fn new(
        table: &TableRef,
        (policy, duplicates): (BadRows, DuplicateRows),
        most: usize,
        has_places: bool,
    ) -> Self {
        Self {
            builder: BatchBuilder::new(table),
            row_filter: RowFilter::new(policy, &table.name, ""),
            keys: PageKeys::new(table, has_places),
            duplicates,
            replaced: (0, String::new()),
            read: 0,
            bytes: 0,
            most,
        }
    }

    /// Adds the row of `fields`, quarantines it if it is bad, or leaves it out if `where` excludes
    /// it.
    pub(crate) fn take(
        &mut self,
        (mapping, bound, notes): (&Mapping, &BoundMapping, &mut Notes),
        fields: Result<Vec<Field<'_>>, RowError>,
        bytes: usize,
        place: impl Fn() -> String,
        content: impl FnOnce() -> String,
    ) -> Result<()> {
        let row = fields.and_then(|fields| mapping.row(bound, fields, notes));
        match &row {
            Ok(Some(row)) => self.push(mapping.cells(bound, row, notes), bytes, place, content),
            Ok(None) => {
                self.read += 1;
                self.bytes = self.bytes.saturating_add(bytes);
                Ok(())
            }
            Err(row_error) => self.push(Err(row_error.clone()), bytes, place, content),
        }
    }

    /// Adds a row of `bytes` bytes, or quarantines it. `place` identifies it within the source, and
    /// `content` is its original text.
    pub(crate) fn push(
        &mut self,
        row: Result<Vec<Cell<'_>>, RowError>,
        bytes: usize,
        place: impl Fn() -> String,
        content: impl FnOnce() -> String,
    ) -> Result<()> {
        self.read += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        match row {
            Ok(cells) => {
                let replaces = self.duplicates == DuplicateRows::Last;
                if let Some(conflict) = self.keys.take(&cells, &place, replaces)? {
                    match self.duplicates {
                        DuplicateRows::Refuse => {
                            return Err(conflict.error(self.keys.table(), place()));
                        }
                        DuplicateRows::SetAside => {
                            self.row_filter.quarantine_row(&place(), conflict.reason(), &content());
                            return Ok(());
                        }
                        DuplicateRows::Last if self.replaced.0 == 0 => {
                            self.replaced = (1, format!("{} {}", place(), conflict.reason()));
                        }
                        DuplicateRows::Last => self.replaced.0 += 1,
                    }
                }
                for cell in cells {
                    self.builder.push(cell)?;
                }
            }
            Err(RowError { column, value, reason }) => {
                let place = place();
                let bad = Error::BadRow { place: place.clone(), column, value, reason };
                self.row_filter.pass::<()>(Err(bad), || place, content)?;
            }
        }
        Ok(())
    }

    /// Returns the number of rows read: valid, bad or left out.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// Returns the number of rows that still fit the page.
    pub(crate) fn remaining(&self) -> usize {
        if self.bytes < PAGE_BYTES { self.most.saturating_sub(self.read) } else { 0 }
    }

    /// Returns `true` if the page is full.
    pub(crate) fn is_full(&self) -> bool {
        self.remaining() == 0
    }

    /// Returns the batches, that of the table before that of the quarantine, and the places of the
    /// table's rows.
    pub(crate) fn finish(
        self,
        source: &str,
        now: DateTime<Utc>,
        notes: &mut Notes,
    ) -> Result<(Vec<Batch>, Vec<String>)> {
        if let (count @ 1.., first) = &self.replaced {
            notes.replaced(first, *count as u64);
        }
        let good = self.builder.finish()?;
        let bad = BadRow::batch(source, self.row_filter.into_bad(), now)?;
        let batches = [good, bad].into_iter().filter(|batch| batch.rows() > 0).collect();
        Ok((batches, self.keys.into_places()))
    }
}

/// Returns the tables that a source with this `mapping` fills.
pub(crate) fn tables(
    mapping: &Mapping,
    policy: BadRows,
    duplicates: DuplicateRows,
) -> Vec<TableRef> {
    let mut tables = vec![mapping.table().clone()];
    if policy == BadRows::Quarantine || duplicates == DuplicateRows::SetAside {
        tables.push(Quarantine::table().clone());
    }
    tables
}
