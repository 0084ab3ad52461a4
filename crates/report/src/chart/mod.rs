//! Charts: a selection of table columns and how they are drawn. A chart stores no values, so it
//! always agrees with its table.

mod data;
pub(crate) mod echarts;
mod kinds;
mod style;
mod svg;

use serde::{Deserialize, Serialize};

pub(crate) use data::{Grid, GridRow, grid};
pub use kinds::{Bars, Direction, HeatMap, Lines, Point, Series};

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
    /// One line per column over the rows, with a band for its intervals.
    Series(Series),
    /// One colored cell per table cell.
    HeatMap(HeatMap),
}

impl Chart {
    /// Returns the caption of the chart.
    pub fn title(&self) -> &str {
        match self {
            Self::Bars(Bars { title, .. })
            | Self::Lines(Lines { title, .. })
            | Self::Series(Series { title, .. })
            | Self::HeatMap(HeatMap { title, .. }) => title,
        }
    }

    /// Returns `true` if the chart shows the values of the column called `name`.
    pub(crate) fn shows(&self, name: &str) -> bool {
        match self {
            Self::Bars(bars) => bars.values == name,
            Self::Lines(lines) => lines.points.iter().any(|point| point.column == name),
            Self::Series(series) => series.values.iter().any(|value| value == name),
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
            Self::Series(series) => series.values.iter().chain([&series.labels]).collect(),
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
            Self::Series(chart) => svg::series(chart, table),
            Self::HeatMap(chart) => svg::heat_map(chart, table),
        }
    }
}
