//! A page on its way into a sink, and what the sink did with its rows.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{DateTime, Utc};

use crate::tables::Quarantine;
use crate::{Batch, Cursor, Removal, Result, Table, TableRef};

/// One page on its way into a sink: it is committed whole, once, or not at all.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The rows.
    pub batches: &'a [Batch],
    /// Where the sink must still have the source's cursor (`None`: never loaded).
    pub before: Option<&'a Cursor>,
    /// Where the cursor is once the rows are in.
    pub after: &'a Cursor,
    /// What becomes of a row whose key is there already.
    pub on_duplicate: OnDuplicate,
    /// The tables whose rows all go in the same commit, before those of the load are written: it is a snapshot of
    /// them. Only a sink that says so takes it: [`SinkCapabilities::replaces`](crate::SinkCapabilities::replaces).
    pub replaces: &'a [TableRef],
    /// Other sources whose cursors go in the same commit: all that they have loaded goes with the rows that are
    /// replaced. Only with [`replaces`](Self::replaces).
    pub forgets: &'a [&'a str],
}

impl<'a> Load<'a> {
    /// Creates a load whose duplicate keys are treated by the write mode of each table.
    pub fn new(
        source: &'a str,
        batches: &'a [Batch],
        before: Option<&'a Cursor>,
        after: &'a Cursor,
    ) -> Self {
        let on_duplicate = OnDuplicate::ByTable;
        Self { source, batches, before, after, on_duplicate, replaces: &[], forgets: &[] }
    }

    /// Sets what becomes of a row whose key is there already.
    #[must_use]
    pub fn on_duplicate(self, on_duplicate: OnDuplicate) -> Self {
        Self { on_duplicate, ..self }
    }

    /// Has all rows of `tables` go that were there before.
    #[must_use]
    pub fn replacing(self, tables: &'a [TableRef]) -> Self {
        Self { replaces: tables, ..self }
    }

    /// Has the cursors of `sources` go as well, which have filled the tables that are replaced.
    #[must_use]
    pub fn forgetting(self, sources: &'a [&'a str]) -> Self {
        Self { forgets: sources, ..self }
    }

    /// Returns the rows of `quarantine` that go with those that are replaced: of rows that are no longer there, what
    /// the source and those that are forgotten have noted says nothing. `None` if no table is replaced.
    ///
    /// # Errors
    /// Returns an error if `quarantine` is not keyed by source, which no release has.
    pub fn outdated_notes(&self) -> Result<Option<Removal>> {
        if self.replaces.is_empty() {
            return Ok(None);
        }
        let sources = [self.source].into_iter().chain(self.forgets.iter().copied());
        Removal::of(Quarantine::table(), "source", sources).map(Some)
    }

    /// Returns `true` if all rows of `table` go that were there before.
    pub fn replaces(&self, table: &Table) -> bool {
        self.replaces.iter().any(|replaced| replaced.name == table.name)
    }
}

/// What becomes of a row whose key is there already, in the store or earlier in the load.
///
/// A row is *identical* if all of its columns are, nulls among them. All but [`ByTable`](Self::ByTable) have every row
/// compared with the stored one of its key, and skip those that are identical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnDuplicate {
    /// By the table's [`WriteMode`](crate::WriteMode): append refuses the load, even for an identical row; merge
    /// replaces the row. For sources whose pages do not overlap: no row is compared for an append; for a merge, a store
    /// reads the stored rows only where that is cheap, and the counts say less where it does not.
    #[default]
    ByTable,
    /// A row that differs fails the load.
    Refuse,
    /// A row that differs goes to the table `quarantine`, and the one that was there stays.
    SetAside {
        /// When that is noted to have been.
        noted_at: DateTime<Utc>,
    },
    /// A row that differs replaces the one that was there.
    Last,
}

/// What a load did to the rows of a table, as though they were written one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows with a key that was not there.
    pub inserted: usize,
    /// Rows that replaced one of their key which differed.
    pub updated: usize,
    /// Rows that were there already, in all columns.
    pub identical: usize,
    /// Rows that differed from the one of their key, and were set aside for that.
    pub conflicting: usize,
    /// Rows that were there before, and went because the load [replaces](Load::replaces) them.
    pub removed: usize,
}

impl RowCounts {
    /// Returns the counts of rows that were all new.
    pub fn inserted(rows: usize) -> Self {
        Self { inserted: rows, ..Self::default() }
    }

    /// Returns the number of rows that were read.
    pub fn read(self) -> usize {
        self.inserted + self.updated + self.identical + self.conflicting
    }
}

impl AddAssign for RowCounts {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.identical += other.identical;
        self.conflicting += other.conflicting;
        self.removed += other.removed;
    }
}

/// What a load did, table by table.
///
/// ```
/// use tidegauge_core::{Loaded, RowCounts};
///
/// let mut loaded = Loaded::default();
/// loaded.add("trades", RowCounts { inserted: 2, identical: 1, ..RowCounts::default() });
/// assert_eq!(loaded.of("trades").read(), 3);
/// assert_eq!(loaded.of("orders"), RowCounts::default());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded(BTreeMap<String, RowCounts>);

impl Loaded {
    /// Counts all rows of `batches` as inserted: for a sink that does not compare rows.
    pub fn inserted(batches: &[Batch]) -> Self {
        let mut loaded = Self::default();
        for batch in batches {
            loaded.add(&batch.table().name, RowCounts::inserted(batch.rows()));
        }
        loaded
    }

    /// Adds what was done to rows of `table`.
    pub fn add(&mut self, table: &str, counts: RowCounts) {
        match self.0.get_mut(table) {
            Some(known) => *known += counts,
            None => drop(self.0.insert(table.to_owned(), counts)),
        }
    }

    /// Returns what was done to rows of `table`.
    pub fn of(&self, table: &str) -> RowCounts {
        self.0.get(table).copied().unwrap_or_default()
    }
}
