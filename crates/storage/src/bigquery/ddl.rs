//! The DDL of tables in BigQuery, and the catalog: creation of tables, with partitions and
//! clusters, and schema evolution.

use reqwest::Method;
use serde_json::Value;
use tidegauge_core::{Column, DataType, Table, tables};

use super::api_error::ApiError;
use super::dialect::{DIALECT, column_type, drop_not_null, widen_decimals};
use super::query::Query;
use super::store::BigQuery;
use crate::Result;
use crate::sql::{StoredColumn, diff_schema};

/// The maximum number of columns that a table is clustered by.
const MAX_CLUSTER_COLUMNS: usize = 4;

/// Returns the statement that creates `table`, partitioned by the month of its event time (a
/// statement may touch 4,000 partitions, which would be eleven years of days), and clustered by
/// user, then by key. Only [`load`](super::load) enforces the key.
pub(super) fn create(table: &Table) -> String {
    let mut lines = DIALECT.column_definitions(table);
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
        if !clustered.contains(&name.as_ref()) && clustered.len() < MAX_CLUSTER_COLUMNS {
            clustered.push(name);
        }
    }
    sql += &format!("\nCLUSTER BY {}", DIALECT.quoted_list(clustered));
    sql
}

/// Returns the statement that adds a column which was added to the definition of `table`.
pub(super) fn add(table: &Table, column: &Column) -> String {
    format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}",
        DIALECT.quoted(&table.name),
        DIALECT.quoted(&column.name),
        column_type(column.dtype)
    )
}

impl BigQuery {
    /// Creates `table` unless it exists, adds the columns that were added to its definition, and
    /// refuses a table that differs otherwise.
    pub(super) async fn ensure(&self, table: &Table) -> Result<()> {
        let to_error = |error| self.to_error(error, Some(table));
        let mut found = self.stored_columns(&table.name).await.map_err(to_error)?;
        if found.is_empty() {
            self.run_with_retry(&Query::new(create(table))).await.map_err(to_error)?;
            found = self.stored_columns(&table.name).await.map_err(to_error)?;
        }
        let diff = diff_schema(&DIALECT, table, &found)?;
        for wider in &diff.wider_decimals {
            let sql =
                widen_decimals(&DIALECT.quoted(&table.name), table, std::slice::from_ref(wider));
            self.run_with_retry(&Query::new(sql)).await.map_err(to_error)?;
        }
        for column in &diff.relaxed_columns {
            let sql =
                drop_not_null(&DIALECT.quoted(&table.name), table, std::slice::from_ref(column));
            self.run_with_retry(&Query::new(sql)).await.map_err(to_error)?;
        }
        for column in diff.added_columns {
            self.run_with_retry(&Query::new(add(table, column))).await.map_err(to_error)?;
        }
        Ok(())
    }

    /// Returns the columns of a table in the catalog; empty if the table does not exist.
    pub(super) async fn stored_columns(&self, table: &str) -> Result<Vec<StoredColumn>, ApiError> {
        match self.table_resource(table).await? {
            Some(described) => Ok(columns(&described)),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the catalog's resource of a table, or `None` if the table or its dataset does not
    /// exist.
    pub(super) async fn table_resource(&self, table: &str) -> Result<Option<Value>, ApiError> {
        let path = format!("datasets/{}/tables/{table}", self.dataset.dataset_id);
        match self.client.request_json(Method::GET, &self.client.url(&path), None).await {
            Ok(described) => Ok(Some(described)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
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
        let dataset = key.iter().position(|name| name.as_str() == Some(text("name")));
        StoredColumn {
            name: text("name").to_owned(),
            dtype,
            not_null: text("mode") == "REQUIRED",
            key: dataset.and_then(|at| i64::try_from(at + 1).ok()).unwrap_or_default(),
        }
    };
    fields.iter().map(stored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_partitioned_by_month_and_clustered_by_user_and_key() {
        let sql = create(tables::Trade::table());
        let (columns, rest) = sql.split_once("\n)").unwrap();
        assert!(columns.ends_with("PRIMARY KEY (`trade_id`) NOT ENFORCED"), "{columns}");
        assert_eq!(
            rest,
            "\nPARTITION BY TIMESTAMP_TRUNC(`executed_at`, MONTH)\nCLUSTER BY `user_id`, `trade_id`"
        );
    }
}
