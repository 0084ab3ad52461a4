//! `tidegauge repair`

use serde::Serialize;
use tidegauge::storage::Repair;
use tidegauge::{Result, Tidegauge};

use crate::output::{self, Document, Text};

/// What was found in each folder, and made of it.
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
    /// The sources that go on where they were.
    sources: Vec<String>,
    /// The folder to which was moved what does not count, and the manifest of before.
    folder: Option<String>,
    aside: Vec<Aside>,
    /// What cannot be known, and how to go on.
    unknown: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Held {
    table: String,
    files: usize,
    rows: usize,
}

#[derive(Debug, Serialize)]
struct Aside {
    path: String,
    reason: String,
}

impl From<Repair> for Store {
    fn from(repair: Repair) -> Self {
        let held = repair.tables.into_iter().filter(|(_, held)| held.files > 0);
        let held = held.map(|(table, held)| Held { table, files: held.files, rows: held.rows });
        let aside = repair.aside.into_iter();
        Self {
            store: repair.store,
            faults: repair.faults,
            tables: held.collect(),
            sources: repair.cursors.into_keys().collect(),
            folder: repair.folder,
            aside: aside.map(|file| Aside { path: file.path, reason: file.reason }).collect(),
            unknown: repair.unknown,
        }
    }
}

impl Document for Repaired {
    fn text(&self) -> Text {
        let mut text = Text::default();
        for store in &self.stores {
            store.tell(&mut text);
        }
        text
    }
}

impl Store {
    fn tell(&self, text: &mut Text) {
        let Self { store, faults, tables, sources, folder, aside, unknown } = self;
        if faults.is_empty() {
            text.line(format!("{store}: its manifest is that of its files; nothing was changed"));
            return;
        }
        text.line(format!("{store}: the manifest was made anew"));
        for fault in faults {
            text.line(format!("  found: {fault}"));
        }
        for Held { table, files, rows } in tables {
            text.line(format!("  holds: {table}, {rows} rows in {files} files"));
        }
        text.line(match sources.is_empty() {
            true => "  goes on: every source from its beginning, for no cursor is known".into(),
            false => format!("  goes on where it was: {}", sources.join(", ")),
        });
        for Aside { path, reason } in aside {
            text.line(format!("  set aside: {path}: {reason}"));
        }
        if let Some(folder) = folder {
            let what = if aside.is_empty() { "the manifest of before lies" } else { "they lie" };
            text.line(format!("  {what} in {folder}"));
        }
        for unknown in unknown {
            text.line(format!("  note: {unknown}"));
        }
    }
}

/// Makes the manifests of folders anew that do not belong to their files, and says what was found.
pub(crate) async fn repair(tidegauge: &Tidegauge) -> Result<()> {
    let stores = tidegauge.repair().await?.into_iter().map(Store::from).collect();
    output::document(&Repaired { stores });
    Ok(())
}
