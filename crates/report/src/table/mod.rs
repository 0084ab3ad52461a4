//! Tables: typed cells in typed columns. The HTML, the CSV and the charts of a panel are all
//! generated from its table.

mod cell;
mod csv;

use serde::Serialize;

pub use cell::{Cell, Interval, Missing, Number};

use crate::format::{Format, UNKNOWN, label};
use crate::{Error, Result};

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Column {
    /// The name in CSV and JSON, by which charts refer to the column: `high_volume`.
    pub name: String,
    /// The heading as displayed: `High-volume`.
    pub title: String,
    /// A note under the heading in small print, such as the level of the intervals.
    pub note: Option<String>,
    /// The format of the values, which determines their unit.
    pub format: Format,
    /// `true` if the cells have intervals, which are `<name>_low` and `<name>_high` in CSV.
    pub interval: bool,
    /// `true` if the cells have a number of users, which is `<name>_n` in CSV.
    pub n: bool,
}

impl Column {
    /// Creates a column without intervals.
    pub fn new(name: impl Into<String>, title: impl Into<String>, format: Format) -> Self {
        let (name, title) = (name.into(), title.into());
        Self { name, title, note: None, format, interval: false, n: false }
    }

    /// Adds intervals to the cells of the column.
    #[must_use]
    pub fn with_interval(mut self) -> Self {
        self.interval = true;
        self
    }

    /// Adds the number of users that each value is computed from.
    #[must_use]
    pub fn with_n(mut self) -> Self {
        self.n = true;
        self
    }

    /// Adds a note under the heading in small print.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Writes the value of a cell of this column for display.
    pub fn show(&self, cell: &Cell) -> String {
        match cell {
            Cell::Text(text) if self.format == Format::Name => label(Some(text), &self.name),
            Cell::Text(text) => text.clone(),
            Cell::Number(number) => self.format.show(number.value),
            Cell::Missing(Missing::NotOver) => String::new(),
            Cell::Missing(Missing::Unknown) if self.format == Format::Name => {
                label(None, &self.name)
            }
            Cell::Missing(Missing::Unknown) => UNKNOWN.into(),
        }
    }

    /// Writes the interval of a cell of this column, or `None` if it has none.
    pub fn show_interval(&self, cell: &Cell) -> Option<String> {
        let interval = cell.as_number()?.interval?;
        Some(self.format.show_interval(&interval))
    }
}

/// A row of a [`Table`], with as many cells as the table has columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// The cells, in the order of the columns; the first one names the row.
    pub cells: Vec<Cell>,
    /// `true` if the row is a total of others. Bar and line charts leave such rows out.
    pub is_total: bool,
}

/// A table of typed cells in typed columns.
///
/// ```
/// use tidegauge_report::{Cell, Column, Format, Table};
///
/// let mut table = Table::new([
///     Column::new("channel", "Channel", Format::Name),
///     Column::new("users", "Users", Format::Count),
/// ])?;
/// table.push([Cell::text("paid_search"), Cell::count(241)])?;
/// assert_eq!(table.number("paid_search", "users"), Some(241.0));
/// assert_eq!(table.to_csv(), "channel,users\npaid_search,241\n");
/// # Ok::<(), tidegauge_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

impl Table {
    /// Creates a table without rows.
    ///
    /// # Errors
    /// [`Error::DuplicateColumn`] if two columns would have the same name in CSV, where one column
    /// may become several: its value, the bounds of its interval, and its number of users.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Result<Self> {
        let table = Self { columns: columns.into_iter().collect(), rows: Vec::new() };
        let mut names = table.csv_header();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::DuplicateColumn { name: pair[0].clone() }),
            None => Ok(table),
        }
    }

    /// Adds a row. A number that is not finite is stored as [`Missing::Unknown`].
    ///
    /// # Errors
    /// [`Error::Row`] if the row has more or fewer cells than the table has columns, text under a
    /// column of numbers, or a number under a column of text.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) -> Result<()> {
        self.add(cells.into_iter().collect(), false)
    }

    /// Adds a row that is a total of others.
    ///
    /// # Errors
    /// The same as for [`push`](Self::push).
    pub fn push_total(&mut self, cells: impl IntoIterator<Item = Cell>) -> Result<()> {
        self.add(cells.into_iter().collect(), true)
    }

    fn add(&mut self, mut cells: Vec<Cell>, is_total: bool) -> Result<()> {
        let (found, wanted) = (cells.len(), self.columns.len());
        if found != wanted {
            return Err(Error::Row { reason: format!("{found} cells for {wanted} columns") });
        }
        for (column, cell) in self.columns.iter().zip(&mut cells) {
            let fits = match cell {
                Cell::Text(_) => !column.format.is_number(),
                Cell::Number(_) => column.format.is_number(),
                Cell::Missing(_) => true,
            };
            if !fits {
                let kind = if column.format.is_number() { "numbers" } else { "text" };
                let reason = format!("column `{}` holds {kind}", column.name);
                return Err(Error::Row { reason });
            }
            if cell.as_number().is_some_and(|number| !number.is_finite()) {
                *cell = Cell::UNKNOWN;
            }
        }
        self.rows.push(Row { cells, is_total });
        Ok(())
    }

    /// Returns the columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the columns to change their names, headings and formats.
    pub(crate) fn columns_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    /// Returns the rows, in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the position of the column called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], which names the columns that exist.
    pub fn position(&self, name: &str) -> Result<usize> {
        let position = self.columns.iter().position(|column| column.name == name);
        position.ok_or_else(|| Error::UnknownColumn {
            name: name.into(),
            known: self.columns.iter().map(|column| column.name.clone()).collect(),
        })
    }

    /// Returns the number in column `column` of the first row whose first cell is the text `row`, or
    /// `None` if there is no such row, column or number.
    pub fn number(&self, row: &str, column: &str) -> Option<f64> {
        let position = self.position(column).ok()?;
        let named = |cell: &Cell| matches!(cell, Cell::Text(text) if text == row);
        let row = self.rows.iter().find(|candidate| candidate.cells.first().is_some_and(named))?;
        Some(row.cells.get(position)?.as_number()?.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new([
            Column::new("channel", "Channel", Format::Name),
            Column::new("rate", "Rate", Format::Percent).with_interval().with_n(),
        ])
        .unwrap()
    }

    #[test]
    fn a_row_must_fit_its_table() {
        let mut table = table();
        let refused = |result: Result<()>| result.unwrap_err().to_string();
        assert!(refused(table.push([Cell::text("a")])).contains("1 cells for 2 columns"));
        assert!(refused(table.push([Cell::count(1), Cell::UNKNOWN])).contains("holds text"));
        let row = [Cell::text("a"), Cell::text("b")];
        assert!(refused(table.push(row)).contains("`rate` holds numbers"));
        table.push([Cell::UNKNOWN, Cell::number(f64::NAN)]).unwrap();
        assert_eq!(table.rows()[0].cells[1], Cell::UNKNOWN);
    }

    #[test]
    fn column_names_are_unique_in_csv() {
        let columns = [
            Column::new("x", "", Format::Ratio).with_interval(),
            Column::new("x_low", "", Format::Ratio),
        ];
        let error = Table::new(columns).unwrap_err().to_string();
        assert!(error.contains("`x_low`"), "{error}");
        let error = table().position("y").unwrap_err().to_string();
        assert_eq!(error, "the table has no column `y`; it has channel, rate");
    }

    #[test]
    fn missing_values_are_shown_by_reason() {
        let table = table();
        let [channel, rate] = table.columns() else { panic!("{table:?}") };
        assert_eq!(channel.show(&Cell::UNKNOWN), "no channel");
        assert_eq!(channel.show(&Cell::text("paid_search")), "paid search");
        assert_eq!(rate.show(&Cell::UNKNOWN), "–");
        assert_eq!(rate.show(&Cell::NOT_OVER), "");
    }
}
