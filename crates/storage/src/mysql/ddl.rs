//! The DDL of tables in MySQL, and the comparison of stored tables with their definitions.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::{Column, DataType, ForeignKey, Group, Measure, Table};

use crate::sql::{
    AggregateSql, Dialect, ListBinding, StoredColumn, TEXT_DATE_RANGE, TEXT_TIMESTAMP_RANGE,
    WiderDecimal,
};

/// The SQL dialect of MySQL.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '`',
    column_type,
    widen_decimals,
    drop_not_null,
    typed_null: |_| "NULL".into(),
    select_value: |column, _| column,
    placeholder,
    binary_text: |text| format!("CAST(CONVERT({text} USING utf8mb4) AS BINARY)"),
    list_binding: ListBinding::PerValue,
    // Tables created by other programs may have a case-insensitive collation.
    binary_equality: false,
    non_numeric_decimals: None,
    date_range: TEXT_DATE_RANGE,
    timestamp_range: TEXT_TIMESTAMP_RANGE,
    // Nulls sort first by default.
    aggregate_sql: Some(AggregateSql { group, measure, nulls_first: "" }),
};

/// Returns the placeholder of a parameter; without the cast, numbers and times compared with text
/// would be treated as floats.
fn placeholder(_: usize, dtype: DataType) -> String {
    match dtype {
        DataType::Decimal { .. } | DataType::Date => format!("CAST(? AS {})", column_type(dtype)),
        DataType::Timestamp => "CAST(? AS DATETIME(6))".into(),
        _ => "?".into(),
    }
}

fn group(group: &Group, _: &Column, name: String) -> String {
    match group {
        Group::Column(_) => name,
        Group::Hour(_) => format!("TIMESTAMP(DATE({name}), MAKETIME(HOUR({name}), 0, 0))"),
        Group::Day(_) => format!("CAST({name} AS DATE)"),
        // WEEKDAY counts from 0 on Monday.
        Group::Week(_) => format!("CAST({name} AS DATE) - INTERVAL WEEKDAY({name}) DAY"),
        Group::Month(_) => format!("CAST({name} AS DATE) - INTERVAL DAYOFMONTH({name}) - 1 DAY"),
    }
}

fn measure(measure: &Measure, of: Option<(&Column, String)>, _: DataType) -> String {
    let name = of.map_or_else(String::new, |(_, name)| name);
    match measure {
        Measure::Count => "COUNT(*)".to_owned(),
        Measure::Sum(_) => format!("SUM({name})"),
        Measure::Min(_) => format!("MIN({name})"),
        Measure::Max(_) => format!("MAX({name})"),
        Measure::Distinct(_) => format!("COUNT(DISTINCT {name})"),
    }
}

/// The maximum number of bytes of a key, and of a character.
const MAX_KEY_BYTES: usize = 3_072;
const CHARACTER_BYTES: usize = 4;

/// Returns the name of a type in the catalog.
fn column_type(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "tinyint(1)".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float64 => "double".into(),
        DataType::Text => "longtext".into(),
        DataType::Date => "date".into(),
        DataType::Timestamp => "datetime(6)".into(),
        DataType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
    }
}

/// Returns the type of `column` in `table`; text that is part of a key or a reference has a maximum
/// length.
pub(super) fn column_type_in(table: &Table, column: &Column) -> String {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    match column.dtype {
        DataType::Text if table.key.contains(&column.name) || refers => {
            format!("varchar({})", key_length(table))
        }
        dtype => column_type(dtype),
    }
}

/// Returns the maximum length in characters of each text of the key, so that all of them fit into a
/// key.
fn key_length(table: &Table) -> usize {
    let columns: Vec<_> = table
        .key
        .iter()
        .filter_map(|name| table.column(name).ok())
        .map(|column| column.dtype)
        .collect();
    let texts = columns.iter().filter(|dtype| **dtype == DataType::Text).count().max(1);
    let others = 20 * (columns.len() - texts.min(columns.len()));
    ((MAX_KEY_BYTES - others) / texts / CHARACTER_BYTES).min(255)
}

/// Returns the statement that creates `table`, with an index on each of its references. References
/// are not enforced, because a trade may arrive before its order.
pub(super) fn create(table: &Table, collation: &str) -> String {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("{} {}{null}", DIALECT.quoted(&column.name), column_type_in(table, column))
        })
        .collect();
    lines.push(format!("PRIMARY KEY ({})", DIALECT.quoted_list(&table.key)));
    for ForeignKey { columns, .. } in &table.foreign_keys {
        let name: String =
            format!("{}_{}", table.name, columns.join("_")).chars().take(64).collect();
        lines.push(format!("KEY {} ({})", DIALECT.quoted(&name), DIALECT.quoted_list(columns)));
    }
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    {}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation}",
        DIALECT.quoted(&table.name),
        lines.join(",\n    ")
    )
}

/// Returns the statement that gives decimals of a table, quoted as `name`, the digits of their
/// definitions. It is idempotent.
fn widen_decimals(name: &str, table: &Table, columns: &[WiderDecimal<'_>]) -> String {
    let widen = |(column, _): &WiderDecimal<'_>| {
        let null = if column.nullable { "" } else { " NOT NULL" };
        let (column, dtype) = (DIALECT.quoted(&column.name), column_type_in(table, column));
        format!("\n    MODIFY COLUMN {column} {dtype}{null}")
    };
    let widened: Vec<_> = columns.iter().map(widen).collect();
    format!("ALTER TABLE {name}{};\n", widened.join(","))
}

/// Returns the statement that makes columns of a table, quoted as `name`, nullable. It is
/// idempotent.
fn drop_not_null(name: &str, table: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!(
            "\n    MODIFY COLUMN {} {}",
            DIALECT.quoted(&column.name),
            column_type_in(table, column)
        )
    };
    let relaxed: Vec<_> = columns.iter().map(relax).collect();
    format!("ALTER TABLE {name}{};\n", relaxed.join(","))
}

/// Returns the columns of a table in the catalog; empty if the table does not exist.
pub(super) async fn stored_columns(
    connection: &mut Conn,
    table: &str,
) -> mysql_async::Result<Vec<StoredColumn>> {
    // Schema and table are given for both catalog tables, otherwise the server scans all of its
    // tables.
    let sql = "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'NO', COALESCE(k.SEQ_IN_INDEX, 0) \
               FROM information_schema.COLUMNS c \
               LEFT JOIN information_schema.STATISTICS k \
                 ON k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME = ? \
                AND k.INDEX_NAME = 'PRIMARY' AND k.COLUMN_NAME = c.COLUMN_NAME \
               WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION";
    let rows: Vec<(String, String, bool, i64)> = connection.exec(sql, (table, table)).await?;
    let stored = |(name, dtype, not_null, key): (String, String, bool, i64)| StoredColumn {
        name,
        dtype: normalized_type(&dtype),
        not_null,
        key,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// Normalizes a type of the catalog: MariaDB, and MySQL before 8.0.19, add the display width of
/// integers, and the length of a key's text may differ between releases.
fn normalized_type(dtype: &str) -> String {
    let (name, rest) = dtype.split_once('(').unwrap_or((dtype, ""));
    match name {
        "bigint" => "bigint".into(),
        "varchar" => "longtext".into(),
        _ if rest.is_empty() => name.into(),
        _ => dtype.into(),
    }
}
