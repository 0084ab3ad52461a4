//! The DDL of tables in PostgreSQL, and the comparison of stored tables with their definitions.

use std::fmt::Write as _;

use sqlx::postgres::PgConnection;
use tidegauge_core::{Column, DataType, ForeignKey, Group, Measure, Table};

use super::encode::{DATE_RANGE, TIMESTAMP_RANGE};
use crate::sql::{AggregateSql, Dialect, ListBinding, StoredColumn, WiderDecimal};

/// The SQL dialect of PostgreSQL.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '"',
    column_type,
    widen_decimals,
    drop_not_null,
    typed_null,
    // The cast gives columns of views the type of the definition.
    select_value: |column, dtype| format!("{column}::{}", column_type(dtype)),
    placeholder: |at, dtype| format!("{}::{}", setting_value(at), column_type(dtype)),
    binary_text: |text| format!("({text}) COLLATE \"C\""),
    list_binding: ListBinding::Array(list_condition),
    binary_equality: true,
    non_numeric_decimals: None,
    date_range: DATE_RANGE,
    timestamp_range: TIMESTAMP_RANGE,
    aggregate_sql: Some(AggregateSql { group, measure, nulls_first: " NULLS FIRST" }),
};

/// The maximum length of a list that is compared element by element; for a longer one the server
/// builds a hash table.
const MAX_LINEAR_LIST: usize = 64;

/// Returns the placeholder of a parameter. COPY has no parameters, so they are passed as settings
/// of the session.
fn setting_value(at: usize) -> String {
    format!("current_setting('{}')", setting_name(at))
}

/// Returns the name of the setting that holds a parameter.
pub(super) fn setting_name(at: usize) -> String {
    format!("tidegauge.p{at}")
}

fn list_condition(column: &str, at: usize, dtype: DataType, count: usize) -> String {
    let list = format!("{}::{}[]", setting_value(at), column_type(dtype));
    match count <= MAX_LINEAR_LIST {
        true => format!("{column} = ANY ({list})"),
        false => format!("{column} IN (SELECT unnest({list}))"),
    }
}

fn group(group: &Group, column: &Column, name: String) -> String {
    // Independent of the session's time zone.
    let utc = match column.dtype {
        DataType::Timestamp => format!("({name} AT TIME ZONE 'UTC')"),
        _ => format!("{name}::timestamp"),
    };
    match (group, column.dtype) {
        (Group::Column(_), DataType::Text) => format!("{name}::text COLLATE \"C\""),
        (Group::Column(_), dtype) => format!("{name}::{}", column_type(dtype)),
        (Group::Hour(_), _) => format!("(date_trunc('hour', {utc}) AT TIME ZONE 'UTC')"),
        (Group::Day(_), _) => format!("{utc}::date"),
        (Group::Week(_), _) => format!("date_trunc('week', {utc})::date"),
        (Group::Month(_), _) => format!("date_trunc('month', {utc})::date"),
    }
}

fn measure(measure: &Measure, of: Option<(&Column, String)>, dtype: DataType) -> String {
    let (dtype, name) = (column_type(dtype), of.map_or_else(String::new, |(_, name)| name));
    match measure {
        Measure::Count => "count(*)".to_owned(),
        Measure::Sum(_) => format!("sum({name})::{dtype}"),
        Measure::Min(_) => format!("min({name})::{dtype}"),
        Measure::Max(_) => format!("max({name})::{dtype}"),
        Measure::Distinct(_) => format!("count(DISTINCT {name})"),
    }
}

fn typed_null(dtype: DataType) -> String {
    format!("NULL::{}", column_type(dtype))
}

/// Returns the name of a type in the catalog.
fn column_type(dtype: DataType) -> String {
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

/// Returns the statements that create `table`, quoted as `name`, and an index on each of its
/// references.
///
/// References are not enforced: sources are loaded independently of each other, so a trade may
/// arrive before its order.
pub(super) fn create(table: &Table, name: &str) -> String {
    let lines = DIALECT.column_definitions(table).join(",\n    ");
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {name} (\n    {lines}\n);\n");
    for ForeignKey { columns, .. } in &table.foreign_keys {
        // The name has at most 63 bytes, to which PostgreSQL would truncate it with a notice.
        let index: String =
            format!("{}_{}", table.name, columns.join("_")).chars().take(63).collect();
        let (index, columns) = (DIALECT.quoted(&index), DIALECT.quoted_list(columns));
        let _ = writeln!(sql, "CREATE INDEX IF NOT EXISTS {index} ON {name} ({columns});");
    }
    sql
}

/// Returns the statement that gives decimals of a table, quoted as `name`, the digits of their
/// definitions.
fn widen_decimals(name: &str, _: &Table, columns: &[WiderDecimal<'_>]) -> String {
    let widen = |(column, _): &WiderDecimal<'_>| {
        let (column, dtype) = (DIALECT.quoted(&column.name), column_type(column.dtype));
        format!("\n    ALTER COLUMN {column} TYPE {dtype}")
    };
    let widened: Vec<_> = columns.iter().map(widen).collect();
    format!("ALTER TABLE {name}{};\n", widened.join(","))
}

/// Returns the statement that makes columns of a table, quoted as `name`, nullable.
fn drop_not_null(name: &str, _: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!("\n    ALTER COLUMN {} DROP NOT NULL", DIALECT.quoted(&column.name))
    };
    let relaxed: Vec<_> = columns.iter().map(relax).collect();
    format!("ALTER TABLE {name}{};\n", relaxed.join(","))
}

/// Returns the columns of a table in the catalog; empty if the table does not exist.
pub(super) async fn stored_columns(
    connection: &mut PgConnection,
    schema: &str,
    table: &str,
) -> Result<Vec<StoredColumn>, sqlx::Error> {
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
    let stored = |(name, dtype, not_null, key)| StoredColumn { name, dtype, not_null, key };
    Ok(rows.into_iter().map(stored).collect())
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, ConnectOptions};
    use tidegauge_core::{Column, Sink, tables};
    use tidegauge_testkit::Postgres as Server;

    use super::super::PostgresTarget;
    use super::*;
    use crate::sql::diff_schema;
    use crate::sql::migrations::Migrations;

    const MIGRATIONS: Migrations = Migrations {
        folder: "postgres",
        dialect: &DIALECT,
        create: |table| create(table, &DIALECT.quoted(&table.name)),
        add: |table, columns| {
            let add = |column: &&Column| {
                let (column, dtype) = (DIALECT.quoted(&column.name), column_type(column.dtype));
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

    /// Checks that the migrations agree with the definitions in core, which are authoritative; the
    /// migrations repeat them in readable form.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let Some(server) = Server::shared() else { return };
        let target = PostgresTarget::parse(&format!("{}?schema=migrated", server.url())).unwrap();
        let store = crate::postgres::open(target.clone());
        store.prepare(&[]).await.unwrap();
        let mut connection = target.options.connect().await.unwrap();
        sqlx::raw_sql("CREATE SCHEMA defined").execute(&mut connection).await.unwrap();
        for table in tables::all() {
            let found = stored_columns(&mut connection, "migrated", &table.name).await.unwrap();
            assert!(!found.is_empty(), "{} is missing", table.name);
            assert!(diff_schema(&DIALECT, &table, &found).unwrap().is_empty(), "{}", table.name);

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
