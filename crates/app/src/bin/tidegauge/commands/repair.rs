//! `tidegauge repair`

use serde::Serialize;
use tidegauge::core::Cursor;
use tidegauge::storage::Repair;
use tidegauge::{Result, Tidegauge};

use crate::output::{self, Document, Text};

/// What was wrong with the manifests of folders, and what they say now.
#[derive(Debug, Serialize)]
struct Repaired {
    stores: Vec<Store>,
}

#[derive(Debug, Serialize)]
struct Store {
    store: String,
    /// What was wrong; nothing was changed if that is nothing.
    faults: Vec<String>,
    tables: Vec<Held>,
    sources: Vec<Source>,
    /// Where the files lie that were moved out of the way, and the manifest of before.
    folder: Option<String>,
    set_aside: Vec<Aside>,
    /// What cannot be known, and how to go on.
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Held {
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
struct Aside {
    path: String,
    reason: String,
}

impl From<Repair> for Store {
    fn from(repair: Repair) -> Self {
        let Repair { store, faults, tables, cursors, folder, aside, unknown, .. } = repair;
        let tables = tables.into_iter().filter(|(_, held)| held.files > 0);
        let tables = tables.map(|(table, held)| Held { table, files: held.files, rows: held.rows });
        let sources = cursors.into_iter().map(|(source, cursor)| Source { source, cursor });
        let aside = aside
            .into_iter()
            .map(|file| Aside { path: file.path.to_string(), reason: file.reason.to_string() });
        Self {
            store,
            faults,
            tables: tables.collect(),
            sources: sources.collect(),
            folder,
            set_aside: aside.collect(),
            notes: unknown,
        }
    }
}

impl Document for Repaired {
    fn text(&self) -> Text {
        let mut text = Text::default();
        self.stores.iter().for_each(|store| store.tell(&mut text));
        text
    }
}

impl Store {
    fn tell(&self, text: &mut Text) {
        let store = &self.store;
        if self.faults.is_empty() {
            text.line(format!("{store}: its manifest is that of its files; nothing was changed"));
            return;
        }
        text.line(format!("{store}: the manifest was made anew"));
        for fault in &self.faults {
            text.line(format!("  found: {fault}"));
        }
        for Held { table, files, rows } in &self.tables {
            text.line(format!("  holds: {table}, {rows} rows in {files} files"));
        }
        let names: Vec<&str> = self.sources.iter().map(|it| it.source.as_str()).collect();
        if names.is_empty() {
            text.line("  goes on: every source from its beginning, for no cursor is known");
        } else {
            text.line(format!("  goes on where it was: {}", names.join(", ")));
        }
        for Aside { path, reason } in &self.set_aside {
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

/// Makes the manifests of folders anew that do not belong to their files, and says what was found.
pub(crate) async fn repair(tidegauge: &Tidegauge) -> Result<()> {
    let stores = tidegauge.repair().await?.into_iter().map(Store::from).collect();
    output::document(&Repaired { stores });
    Ok(())
}
