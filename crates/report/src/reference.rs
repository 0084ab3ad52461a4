//! The reference page of the built-in tables, `docs/tables.md`, as Markdown.

use std::fmt::Write as _;

use tidegauge_core::{Column, Table, WriteMode, tables};

/// Returns the reference page of all built-in tables, `docs/tables.md`.
pub fn tables_page() -> String {
    let mut page = String::from(
        "# The tables\n\n\
         Made from the definitions in `crates/core/src/tables` by `tidegauge tables --markdown`; \
         a test fails when this page is stale.\n\n\
         Times are UTC. Decimals are exact. *Append* tables refuse a key that is there already; \
         in *merge* tables the newest row of a key stays.\n",
    );
    for table in tables::all() {
        page.push('\n');
        page.push_str(&table_section(&table));
    }
    page
}

/// Returns the section of one table: its description, key, references and columns.
pub fn table_section(table: &Table) -> String {
    let mut section = format!("## `{}`\n\n{}\n\n", table.name, table.description);
    let written = match table.write {
        WriteMode::Append => "append",
        WriteMode::Merge => "merge",
    };
    let _ = write!(section, "Key {} · written by {written}", code(&table.key));
    if let Some(time) = &table.time {
        let _ = write!(section, " · event time `{time}`");
    }
    for key in &table.foreign_keys {
        let _ = write!(section, " · {} → `{}`", code(&key.columns), key.table);
    }
    section.push_str("\n\n| column | type | null | what |\n|---|---|---|---|\n");
    for Column { name, dtype, nullable, description } in &table.columns {
        let null = if *nullable { "yes" } else { "" };
        let _ = writeln!(section, "| `{name}` | {dtype} | {null} | {description} |");
    }
    section
}

fn code(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
