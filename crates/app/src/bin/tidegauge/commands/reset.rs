//! `tidegauge reset`

use comfy_table::{CellAlignment, Table, presets};
use tidegauge::{Config, Result, SinkReset, StoreUrl};

use crate::{args, output};

/// Removes what sources have loaded, and says what that was.
pub(crate) async fn reset(mut config: Config, args: args::Reset) -> Result<()> {
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    let tidegauge = super::open(config)?;
    let resets = tidegauge.reset(&args.sources, args.dry_run).await?;
    tell(&resets);
    output::line(if args.dry_run {
        "nothing was removed: this is a dry run"
    } else if resets.iter().all(SinkReset::is_empty) {
        "there was nothing to remove"
    } else {
        "removed; `tidegauge run` loads from the beginning"
    });
    Ok(())
}

/// Says what is removed of each sink, in the order in which it is.
pub(crate) fn tell(resets: &[SinkReset]) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["from", "what", "rows"]);
    for reset in resets {
        let mut sink = reset.sink.as_str();
        let cursors = reset.cursors.iter().filter_map(|(source, cursor)| {
            Some((format!("cursor of {source}: {}", cursor.as_ref()?), String::new()))
        });
        let tables = reset.tables.iter().map(|(table, rows)| (table.clone(), rows.to_string()));
        let mut lines: Vec<_> = cursors.chain(tables).collect();
        if lines.is_empty() {
            lines.push(("nothing".into(), String::new()));
        }
        for (what, rows) in lines {
            table.add_row([std::mem::take(&mut sink).to_owned(), short(&what), rows]);
        }
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    output::line(&format!("{table}\n"));
    let mut told = Vec::new();
    for kept in resets.iter().flat_map(|reset| &reset.kept).filter(|kept| !kept.sources.is_empty())
    {
        let others = kept.sources.join(", ");
        let line = format!(
            "the rows of {} stay, since {others} filled it as well: what is loaded again takes the \
             place of what is there",
            kept.table
        );
        if !told.contains(&line) {
            output::line(&line);
            told.push(line);
        }
    }
}

/// A cursor may tell of a million files.
fn short(text: &str) -> String {
    const MOST: usize = 100;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
