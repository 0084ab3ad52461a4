//! What the stores that speak SQL have in common: how a dialect spells things, and whether the
//! table that is there is the one that was defined.

mod catalog;
#[cfg(test)]
pub(crate) mod migrations;
mod newest;
mod prepared;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Column, DataType, Fold, ForeignKey, Table, tables};

pub(crate) use catalog::{Stored, compare};
pub(crate) use newest::newest;
pub(crate) use prepared::Prepared;

use crate::Result;

/// What `aggregate` gives where there is no such table.
pub(crate) fn of_nothing(aggregate: &Aggregate) -> Result<DataFrame> {
    Ok(Fold::new(aggregate)?.finish()?)
}

/// How a database spells things.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What identifiers stand in.
    pub(crate) quote: char,
    /// The type that a column of ours is declared with.
    pub(crate) declared: fn(DataType) -> String,
    /// Null of that type.
    pub(crate) null: fn(DataType) -> String,
}

impl Dialect {
    /// `name` as an identifier, whatever is in it.
    pub(crate) fn quoted(&self, name: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// `names` quoted, with commas between.
    pub(crate) fn list<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> String {
        let names: Vec<_> = names.into_iter().map(|name| self.quoted(name.as_ref())).collect();
        names.join(", ")
    }

    /// The lines between the parentheses of `CREATE TABLE`: the columns and the key.
    pub(crate) fn columns(&self, table: &Table) -> Vec<String> {
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "" } else { " NOT NULL" };
                format!("{} {}{null}", self.quoted(&column.name), (self.declared)(column.dtype))
            })
            .collect();
        lines.push(format!("PRIMARY KEY ({})", self.list(&table.key)));
        lines
    }

    /// The stored table, spelled `name`, as one that has all columns of `table`: what was added to its
    /// definition, and nobody has loaded yet, is null.
    pub(crate) fn whole(&self, name: String, table: &Table, found: &[Stored]) -> String {
        let there = |column: &&Column| found.iter().any(|stored| stored.name == column.name);
        let missing = table.columns.iter().filter(|column| column.nullable && !there(column));
        let nulls: Vec<String> = missing
            .map(|column| format!("{} AS {}", (self.null)(column.dtype), self.quoted(&column.name)))
            .collect();
        match nulls.is_empty() {
            true => name,
            false => {
                let (nulls, alias) = (nulls.join(", "), self.quoted(&table.name));
                format!("(SELECT {alias}.*, {nulls} FROM {name} AS {alias}) AS {alias}")
            }
        }
    }

    /// That a row takes the place of the one with its key, as SQLite and PostgreSQL say it.
    pub(crate) fn on_conflict(&self, table: &Table) -> String {
        let updates: Vec<String> = table
            .columns
            .iter()
            .filter(|column| !table.key.contains(&column.name))
            .map(|column| self.quoted(&column.name))
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        let then = match updates.is_empty() {
            true => "NOTHING".to_owned(),
            false => format!("UPDATE SET {}", updates.join(", ")),
        };
        format!("ON CONFLICT ({}) DO {then}", self.list(&table.key))
    }

    /// What `table` says of others, as a database that checks none of it takes it.
    pub(crate) fn references(&self, table: &Table) -> Vec<String> {
        let reference = |ForeignKey { columns, table: other }: &ForeignKey| {
            let key = tables::by_name(other).map(|other| format!(" ({})", self.list(&other.key)));
            format!(
                "FOREIGN KEY ({}) REFERENCES {}{}",
                self.list(columns),
                self.quoted(other),
                key.unwrap_or_default()
            )
        };
        table.foreign_keys.iter().map(reference).collect()
    }
}
