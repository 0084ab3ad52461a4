//! The load of a page into a sink, and its row counts.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::{DateTime, Utc};

use crate::tables::Quarantine;
use crate::{Batch, Cursor, Removal, Result, Table, TableRef};

/// A page to be loaded into a sink: it is committed as a whole, once, or not at all.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The rows.
    pub batches: &'a [Batch],
    /// The cursor that the sink must still have for the source (`None`: never loaded).
    pub before: Option<&'a Cursor>,
    /// The cursor of the source after the commit.
    pub after: &'a Cursor,
    /// The policy for a row whose key is stored already.
    pub on_duplicate: OnDuplicate,
    /// The tables of which this load is a snapshot: all their earlier rows are removed in the same
    /// commit, before those of the load are written. Only a sink with
    /// [`SinkCapabilities::replaces`](crate::SinkCapabilities::replaces) accepts it.
    pub replaces: &'a [TableRef],
    /// Other sources whose cursors are removed in the same commit, because their rows are among
    /// those replaced. Only together with [`replaces`](Self::replaces).
    pub removed_cursors: &'a [&'a str],
}

impl<'a> Load<'a> {
    /// Creates a load whose duplicate keys are handled by the write mode of each table.
    pub fn new(
        source: &'a str,
        batches: &'a [Batch],
        before: Option<&'a Cursor>,
        after: &'a Cursor,
    ) -> Self {
        let on_duplicate = OnDuplicate::ByTable;
        Self { source, batches, before, after, on_duplicate, replaces: &[], removed_cursors: &[] }
    }

    /// Sets the policy for a row whose key is stored already.
    #[must_use]
    pub fn on_duplicate(self, on_duplicate: OnDuplicate) -> Self {
        Self { on_duplicate, ..self }
    }

    /// Makes the load a snapshot of `tables`: all their earlier rows are removed.
    #[must_use]
    pub fn replacing(self, tables: &'a [TableRef]) -> Self {
        Self { replaces: tables, ..self }
    }

    /// Removes the cursors of `sources` too, whose rows are among those replaced.
    #[must_use]
    pub fn removing_cursors(self, sources: &'a [&'a str]) -> Self {
        Self { removed_cursors: sources, ..self }
    }

    /// Returns the quarantine notes that are removed together with the replaced rows: those of the
    /// source and of the sources whose cursors are removed, since they refer to rows that no longer
    /// exist. `None` if no table is replaced.
    ///
    /// # Errors
    /// When `quarantine` is not keyed by source, which is the case in no release.
    pub fn outdated_notes(&self) -> Result<Option<Removal>> {
        if self.replaces.is_empty() {
            return Ok(None);
        }
        let sources = [self.source].into_iter().chain(self.removed_cursors.iter().copied());
        Removal::by_values(Quarantine::table(), "source", sources).map(Some)
    }

    /// Returns `true` if all earlier rows of `table` are removed.
    pub fn replaces(&self, table: &Table) -> bool {
        self.replaces.iter().any(|replaced| replaced.name == table.name)
    }
}

/// The policy for a row whose key exists already, in the store or earlier in the load.
///
/// A row is *identical* if all its columns are, nulls included. All policies but
/// [`ByTable`](Self::ByTable) compare every row with the stored one with its key, and skip
/// identical ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnDuplicate {
    /// By the table's [`WriteMode`](crate::WriteMode): append refuses the load, even for an
    /// identical row; merge replaces the row. For sources whose pages do not overlap: for an append
    /// no row is compared; for a merge, a store reads the stored rows only where that is cheap, and
    /// where it does not, the counts are less precise.
    #[default]
    ByTable,
    /// A row that differs fails the load.
    Refuse,
    /// A row that differs goes to the table `quarantine`, and the stored one stays.
    SetAside {
        /// The time written to the note.
        noted_at: DateTime<Utc>,
    },
    /// A row that differs replaces the stored one.
    Last,
}

/// The effect of a load on the rows of a table, counted as if they were written one after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// The number of rows with a new key.
    pub inserted: usize,
    /// The number of rows that replaced a different one with the same key.
    pub updated: usize,
    /// The number of rows identical to the stored one.
    pub identical: usize,
    /// The number of rows that differed from the stored one and were set aside.
    pub conflicting: usize,
    /// The number of earlier rows removed because the load [replaces](Load::replaces) them.
    pub removed: usize,
}

impl RowCounts {
    /// Returns the counts of `rows` rows that were all new.
    pub fn inserted(rows: usize) -> Self {
        Self { inserted: rows, ..Self::default() }
    }

    /// Returns the number of rows in the load: all but the removed ones.
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

/// The row counts of a load by table.
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
    /// Counts all rows of `batches` as inserted; for sinks that do not compare rows.
    pub fn inserted(batches: &[Batch]) -> Self {
        let mut loaded = Self::default();
        for batch in batches {
            loaded.add(&batch.table().name, RowCounts::inserted(batch.rows()));
        }
        loaded
    }

    /// Adds to the counts of `table`.
    pub fn add(&mut self, table: &str, counts: RowCounts) {
        match self.0.get_mut(table) {
            Some(known) => *known += counts,
            None => drop(self.0.insert(table.to_owned(), counts)),
        }
    }

    /// Returns the counts of `table`; all are zero if the load has no rows of it.
    pub fn of(&self, table: &str) -> RowCounts {
        self.0.get(table).copied().unwrap_or_default()
    }
}
