//! Whether the table that is there is the one that was defined.

#[cfg(feature = "_sqlx")]
use tidegauge_core::tables;
use tidegauge_core::{Column, Table};

use super::Dialect;
use crate::{Error, Result};

/// A column as the database's catalog has it.
#[derive(Debug)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) not_null: bool,
    /// Its position in the key, from 1; 0 outside it.
    pub(crate) key: i64,
}

/// Returns the columns that are missing at the end of the stored table and may be added to it, since rows
/// without them are allowed.
///
/// # Errors
/// Returns an error if anything else differs, naming the first column that does.
pub(crate) fn compare<'a>(
    dialect: &Dialect,
    table: &'a Table,
    found: &[StoredColumn],
) -> Result<&'a [Column]> {
    for at in 0..table.columns.len().max(found.len()) {
        let (expected, found) = (table.columns.get(at), found.get(at));
        if found.is_none() && table.columns[at..].iter().all(|column| column.nullable) {
            return Ok(&table.columns[at..]);
        }
        let wanted = expected.map(|column| defined(dialect, table, column));
        let there = found.map(described);
        if wanted != there {
            let name = expected.map(|column| column.name.to_string());
            let none = || "no such column".to_owned();
            return Err(Error::Drift {
                table: table.name.to_string(),
                column: name.or(found.map(|column| column.name.clone())).unwrap_or_default(),
                found: there.unwrap_or_else(none),
                expected: wanted.unwrap_or_else(none),
            });
        }
    }
    Ok(&[])
}

/// Says in an error which table remembers the migrations that a database has had.
#[cfg(feature = "_sqlx")]
pub(crate) const MIGRATIONS_TABLE: &str =
    "its table `_sqlx_migrations`, which says how far its tables were brought up to date,";

/// Refuses views that have the names of built-in tables.
#[cfg(feature = "_sqlx")]
pub(crate) fn refuse_views(views: &[String]) -> Result<()> {
    match views.iter().find(|view| tables::by_name(view).is_some()) {
        Some(view) => Err(Error::NotATable { table: view.clone(), what: "a view" }),
        None => Ok(()),
    }
}

fn defined(dialect: &Dialect, table: &Table, column: &Column) -> String {
    let place = table.key.iter().position(|name| *name == column.name).map_or(0, |at| at + 1);
    described(&StoredColumn {
        name: column.name.to_string(),
        dtype: (dialect.declared)(column.dtype),
        not_null: !column.nullable,
        key: i64::try_from(place).unwrap_or(i64::MAX),
    })
}

fn described(column: &StoredColumn) -> String {
    let StoredColumn { name, dtype, not_null, key } = column;
    let null = if *not_null { " NOT NULL" } else { "" };
    let key = if *key > 0 { format!(", {key}. of the key") } else { String::new() };
    format!("`{name} {}{null}`{key}", dtype.to_uppercase())
}
