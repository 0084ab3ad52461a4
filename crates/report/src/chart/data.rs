//! The values that a chart draws, read from the cells of its table; all renderers share this
//! module.

use super::kinds::{Bars, Direction, HeatMap, Lines, Series};
use crate::format::{Format, count, decimals};
use crate::{Cell, Column, Interval, Missing, Number, Result, Row, Table};

/// How far bands are drawn beyond all lines, in extents of the lines.
const BEYOND: f64 = 1.5;

/// A value of a chart.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// The value; a share lies between 0 and 1.
    pub(super) value: f64,
    /// Its interval.
    pub(super) interval: Option<Interval>,
    /// The value with its interval and the number of users, as text.
    pub(super) note: String,
}

impl Value {
    /// Returns the bounds of the interval, or the value itself twice without one. An interval that
    /// is open at the top ends at the value.
    pub(super) fn bounds(&self) -> (f64, f64) {
        let interval = self.interval.map(|interval| (interval.low, interval.high));
        let (low, high) = interval.unwrap_or((self.value, None));
        (low, high.unwrap_or(self.value))
    }
}

/// A row as a bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: String,
    /// The value, or `None` if it is missing.
    pub(super) value: Option<Value>,
}

/// A row or a column as a line.
#[derive(Debug)]
pub(super) struct Line {
    /// The index of the row among the rows that are not totals, or of the column among those that
    /// are drawn; it determines the color.
    pub(super) position: usize,
    pub(super) name: String,
    /// The points from left to right; `None` where a value is missing.
    pub(super) points: Vec<(u32, Option<Value>)>,
}

/// The lines of a chart, and its axes.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) lines: Vec<Line>,
    /// The format of all values.
    pub(super) format: Format,
    pub(super) axis: Axis,
}

impl Plot {
    /// Returns the range of lines, bands and the mark, which always includes 0, and whether bands
    /// are cut: those that reach far beyond all lines would leave no room for them.
    pub(super) fn range(&self, mark: Option<f64>) -> ((f64, f64), bool) {
        let values = || self.lines.iter().flat_map(|line| &line.points);
        let values = || values().filter_map(|(_, value)| value.as_ref());
        let cover = |(low, high): (f64, f64), end: f64| (low.min(end), high.max(end));
        let lines = values().map(|value| value.value).chain(mark).fold((0.0, 0.0), cover);
        let ends = values().flat_map(|value| <[f64; 2]>::from(value.bounds()));
        let all = ends.fold(lines, cover);
        let extent = BEYOND * (lines.1 - lines.0);
        let limits = (lines.0 - extent, lines.1 + extent);
        let cut = (all.0.max(limits.0), all.1.min(limits.1));
        (cut, cut != all)
    }
}

/// The horizontal axis of a plot.
#[derive(Debug)]
pub(super) enum Axis {
    /// Numbers from 0 to the last position.
    Numbers {
        /// The unit, as in `day 30`.
        unit: String,
        last: u32,
    },
    /// The labels of the positions 0, 1, 2, …
    Labels(Vec<String>),
}

impl Axis {
    /// Writes a position: `day 30`, `2026-01`.
    pub(super) fn show(&self, at: u32) -> String {
        match self {
            Self::Numbers { unit, .. } => format!("{unit} {at}").trim_start().to_owned(),
            Self::Labels(labels) => {
                let label = usize::try_from(at).ok().and_then(|at| labels.get(at));
                label.cloned().unwrap_or_default()
            }
        }
    }
}

/// The cells of a heat map.
#[derive(Debug)]
pub(crate) struct Grid {
    /// The heading of the labels.
    pub(crate) label: String,
    /// The heading of the users.
    pub(crate) users: String,
    /// The headings of the cells.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<GridRow>,
}

/// A row of a heat map.
#[derive(Debug)]
pub(crate) struct GridRow {
    pub(crate) label: String,
    pub(crate) users: String,
    pub(crate) cells: Vec<GridCell>,
    pub(crate) is_total: bool,
}

/// A cell of a heat map.
#[derive(Debug)]
pub(crate) struct GridCell {
    pub(crate) text: String,
    /// The color level, from 0 to 10; `None` if there is no value.
    pub(crate) level: Option<u8>,
    /// The content of the cell as text.
    pub(crate) note: String,
}

/// Reads the bars with their format in drawing order: upwards from the bottom, or from left to
/// right.
pub(super) fn bars(chart: &Bars, table: &Table) -> Result<(Format, Vec<Bar>)> {
    let (labels, values) = (table.position(&chart.labels)?, table.position(&chart.values)?);
    let (name, column) = (&table.columns()[labels], &table.columns()[values]);
    let rows = table.rows().iter().filter(|row| !row.is_total);
    let mut bars: Vec<_> = rows
        .map(|row| {
            let value = row.cells[values].as_number().map(|number| value(column, number, " of "));
            Bar { name: name.show(&row.cells[labels]), value }
        })
        .collect();
    if chart.direction == Direction::Right {
        let known = |bar: &Bar| bar.value.as_ref().map_or(0.0, |value| value.value);
        bars.retain(|bar| bar.value.is_some());
        bars.sort_by(|a, b| known(a).total_cmp(&known(b)));
    }
    Ok((column.format, bars))
}

/// Formats the value at a bar. Upright bars are narrow, so a percentage omits the sign, which is in
/// the title.
pub(super) fn label(direction: Direction, format: Format, value: f64) -> String {
    match (direction, format) {
        (Direction::Up, Format::Percent) => decimals(value * 100.0, 1),
        _ => format.show(value),
    }
}

/// Reads the lines; rows without any value are left out.
pub(super) fn lines(chart: &Lines, table: &Table) -> Result<Plot> {
    let labels = table.position(&chart.labels)?;
    let mut columns = Vec::with_capacity(chart.points.len());
    for point in &chart.points {
        columns.push((point.at, table.position(&point.column)?));
    }
    let format = columns.first().map_or(Format::Ratio, |(_, at)| table.columns()[*at].format);
    let rows = table.rows().iter().filter(|row| !row.is_total).enumerate();
    let line = rows.map(|(position, row)| {
        let point = |(at, index): &(u32, usize)| {
            let number = row.cells[*index].as_number();
            (*at, number.map(|number| value(&table.columns()[*index], number, ", ")))
        };
        let name = table.columns()[labels].show(&row.cells[labels]);
        Line { position, name, points: columns.iter().map(point).collect() }
    });
    let lines: Vec<Line> = line.filter(Line::has_values).collect();
    // The axis ends with the last position of which something is known.
    let known = lines.iter().flat_map(|line| &line.points).filter(|(_, value)| value.is_some());
    let last = known.map(|(at, _)| *at).max().unwrap_or(1);
    let axis = Axis::Numbers { unit: chart.unit.clone(), last };
    Ok(Plot { lines, format, axis })
}

/// Reads the columns as lines over the rows; columns without any value are left out.
pub(super) fn series(chart: &Series, table: &Table) -> Result<Plot> {
    let labels = table.position(&chart.labels)?;
    let rows = || table.rows().iter().filter(|row| !row.is_total);
    let mut lines = Vec::with_capacity(chart.values.len());
    let mut format = Format::Ratio;
    for (position, name) in chart.values.iter().enumerate() {
        let index = table.position(name)?;
        let column = &table.columns()[index];
        format = column.format;
        let point = |(at, row): (u32, &Row)| {
            let number = row.cells[index].as_number();
            (at, number.map(|number| value(column, number, ", ")))
        };
        let points = (0..).zip(rows()).map(point).collect();
        lines.push(Line { position, name: column.title.clone(), points });
    }
    lines.retain(Line::has_values);
    let label = |row: &Row| table.columns()[labels].show(&row.cells[labels]);
    Ok(Plot { lines, format, axis: Axis::Labels(rows().map(label).collect()) })
}

impl Line {
    fn has_values(&self) -> bool {
        self.points.iter().any(|(_, value)| value.is_some())
    }
}

/// Reads a value; the note has the number of users after `join`.
fn value(column: &Column, number: &Number, join: &str) -> Value {
    let Number { value, interval, n } = *number;
    let mut note = column.format.show_within(value, interval.as_ref());
    if let Some(n) = n {
        note.push_str(&format!("{join}{} users", count(n)));
    }
    Value { value, interval, note }
}

/// Reads the cells of a heat map.
pub(crate) fn grid(chart: &HeatMap, table: &Table) -> Result<Grid> {
    let (labels, users) = (table.position(&chart.labels)?, table.position(&chart.users)?);
    let mut columns = Vec::with_capacity(chart.cells.len());
    for name in &chart.cells {
        columns.push(table.position(name)?);
    }
    let greatest = table
        .rows()
        .iter()
        .flat_map(|row| columns.iter().filter_map(|at| row.cells[*at].as_number()))
        .map(|number| number.value)
        .fold(0.0, f64::max);
    let rows = table.rows().iter().map(|row| GridRow {
        label: table.columns()[labels].show(&row.cells[labels]),
        users: table.columns()[users].show(&row.cells[users]),
        cells: columns
            .iter()
            .map(|at| grid_cell(&table.columns()[*at], &row.cells[*at], greatest))
            .collect(),
        is_total: row.is_total,
    });
    Ok(Grid {
        label: table.columns()[labels].title.clone(),
        users: table.columns()[users].title.clone(),
        columns: columns.iter().map(|at| table.columns()[*at].title.clone()).collect(),
        rows: rows.collect(),
    })
}

fn grid_cell(column: &Column, cell: &Cell, greatest: f64) -> GridCell {
    let Cell::Number(number) = cell else {
        let is_open = *cell == Cell::Missing(Missing::NotOver);
        let note = if is_open { "not over yet" } else { "no users" };
        return GridCell { text: column.show(cell), level: None, note: note.into() };
    };
    let share = match column.format {
        Format::Percent => number.value,
        // If all values are 0, each has the lowest level.
        _ if greatest > 0.0 => number.value / greatest,
        _ => 0.0,
    };
    let (text, note) = match (column.format, number.n) {
        // The number of users follows exactly from the share and the total.
        (Format::Percent, Some(n)) => {
            let users = count(format!("{:.0}", number.value * n as f64));
            let within = column.format.show_within(number.value, number.interval.as_ref());
            (
                format!("{:.0}", number.value * 100.0),
                format!("{within}, {users} of {} users", count(n)),
            )
        }
        (Format::Percent, None) => {
            (format!("{:.0}", number.value * 100.0), column.format.show(number.value))
        }
        _ => (column.format.show(number.value), value(column, number, ", ").note),
    };
    GridCell { text, level: Some(level(share)), note }
}

/// Returns the level of a share, in eleven steps from 0 to 10.
fn level(share: f64) -> u8 {
    let step = (share * 10.0).round().clamp(0.0, 10.0);
    (0..=10u8).find(|level| f64::from(*level) >= step).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heat_map_of_zeros_has_the_lowest_level() {
        let columns = [
            Column::new("name", "", Format::Name),
            Column::new("users", "", Format::Count),
            Column::new("volume", "", Format::Dollars),
        ];
        let mut table = Table::new(columns).unwrap();
        for name in ["a", "b"] {
            table.push([Cell::text(name), Cell::count(1), Cell::number(0.0)]).unwrap();
        }
        let chart = HeatMap {
            title: String::new(),
            labels: "name".into(),
            users: "users".into(),
            cells: vec!["volume".into()],
        };
        let levels = grid(&chart, &table).unwrap().rows.into_iter().map(|row| row.cells[0].level);
        assert_eq!(levels.collect::<Vec<_>>(), [Some(0), Some(0)]);
    }
}
