//! What a table looks like in SQLite, and whether the one that is there looks like that.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use tidegauge_core::{Column, DataType, ForeignKey, Table, tables};

use crate::{Error, Result};

/// `name` as SQL spells an identifier, whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `names` quoted, with commas between.
pub(super) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| quoted(name.as_ref())).collect();
    names.join(", ")
}

/// The declared type. Dates, timestamps and decimals have NUMERIC affinity: their text is no
/// number and stays text, and a decimal's number stays a number.
pub(super) fn declared(dtype: DataType) -> String {
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

/// The statements that create `table` and an index on each of its references.
pub(super) fn create(table: &Table) -> String {
    let mut lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("    {} {}{null}", quoted(&column.name), declared(column.dtype))
        })
        .collect();
    lines.push(format!("    PRIMARY KEY ({})", list(&table.key)));
    for ForeignKey { columns, table: other } in &table.foreign_keys {
        let key = tables::by_name(other).map(|other| format!(" ({})", list(&other.key)));
        lines.push(format!(
            "    FOREIGN KEY ({}) REFERENCES {}{}",
            list(columns),
            quoted(other),
            key.unwrap_or_default()
        ));
    }
    // A key of several columns is the table itself, instead of an index beside it.
    let rowid = if table.key.len() > 1 { " WITHOUT ROWID" } else { "" };
    let name = quoted(&table.name);
    let mut sql =
        format!("CREATE TABLE IF NOT EXISTS {name} (\n{}\n){rowid};\n", lines.join(",\n"));
    for ForeignKey { columns, .. } in &table.foreign_keys {
        let index = quoted(&format!("{}_{}", table.name, columns.join("_")));
        let _ = writeln!(sql, "CREATE INDEX IF NOT EXISTS {index} ON {name} ({});", list(columns));
    }
    sql
}

/// Creates `table` unless it is there, and compares it with its definition.
pub(super) async fn ensure(
    connection: &mut SqliteConnection,
    table: &Table,
) -> Result<Result<()>, sqlx::Error> {
    // Identifiers are quoted, and nothing else in it comes from outside.
    sqlx::raw_sql(AssertSqlSafe(create(table))).execute(&mut *connection).await?;
    Ok(compare(table, &stored(connection, &table.name).await?))
}

/// A column as the catalog has it.
#[derive(Debug)]
pub(super) struct Stored {
    name: String,
    dtype: String,
    notnull: bool,
    /// Its place in the key, from 1; 0 outside it.
    pk: i64,
}

/// The columns of the table called `name` as the catalog has them.
pub(super) async fn stored(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Vec<Stored>, sqlx::Error> {
    let sql = r#"SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY cid"#;
    let rows: Vec<(String, String, bool, i64)> =
        sqlx::query_as(sql).bind(name).fetch_all(connection).await?;
    let stored = |(name, dtype, notnull, pk)| Stored { name, dtype, notnull, pk };
    Ok(rows.into_iter().map(stored).collect())
}

fn compare(table: &Table, found: &[Stored]) -> Result<()> {
    let places = table.columns.len().max(found.len());
    for at in 0..places {
        let (expected, found) = (table.columns.get(at), found.get(at));
        let wanted = expected.map(|column| defined(table, column));
        let there =
            found.map(|column| described(&column.name, &column.dtype, column.notnull, column.pk));
        if wanted != there {
            let name = expected.map(|column| column.name.to_string());
            let none = || "no such column".to_owned();
            return Err(Error::Drift {
                table: table.name.to_string(),
                column: name.or(found.map(|column| column.name.clone())).unwrap_or_default(),
                found: there.unwrap_or_else(none),
                expected: wanted.unwrap_or_else(none),
            });
        }
    }
    Ok(())
}

fn defined(table: &Table, column: &Column) -> String {
    let place = table.key.iter().position(|name| *name == column.name).map_or(0, |at| at + 1);
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    described(&column.name, &declared(column.dtype), !column.nullable, place)
}

fn described(name: &str, dtype: &str, notnull: bool, pk: i64) -> String {
    let null = if notnull { " NOT NULL" } else { "" };
    let key = if pk > 0 { format!(", {pk}. of the key") } else { String::new() };
    format!("`{name} {}{null}`{key}", dtype.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing but the definitions in core says what a built-in table is: the migrations say it
    /// again, for whoever reads them, and this holds them together.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let store = crate::sqlite::Sqlite::open(path.clone(), false);
        let mut connection = store.writer().await.unwrap().connection;
        for table in tables::all() {
            compare(&table, &stored(&mut connection, &table.name).await.unwrap()).unwrap();

            let catalog: Vec<(String, Option<String>)> = sqlx::query_as(
                "SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql != ''",
            )
            .bind(table.name.as_ref())
            .fetch_all(&mut connection)
            .await
            .unwrap();
            let squeezed = |sql: &str| {
                sql.replace("IF NOT EXISTS ", "").split_whitespace().collect::<Vec<_>>().join(" ")
            };
            let mut there: Vec<_> =
                catalog.into_iter().map(|(_, sql)| squeezed(&sql.unwrap())).collect();
            let statements = create(&table);
            let mut wanted: Vec<_> = statements.split_terminator(";\n").map(squeezed).collect();
            there.sort();
            wanted.sort();
            assert_eq!(there, wanted, "{}", table.name);
        }
    }
}
