//! The command `tidegauge reset`.

use serde::Serialize;
use tidegauge::core::Cursor;
use tidegauge::text::{Table, truncate};
use tidegauge::{Config, Result, SinkReset, StoreUrl};

use crate::args;
use crate::output::{self, Document, Text};

/// The rows that were removed, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Reset {
    /// `true` if nothing was removed.
    dry_run: bool,
    #[serde(flatten)]
    removed: Removed,
    /// The last line of the text.
    #[serde(skip)]
    end: &'static str,
}

/// The rows that are removed from each sink, in the order of removal.
#[derive(Debug, Serialize)]
pub(super) struct Removed {
    sinks: Vec<Sink>,
}

#[derive(Debug, Serialize)]
struct Sink {
    sink: String,
    rows: usize,
    sources: Vec<Source>,
    tables: Vec<RemovedRows>,
    /// The tables whose rows stay, since other sources have filled them as well, or the settings do
    /// not declare them.
    kept: Vec<KeptTable>,
}

#[derive(Debug, Serialize)]
struct Source {
    source: String,
    /// Its cursor in the sink; `None` if it was never loaded.
    cursor: Option<Cursor>,
}

#[derive(Debug, Serialize)]
struct RemovedRows {
    table: String,
    rows: usize,
}

#[derive(Debug, Serialize)]
struct KeptTable {
    table: String,
    /// The sources that have filled it as well; empty for a table that is not declared.
    sources: Vec<String>,
}

impl From<SinkReset> for Sink {
    fn from(reset: SinkReset) -> Self {
        let rows = reset.rows();
        let SinkReset { sink, cursors, tables, kept, .. } = reset;
        let sources = cursors.into_iter().map(|(source, cursor)| Source { source, cursor });
        let tables = tables.into_iter().map(|(table, rows)| RemovedRows { table, rows });
        let kept =
            kept.into_iter().map(|kept| KeptTable { table: kept.table, sources: kept.sources });
        Self {
            sink,
            rows,
            sources: sources.collect(),
            tables: tables.collect(),
            kept: kept.collect(),
        }
    }
}

impl From<Vec<SinkReset>> for Removed {
    fn from(resets: Vec<SinkReset>) -> Self {
        Self { sinks: resets.into_iter().map(Sink::from).collect() }
    }
}

impl Reset {
    /// Returns the answer of a dry run, whose text ends with `end`.
    pub(super) fn dry(resets: Vec<SinkReset>, end: &'static str) -> Self {
        Self { dry_run: true, removed: resets.into(), end }
    }
}

impl Removed {
    /// Returns the removed rows as text.
    pub(super) fn text(&self) -> Text {
        let mut table = Table::new(["from", "what", "rows"]);
        for Sink { sink, sources, tables, .. } in &self.sinks {
            let mut sink = sink.as_str();
            let cursors = sources.iter().filter_map(|Source { source, cursor }| {
                Some((format!("cursor of {source}: {}", cursor.as_ref()?), String::new()))
            });
            let tables = tables.iter().map(|table| (table.table.clone(), table.rows.to_string()));
            let mut lines: Vec<_> = cursors.chain(tables).collect();
            if lines.is_empty() {
                lines.push(("nothing".into(), String::new()));
            }
            for (what, rows) in lines {
                table.row([std::mem::take(&mut sink), &truncate(&what, 100), &rows]);
            }
        }
        let mut text = Text::default();
        text.table(&table.align_right([2]));
        text.line("");
        let mut shown = Vec::new();
        for KeptTable { table, sources } in self.sinks.iter().flat_map(|sink| &sink.kept) {
            let line = match sources.is_empty() {
                true => format!(
                    "the rows of {table} stay, since the settings declare no such table: it can be dropped by hand"
                ),
                false => format!(
                    "the rows of {table} stay, since {} filled it as well: what is loaded again takes the place \
                     of what is there",
                    sources.join(", ")
                ),
            };
            if !shown.contains(&line) {
                text.line(&line);
                shown.push(line);
            }
        }
        text
    }
}

impl Document for Reset {
    fn text(&self) -> Text {
        let mut text = self.removed.text();
        text.line(self.end);
        text
    }
}

/// Resets sources, and prints what was removed.
pub(crate) async fn reset(mut config: Config, args: args::Reset) -> Result<()> {
    config.backups.extend(args.backups.into_iter().map(StoreUrl::from));
    let tidegauge = super::open(config)?;
    let resets = tidegauge.reset(&args.sources, args.dry_run).await?;
    output::print_document(&if args.dry_run {
        Reset::dry(resets, "nothing was removed: this is a dry run")
    } else {
        let end = match resets.iter().all(SinkReset::is_empty) {
            true => "there was nothing to remove",
            false => "removed; `tidegauge run` loads from the beginning",
        };
        Reset { dry_run: false, removed: resets.into(), end }
    });
    Ok(())
}
