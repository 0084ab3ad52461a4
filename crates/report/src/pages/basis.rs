//! The basis page: the origin of the numbers.

use crate::metrics::Metrics;
use crate::{Cell, Column, Format, Panel, Result, Table};

/// Builds the panel of prices and exchange rates, by table and source.
pub(super) fn prices(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let mut table = Table::new([
        Column::new("source", "Source", Format::Text),
        Column::new("table", "Table", Format::Text),
        Column::new("rows", "Rows", Format::Count),
        Column::new("first_day", "First day", Format::Text),
        Column::new("last_day", "Last day", Format::Text),
    ])?;
    for span in &metrics.provenance.prices {
        table.push([
            Cell::text(&span.source),
            Cell::text(&span.table),
            Cell::count(span.rows),
            Cell::text(span.first.to_string()),
            Cell::text(span.last.to_string()),
        ])?;
    }
    let definition = "The prices and exchange rates by which amounts are valued, by table and source: \
                      the latest one on or before the day of an amount, at most seven days old.";
    let computation = metrics.computation(definition, "docs/metrics/valuation.md");
    let panel = Panel::new(id, "Prices and exchange rates", Format::Count.unit(), table);
    Ok(panel.with_computation(computation))
}
