//! What a table looks like in SQLite, and whether the one that is there looks like that.

use std::fmt::Write as _;

use sqlx::sqlite::SqliteConnection;
use tidegauge_core::{Column, DataType, ForeignKey, Table};

use crate::sql::{Dialect, Lists, StoredColumn, TEXT_DAYS, TEXT_MICROS, Wider};

/// How SQLite spells things.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    declared,
    widen,
    relax,
    null: |_| "NULL".into(),
    value: |column, _| column,
    param: |_, _| "?".into(),
    bytes: |text| format!("{text} COLLATE BINARY"),
    lists: Lists::Spelled,
    equal_by_bytes: false,
    // See `encode::decimal`.
    odd_decimals: Some(|column| format!("typeof({column}) = 'blob'")),
    days: TEXT_DAYS,
    micros: TEXT_MICROS,
    // Its sums are floats.
    summary: None,
};

/// Spells the declared type. Dates, timestamps and decimals have NUMERIC affinity: their text is no
/// number and stays text, and a decimal's number stays a number.
fn declared(dtype: DataType) -> String {
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
    let lines = [DIALECT.columns(table), DIALECT.references(table)].concat();
    // A key of several columns is the table itself, instead of an index beside it.
    let rowid = if table.key.len() > 1 { " WITHOUT ROWID" } else { "" };
    let name = DIALECT.quoted(&table.name);
    let lines = lines.join(",\n    ");
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {name} (\n    {lines}\n){rowid};\n");
    for ForeignKey { columns, .. } in &table.foreign_keys {
        let index = DIALECT.quoted(&format!("{}_{}", table.name, columns.join("_")));
        let columns = DIALECT.list(columns);
        let _ = writeln!(sql, "CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns});");
    }
    sql
}

/// Spells the statements that give decimals of a table the digits of their definitions.
fn widen(_: &str, table: &Table, columns: &[Wider<'_>]) -> String {
    let changes = columns.iter().map(|(column, before)| {
        let (name, after) = (DIALECT.quoted(&column.name), declared(column.dtype));
        (format!("{name} {before}"), format!("{name} {after}"))
    });
    reworded(table, changes)
}

/// Spells the statements that let columns of a table be null.
fn relax(_: &str, table: &Table, columns: &[&Column]) -> String {
    let changes = columns.iter().map(|column| {
        let after = format!("{} {}", DIALECT.quoted(&column.name), declared(column.dtype));
        (format!("{after} NOT NULL"), after)
    });
    reworded(table, changes)
}

/// Spells the statements that change words of the statement that a table was created with.
///
/// What lies in the table stays as it is: the digits of a declared type are words to SQLite, and a value may be where null
/// may be. So the words are changed, in the way that <https://www.sqlite.org/lang_altertable.html> has for what touches
/// no row.
fn reworded(table: &Table, changes: impl Iterator<Item = (String, String)>) -> String {
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

/// Returns the columns of the table called `name` as the catalog has them.
pub(super) async fn stored(
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
    use crate::sql::{Database, compare};

    const MIGRATIONS: Migrations = Migrations {
        folder: "sqlite",
        dialect: &DIALECT,
        create,
        add: |table, columns| {
            let name = DIALECT.quoted(&table.name);
            let add = |column: &&Column| {
                let (column, dtype) = (DIALECT.quoted(&column.name), declared(column.dtype));
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

    /// Nothing but the definitions in core says what a built-in table is: the migrations say it
    /// again, for those who read them, and this holds them together.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::sqlite::open(dir.path().join("a.db"), false);
        let mut migrated = store.database.connect().await.unwrap();
        let mut defined = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for table in tables::all() {
            let found = stored(&mut migrated, &table.name).await.unwrap();
            assert!(compare(&DIALECT, &table, &found).unwrap().is_empty(), "{}", table.name);
            sqlx::raw_sql(AssertSqlSafe(create(&table))).execute(&mut defined).await.unwrap();
            let there = catalog(&mut migrated, &table.name).await;
            assert_eq!(there, catalog(&mut defined, &table.name).await, "{}", table.name);
        }
    }

    /// All that SQLite knows of a table. The text that made it is no part of that: a column that was
    /// added stands in it behind the keys.
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
