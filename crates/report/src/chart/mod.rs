//! Charts: which columns of a table are drawn, and how. A chart holds no value of its own, so it
//! shows what its table says.

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
    /// A bar for each row, with its interval.
    Bars(Bars),
    /// A line for each row, with a band for the intervals.
    Lines(Lines),
    /// A colour for each cell.
    HeatMap(HeatMap),
}

/// A bar for each row of a table that is not a total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bars {
    /// What the chart shows, as its caption and for readers who cannot see it.
    pub title: String,
    /// The column that names the bars.
    pub labels: String,
    /// The column of their values, with or without intervals.
    pub values: String,
    /// Where the bars go.
    pub direction: Direction,
}

/// Where bars go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the right, the highest value on top; rows without a value are left out. For categories.
    Right,
    /// Upwards, in the order of the rows; a row without a value leaves a gap. For a scale.
    Up,
}

/// A line for each row of a table that is not a total and has a value, over some of its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// What the chart shows, as its caption and for readers who cannot see it.
    pub title: String,
    /// The column that names the lines.
    pub labels: String,
    /// The points of each line, from left to right.
    pub points: Vec<Point>,
    /// What the positions are counted in, as in `day 30`.
    pub unit: String,
    /// A value at which a dashed line runs across the chart.
    pub mark: Option<f64>,
}

/// A position on the horizontal axis, and the column that holds the values there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The position.
    pub at: u32,
    /// The column.
    pub column: String,
}

/// A colour for each cell of some columns: eleven steps, of a share from 0 to 1, of other numbers
/// from 0 to the greatest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeatMap {
    /// What the chart shows, as its caption and for readers who cannot see it.
    pub title: String,
    /// The column that names the rows.
    pub labels: String,
    /// The column of how many users a row has.
    pub users: String,
    /// The columns that are coloured, from left to right.
    pub cells: Vec<String>,
}

impl Chart {
    /// Returns what the chart shows, as its caption.
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

/// The colours of lines, in the order of the rows, so that a cohort has the same one in all charts
/// of a page.
const COLORS: [&str; 6] = ["#0f766e", "#2563eb", "#b45309", "#7c3aed", "#be123c", "#475569"];

/// Named in full: charts measure text before the style of the page reaches it.
const FONT: &str = "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, sans-serif";
