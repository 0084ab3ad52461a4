//! `tidegauge repair`

use tidegauge::storage::Repair;
use tidegauge::{Result, Tidegauge};

use crate::output;

/// Makes the manifests of folders anew that do not belong to their files, and says what was found.
pub(crate) async fn repair(tidegauge: &Tidegauge) -> Result<()> {
    for repair in tidegauge.repair().await? {
        output::line(&told(&repair));
    }
    Ok(())
}

fn told(repair: &Repair) -> String {
    let store = &repair.store;
    if repair.faults.is_empty() {
        return format!("{store}: its manifest is that of its files; nothing was changed");
    }
    let mut lines = vec![format!("{store}: the manifest was made anew")];
    lines.extend(repair.faults.iter().map(|fault| format!("  found: {fault}")));
    let held = repair.tables.iter().filter(|(_, held)| held.files > 0);
    lines.extend(held.map(|(table, held)| {
        format!("  holds: {table}, {} rows in {} files", held.rows, held.files)
    }));
    let names: Vec<&str> = repair.cursors.keys().map(String::as_str).collect();
    lines.push(match names.is_empty() {
        true => "  goes on: every source from its beginning, for no cursor is known".into(),
        false => format!("  goes on where it was: {}", names.join(", ")),
    });
    let moved = repair.aside.iter();
    lines.extend(moved.map(|file| format!("  set aside: {}: {}", file.path, file.reason)));
    if let Some(folder) = &repair.folder {
        let what = if repair.aside.is_empty() { "the manifest of before lies" } else { "they lie" };
        lines.push(format!("  {what} in {folder}"));
    }
    lines.extend(repair.unknown.iter().map(|unknown| format!("  note: {unknown}")));
    lines.join("\n")
}
