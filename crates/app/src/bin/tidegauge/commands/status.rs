//! `tidegauge status`

use chrono::SecondsFormat;
use comfy_table::{CellAlignment, Table, presets};
use tidegauge::core::tables::RunRecord;
use tidegauge::{Result, Tidegauge};

use crate::output;

/// Says what the warehouse holds, how far each source has been loaded, and how its last run went.
pub(crate) async fn status(house: &Tidegauge) -> Result<()> {
    let standing = house.status().await?;
    output::line(&format!("warehouse  {}\n", house.config().warehouse));
    if standing.tables.is_empty() {
        output::line("It is empty: `tidegauge run` fills it.");
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
    output::line(&format!("{tables}\n"));
    let mut sources = Table::new();
    sources.load_style(presets::NOTHING).set_header(["source", "cursor"]);
    for progress in &standing.sources {
        let cursor = progress.cursor.as_ref().map_or("never loaded", |cursor| cursor.as_str());
        sources.add_row([progress.source.as_str(), cursor]);
    }
    output::line(&sources.to_string());
    if !standing.runs.is_empty() {
        output::line(&format!("\n{}", runs(&standing.runs)));
    }
    Ok(())
}

/// Returns the last run of each source as a table, and why those failed that did.
fn runs(runs: &[RunRecord]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["last run of", "began", "outcome", "rows", "seconds", "why"]);
    for run in runs {
        let why = match (&run.error_kind, &run.error_message) {
            (Some(kind), Some(message)) => format!("{kind}: {message}"),
            _ if run.ended_at.is_none() => "it is running, or was killed".to_owned(),
            _ => String::new(),
        };
        table.add_row([
            run.source.clone(),
            run.started_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            run.outcome.clone(),
            run.rows.to_string(),
            run.seconds.map_or_else(String::new, |seconds| format!("{seconds:.2}")),
            why,
        ]);
    }
    for at in [3, 4] {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
