//! The command `tidegauge tables`.

use serde::Serialize;
use tidegauge::core::tables::{self, by_name};
use tidegauge::core::{TableRef, WriteMode};
use tidegauge::report::reference;
use tidegauge::{Config, Error, Result, TableOrigin, text};

use crate::args;
use crate::output::{self, Document, Text};

/// The known tables.
#[derive(Debug, Serialize)]
struct Tables {
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    name: String,
    origin: TableOrigin,
    description: String,
    key: Vec<String>,
    /// The column of the event time.
    time: Option<String>,
    write: &'static str,
    columns: Vec<Column>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    dtype: String,
    nullable: bool,
    description: String,
}

impl Table {
    fn new(table: &TableRef, origin: TableOrigin) -> Self {
        let columns = table.columns.iter().map(|column| Column {
            name: column.name.to_string(),
            dtype: column.dtype.to_string(),
            nullable: column.nullable,
            description: column.description.to_string(),
        });
        Self {
            name: table.name.to_string(),
            origin,
            description: table.description.to_string(),
            key: table.key.iter().map(ToString::to_string).collect(),
            time: table.time.as_ref().map(ToString::to_string),
            write: match table.write {
                WriteMode::Append => "append",
                WriteMode::Merge => "merge",
            },
            columns: columns.collect(),
        }
    }
}

impl Document for Tables {
    fn text(&self) -> Text {
        let mut overview = text::Table::new(["table", "columns", "what"]);
        for table in &self.tables {
            let columns = table.columns.len().to_string();
            overview.row([&table.name, &columns, &table.description]);
        }
        let mut text = Text::default();
        text.table(&overview);
        text
    }
}

impl Document for Table {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("{}: {}", self.name, self.description));
        text.line(format!("key: {}", self.key.join(", ")));
        text.line("");
        let mut columns = text::Table::new(["column", "type", "null", "what"]);
        for Column { name, dtype, nullable, description } in &self.columns {
            let null = if *nullable { "yes" } else { "" };
            columns.row([name, dtype, null, description]);
        }
        text.table(&columns);
        text
    }
}

/// Describes the built-in tables and those that the settings declare, or one of them.
///
/// Built-in tables are described even if the settings are invalid; the error of the settings is
/// returned afterwards.
pub(crate) fn tables(load: impl FnOnce() -> Result<Config>, args: &args::Tables) -> Result<()> {
    let declared = || load()?.declared_tables();
    let Some(name) = &args.name else {
        if args.markdown {
            output::print_page(reference::tables_page().trim_end());
            return Ok(());
        }
        let declared = declared();
        let own = declared.as_deref().unwrap_or_default();
        let built_in = tables::all();
        let all = built_in.iter().map(|table| Table::new(table, TableOrigin::BuiltIn));
        let own = own.iter().map(|table| Table::new(table, TableOrigin::Declared));
        output::print_document(&Tables { tables: all.chain(own).collect() });
        return declared.map(drop);
    };
    let (table, origin) = match by_name(name) {
        Some(table) => (table, TableOrigin::BuiltIn),
        None => {
            let table = declared()?.into_iter().find(|table| *table.name == **name);
            let table = table.ok_or_else(|| Error::Setting {
                setting: "tables",
                reason: format!(
                    "there is no table `{name}`, built-in or declared; `tidegauge tables` lists \
                     them"
                ),
            })?;
            (table, TableOrigin::Declared)
        }
    };
    if args.markdown {
        output::print_page(reference::table_section(&table).trim_end());
    } else {
        output::print_document(&Table::new(&table, origin));
    }
    Ok(())
}
