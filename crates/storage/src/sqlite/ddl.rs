//! The SQL of tables in SQLite, and the comparison of a stored table with its definition.

use std::fmt::Write as _;

use sqlx::sqlite::SqliteConnection;
use tidegauge_core::{Column, DataType, ForeignKey, Table};

use crate::sql::{
    Dialect, ListBinding, StoredColumn, TEXT_DATE_RANGE, TEXT_TIMESTAMP_RANGE, WiderDecimal,
};

/// The SQL dialect of SQLite.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    column_type,
    widen_decimals,
    drop_not_null,
    typed_null: |_| "NULL".into(),
    select_value: |column, _| column,
    placeholder: |_, _| "?".into(),
    binary_text: |text| format!("{text} COLLATE BINARY"),
    list_binding: ListBinding::PerValue,
    binary_equality: false,
    // See `encode::encode_decimal`.
    non_numeric_decimals: Some(|column| format!("typeof({column}) = 'blob'")),
    date_range: TEXT_DATE_RANGE,
    timestamp_range: TEXT_TIMESTAMP_RANGE,
    // Sums in SQLite are floats.
    aggregate_sql: None,
};

/// Returns the declared type. Dates, timestamps and decimals have NUMERIC affinity: the text of a
/// date or timestamp is no number and stays text, and the number of a decimal stays a number.
fn column_type(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "BOOLEAN".into(),
        DataType::Int64 => "INTEGER".into(),
        DataType::Float64 => "REAL".into(),
        DataType::Text => "TEXT".into(),
        DataType::Date => "DATE".into(),
        DataType::Timestamp => "TIMESTAMP".into(),
        DataType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
    }
}

/// Returns the statements that create `table` and an index on each of its references.
pub(super) fn create(table: &Table) -> String {
    let lines = [DIALECT.column_definitions(table), DIALECT.foreign_keys(table)].concat();
    // With a key of several columns, the table is stored as the index of the key.
    let rowid = if table.key.len() > 1 { " WITHOUT ROWID" } else { "" };
    let name = DIALECT.quoted(&table.name);
    let lines = lines.join(",\n    ");
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {name} (\n    {lines}\n){rowid};\n");
    for ForeignKey { columns, .. } in &table.foreign_keys {
        let index = DIALECT.quoted(&format!("{}_{}", table.name, columns.join("_")));
        let columns = DIALECT.quoted_list(columns);
        let _ = writeln!(sql, "CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns});");
    }
    sql
}

/// Returns the statements that give decimal columns of a table the digits of their definitions.
fn widen_decimals(_: &str, table: &Table, columns: &[WiderDecimal<'_>]) -> String {
    let changes = columns.iter().map(|(column, before)| {
        let (name, after) = (DIALECT.quoted(&column.name), column_type(column.dtype));
        (format!("{name} {before}"), format!("{name} {after}"))
    });
    edit_schema(table, changes)
}

/// Returns the statements that make columns of a table nullable.
fn drop_not_null(_: &str, table: &Table, columns: &[&Column]) -> String {
    let changes = columns.iter().map(|column| {
        let after = format!("{} {}", DIALECT.quoted(&column.name), column_type(column.dtype));
        (format!("{after} NOT NULL"), after)
    });
    edit_schema(table, changes)
}

/// Returns the statements that edit the stored `CREATE TABLE` statement of a table.
///
/// The rows do not change: SQLite does not enforce the digits of a declared type, and every stored
/// value is valid in a nullable column. So the statement is edited in `sqlite_schema`, by the
/// procedure of <https://www.sqlite.org/lang_altertable.html> for changes that do not affect the
/// content.
fn edit_schema(table: &Table, changes: impl Iterator<Item = (String, String)>) -> String {
    let mut sql = String::from("PRAGMA writable_schema = ON;\n");
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    for (before, after) in changes {
        let _ = writeln!(
            sql,
            "UPDATE sqlite_master SET sql = replace(sql, {}, {}) WHERE type = 'table' AND name = {};",
            text(&before),
            text(&after),
            text(&table.name)
        );
    }
    sql + "PRAGMA writable_schema = RESET;\n"
}

/// Returns the columns of the table called `name` from the catalog.
pub(super) async fn stored_columns(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Vec<StoredColumn>, sqlx::Error> {
    let sql = r#"SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid"#;
    let rows: Vec<(String, String, bool, i64)> =
        sqlx::query_as(sql).bind(name).fetch_all(connection).await?;
    let stored = |(name, dtype, not_null, key)| StoredColumn { name, dtype, not_null, key };
    Ok(rows.into_iter().map(stored).collect())
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection};
    use tidegauge_core::tables;

    use super::*;
    use crate::sql::migrations::Migrations;
    use crate::sql::{Database, diff_schema};

    const MIGRATIONS: Migrations = Migrations {
        folder: "sqlite",
        dialect: &DIALECT,
        create,
        add: |table, columns| {
            let name = DIALECT.quoted(&table.name);
            let add = |column: &&Column| {
                let (column, dtype) = (DIALECT.quoted(&column.name), column_type(column.dtype));
                format!("ALTER TABLE {name} ADD COLUMN {column} {dtype};\n")
            };
            columns.iter().map(add).collect()
        },
    };

    #[test]
    fn migrations_follow_from_the_definitions() {
        MIGRATIONS.check();
    }

    #[test]
    #[ignore = "run by `cargo xtask migrations`"]
    fn write_migrations() {
        MIGRATIONS.write();
    }

    /// Checks that the migrations produce the tables that the definitions in core, the only source
    /// of truth, describe.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::sqlite::open(dir.path().join("a.db"), false);
        let mut migrated = store.database.connect().await.unwrap();
        let mut defined = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for table in tables::all() {
            let found = stored_columns(&mut migrated, &table.name).await.unwrap();
            assert!(diff_schema(&DIALECT, &table, &found).unwrap().is_empty(), "{}", table.name);
            sqlx::raw_sql(AssertSqlSafe(create(&table))).execute(&mut defined).await.unwrap();
            let there = catalog(&mut migrated, &table.name).await;
            assert_eq!(there, catalog(&mut defined, &table.name).await, "{}", table.name);
        }
    }

    /// Returns all that SQLite knows of a table, except the text of its `CREATE TABLE` statement:
    /// an added column stands in it behind the keys.
    async fn catalog(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
        let mut said = Vec::new();
        for sql in [
            r#"SELECT format('%s %s %d %s %d', name, type, "notnull", dflt_value, pk)
               FROM pragma_table_info(?) ORDER BY cid"#,
            r#"SELECT format('%s -> %s.%s', "from", "table", "to") FROM pragma_foreign_key_list(?)
               ORDER BY 1"#,
            "SELECT format('without rowid: %d', wr) FROM pragma_table_list WHERE name = ?",
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql != '' AND tbl_name = ?
             ORDER BY 1",
        ] {
            let rows = sqlx::query_scalar::<_, String>(sql).bind(table.to_owned());
            said.extend(rows.fetch_all(&mut *connection).await.unwrap());
        }
        said
    }
}
