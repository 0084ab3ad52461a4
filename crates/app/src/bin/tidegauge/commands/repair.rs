//! The command `tidegauge repair`.

use serde::Serialize;
use tidegauge::core::Cursor;
use tidegauge::storage::RepairReport;
use tidegauge::{Result, Tidegauge};

use crate::output::{self, Document, Text};

/// The faults of the manifests of folders, and their new contents.
#[derive(Debug, Serialize)]
struct Repaired {
    stores: Vec<Store>,
}

#[derive(Debug, Serialize)]
struct Store {
    store: String,
    /// The faults; nothing was changed if there are none.
    faults: Vec<String>,
    tables: Vec<RepairedTable>,
    sources: Vec<Source>,
    /// The folder of the files that were set aside, and of the previous manifest.
    folder: Option<String>,
    set_aside: Vec<SetAsideFile>,
    /// Facts that cannot be restored, and the way out.
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RepairedTable {
    table: String,
    files: usize,
    rows: usize,
}

#[derive(Debug, Serialize)]
struct Source {
    source: String,
    cursor: Cursor,
}

#[derive(Debug, Serialize)]
struct SetAsideFile {
    path: String,
    reason: String,
}

impl From<RepairReport> for Store {
    fn from(repair: RepairReport) -> Self {
        let RepairReport {
            store, faults, tables, cursors, moved_to, rejected, unrecoverable, ..
        } = repair;
        let tables = tables.into_iter().filter(|(_, held)| held.files > 0);
        let tables =
            tables.map(|(table, held)| RepairedTable { table, files: held.files, rows: held.rows });
        let sources = cursors.into_iter().map(|(source, cursor)| Source { source, cursor });
        let aside = rejected.into_iter().map(|file| SetAsideFile {
            path: file.path.to_string(),
            reason: file.reason.to_string(),
        });
        Self {
            store,
            faults,
            tables: tables.collect(),
            sources: sources.collect(),
            folder: moved_to,
            set_aside: aside.collect(),
            notes: unrecoverable,
        }
    }
}

impl Document for Repaired {
    fn text(&self) -> Text {
        let mut text = Text::default();
        self.stores.iter().for_each(|store| store.describe(&mut text));
        text
    }
}

impl Store {
    fn describe(&self, text: &mut Text) {
        let store = &self.store;
        if self.faults.is_empty() {
            text.line(format!("{store}: its manifest is that of its files; nothing was changed"));
            return;
        }
        text.line(format!("{store}: the manifest was made anew"));
        for fault in &self.faults {
            text.line(format!("  found: {fault}"));
        }
        for RepairedTable { table, files, rows } in &self.tables {
            text.line(format!("  holds: {table}, {rows} rows in {files} files"));
        }
        let names: Vec<&str> = self.sources.iter().map(|source| source.source.as_str()).collect();
        if names.is_empty() {
            text.line("  goes on: every source from its beginning, for no cursor is known");
        } else {
            text.line(format!("  goes on where it was: {}", names.join(", ")));
        }
        for SetAsideFile { path, reason } in &self.set_aside {
            text.line(format!("  set aside: {path}: {reason}"));
        }
        if let Some(folder) = &self.folder {
            let is_alone = self.set_aside.is_empty();
            let what = if is_alone { "the manifest of before lies" } else { "they lie" };
            text.line(format!("  {what} in {folder}"));
        }
        for note in &self.notes {
            text.line(format!("  note: {note}"));
        }
    }
}

/// Rebuilds the manifests of folders that do not match their files, and prints the findings.
pub(crate) async fn repair(tidegauge: &Tidegauge) -> Result<()> {
    let stores = tidegauge.repair().await?.into_iter().map(Store::from).collect();
    output::print_document(&Repaired { stores });
    Ok(())
}
