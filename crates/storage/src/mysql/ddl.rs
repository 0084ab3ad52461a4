//! What a table looks like in MySQL, and whether the one that is there looks like that.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tidegauge_core::{Column, DataType, ForeignKey, Table};

use crate::Result;
use crate::sql::{Dialect, Stored, compare};

/// How MySQL spells things.
pub(super) const DIALECT: Dialect = Dialect { quote: '`', declared, null: |_| "NULL".into() };

/// The bytes of a key, and of a character at most.
const KEY_BYTES: usize = 3_072;
const CHARACTER: usize = 4;

/// The type as the catalog spells it.
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

/// The type of `column` in `table`: text that is part of a key, or refers to one, has a length.
pub(super) fn typed(table: &Table, column: &Column) -> String {
    let refers = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
    match column.dtype {
        DataType::Text if table.key.contains(&column.name) || refers => {
            format!("varchar({})", key_length(table))
        }
        dtype => declared(dtype),
    }
}

/// The characters that a text of the key may have: as many as fit when all have as many.
fn key_length(table: &Table) -> usize {
    let columns: Vec<_> =
        table.key.iter().filter_map(|name| table.column(name).ok()).map(|it| it.dtype).collect();
    let texts = columns.iter().filter(|dtype| **dtype == DataType::Text).count().max(1);
    let others = 20 * (columns.len() - texts.min(columns.len()));
    ((KEY_BYTES - others) / texts / CHARACTER).min(255)
}

/// The statement that creates `table`, with an index on each of its references. What it says of
/// others is not enforced: a trade may arrive before its order.
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

/// Creates `table` unless it is there, gives it the columns that were added to its definition, and
/// refuses one that differs otherwise.
pub(super) async fn ensure(
    connection: &mut Conn,
    table: &Table,
    collation: &str,
) -> mysql_async::Result<Result<()>> {
    connection.query_drop(create(table, collation)).await?;
    let found = stored(connection, &table.name).await?;
    let added = match compare(&DIALECT, table, &found) {
        Ok(added) => added,
        Err(error) => return Ok(Err(error)),
    };
    for column in added {
        let (name, dtype) = (DIALECT.quoted(&column.name), typed(table, column));
        let table = DIALECT.quoted(&table.name);
        connection.query_drop(format!("ALTER TABLE {table} ADD COLUMN {name} {dtype}")).await?;
    }
    Ok(Ok(()))
}

/// The columns of a table as the catalog has them; none where there is no such table.
pub(super) async fn stored(connection: &mut Conn, table: &str) -> mysql_async::Result<Vec<Stored>> {
    let sql = "SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'NO', \
                      COALESCE((SELECT MAX(s.SEQ_IN_INDEX) FROM information_schema.STATISTICS s \
                                WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA AND s.TABLE_NAME = c.TABLE_NAME \
                                  AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY'), 0) \
               FROM information_schema.COLUMNS c \
               WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION";
    let rows: Vec<(String, String, bool, i64)> = connection.exec(sql, (table,)).await?;
    let stored = |(name, dtype, not_null, key): (String, String, bool, i64)| Stored {
        name,
        dtype: plain(&dtype),
        not_null,
        key,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// MariaDB, and MySQL before 8.0.19, tell how wide a whole number is shown; a text of a key has a
/// length that another release may choose differently.
fn plain(dtype: &str) -> String {
    let (name, rest) = dtype.split_once('(').unwrap_or((dtype, ""));
    match name {
        "bigint" => "bigint".into(),
        "varchar" => "longtext".into(),
        _ if rest.is_empty() => name.into(),
        _ => dtype.into(),
    }
}
