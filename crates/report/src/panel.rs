//! Panels: the elements of a report page or a dashboard.

use serde::Serialize;

use crate::{Chart, Computation, Result, Table, html};

/// A panel: a table, and optionally a chart of some of its columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Panel {
    /// The id within a page, by which a [`Question`](crate::Question) asks for the panel:
    /// `high-volume`.
    pub id: String,
    /// The heading.
    pub title: String,
    /// The unit of the values, empty for a ratio.
    pub unit: String,
    /// The values.
    pub table: Table,
    /// The chart of some of the table's columns.
    pub chart: Option<Chart>,
    /// How the values are computed.
    pub computation: Option<Computation>,
}

impl Panel {
    /// Creates a panel without a chart.
    pub fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        unit: impl Into<String>,
        table: Table,
    ) -> Self {
        let (id, title, unit) = (id.into(), title.into(), unit.into());
        Self { id, title, unit, table, chart: None, computation: None }
    }

    /// Adds how the values are computed.
    #[must_use]
    pub fn with_computation(mut self, computation: Computation) -> Self {
        self.computation = Some(computation);
        self
    }

    /// Adds a chart of the table.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`](crate::Error::UnknownColumn) if the chart refers to a column that the
    /// table lacks.
    pub fn with_chart(mut self, chart: Chart) -> Result<Self> {
        chart.check(&self.table)?;
        self.chart = Some(chart);
        Ok(self)
    }

    /// Returns `true` if there is nothing to draw: no row has a number in a column that the chart shows.
    pub(crate) fn is_empty(&self) -> bool {
        let shown = |name: &str| self.chart.as_ref().is_some_and(|chart| chart.shows(name));
        let columns = self.table.columns().iter().map(|column| shown(&column.name));
        let shown: Vec<bool> = columns.collect();
        let mut rows = self.table.rows().iter().filter(|row| !row.is_total);
        !rows.any(|row| {
            let mut cells = row.cells.iter().zip(&shown);
            cells.any(|(cell, shown)| *shown && cell.as_number().is_some())
        })
    }

    /// Writes the table as CSV; see [`Table::to_csv`].
    pub fn to_csv(&self) -> String {
        self.table.to_csv()
    }

    /// Draws the chart as SVG, or returns `None` if the panel has no chart.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`](crate::Error::UnknownColumn) if the table has been replaced by one
    /// that lacks a column of the chart.
    pub fn to_svg(&self) -> Result<Option<String>> {
        self.chart.as_ref().map(|chart| chart.to_svg(&self.table)).transpose()
    }

    /// Writes the heading, the table and the computation as HTML; a heat map has colored cells. Text
    /// from the data is escaped. The CSS classes are those of the report's page.
    ///
    /// # Errors
    /// The same as for [`to_svg`](Self::to_svg), and when the template cannot be rendered.
    pub fn to_html(&self) -> Result<String> {
        let body = match &self.chart {
            Some(Chart::HeatMap(chart)) => html::heat_map(self, chart)?,
            _ => html::table(self)?,
        };
        Ok(body + &html::computation(self.computation.as_ref())?)
    }
}
