//! The kinds of charts, each a selection of columns.

use serde::{Deserialize, Serialize};

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

/// A line chart over the rows that are not totals, in their order, with one line per column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The caption, which is also the text for screen readers.
    pub title: String,
    /// The column that names the positions: a period, a share.
    pub labels: String,
    /// The columns of the lines, all of the same unit.
    pub values: Vec<String>,
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
