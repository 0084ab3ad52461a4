//! The SQL dialect of a database.

use std::ops::RangeInclusive;

use tidegauge_core::{Column, DataType, Group, Measure, Table};
#[cfg(feature = "sqlite")]
use tidegauge_core::{ForeignKey, tables};

use super::stored_column::{StoredColumn, WiderDecimal};

/// The SQL dialect of a database, and the values that the database can store.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// The quotation mark of identifiers.
    pub(crate) quote: char,
    /// Returns the type that a column of the given data type is declared with.
    pub(crate) column_type: fn(DataType) -> String,
    /// Returns the statements that give decimal columns of a stored table the digits of their
    /// definitions, each with its semicolon and on its own line. The first argument is the table's
    /// name in SQL.
    pub(crate) widen_decimals: fn(&str, &Table, &[WiderDecimal<'_>]) -> String,
    /// Returns the statements that make columns of a stored table nullable, in the same form as
    /// `widen_decimals`.
    pub(crate) drop_not_null: fn(&str, &Table, &[&Column]) -> String,
    /// Returns the null of a data type.
    pub(crate) typed_null: fn(DataType) -> String,
    /// Returns the expression that selects a column (given as an identifier) as values of the data
    /// type.
    pub(crate) select_value: fn(String, DataType) -> String,
    /// Returns the placeholder of the nth parameter of a query, from 0.
    pub(crate) placeholder: fn(usize, DataType) -> String,
    /// Returns an operand of a comparison (a column or a parameter) so that text is compared by its
    /// bytes.
    pub(crate) binary_text: fn(String) -> String,
    /// The way in which a list of values is bound.
    pub(crate) list_binding: ListBinding,
    /// Whether `=` compares texts by their bytes in every table that can exist.
    pub(crate) binary_equality: bool,
    /// Returns the condition for those decimals of a column that lie outside the order of numbers;
    /// `None` if all are numbers, and compared exactly.
    pub(crate) non_numeric_decimals: Option<fn(&str) -> String>,
    /// The range of days since 1970 that the database can store.
    pub(crate) date_range: RangeInclusive<i32>,
    /// The range of microseconds since 1970 that the database can store.
    pub(crate) timestamp_range: RangeInclusive<i64>,
    /// The SQL of aggregates; `None` if they are computed in this crate, from the rows.
    pub(crate) aggregate_sql: Option<AggregateSql>,
}

/// The way in which a list of values is bound to a query.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ListBinding {
    /// Each value as its own parameter.
    PerValue,
    /// The list as one parameter. The function returns the condition for the column, the index of
    /// the parameter, the type and the length.
    Array(fn(&str, usize, DataType, usize) -> String),
}

/// The SQL for the parts of an aggregate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AggregateSql {
    /// Returns the expression that rows are grouped by, from the column's definition and the column
    /// as an identifier.
    pub(crate) group: fn(&Group, &Column, String) -> String,
    /// Returns the expression of a measure, from its column (`None` for a count) and the type of
    /// the result.
    pub(crate) measure: fn(&Measure, Option<(&Column, String)>, DataType) -> String,
    /// The text after each column of `ORDER BY` that puts nulls first.
    pub(crate) nulls_first: &'static str,
}

/// The range of days since 1970 of the years 0000 to 9999, which can be written as text.
pub(crate) const TEXT_DATE_RANGE: RangeInclusive<i32> = -719_528..=2_932_896;
/// The range of microseconds since 1970 of the years 0000 to 9999.
pub(crate) const TEXT_TIMESTAMP_RANGE: RangeInclusive<i64> =
    -62_167_219_200_000_000..=253_402_300_799_999_999;

impl Dialect {
    /// Returns `name` as a quoted identifier; any text is allowed in it.
    pub(crate) fn quoted(&self, name: &str) -> String {
        let quote = self.quote;
        format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
    }

    /// Returns `names` as quoted identifiers, separated by commas.
    pub(crate) fn quoted_list<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> String {
        let names: Vec<_> = names.into_iter().map(|name| self.quoted(name.as_ref())).collect();
        names.join(", ")
    }

    /// Returns the lines between the parentheses of `CREATE TABLE`: the columns and the key.
    pub(crate) fn column_definitions(&self, table: &Table) -> Vec<String> {
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "" } else { " NOT NULL" };
                format!("{} {}{null}", self.quoted(&column.name), (self.column_type)(column.dtype))
            })
            .collect();
        lines.push(format!("PRIMARY KEY ({})", self.quoted_list(&table.key)));
        lines
    }

    /// Returns the SQL of the stored table `name` (already quoted) with all columns of `table`:
    /// columns that were added to the definition since the last load are null.
    pub(crate) fn with_missing_columns(
        &self,
        name: String,
        table: &Table,
        found: &[StoredColumn],
    ) -> String {
        let is_stored = |column: &&Column| found.iter().any(|stored| stored.name == column.name);
        let missing = table.columns.iter().filter(|column| column.nullable && !is_stored(column));
        let nulls: Vec<String> = missing
            .map(|column| {
                format!("{} AS {}", (self.typed_null)(column.dtype), self.quoted(&column.name))
            })
            .collect();
        match nulls.is_empty() {
            true => name,
            false => {
                let (nulls, alias) = (nulls.join(", "), self.quoted(&table.name));
                format!("(SELECT {alias}.*, {nulls} FROM {name} AS {alias}) AS {alias}")
            }
        }
    }

    /// Returns the query for the rows of the stored table `name` whose keys are in `keys`, both as
    /// SQL, `keys` with its alias `k`. `join` makes the database look each key up in the index.
    pub(crate) fn select_by_keys(
        &self,
        table: &Table,
        name: &str,
        keys: &str,
        join: &str,
    ) -> String {
        let of = |alias: &str, name: &str| format!("{alias}.{}", self.quoted(name));
        let value = |column: &Column| (self.select_value)(of("t", &column.name), column.dtype);
        let columns: Vec<_> = table.columns.iter().map(value).collect();
        let key_conditions =
            table.key.iter().map(|name| format!("{} = {}", of("t", name), of("k", name)));
        let key_conditions: Vec<_> = key_conditions.collect();
        format!(
            "SELECT {} FROM {keys} {join} {name} AS t ON {}",
            columns.join(", "),
            key_conditions.join(" AND ")
        )
    }

    /// Returns the clause that makes a row replace the row with its key, in the syntax of SQLite
    /// and PostgreSQL.
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
        format!("ON CONFLICT ({}) DO {then}", self.quoted_list(&table.key))
    }

    /// Returns the lines that declare the references of `table` to other tables, for a database
    /// that does not check them.
    #[cfg(feature = "sqlite")]
    pub(crate) fn foreign_keys(&self, table: &Table) -> Vec<String> {
        let reference = |ForeignKey { columns, table: other }: &ForeignKey| {
            let key =
                tables::by_name(other).map(|other| format!(" ({})", self.quoted_list(&other.key)));
            format!(
                "FOREIGN KEY ({}) REFERENCES {}{}",
                self.quoted_list(columns),
                self.quoted(other),
                key.unwrap_or_default()
            )
        };
        table.foreign_keys.iter().map(reference).collect()
    }
}
