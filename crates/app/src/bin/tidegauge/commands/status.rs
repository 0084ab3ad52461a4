//! `tidegauge status`

use comfy_table::{CellAlignment, Table, presets};
use tidegauge::{Result, Tidegauge};

use crate::out;

/// Says what the warehouse holds, and how far each source has been loaded.
pub(crate) async fn status(house: &Tidegauge) -> Result<()> {
    let standing = house.status().await?;
    out::line(&format!("warehouse  {}\n", house.config().warehouse));
    if standing.tables.is_empty() {
        out::line("It is empty: `tidegauge run` fills it.");
        return Ok(());
    }
    let mut tables = Table::new();
    tables.load_style(presets::NOTHING).set_header(["table", "rows", "what"]);
    for (table, rows) in &standing.tables {
        tables.add_row([table.name.to_string(), rows.to_string(), table.description.to_string()]);
    }
    if let Some(column) = tables.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out::line(&format!("{tables}\n"));
    let mut sources = Table::new();
    sources.load_style(presets::NOTHING).set_header(["source", "cursor"]);
    for progress in &standing.sources {
        let cursor = progress.cursor.as_ref().map_or("never loaded", |cursor| cursor.as_str());
        sources.add_row([progress.source.as_str(), cursor]);
    }
    out::line(&sources.to_string());
    Ok(())
}
