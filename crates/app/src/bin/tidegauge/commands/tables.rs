//! `tidegauge tables`

use comfy_table::{Table, presets};
use tidegauge::core::tables::{self, by_name};
use tidegauge::report::reference;
use tidegauge::{Error, Result};

use crate::{args, output};

/// Describes the built-in tables, or one of them.
pub(crate) fn tables(args: &args::Tables) -> Result<()> {
    let Some(name) = &args.name else {
        output::line(if args.markdown { reference::tables_page() } else { overview() }.trim_end());
        return Ok(());
    };
    let table = by_name(name).ok_or_else(|| Error::Setting {
        setting: "tables",
        reason: format!("there is no built-in table `{name}`; `tidegauge tables` lists them"),
    })?;
    if args.markdown {
        output::line(reference::table_section(&table).trim_end());
        return Ok(());
    }
    output::line(&format!(
        "{}: {}\nkey: {}\n",
        table.name,
        table.description,
        table.key.join(", ")
    ));
    let mut columns = Table::new();
    columns.load_style(presets::NOTHING).set_header(["column", "type", "null", "what"]);
    for column in &table.columns {
        columns.add_row([
            column.name.to_string(),
            column.dtype.to_string(),
            if column.nullable { "yes" } else { "" }.into(),
            column.description.to_string(),
        ]);
    }
    output::line(&columns.to_string());
    Ok(())
}

fn overview() -> String {
    let mut overview = Table::new();
    overview.load_style(presets::NOTHING).set_header(["table", "columns", "what"]);
    for table in tables::all() {
        let columns = table.columns.len().to_string();
        overview.add_row([table.name.to_string(), columns, table.description.to_string()]);
    }
    overview.to_string()
}
