//! What a table looks like in BigQuery, and whether the one that is there looks like that.

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

/// How BigQuery spells things.
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

/// The years that BigQuery knows: 0001 to 9999.
pub(super) const DAYS: RangeInclusive<i32> = -719_162..=2_932_896;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Ends a statement that lets a column be null.
pub(super) const RELAXES: &str = " DROP NOT NULL";

/// Columns that a table is clustered by at most.
const MOST_CLUSTERED: usize = 4;

fn declared(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "BOOL".into(),
        DataType::Int64 => "INT64".into(),
        DataType::Float64 => "FLOAT64".into(),
        DataType::Text => "STRING".into(),
        DataType::Date => "DATE".into(),
        DataType::Timestamp => "TIMESTAMP".into(),
        // 9 places and 29 digits before them are what NUMERIC has.
        DataType::Decimal { precision, scale } if scale <= 9 && precision - scale <= 29 => {
            format!("NUMERIC({precision},{scale})")
        }
        DataType::Decimal { precision, scale } => format!("BIGNUMERIC({precision},{scale})"),
    }
}

/// Places that a bound decimal keeps wherever it is bound: the emulator cuts off what lies beyond.
const MOST_BOUND: u8 = 18;

/// Returns `true` if values of that type stand in the query as literals: they are nothing but digits.
pub(super) fn is_literal(dtype: DataType) -> bool {
    matches!(dtype, DataType::Decimal { scale, .. } if scale > MOST_BOUND)
}

/// Marks where the literals of the nth parameter go.
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

/// Returns the type without a precision, which neither casts nor parameters know.
pub(super) fn type_name(dtype: DataType) -> String {
    let declared = declared(dtype);
    declared.split_once('(').map_or(declared.as_str(), |(name, _)| name).to_owned()
}

fn null(dtype: DataType) -> String {
    format!("CAST(NULL AS {})", type_name(dtype))
}

/// A column as a result has it exactly: what it says of a time by itself is a float.
fn value(name: String, dtype: DataType) -> String {
    match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({name}) AS {name}"),
        _ => name,
    }
}

/// The statement that creates `table`: parted by the month of its event time (a statement may touch
/// 4,000 parts, which is eleven years of days), its rows close together that are one user's, then by
/// key. Nothing enforces the key but [`load`](super::load).
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

/// The statement that gives `table` a column that was added to its definition.
pub(super) fn add(table: &Table, column: &Column) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}",
        DIALECT.quoted(&table.name),
        DIALECT.quoted(&column.name),
        declared(column.dtype)
    )
}

/// Spells the statements that give decimals of a table, spelled `name`, the digits of their definitions. They may be
/// run again.
fn widen(name: &str, _: &Table, columns: &[Wider<'_>]) -> String {
    let widen = |(column, _): &Wider<'_>| {
        let (column, dtype) = (DIALECT.quoted(&column.name), declared(column.dtype));
        format!("ALTER TABLE {name} ALTER COLUMN {column} SET DATA TYPE {dtype};\n")
    };
    columns.iter().map(widen).collect()
}

/// Spells the statements that let columns of a table, spelled `name`, be null. They may not be run again.
fn relax(name: &str, _: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!("ALTER TABLE {name} ALTER COLUMN {}{RELAXES};\n", DIALECT.quoted(&column.name))
    };
    columns.iter().map(relax).collect()
}

impl BigQuery {
    /// Creates `table` unless it is there, gives it the columns that were added to its definition,
    /// and refuses one that differs otherwise.
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

    /// The columns of a table as the catalog has them; none where there is no such table.
    pub(super) async fn stored(&self, table: &str) -> Result<Vec<StoredColumn>, Refusal> {
        match self.described(table).await? {
            Some(described) => Ok(columns(&described)),
            None => Ok(Vec::new()),
        }
    }

    /// What the catalog says of a table, if there is one, or a dataset for it.
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
        // Under its older name.
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
