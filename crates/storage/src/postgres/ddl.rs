//! What a table looks like in PostgreSQL, and whether the one that is there looks like that.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tidegauge_core::{DataType, ForeignKey, Table};

use super::place::Place;
use crate::Result;
use crate::sql::{Dialect, Stored, compare};

/// How PostgreSQL spells things.
pub(super) const DIALECT: Dialect = Dialect { quote: '"', declared, null };

fn null(dtype: DataType) -> String {
    format!("NULL::{}", declared(dtype))
}

/// The type as the catalog spells it.
fn declared(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "boolean".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float64 => "double precision".into(),
        DataType::Text => "text".into(),
        DataType::Date => "date".into(),
        DataType::Timestamp => "timestamp with time zone".into(),
        DataType::Decimal { precision, scale } => format!("numeric({precision},{scale})"),
    }
}

/// The statements that create `table`, spelled `name`, and an index on each of its references. Sources are loaded independently of each other, so that a trade may arrive
/// before its order: what a table says of others is not enforced.
fn create(table: &Table, name: &str) -> String {
    let lines = DIALECT.columns(table).join(",\n    ");
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {name} (\n    {lines}\n);\n");
    for ForeignKey { columns, .. } in &table.foreign_keys {
        // A name of at most 63 bytes, which PostgreSQL would cut by itself with a notice.
        let index: String =
            format!("{}_{}", table.name, columns.join("_")).chars().take(63).collect();
        let (index, columns) = (DIALECT.quoted(&index), DIALECT.list(columns));
        let _ = writeln!(sql, "CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns});");
    }
    sql
}

/// Creates `table` unless it is there, gives it the columns that were added to its definition, and
/// refuses one that differs otherwise.
pub(super) async fn ensure(
    connection: &mut PgConnection,
    place: &Place,
    table: &Table,
) -> Result<Result<()>, sqlx::Error> {
    let name = place.table(&table.name);
    let mut found = stored(connection, &place.schema, &table.name).await?;
    if found.is_empty() {
        // Identifiers are quoted, and nothing else in it comes from outside.
        sqlx::raw_sql(AssertSqlSafe(create(table, &name))).execute(&mut *connection).await?;
        found = stored(connection, &place.schema, &table.name).await?;
    }
    let added = match compare(&DIALECT, table, &found) {
        Ok(added) => added,
        Err(error) => return Ok(Err(error)),
    };
    for column in added {
        let (column, dtype) = (DIALECT.quoted(&column.name), declared(column.dtype));
        let sql = format!("ALTER TABLE {name} ADD COLUMN {column} {dtype}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    }
    Ok(Ok(()))
}

/// The columns of a table as the catalog has them; none where there is no such table.
pub(super) async fn stored(
    connection: &mut PgConnection,
    schema: &str,
    table: &str,
) -> Result<Vec<Stored>, sqlx::Error> {
    let sql = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                      coalesce(array_position(string_to_array(k.indkey::text, ' '), a.attnum::text), 0)::bigint \
               FROM pg_attribute a \
               JOIN pg_class c ON c.oid = a.attrelid \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary \
               WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
                 AND a.attnum > 0 AND NOT a.attisdropped \
               ORDER BY a.attnum";
    let rows: Vec<(String, String, bool, i64)> =
        sqlx::query_as(sql).bind(schema).bind(table).fetch_all(connection).await?;
    let stored = |(name, dtype, not_null, key)| Stored { name, dtype, not_null, key };
    Ok(rows.into_iter().map(stored).collect())
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use tidegauge_core::{Column, Sink, tables};
    use tidegauge_testkit::Postgres as Server;

    use super::*;
    use crate::sql::migrations::Migrations;

    const MIGRATIONS: Migrations = Migrations {
        folder: "postgres",
        dialect: &DIALECT,
        create: |table| create(table, &DIALECT.quoted(&table.name)),
        add: |table, columns| {
            let add = |column: &&Column| {
                let (column, dtype) = (DIALECT.quoted(&column.name), declared(column.dtype));
                format!("\n    ADD COLUMN IF NOT EXISTS {column} {dtype}")
            };
            let added: Vec<_> = columns.iter().map(add).collect();
            format!("ALTER TABLE {}{};\n", DIALECT.quoted(&table.name), added.join(","))
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
    /// again, for whoever reads them, and this holds them together.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let Some(server) = Server::shared() else { return };
        let place = Place::parse(&format!("{}?schema=migrated", server.url())).unwrap();
        let store = crate::postgres::Postgres::open(place.clone());
        store.prepare(&[]).await.unwrap();
        let mut connection = place.options.connect().await.unwrap();
        sqlx::raw_sql("CREATE SCHEMA defined").execute(&mut connection).await.unwrap();
        for table in tables::all() {
            let found = stored(&mut connection, "migrated", &table.name).await.unwrap();
            assert!(!found.is_empty(), "{} is missing", table.name);
            assert!(compare(&DIALECT, &table, &found).unwrap().is_empty(), "{}", table.name);

            let sql = create(&table, &format!("defined.{}", DIALECT.quoted(&table.name)));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            let mut indexes = Vec::new();
            for schema in ["migrated", "defined"] {
                let sql = "SELECT replace(indexdef, $1 || '.', '') FROM pg_indexes \
                           WHERE schemaname = $1 AND tablename = $2 ORDER BY 1";
                let found: Vec<String> = sqlx::query_scalar(sql)
                    .bind(schema)
                    .bind(table.name.as_ref())
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                indexes.push(found);
            }
            assert_eq!(indexes[0], indexes[1], "{}", table.name);
        }
    }
}
