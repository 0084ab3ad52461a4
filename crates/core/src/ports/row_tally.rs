//! Decisions on duplicate rows of a load, and row counts.

use crate::tables::Quarantine;
use crate::{
    Batch, Error, Fingerprint, Load, Loaded, OnDuplicate, Result, RowCounts, Table, WriteMode,
};

/// The maximum number of characters of a key in a message or in the place of a quarantined row.
const MAX_KEY_CHARS: usize = 200;

/// The maximum number of characters of a row that are kept in quarantine.
const MAX_ROW_CHARS: usize = 2_000;

/// Applies the policy [`Load::on_duplicate`] to each row of a load, and counts the results. The
/// sink finds the stored row with the same key and compares the two.
///
/// ```
/// use tidegauge_core::{Batch, Cursor, Load, OnDuplicate, RowTally, tables::FxRate};
///
/// # fn main() -> tidegauge_core::Result<()> {
/// let (after, rates) = (Cursor::new("1"), [Batch::empty(FxRate::table())]);
/// let load = Load::new("ecb", &rates, None, &after).on_duplicate(OnDuplicate::Last);
/// let mut tally = RowTally::new(&load);
/// for batch in load.batches {
///     for row in 0..batch.rows() {
///         let differs = Some("rate"); // the first column that differs from the stored row
///         assert!(tally.count_existing(batch, row, differs)?, "this row takes the place of the other");
///     }
/// }
/// let loaded = tally.finish();
/// # assert_eq!(loaded.of("fx_rates").read(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RowTally<'a> {
    source: &'a str,
    policy: OnDuplicate,
    loaded: Loaded,
    set_aside: Vec<Quarantine>,
}

impl<'a> RowTally<'a> {
    /// Creates the tally of `load` before any of its rows are written.
    pub fn new(load: &Load<'a>) -> Self {
        let (source, policy) = (load.source, load.on_duplicate);
        Self { source, policy, loaded: Loaded::default(), set_aside: Vec::new() }
    }

    /// Returns `true` if rows of `table` may share a key; otherwise a second row with the same key
    /// is an error, whatever else it holds.
    pub fn may_repeat(&self, table: &Table) -> bool {
        self.compares() || table.write == WriteMode::Merge
    }

    /// Returns `true` if rows must be compared with the stored ones, regardless of the cost.
    pub fn compares(&self) -> bool {
        self.policy != OnDuplicate::ByTable
    }

    /// Returns `true` if rows of `table` that differ replace the stored ones.
    pub fn replaces(&self, table: &Table) -> bool {
        matches!(self.policy_of(table), OnDuplicate::ByTable | OnDuplicate::Last)
    }

    /// Returns the policy for rows of `table`. Quarantine notes that are compared always replace
    /// the earlier note, because a bad row that is read again has a new time.
    fn policy_of(&self, table: &Table) -> OnDuplicate {
        match *table.name == *Quarantine::table().name && self.compares() {
            true => OnDuplicate::Last,
            false => self.policy,
        }
    }

    /// Counts `rows` rows of `table` as removed because the load replaces them.
    pub fn count_removed(&mut self, table: &Table, rows: usize) {
        self.loaded.add(&table.name, RowCounts { removed: rows, ..RowCounts::default() });
    }

    /// Counts `rows` rows of `table` as inserted with new keys.
    pub fn count_inserted(&mut self, table: &Table, rows: usize) {
        self.loaded.add(&table.name, RowCounts::inserted(rows));
    }

    /// Counts a row whose key exists already; `differs` is the first column in which it differs
    /// from the existing row, or `None` if both are identical. Returns `true` if it replaces the
    /// existing row. The rows of a batch must come in order.
    ///
    /// # Errors
    /// [`Error::Differs`] if rows that differ are refused.
    pub fn count_existing(
        &mut self,
        batch: &Batch,
        row: usize,
        differs: Option<&str>,
    ) -> Result<bool> {
        let table = batch.table();
        let mut counts = RowCounts::default();
        let replaces = match (differs, self.policy_of(table)) {
            (None, _) => {
                counts.identical = 1;
                false
            }
            (Some(_), OnDuplicate::ByTable | OnDuplicate::Last) => {
                counts.updated = 1;
                true
            }
            (Some(column), OnDuplicate::SetAside { .. } | OnDuplicate::Refuse) => {
                return self.count_conflict(batch, row, column).map(|()| false);
            }
        };
        self.loaded.add(&table.name, counts);
        Ok(replaces)
    }

    /// Counts a row that differs in `column` from the existing one and never replaces it: it is set
    /// aside, or else an error.
    ///
    /// # Errors
    /// [`Error::Differs`] unless rows that differ are set aside.
    pub fn count_conflict(&mut self, batch: &Batch, row: usize, column: &str) -> Result<()> {
        let table = batch.table();
        let OnDuplicate::SetAside { noted_at } = self.policy else {
            return Err(Error::Differs {
                table: table.name.to_string(),
                key: truncate(&batch.shown_key(row)?, MAX_KEY_CHARS),
                column: column.to_owned(),
                row: self.loaded.of(&table.name).read(),
                place: None,
            });
        };
        let content = row_text(batch, row)?;
        self.set_aside.push(Quarantine {
            source: self.source.to_owned(),
            place: quarantine_place(batch, row, &content)?,
            table_name: table.name.to_string(),
            reason: format!("differs in `{column}` from the row of its key that is there"),
            content: truncate(&content, MAX_ROW_CHARS),
            noted_at,
        });
        self.loaded.add(&table.name, RowCounts { conflicting: 1, ..RowCounts::default() });
        Ok(())
    }

    /// Returns `true` if rows were set aside and not taken out yet.
    pub fn has_set_aside(&self) -> bool {
        !self.set_aside.is_empty()
    }

    /// Takes out the rows set aside, as rows of the merge table [`Quarantine`] that the load must
    /// write too. `None` if there are none.
    ///
    /// # Errors
    /// When a row does not fit the table, which cannot happen with these rows.
    pub fn set_aside(&mut self) -> Result<Option<Batch>> {
        let rows = std::mem::take(&mut self.set_aside);
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch::from_rows(Quarantine::table(), rows)?))
    }

    /// Returns the row counts by table.
    pub fn finish(self) -> Loaded {
        self.loaded
    }
}

/// Returns the quarantine place of a row that is set aside: its table and key, and a fingerprint of
/// its whole `content`, so that different rows of one key have different places.
fn quarantine_place(batch: &Batch, row: usize, content: &str) -> Result<String> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.update(content.as_bytes());
    let key = format!("{} {}", batch.table().name, batch.shown_key(row)?);
    let place = truncate(&key, MAX_KEY_CHARS - 18);
    Ok(format!("{place} #{fingerprint}"))
}

/// Formats the non-null columns of `row` with their values.
fn row_text(batch: &Batch, row: usize) -> Result<String> {
    let views = batch.views()?;
    let columns = batch.table().columns.iter().zip(views);
    let named: Vec<_> = columns
        .filter_map(|(column, view)| Some(format!("{}={}", column.name, view.shown(row)?)))
        .collect();
    Ok(named.join(", "))
}

/// Returns `text` on one line, truncated to `max_chars` characters.
fn truncate(text: &str, max_chars: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    match text.char_indices().nth(max_chars) {
        None => text.chars().map(printable).collect(),
        Some(_) => text.chars().take(max_chars - 1).map(printable).chain(['…']).collect(),
    }
}
