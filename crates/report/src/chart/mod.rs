//! Charts: a selection of table columns and how they are drawn. A chart stores no values, so it
//! always agrees with its table.

mod data;
pub(crate) mod echarts;
mod svg;

use serde::{Deserialize, Serialize};

pub(crate) use data::{Grid, GridRow, grid};

use crate::{Result, Table};

/// A chart over the columns of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Chart {
    /// One bar per row, with its interval.
    Bars(Bars),
    /// One line per row, with a band for its intervals.
    Lines(Lines),
    /// One colored cell per table cell.
    HeatMap(HeatMap),
}

/// A bar chart with one bar per row that is not a total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    /// The caption, which is also the text for screen readers.
    pub title: String,
    /// The column that names the bars.
    pub labels: String,
    /// The column of the values, with or without intervals.
    pub values: String,
    /// The direction of the bars.
    pub direction: Direction,
}

/// The direction of bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the right, the highest value on top; rows without a value are left out. For categories.
    Right,
    /// Upwards, in the order of the rows; a row without a value leaves a gap. For a scale.
    Up,
}

/// A line chart over some columns, with one line per row that is not a total and has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// The caption, which is also the text for screen readers.
    pub title: String,
    /// The column that names the lines.
    pub labels: String,
    /// The points of each line, from left to right.
    pub points: Vec<Point>,
    /// The unit of the positions, as in `day 30`.
    pub unit: String,
    /// The value of a dashed line across the chart, if any.
    pub mark: Option<f64>,
}

/// A position on the horizontal axis, with the column of its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The position.
    pub at: u32,
    /// The column.
    pub column: String,
}

/// A heat map of some columns in eleven color levels: for shares from 0 to 1, for other numbers
/// from 0 to the maximum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMap {
    /// The caption, which is also the text for screen readers.
    pub title: String,
    /// The column that names the rows.
    pub labels: String,
    /// The column of the number of users per row.
    pub users: String,
    /// The colored columns, from left to right.
    pub cells: Vec<String>,
}

impl Chart {
    /// Returns the caption of the chart.
    pub fn title(&self) -> &str {
        match self {
            Self::Bars(Bars { title, .. })
            | Self::Lines(Lines { title, .. })
            | Self::HeatMap(HeatMap { title, .. }) => title,
        }
    }

    /// Returns `true` if the chart shows the values of the column called `name`.
    pub(crate) fn shows(&self, name: &str) -> bool {
        match self {
            Self::Bars(bars) => bars.values == name,
            Self::Lines(lines) => lines.points.iter().any(|point| point.column == name),
            Self::HeatMap(map) => map.cells.iter().any(|cell| cell == name),
        }
    }

    /// Checks that `table` has every column that the chart refers to.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`](crate::Error::UnknownColumn) for the first one that it lacks.
    pub fn check(&self, table: &Table) -> Result<()> {
        let names: Vec<&String> = match self {
            Self::Bars(bars) => vec![&bars.labels, &bars.values],
            Self::Lines(lines) => {
                let points = lines.points.iter().map(|point| &point.column);
                points.chain([&lines.labels]).collect()
            }
            Self::HeatMap(map) => map.cells.iter().chain([&map.labels, &map.users]).collect(),
        };
        names.into_iter().try_for_each(|name| table.position(name).map(drop))
    }

    /// Draws the chart from the cells of `table` as one SVG element, which needs no script, style or
    /// font from elsewhere.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`](crate::Error::UnknownColumn) if `table` lacks a column.
    pub fn to_svg(&self, table: &Table) -> Result<String> {
        match self {
            Self::Bars(chart) => svg::bars(chart, table),
            Self::Lines(chart) => svg::lines(chart, table),
            Self::HeatMap(chart) => svg::heat_map(chart, table),
        }
    }
}

/// The colors of lines, in the order of the rows, so that a cohort has the same color in all charts
/// of a page.
const COLORS: [&str; 6] = ["#0f766e", "#2563eb", "#b45309", "#7c3aed", "#be123c", "#475569"];

/// The fonts are listed in full, because charts measure text before the page's style is applied.
const FONT: &str = "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, sans-serif";
