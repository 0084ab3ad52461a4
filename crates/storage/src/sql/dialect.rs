//! How a database spells things.

use std::ops::RangeInclusive;

use tidegauge_core::{Column, DataType, Group, Measure, Table};
#[cfg(feature = "sqlite")]
use tidegauge_core::{ForeignKey, tables};

use super::{StoredColumn, Wider};

/// The spelling of a database, and what it can hold.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// What identifiers stand in.
    pub(crate) quote: char,
    /// Spells the type that a column of ours is declared with.
    pub(crate) declared: fn(DataType) -> String,
    /// Spells the statements that give decimals of a stored table, spelled like this, the digits of their
    /// definitions, each with its semicolon and on a line of its own.
    pub(crate) widen: fn(&str, &Table, &[Wider<'_>]) -> String,
    /// Spells the statements that let columns of a stored table, spelled like this, be null, likewise.
    pub(crate) relax: fn(&str, &Table, &[&Column]) -> String,
    /// Spells null of that type.
    pub(crate) null: fn(DataType) -> String,
    /// Spells a column (given as an identifier) so that its values come as those of the type.
    pub(crate) value: fn(String, DataType) -> String,
    /// Spells the parameter that is the nth of a query, from 0.
    pub(crate) param: fn(usize, DataType) -> String,
    /// Spells what is compared (a column or a parameter) so that text is compared by its bytes.
    pub(crate) bytes: fn(String) -> String,
    /// How a list of values is bound.
    pub(crate) lists: Lists,
    /// Whether `=` of two texts is that of their bytes in any table that there may be.
    pub(crate) equal_by_bytes: bool,
    /// Spells the condition for a column's decimals that lie outside the order of numbers; `None`: all are
    /// numbers, and comparisons of them exact.
    pub(crate) odd_decimals: Option<fn(&str) -> String>,
    /// The days since 1970 that there may be.
    pub(crate) days: RangeInclusive<i32>,
    /// The microseconds since 1970 that there may be.
    pub(crate) micros: RangeInclusive<i64>,
    /// How summaries are spelled; `None`: they are worked out here, from the rows.
    pub(crate) summary: Option<Summary>,
}

/// How a list of values is bound to a query.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lists {
    /// Each value as a parameter.
    Spelled,
    /// The list as one parameter; spells the condition from the column, the parameter's place, the type and
    /// the length.
    Bound(fn(&str, usize, DataType, usize) -> String),
}

/// How a database spells the parts of a summary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    /// Spells what rows go by, from the column's definition and the column as an identifier.
    pub(crate) group: fn(&Group, &Column, String) -> String,
    /// Spells what is worked out of the rows, from the column that it is of (`None`: of a count) and the
    /// type of the result.
    pub(crate) measure: fn(&Measure, Option<(&Column, String)>, DataType) -> String,
    /// Follows each column of `ORDER BY`, so that nulls come first.
    pub(crate) nulls_first: &'static str,
}

/// The days and microseconds of the years 0000 to 9999: what can be written as text.
pub(crate) const TEXT_DAYS: RangeInclusive<i32> = -719_528..=2_932_896;
/// The same in microseconds.
pub(crate) const TEXT_MICROS: RangeInclusive<i64> =
    -62_167_219_200_000_000..=253_402_300_799_999_999;

impl Dialect {
    /// Spells `name` as an identifier, whatever is in it.
    pub(crate) fn quoted(&self, name: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// Spells `names` as identifiers, with commas between.
    pub(crate) fn list<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> String {
        let names: Vec<_> = names.into_iter().map(|name| self.quoted(name.as_ref())).collect();
        names.join(", ")
    }

    /// Returns the lines between the parentheses of `CREATE TABLE`: the columns and the key.
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

    /// Spells the stored table, spelled `name`, as one that has all columns of `table`: those that were
    /// added to its definition since the last load are null.
    pub(crate) fn whole(&self, name: String, table: &Table, found: &[StoredColumn]) -> String {
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

    /// Spells the query for the rows of the stored table, spelled `name`, whose keys are in `keys`, which is spelled
    /// with its alias `k`. `join` makes the database go from keys to rows, by the index.
    pub(crate) fn of_keys(&self, table: &Table, name: &str, keys: &str, join: &str) -> String {
        let of = |alias: &str, name: &str| format!("{alias}.{}", self.quoted(name));
        let value = |column: &Column| (self.value)(of("t", &column.name), column.dtype);
        let columns: Vec<_> = table.columns.iter().map(value).collect();
        let same = table.key.iter().map(|name| format!("{} = {}", of("t", name), of("k", name)));
        let same: Vec<_> = same.collect();
        format!(
            "SELECT {} FROM {keys} {join} {name} AS t ON {}",
            columns.join(", "),
            same.join(" AND ")
        )
    }

    /// Spells that a row takes the place of the one with its key, as SQLite and PostgreSQL do.
    #[cfg(feature = "_sqlx")]
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

    /// Returns the lines that declare what `table` says of others, as a database that checks none of it
    /// takes them.
    #[cfg(feature = "sqlite")]
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
