//! What becomes of the rows of a load, row by row.

use crate::tables::Quarantine;
use crate::{
    Batch, Error, Fingerprint, Load, Loaded, OnDuplicate, Result, RowCounts, Table, WriteMode,
};

/// The most characters of a key that a message, or the place of a row in quarantine, has.
const LONGEST_KEY: usize = 200;

/// The most characters of a row that are kept in quarantine.
const LONGEST_ROW: usize = 2_000;

/// Decides by [`Load::on_duplicate`] what becomes of each row of a load, and counts it. The sink looks for the row that
/// has the same key, and compares.
///
/// ```
/// use tidegauge_core::{Batch, Cursor, Load, OnDuplicate, RowTally, tables::FxRate};
///
/// # fn main() -> tidegauge_core::Result<()> {
/// let (after, rates) = (Cursor::new("1"), [Batch::empty(FxRate::table())]);
/// let load = Load::new("ecb", &rates, None, &after).on_duplicate(OnDuplicate::Last);
/// let mut tally = RowTally::of(&load);
/// for batch in load.batches {
///     for row in 0..batch.rows() {
///         let differs = Some("rate"); // the first column that differs from the stored row
///         assert!(tally.known(batch, row, differs)?, "this row takes the place of the other");
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
    /// Creates the tally of `load`, of which nothing is written yet.
    pub fn of(load: &Load<'a>) -> Self {
        let (source, policy) = (load.source, load.on_duplicate);
        Self { source, policy, loaded: Loaded::default(), set_aside: Vec::new() }
    }

    /// Returns `true` if rows of `table` may have the key of another one; if not, that is an error whatever else
    /// they hold.
    pub fn may_repeat(&self, table: &Table) -> bool {
        self.compares() || table.write == WriteMode::Merge
    }

    /// Returns `true` if rows have to be compared with those that are stored, whatever that costs.
    pub fn compares(&self) -> bool {
        self.policy != OnDuplicate::ByTable
    }

    /// Returns `true` if rows of `table` that differ replace others.
    pub fn replaces(&self, table: &Table) -> bool {
        matches!(self.policy_of(table), OnDuplicate::ByTable | OnDuplicate::Last)
    }

    /// Returns the policy for rows of `table`. A bad row that is read again is noted at another time, in the place of the
    /// note before.
    fn policy_of(&self, table: &Table) -> OnDuplicate {
        match *table.name == *Quarantine::table().name && self.compares() {
            true => OnDuplicate::Last,
            false => self.policy,
        }
    }

    /// Counts `rows` rows of `table` that go because the load replaces them.
    pub fn removed(&mut self, table: &Table, rows: usize) {
        self.loaded.add(&table.name, RowCounts { removed: rows, ..RowCounts::default() });
    }

    /// Counts `rows` rows of `table` whose keys are new.
    pub fn inserted(&mut self, table: &Table, rows: usize) {
        self.loaded.add(&table.name, RowCounts::inserted(rows));
    }

    /// Counts a row whose key is there already, and that `differs` from the row that has it in this column, or is
    /// the same. Returns `true` if it takes the other one's place. The rows of a batch come in their order.
    ///
    /// # Errors
    /// [`Error::Differs`] if a row that differs is to be refused.
    pub fn known(&mut self, batch: &Batch, row: usize, differs: Option<&str>) -> Result<bool> {
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
                return self.conflicts(batch, row, column).map(|()| false);
            }
        };
        self.loaded.add(&table.name, counts);
        Ok(replaces)
    }

    /// Counts a row that differs in `column` from the one that has its key, whose place it never takes: as one that is
    /// set aside, or else as an error.
    ///
    /// # Errors
    /// [`Error::Differs`] unless rows are to be set aside.
    pub fn conflicts(&mut self, batch: &Batch, row: usize, column: &str) -> Result<()> {
        let table = batch.table();
        let OnDuplicate::SetAside { noted_at } = self.policy else {
            return Err(Error::Differs {
                table: table.name.to_string(),
                key: cut(&batch.shown_key(row)?, LONGEST_KEY),
                column: column.to_owned(),
                row: self.loaded.of(&table.name).read(),
                place: None,
            });
        };
        let content = content(batch, row)?;
        self.set_aside.push(Quarantine {
            source: self.source.to_owned(),
            place: place(batch, row, &content)?,
            table_name: table.name.to_string(),
            reason: format!("differs in `{column}` from the row of its key that is there"),
            content: cut(&content, LONGEST_ROW),
            noted_at,
        });
        self.loaded.add(&table.name, RowCounts { conflicting: 1, ..RowCounts::default() });
        Ok(())
    }

    /// Returns `true` if rows were set aside that were not taken out yet.
    pub fn has_set_aside(&self) -> bool {
        !self.set_aside.is_empty()
    }

    /// Takes out the rows that were set aside, as rows of the table [`Quarantine`], which the load is to write as
    /// well: that is a merge table. `None` if there are none.
    ///
    /// # Errors
    /// Returns an error if a row does not fit the table, which none of these rows can.
    pub fn set_aside(&mut self) -> Result<Option<Batch>> {
        let rows = std::mem::take(&mut self.set_aside);
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch::from_rows(Quarantine::table(), rows)?))
    }

    /// Returns what became of the rows.
    pub fn finish(self) -> Loaded {
        self.loaded
    }
}

/// Returns the place in quarantine of a row that was set aside: its table and key, and a fingerprint of its whole
/// `content`, so that no other row of that key takes its place.
fn place(batch: &Batch, row: usize, content: &str) -> Result<String> {
    let mut whole = Fingerprint::default();
    whole.eat(content.as_bytes());
    let key = format!("{} {}", batch.table().name, batch.shown_key(row)?);
    let place = cut(&key, LONGEST_KEY - 18);
    Ok(format!("{place} #{whole}"))
}

/// Returns the columns of `row` that have values, with these.
fn content(batch: &Batch, row: usize) -> Result<String> {
    let views = batch.views()?;
    let columns = batch.table().columns.iter().zip(views);
    let named: Vec<_> = columns
        .filter_map(|(column, view)| Some(format!("{}={}", column.name, view.shown(row)?)))
        .collect();
    Ok(named.join(", "))
}

/// Returns `text` of at most `most` characters, on one line.
fn cut(text: &str, most: usize) -> String {
    let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
    match text.char_indices().nth(most) {
        None => text.chars().map(plain).collect(),
        Some(_) => text.chars().take(most - 1).map(plain).chain(['…']).collect(),
    }
}
