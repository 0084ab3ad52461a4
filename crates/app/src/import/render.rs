//! Entries as TOML, formatted as by hand.

use std::fmt::Write;

use tidegauge_acquisition::files;
use tidegauge_acquisition::files::import::Guess;
use tidegauge_acquisition::mapping::{Rule, TableConfig, WriteConfig};
use toml::{Table, Value};

/// The settings of an import, with the comments above them.
pub(super) struct Settings<'a> {
    pub(super) preset: Option<&'a str>,
    pub(super) notes: &'a [String],
    pub(super) guesses: &'a [Guess],
    pub(super) tables: &'a [TableConfig],
    pub(super) entries: &'a [files::Config],
}

/// Returns the settings of an import as TOML.
pub(super) fn settings(import: &Settings<'_>) -> String {
    let mut text = String::new();
    let mut comment = |line: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# {}", line.replace(['\n', '\r'], " "));
    };
    if let Some(preset) = import.preset {
        comment(preset);
    }
    import.notes.iter().for_each(|note| comment(note));
    for guess in import.guesses {
        comment(&format!("Guessed: {}", guess.text));
    }
    for table in import.tables {
        text.push_str(&own_table(table));
        text.push('\n');
    }
    let entries: Vec<_> = import.entries.iter().map(entry).collect();
    text + &entries.join("\n")
}

fn entry(entry: &files::Config) -> String {
    let mut text = String::from("[[files]]\n");
    let usual = table(&files::Config::default());
    let mut settings = table(entry);
    let columns = settings.remove("columns");
    for first in ["name", "path", "table"] {
        if let Some(value) = settings.remove(first) {
            line(&mut text, first, &value);
        }
    }
    for (name, value) in settings.iter().filter(|(name, value)| usual.get(*name) != Some(*value)) {
        line(&mut text, name, value);
    }
    if let Some(Value::Table(columns)) = columns.filter(|columns| !is_empty(columns)) {
        text.push_str("\n[files.columns]\n");
        let order = &entry.columns;
        for (name, rule) in order {
            match (only_column(rule), columns.get(name)) {
                (Some(column), _) => line(&mut text, name, &Value::String(column.to_owned())),
                (None, Some(value)) => line(&mut text, name, value),
                (None, None) => {}
            }
        }
    }
    text
}

fn own_table(declared: &TableConfig) -> String {
    let mut text = String::from("[[tables]]\n");
    line(&mut text, "name", &Value::String(declared.name.clone()));
    if !declared.description.is_empty() {
        line(&mut text, "description", &Value::String(declared.description.clone()));
    }
    line(
        &mut text,
        "key",
        &Value::Array(declared.key.iter().cloned().map(Value::String).collect()),
    );
    if let Some(time) = &declared.time {
        line(&mut text, "time", &Value::String(time.clone()));
    }
    let write = match declared.write {
        WriteConfig::Append => "append",
        WriteConfig::Merge => "merge",
        WriteConfig::Replace => "replace",
    };
    line(&mut text, "write", &Value::String(write.into()));
    text.push_str("columns = [\n");
    for column in &declared.columns {
        let text_of = |text: &str| Value::String(text.to_owned());
        let mut cells =
            vec![("name", text_of(&column.name)), ("type", text_of(&column.dtype.to_string()))];
        if column.nullable {
            cells.push(("nullable", Value::Boolean(true)));
        }
        if !column.description.is_empty() {
            cells.push(("description", text_of(&column.description)));
        }
        let _ = writeln!(text, "  {},", pairs(cells.iter().map(|(name, value)| (*name, value))));
    }
    text + "]\n"
}

fn line(text: &mut String, name: &str, value: &Value) {
    let _ = writeln!(text, "{} = {}", key(name), inline(value));
}

/// Returns the name of the column of a rule, or `None` if the rule has other parts.
fn only_column(rule: &Rule) -> Option<&str> {
    let column = rule.column.as_deref()?;
    (*rule == Rule::column(column)).then_some(column)
}

/// Returns settings as a TOML table without the ones that are not set.
fn table(settings: &impl serde::Serialize) -> Table {
    Table::try_from(settings).unwrap_or_default()
}

fn is_empty(value: &Value) -> bool {
    value.as_table().is_some_and(Table::is_empty)
}

/// Returns a value on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            // The origin of a value comes first.
            let is_origin = |name: &str| ["column", "columns", "value"].contains(&name);
            let (first, rest): (Vec<_>, Vec<_>) =
                table.iter().partition(|(name, _)| is_origin(name));
            pairs(first.into_iter().chain(rest).map(|(name, value)| (name.as_str(), value)))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn pairs<'v>(cells: impl Iterator<Item = (&'v str, &'v Value)>) -> String {
    let cells: Vec<_> =
        cells.map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
    format!("{{ {} }}", cells.join(", "))
}

/// Returns a name as a TOML key, quoted if necessary.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { Value::String(name.to_owned()).to_string() }
}
