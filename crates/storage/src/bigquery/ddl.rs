//! The DDL of tables in BigQuery, and the comparison of stored tables with their definitions.

use std::ops::RangeInclusive;

use reqwest::Method;
use serde_json::Value;
use tidegauge_core::{Column, DataType, Table, tables};

use super::BigQuery;
use super::aggregate::SUMMARY;
use super::client::Refusal;
use super::jobs::Query;
use crate::Result;
use crate::sql::{Dialect, Lists, StoredColumn, Wider, compare};

/// The SQL dialect of BigQuery.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '`',
    declared,
    widen,
    relax,
    null,
    value,
    param,
    bytes: |text| text,
    lists: Lists::Bound(list),
    equal_by_bytes: true,
    odd_decimals: None,
    days: DAYS,
    micros: *DAYS.start() as i64 * DAY..=(*DAYS.end() as i64 + 1) * DAY - 1,
    summary: Some(SUMMARY),
};

/// The range of dates that BigQuery supports, the years 0001 to 9999, in days since 1970-01-01.
pub(super) const DAYS: RangeInclusive<i32> = -719_162..=2_932_896;

/// The number of microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The end of a statement that makes a column nullable.
pub(super) const RELAXES: &str = " DROP NOT NULL";

/// The maximum number of columns that a table is clustered by.
const MOST_CLUSTERED: usize = 4;

fn declared(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "BOOL".into(),
        DataType::Int64 => "INT64".into(),
        DataType::Float64 => "FLOAT64".into(),
        DataType::Text => "STRING".into(),
        DataType::Date => "DATE".into(),
        DataType::Timestamp => "TIMESTAMP".into(),
        // NUMERIC has 9 decimal places and 29 digits before them.
        DataType::Decimal { precision, scale } if scale <= 9 && precision - scale <= 29 => {
            format!("NUMERIC({precision},{scale})")
        }
        DataType::Decimal { precision, scale } => format!("BIGNUMERIC({precision},{scale})"),
    }
}

/// The largest scale at which the emulator keeps all places of a bound decimal; it truncates the
/// rest.
const MOST_BOUND: u8 = 18;

/// Returns `true` if values of that type are written into the query as literals: they consist of
/// digits only.
pub(super) fn is_literal(dtype: DataType) -> bool {
    matches!(dtype, DataType::Decimal { scale, .. } if scale > MOST_BOUND)
}

/// Returns the placeholder of the literals of the parameter at index `at`.
pub(super) fn literals(at: usize) -> String {
    format!("\u{1}{at}\u{1}")
}

fn param(at: usize, dtype: DataType) -> String {
    if is_literal(dtype) { literals(at) } else { format!("@p{at}") }
}

fn list(name: &str, at: usize, dtype: DataType, _: usize) -> String {
    match is_literal(dtype) {
        true => format!("{name} IN ({})", literals(at)),
        false => format!("{name} IN UNNEST(@p{at})"),
    }
}

/// Returns the type without a precision, which neither casts nor parameters accept.
pub(super) fn type_name(dtype: DataType) -> String {
    let declared = declared(dtype);
    declared.split_once('(').map_or(declared.as_str(), |(name, _)| name).to_owned()
}

fn null(dtype: DataType) -> String {
    format!("CAST(NULL AS {})", type_name(dtype))
}

/// Returns a column as a result must have it to be exact: the service's own format of a timestamp
/// is a float.
fn value(name: String, dtype: DataType) -> String {
    match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({name}) AS {name}"),
        _ => name,
    }
}

/// Returns the statement that creates `table`, partitioned by the month of its event time (a
/// statement may touch 4,000 partitions, which would be eleven years of days), and clustered by
/// user, then by key. Only [`load`](super::load) enforces the key.
pub(super) fn create(table: &Table) -> String {
    let mut lines = DIALECT.columns(table);
    if let Some(key) = lines.last_mut() {
        key.push_str(" NOT ENFORCED");
    }
    let mut sql = format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    {}\n)",
        DIALECT.quoted(&table.name),
        lines.join(",\n    ")
    );
    let time = table.time.as_deref().and_then(|name| table.column(name).ok());
    if let Some(time) = time {
        let name = DIALECT.quoted(&time.name);
        sql += &match time.dtype {
            DataType::Date => format!("\nPARTITION BY DATE_TRUNC({name}, MONTH)"),
            _ => format!("\nPARTITION BY TIMESTAMP_TRUNC({name}, MONTH)"),
        };
    }
    let users = tables::User::table();
    let of_users = table.foreign_keys.iter().filter(|key| key.table == users.name);
    let mut clustered: Vec<&str> = Vec::new();
    for name in of_users.flat_map(|key| &key.columns).chain(&table.key) {
        if !clustered.contains(&name.as_ref()) && clustered.len() < MOST_CLUSTERED {
            clustered.push(name);
        }
    }
    sql += &format!("\nCLUSTER BY {}", DIALECT.list(clustered));
    sql
}

/// Returns the statement that adds a column which was added to the definition of `table`.
pub(super) fn add(table: &Table, column: &Column) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}",
        DIALECT.quoted(&table.name),
        DIALECT.quoted(&column.name),
        declared(column.dtype)
    )
}

/// Returns the statements that give decimals of a table, quoted as `name`, the digits of their
/// definitions. They are idempotent.
fn widen(name: &str, _: &Table, columns: &[Wider<'_>]) -> String {
    let widen = |(column, _): &Wider<'_>| {
        let (column, dtype) = (DIALECT.quoted(&column.name), declared(column.dtype));
        format!("ALTER TABLE {name} ALTER COLUMN {column} SET DATA TYPE {dtype};\n")
    };
    columns.iter().map(widen).collect()
}

/// Returns the statements that make columns of a table, quoted as `name`, nullable. They are not
/// idempotent.
fn relax(name: &str, _: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!("ALTER TABLE {name} ALTER COLUMN {}{RELAXES};\n", DIALECT.quoted(&column.name))
    };
    columns.iter().map(relax).collect()
}

impl BigQuery {
    /// Creates `table` unless it exists, adds the columns that were added to its definition, and
    /// refuses a table that differs otherwise.
    pub(super) async fn ensure(&self, table: &Table) -> Result<()> {
        let failed = |refusal| self.failed(refusal, Some(table));
        let mut found = self.stored(&table.name).await.map_err(failed)?;
        if found.is_empty() {
            self.change(&Query::new(create(table))).await.map_err(failed)?;
            found = self.stored(&table.name).await.map_err(failed)?;
        }
        let lacks = compare(&DIALECT, table, &found)?;
        for wider in &lacks.digits {
            let sql = widen(&DIALECT.quoted(&table.name), table, std::slice::from_ref(wider));
            self.change(&Query::new(sql)).await.map_err(failed)?;
        }
        for column in &lacks.nulls {
            let sql = relax(&DIALECT.quoted(&table.name), table, std::slice::from_ref(column));
            self.change(&Query::new(sql)).await.map_err(failed)?;
        }
        for column in lacks.columns {
            self.change(&Query::new(add(table, column))).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Returns the columns of a table in the catalog; empty if the table does not exist.
    pub(super) async fn stored(&self, table: &str) -> Result<Vec<StoredColumn>, Refusal> {
        match self.described(table).await? {
            Some(described) => Ok(columns(&described)),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the catalog's resource of a table, or `None` if the table or its dataset does not
    /// exist.
    pub(super) async fn described(&self, table: &str) -> Result<Option<Value>, Refusal> {
        let path = format!("datasets/{}/tables/{table}", self.place.dataset);
        match self.client.ask(Method::GET, &self.client.url(&path), None).await {
            Ok(described) => Ok(Some(described)),
            Err(refusal) if refusal.is_not_found() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

fn columns(described: &Value) -> Vec<StoredColumn> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let key = list(described.pointer("/tableConstraints/primaryKey/columns"));
    let fields = list(described.pointer("/schema/fields"));
    let stored = |field: &Value| {
        let text = |name: &str| field.get(name).and_then(Value::as_str).unwrap_or_default();
        // The catalog returns the legacy names of these types.
        let dtype = match text("type") {
            "INTEGER" => "INT64",
            "FLOAT" => "FLOAT64",
            "BOOLEAN" => "BOOL",
            other => other,
        };
        let scale = if text("scale").is_empty() { "0" } else { text("scale") };
        let dtype = match text("precision") {
            "" => dtype.to_owned(),
            precision => format!("{dtype}({precision},{scale})"),
        };
        let place = key.iter().position(|name| name.as_str() == Some(text("name")));
        StoredColumn {
            name: text("name").to_owned(),
            dtype,
            not_null: text("mode") == "REQUIRED",
            key: place.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or_default(),
        }
    };
    fields.iter().map(stored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_parted_by_month_and_clustered_by_user_and_key() {
        let sql = create(tables::Trade::table());
        let (columns, rest) = sql.split_once("\n)").unwrap();
        assert!(columns.ends_with("PRIMARY KEY (`trade_id`) NOT ENFORCED"), "{columns}");
        assert_eq!(
            rest,
            "\nPARTITION BY TIMESTAMP_TRUNC(`executed_at`, MONTH)\nCLUSTER BY `user_id`, `trade_id`"
        );
    }

    #[test]
    fn decimals_are_what_they_fit_in() {
        let declared = |precision, scale| declared(DataType::Decimal { precision, scale });
        assert_eq!(declared(18, 2), "NUMERIC(18,2)");
        assert_eq!(declared(38, 9), "NUMERIC(38,9)");
        assert_eq!(declared(38, 8), "BIGNUMERIC(38,8)");
        assert_eq!(declared(28, 10), "BIGNUMERIC(28,10)");
    }
}
