//! The DDL of tables in MySQL, and the comparison of stored tables with their definitions.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::{Column, DataType, ForeignKey, Group, Measure, Table};

use crate::sql::{Dialect, Lists, StoredColumn, Summary, TEXT_DAYS, TEXT_MICROS, Wider};

/// The SQL dialect of MySQL.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '`',
    declared,
    widen,
    relax,
    null: |_| "NULL".into(),
    value: |column, _| column,
    param,
    bytes: |text| format!("CAST(CONVERT({text} USING utf8mb4) AS BINARY)"),
    lists: Lists::Spelled,
    // Tables created by other programs may have a case-insensitive collation.
    equal_by_bytes: false,
    odd_decimals: None,
    days: TEXT_DAYS,
    micros: TEXT_MICROS,
    // Nulls sort first by default.
    summary: Some(Summary { group, measure, nulls_first: "" }),
};

/// Returns the placeholder of a parameter; without the cast, numbers and times compared with text
/// would be treated as floats.
fn param(_: usize, dtype: DataType) -> String {
    match dtype {
        DataType::Decimal { .. } | DataType::Date => format!("CAST(? AS {})", declared(dtype)),
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
const KEY_BYTES: usize = 3_072;
const CHARACTER: usize = 4;

/// Returns the name of a type in the catalog.
fn declared(dtype: DataType) -> String {
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
pub(super) fn typed(table: &Table, column: &Column) -> String {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    match column.dtype {
        DataType::Text if table.key.contains(&column.name) || refers => {
            format!("varchar({})", key_length(table))
        }
        dtype => declared(dtype),
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
    ((KEY_BYTES - others) / texts / CHARACTER).min(255)
}

/// Returns the statement that creates `table`, with an index on each of its references. References
/// are not enforced, because a trade may arrive before its order.
pub(super) fn create(table: &Table, collation: &str) -> String {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("{} {}{null}", DIALECT.quoted(&column.name), typed(table, column))
        })
        .collect();
    lines.push(format!("PRIMARY KEY ({})", DIALECT.list(&table.key)));
    for ForeignKey { columns, .. } in &table.foreign_keys {
        let name: String =
            format!("{}_{}", table.name, columns.join("_")).chars().take(64).collect();
        lines.push(format!("KEY {} ({})", DIALECT.quoted(&name), DIALECT.list(columns)));
    }
    format!(
        "CREATE TABLE IF NOT EXISTS {} (\n    {}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation}",
        DIALECT.quoted(&table.name),
        lines.join(",\n    ")
    )
}

/// Returns the statement that gives decimals of a table, quoted as `name`, the digits of their
/// definitions. It is idempotent.
fn widen(name: &str, table: &Table, columns: &[Wider<'_>]) -> String {
    let widen = |(column, _): &Wider<'_>| {
        let null = if column.nullable { "" } else { " NOT NULL" };
        let (column, dtype) = (DIALECT.quoted(&column.name), typed(table, column));
        format!("\n    MODIFY COLUMN {column} {dtype}{null}")
    };
    let widened: Vec<_> = columns.iter().map(widen).collect();
    format!("ALTER TABLE {name}{};\n", widened.join(","))
}

/// Returns the statement that makes columns of a table, quoted as `name`, nullable. It is
/// idempotent.
fn relax(name: &str, table: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!("\n    MODIFY COLUMN {} {}", DIALECT.quoted(&column.name), typed(table, column))
    };
    let relaxed: Vec<_> = columns.iter().map(relax).collect();
    format!("ALTER TABLE {name}{};\n", relaxed.join(","))
}

/// Returns the columns of a table in the catalog; empty if the table does not exist.
pub(super) async fn stored(
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
        dtype: plain(&dtype),
        not_null,
        key,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// Normalizes a type of the catalog: MariaDB, and MySQL before 8.0.19, add the display width of
/// integers, and the length of a key's text may differ between releases.
fn plain(dtype: &str) -> String {
    let (name, rest) = dtype.split_once('(').unwrap_or((dtype, ""));
    match name {
        "bigint" => "bigint".into(),
        "varchar" => "longtext".into(),
        _ if rest.is_empty() => name.into(),
        _ => dtype.into(),
    }
}
