//! HTML rendering of tables, heat maps, computations and the page of the report.

mod page;

use askama::Template;
pub(crate) use page::page;

use crate::chart::{Grid, GridRow, HeatMap, grid};
use crate::{Cell, Column, Computation, Panel, Result};

/// The template of a heading and a table.
#[derive(Template)]
#[template(path = "table.html")]
struct TableHtml<'a> {
    title: &'a str,
    columns: &'a [Column],
    rows: Vec<Vec<Shown>>,
}

/// A displayed cell: its value, and its interval in small print.
struct Shown {
    text: String,
    interval: Option<String>,
}

/// The template of a heading and a heat map.
#[derive(Template)]
#[template(path = "heat_map.html")]
struct HeatMapHtml<'a> {
    title: &'a str,
    grid: Grid,
}

/// The template of how something is computed.
#[derive(Template)]
#[template(path = "computation.html")]
struct ComputationHtml<'a> {
    computation: &'a Computation,
}

/// Renders the heading and the table of a panel.
pub(crate) fn table(panel: &Panel) -> Result<String> {
    let columns = panel.table.columns();
    let shown = |(column, cell): (&Column, &Cell)| Shown {
        text: column.show(cell),
        interval: column.show_interval(cell),
    };
    let rows =
        panel.table.rows().iter().map(|row| columns.iter().zip(&row.cells).map(shown).collect());
    Ok(TableHtml { title: &panel.title, columns, rows: rows.collect() }.render()?)
}

/// Renders the heading of a panel and its table as a heat map.
pub(crate) fn heat_map(panel: &Panel, chart: &HeatMap) -> Result<String> {
    let grid = grid(chart, &panel.table)?;
    Ok(HeatMapHtml { title: &panel.title, grid }.render()?)
}

impl GridRow {
    /// Splits the year with its dash off a label that is a date, so that a narrow page may hide it.
    fn split(&self) -> (&str, &str) {
        let day = self.label.len() == 10 && self.label.matches('-').count() == 2;
        self.label.split_at_checked(5).filter(|_| day).unwrap_or(("", &self.label))
    }
}

/// Renders how something is computed, folded; empty if that is not known.
pub(crate) fn computation(computation: Option<&Computation>) -> Result<String> {
    let html = computation.map(|computation| ComputationHtml { computation }.render());
    Ok(html.transpose()?.unwrap_or_default())
}
