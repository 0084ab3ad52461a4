//! Tests of database sources on real servers: PostgreSQL, MariaDB and SQLite.
#![cfg(feature = "database")]

use std::collections::BTreeSet;

use crate::support::log::Log;
use crate::support::{batches, clock, everything_said, round, rows, texts};
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;
use tidegauge_acquisition::DatabaseSource;
use tidegauge_acquisition::database::{Config, DatabaseError};
use tidegauge_acquisition::mapping::{TableConfig, declare};
use tidegauge_core::{ErrorKind, Page, Source, TableRef};
use tidegauge_testkit::{MariaDb, PASSWORD, Postgres};

/// A database server to read from.
struct Server {
    kind: Kind,
    url: String,
    _folder: Option<TempDir>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Postgres,
    MariaDb,
    Sqlite,
}

/// Returns all servers that are installed.
fn servers() -> Vec<Server> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("theirs.db");
    let url = format!("sqlite://{}", path.display());
    std::fs::write(&path, "").unwrap();
    let sqlite = Server { kind: Kind::Sqlite, url, _folder: Some(folder) };
    let server = |kind, url| Server { kind, url, _folder: None };
    let postgres = Postgres::shared().map(|postgres| server(Kind::Postgres, postgres.url()));
    let maria = MariaDb::shared().map(|maria| server(Kind::MariaDb, maria.url()));
    [Some(sqlite), postgres, maria].into_iter().flatten().collect()
}

impl Server {
    /// Returns the one of three texts that belongs to this kind of server.
    fn pick<'a>(&self, postgres: &'a str, maria: &'a str, sqlite: &'a str) -> &'a str {
        match self.kind {
            Kind::Postgres => postgres,
            Kind::MariaDb => maria,
            Kind::Sqlite => sqlite,
        }
    }

    async fn run(&self, sql: &str) {
        let sql = || sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match self.kind {
            Kind::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
                connection.execute(sql()).await.map(drop)
            }
            Kind::MariaDb => {
                let mut connection = sqlx::MySqlConnection::connect(&self.url).await.unwrap();
                connection.execute(sql()).await.map(drop)
            }
            Kind::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                let done = connection.execute(sql()).await.map(drop);
                connection.close().await.unwrap();
                done
            }
        };
        done.unwrap_or_else(|error| panic!("{:?}: {error}", self.kind));
    }

    fn try_source(
        &self,
        table: &TableRef,
        config: Value,
    ) -> tidegauge_acquisition::Result<DatabaseSource> {
        let mut config = config;
        config["name"] = "crm".into();
        let config: Config = serde_json::from_value(config).unwrap();
        let url = self.url.as_str().into();
        DatabaseSource::new(config, &url, table.clone(), clock("2026-01-01T00:00:00Z"))
    }

    fn source(&self, table: &TableRef, config: Value) -> DatabaseSource {
        self.try_source(table, config).unwrap()
    }
}

/// Creates a table with columns of the form `name:type`; a `?` after the type makes the column
/// nullable. The first column is the key.
fn table(write: &str, columns: &[&str]) -> TableRef {
    let column = |text: &&str| {
        let (name, dtype) = text.split_once(':').unwrap();
        let nullable = dtype.ends_with('?');
        json!({ "name": name, "type": dtype.trim_end_matches('?'), "nullable": nullable })
    };
    let columns: Vec<_> = columns.iter().map(column).collect();
    let key = vec![columns[0]["name"].clone()];
    let config: TableConfig = serde_json::from_value(
        json!({ "name": "things", "columns": columns, "key": key, "write": write }),
    )
    .unwrap();
    declare(&[config]).unwrap().remove(0)
}

/// Returns the values of a column over all pages.
fn column(pages: &[Page], table: &str, name: &str) -> Vec<String> {
    texts(pages, table, name)
}

fn ids(pages: &[Page]) -> Vec<String> {
    column(pages, "things", "id")
}

async fn fails(source: &DatabaseSource) -> String {
    let error = source.fetch(None).await.unwrap_err();
    let message = everything_said(&error);
    assert!(!message.contains(PASSWORD), "{message}");
    error.to_string()
}

#[tokio::test]
async fn every_type_is_read_exactly() {
    let things = table(
        "merge",
        &[
            "id:int64",
            "ok:bool?",
            "share:float64?",
            "name:text?",
            "day:date?",
            "at:timestamp?",
            "price:decimal(28,8)?",
            "fiat:decimal(18,2)?",
        ],
    );
    for server in servers() {
        let types = server.pick(
            "id BIGINT PRIMARY KEY, ok BOOLEAN, share DOUBLE PRECISION, name TEXT, day DATE, \
             at TIMESTAMPTZ, price NUMERIC(28,8), fiat NUMERIC(18,2)",
            "id BIGINT PRIMARY KEY, ok BOOLEAN, share DOUBLE, name MEDIUMTEXT, day DATE, \
             at DATETIME(6), price DECIMAL(28,8), fiat DECIMAL(18,2)",
            "id INTEGER PRIMARY KEY, ok BOOLEAN, share REAL, name TEXT, day TEXT, at TEXT, \
             price TEXT, fiat REAL",
        );
        let long = "é".repeat(32 * 1024);
        let at = server.pick(
            "'2020-02-29 23:59:59.999999+00'",
            "'2020-02-29 23:59:59.999999'",
            "'2020-02-29T23:59:59.999999Z'",
        );
        server
            .run(&format!(
                "DROP TABLE IF EXISTS every_type; CREATE TABLE every_type ({types}); \
                 INSERT INTO every_type VALUES \
                 (9223372036854775807, TRUE, 0.30000000000000004, 'a''b\"c 😀', '2020-02-29', {at}, \
                  '34265.19345116', 12.50), \
                 (-9223372036854775807, FALSE, 1e300, '{long}', '1969-12-31', \
                  '2020-01-01 00:00:00', '-99999999999999999999.99999999', -0.10), \
                 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
            ))
            .await;
        let source = server.source(&things, json!({ "query": "SELECT * FROM every_type ;\n" }));
        let (pages, _) = round(&source, None).await;
        let of = |name| column(&pages, "things", name);
        assert_eq!(of("id"), ["-9223372036854775807", "3", "9223372036854775807"]);
        assert_eq!(of("ok"), ["false", "null", "true"]);
        let share = batches(&pages, "things")[0].column("share").unwrap().as_f64().unwrap();
        let share: Vec<_> = share.iter().collect();
        assert_eq!(share, [Some(1e300), None, Some(0.300_000_000_000_000_04)], "{:?}", server.kind);
        assert_eq!(of("name"), [&long[..], "null", "a'b\"c 😀"]);
        assert_eq!(of("day"), ["1969-12-31", "null", "2020-02-29"]);
        assert_eq!(of("at")[2], "2020-02-29 23:59:59.999999");
        assert_eq!(of("price")[2], "34265.19345116");
        assert_eq!(of("price")[0], "-99999999999999999999.99999999");
        assert_eq!(of("fiat"), ["-0.10", "null", "12.50"]);
    }
}

#[test]
fn rows_of_the_same_instant_are_neither_lost_nor_duplicated() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let things = table("append", &["id:text", "at:timestamp"]);
    for server in servers() {
        runtime.block_on(server.run(&format!(
            "DROP TABLE IF EXISTS ties; CREATE TABLE ties (id {}, at {});",
            server.pick("TEXT", "VARCHAR(40) COLLATE utf8mb4_bin", "TEXT"),
            server.pick("TIMESTAMPTZ", "TIMESTAMP(6) NULL", "TEXT"),
        )));
        // Each id has one row: a second one that differs is refused.
        let ties = proptest::collection::btree_map(0..1000u32, 0..4u8, 1..16);
        let case = (ties, 1..8usize, 0..25usize);
        let cases = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5) };
        let mut runner = proptest::test_runner::TestRunner::new(cases);
        let checked = runner.run(&case, |(ties, page_rows, later)| {
            let rows: BTreeSet<_> =
                ties.into_iter().map(|(id, at)| (at, format!("k'{id}"))).collect();
            let rows: Vec<_> = rows.into_iter().collect();
            let later = later.min(rows.len());
            let insert = |rows: &[(u8, String)]| {
                let row = |(at, id): &(u8, String)| {
                    format!("('{}', '2020-01-01 00:00:00.00000{at}')", id.replace('\'', "''"))
                };
                let rows: Vec<_> = rows.iter().map(row).collect();
                match rows.is_empty() {
                    true => String::new(),
                    false => format!("INSERT INTO ties VALUES {};", rows.join(", ")),
                }
            };
            runtime.block_on(server.run(&format!("DELETE FROM ties; {}", insert(&rows[..later]))));
            let source = server.source(
                &things,
                json!({ "query": "SELECT * FROM ties", "incremental": "at", "page_rows": page_rows }),
            );
            let (mut pages, cursor) = runtime.block_on(round(&source, None));
            // Later rows, both with the time of the last ones and with later times.
            if later < rows.len() {
                runtime.block_on(server.run(&insert(&rows[later..])));
            }
            let (more, cursor) = runtime.block_on(round(&source, Some(cursor)));
            pages.extend(more);
            let mut expected: Vec<_> = rows.iter().map(|(_, id)| id.clone()).collect();
            let mut got = ids(&pages);
            assert!(pages.iter().all(|page| page.rows() <= page_rows));
            got.sort();
            expected.sort();
            assert_eq!(got, expected, "{:?}, pages of {page_rows}", server.kind);
            let end = runtime.block_on(source.fetch(Some(&cursor))).unwrap();
            assert!(end.batches.is_empty() && end.done && end.cursor == cursor, "nothing new");
            Ok(())
        });
        checked.unwrap();
    }
}

#[tokio::test]
async fn numbers_past_the_precision_of_floats_keep_their_order() {
    let things = table("append", &["id:int64", "price:decimal(28,8)"]);
    for server in servers() {
        let decimal = server.pick("NUMERIC(28,8)", "DECIMAL(28,8)", "TEXT");
        let first = 9_007_199_254_740_992i64;
        let row = |at: i64| format!("({}, '90071992547409.{:08}')", first + at, 10 + at);
        let values: Vec<_> = (0..7).map(row).collect();
        server
            .run(&format!(
                "DROP TABLE IF EXISTS large; CREATE TABLE large (id BIGINT PRIMARY KEY, price \
                 {decimal}); INSERT INTO large VALUES {};",
                values.join(", ")
            ))
            .await;
        for incremental in ["id", "price"] {
            let config = json!({
                "query": "SELECT * FROM large", "incremental": incremental, "page_rows": 1,
            });
            let (pages, _) = round(&server.source(&things, config), None).await;
            let expected: Vec<_> = (0..7).map(|at| (first + at).to_string()).collect();
            assert_eq!(ids(&pages), expected, "{:?} by {incremental}", server.kind);
        }
    }
}

#[tokio::test]
async fn changed_rows_and_late_ones_within_the_lag_are_read_again() {
    let things = table("merge", &["id:int64", "name:text", "at:timestamp"]);
    for server in servers() {
        let at = server.pick("TIMESTAMP", "DATETIME", "TEXT");
        server
            .run(&format!(
                "DROP TABLE IF EXISTS changing; \
                 CREATE TABLE changing (id INT PRIMARY KEY, name VARCHAR(9), at {at}); \
                 INSERT INTO changing VALUES (1, 'a', '2020-01-01 12:00:00'), \
                 (2, 'b', '2020-01-01 12:30:00');"
            ))
            .await;
        let query = "SELECT id, name, at FROM changing";
        let plain = server.source(&things, json!({ "query": query, "incremental": "at" }));
        let lagging = server.source(
            &things,
            json!({ "query": query, "incremental": "at", "lag": "10m", "page_rows": 1 }),
        );
        let (_, one) = round(&plain, None).await;
        let (_, two) = round(&lagging, None).await;
        server
            .run(
                "UPDATE changing SET name = 'A', at = '2020-01-01 13:00:00' WHERE id = 1; \
                 INSERT INTO changing VALUES (3, 'c', '2020-01-01 12:20:00'), \
                 (4, 'd', '2020-01-01 12:19:59');",
            )
            .await;
        let (pages, one) = round(&plain, Some(one)).await;
        assert_eq!(column(&pages, "things", "name"), ["A"]);
        let (pages, two) = round(&lagging, Some(two)).await;
        assert_eq!(column(&pages, "things", "name"), ["c", "b", "A"], "{:?}", server.kind);
        assert_eq!(rows(&round(&plain, Some(one)).await.0, "things"), 0);
        // A row within the lag is read again, and the cursor is unchanged.
        let (pages, three) = round(&lagging, Some(two.clone())).await;
        assert_eq!((column(&pages, "things", "name"), three), (vec!["A".into()], two));
    }
}

#[tokio::test]
async fn without_an_incremental_column_every_run_reads_all_rows() {
    let columns = ["id:int64", "name:text"];
    for server in servers() {
        server
            .run(
                "DROP TABLE IF EXISTS whole; \
                 CREATE TABLE whole (id INT PRIMARY KEY, name VARCHAR(9)); \
                 INSERT INTO whole VALUES (3, 'c'), (1, 'a'), (2, 'b');",
            )
            .await;
        let config = json!({ "query": "SELECT * FROM whole", "page_rows": 2 });
        let source = server.source(&table("merge", &columns), config.clone());
        let (pages, first) = round(&source, None).await;
        assert_eq!(ids(&pages), ["1", "2", "3"]);
        let (pages, second) = round(&source, Some(first.clone())).await;
        assert_eq!(ids(&pages), ["1", "2", "3"]);
        assert_ne!(first, second, "no two loads have the same cursor");
        // After a kill the same page comes again.
        let page = source.fetch(None).await.unwrap();
        let (one, two) = (
            source.fetch(Some(&page.cursor)).await.unwrap(),
            source.fetch(Some(&page.cursor)).await.unwrap(),
        );
        assert_eq!(one.cursor, two.cursor);
        assert_eq!((ids(&[one]), ids(&[two])), (vec!["3".into()], vec!["3".into()]));
        let error = server.try_source(&table("append", &columns), config).unwrap_err().to_string();
        assert!(error.contains("incremental") && error.contains("append"), "{error}");
    }
}

#[tokio::test]
async fn rows_that_would_never_be_read_are_an_error() {
    let things = table("merge", &["id:int64"]);
    for server in servers() {
        server
            .run(
                "DROP TABLE IF EXISTS gaps; CREATE TABLE gaps (id INT, at INT); \
                 INSERT INTO gaps VALUES (1, 1), (2, NULL), (3, NULL);",
            )
            .await;
        let config = |query: &str| json!({ "query": query, "incremental": "at" });
        let error = fails(&server.source(&things, config("SELECT * FROM gaps"))).await;
        for says in ["2 rows", "at or id", "COALESCE"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let query = "SELECT * FROM gaps WHERE at IS NOT NULL -- and no others";
        let source = server.source(&things, config(query));
        let (pages, cursor) = round(&source, None).await;
        assert_eq!(ids(&pages), ["1"]);
        let all = server.source(&things, config("SELECT * FROM gaps"));
        let error = all.fetch(Some(&cursor)).await.unwrap_err().to_string();
        assert!(error.contains("2 rows"), "later as well: {error}");
    }
}

#[tokio::test]
async fn unusual_names_are_quoted_correctly() {
    for server in servers() {
        let evil = "a\"`'; DROP TABLE victims; --";
        let quoted = match server.kind {
            Kind::MariaDb => format!("`{}`", evil.replace('`', "``")),
            _ => format!("\"{}\"", evil.replace('"', "\"\"")),
        };
        let at = match server.kind {
            Kind::MariaDb => "`Order By`",
            _ => "\"Order By\"",
        };
        server
            .run(&format!(
                "DROP TABLE IF EXISTS victims; \
                 CREATE TABLE victims ({quoted} INT PRIMARY KEY, {at} INT, name TEXT); \
                 INSERT INTO victims VALUES (1, 1, 'it''s; DROP TABLE victims; --'), (2, 1, '?$1');"
            ))
            .await;
        let config = json!({
            "query": "SELECT * FROM victims", "incremental": "Order By", "page_rows": 1,
            "columns": { "id": evil },
        });
        let source = server.source(&table("append", &["id:int64", "name:text"]), config);
        let (pages, cursor) = round(&source, None).await;
        assert_eq!(ids(&pages), ["1", "2"]);
        assert_eq!(column(&pages, "things", "name")[0], "it's; DROP TABLE victims; --");
        // A text in the cursor is a value as well.
        server.run("INSERT INTO victims VALUES (3, 2, '')").await;
        assert_eq!(ids(&round(&source, Some(cursor)).await.0), ["3"]);
        // A query can only read.
        let query = "SELECT 1 AS id, 'x' AS name) AS q; DROP TABLE victims; --";
        let merged = table("merge", &["id:int64", "name:text"]);
        let _ = server.source(&merged, json!({ "query": query })).fetch(None).await;
        let source =
            server.source(&merged, json!({ "query": "SELECT 4 AS id, name FROM victims" }));
        assert!(source.fetch(None).await.unwrap().rows() > 0, "the table is still there");
    }
}

#[tokio::test]
async fn bad_rows_fail_or_go_to_quarantine_by_their_key() {
    for server in servers() {
        server
            .run(
                "DROP TABLE IF EXISTS odd; CREATE TABLE odd (id INT PRIMARY KEY, name TEXT, cost \
                 VARCHAR(20)); INSERT INTO odd VALUES (1, 'a', '1.50'), (2, 'b', '1.505'), (3, \
                 NULL, '2'), (4, 'd', 'free');",
            )
            .await;
        let table = table("merge", &["id:int64", "name:text", "cost:decimal(18,2)"]);
        let query = "SELECT * FROM odd";
        let error = fails(&server.source(&table, json!({ "query": query }))).await;
        for says in ["id=2", "`cost`", "`1.505`", "2 places"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let source = server.source(&table, json!({ "query": query, "bad_rows": "quarantine" }));
        let (pages, _) = round(&source, None).await;
        assert_eq!(ids(&pages), ["1"]);
        assert_eq!(column(&pages, "quarantine", "place"), ["id=2", "id=3", "id=4"]);
        let reasons = column(&pages, "quarantine", "reason");
        for (reason, says) in reasons.iter().zip(["2 places", "null", "`free`"]) {
            assert!(reason.contains(says), "{reason} should say {says}");
        }
        assert_eq!(column(&pages, "quarantine", "content")[2], "id=4, name=d, cost=free");
    }
}

#[tokio::test]
async fn zero_dates_bits_and_instants_of_mysql_are_read_correctly() {
    let columns = ["id:int64", "ts:timestamp?", "dt:timestamp?", "flag:bool", "note:text?"];
    for server in servers().into_iter().filter(|server| server.kind == Kind::MariaDb) {
        server
            .run(
                "SET sql_mode = '', time_zone = '+07:00'; DROP TABLE IF EXISTS odd; \
                 CREATE TABLE odd (id INT PRIMARY KEY, ts TIMESTAMP NULL, dt DATETIME NULL, \
                 flag BIT(1), note VARCHAR(9)); \
                 INSERT INTO odd VALUES \
                 (1, FROM_UNIXTIME(1700000000), '2023-11-15 05:13:20', b'1', 'n/a'), \
                 (2, NULL, '0000-00-00 00:00:00', b'0', ''), \
                 (3, '0000-00-00', NULL, b'1', 'x');",
            )
            .await;
        // The offset applies to the column without a time zone, and does not change the one with
        // one.
        let config = json!({
            "query": "SELECT * FROM odd",
            "nulls": ["n/a"],
            "columns": {
                "ts": { "column": "ts", "zone": "+07:00" },
                "dt": { "column": "dt", "zone": "+07:00" },
            },
        });
        let (pages, _) =
            round(&server.source(&table("merge", &columns), config.clone()), None).await;
        let of = |name| column(&pages, "things", name);
        assert_eq!(of("ts"), ["2023-11-14 22:13:20", "null", "null"]);
        assert_eq!(of("dt"), ["2023-11-14 22:13:20", "null", "null"]);
        assert_eq!(of("flag"), ["true", "false", "true"]);
        assert_eq!(of("note"), ["null", "null", "x"]);
        // If the column is required, the bad row is identified by its key.
        let strict = ["id:int64", "ts:timestamp?", "dt:timestamp", "flag:bool", "note:text?"];
        let mut config = config;
        config["bad_rows"] = "quarantine".into();
        let (pages, _) = round(&server.source(&table("merge", &strict), config), None).await;
        assert_eq!(ids(&pages), ["1"]);
        assert_eq!(column(&pages, "quarantine", "place"), ["id=2", "id=3"]);
        assert!(column(&pages, "quarantine", "reason")[0].contains("MySQL"));
    }
}

/// Checks that values without a matching type are read as text, and that values which fit no column
/// are bad rows that are identified by their key.
#[tokio::test]
async fn enums_arrays_json_unsigned_and_infinite_values_are_read_or_rejected_by_name() {
    let columns = [
        "id:int64",
        "mood:text?",
        "list:text?",
        "doc:text?",
        "flag:bool?",
        "big:int64?",
        "at:timestamp?",
        "day:date?",
    ];
    for server in servers() {
        let setup = server.pick(
            "DROP TABLE IF EXISTS others; DROP TYPE IF EXISTS mood; \
             CREATE TYPE mood AS ENUM ('ok', 'so so'); \
             CREATE TABLE others (id INT PRIMARY KEY, mood mood, list INT[], doc JSONB, flag BIT(1), \
             big NUMERIC(20), at TIMESTAMPTZ, day DATE); \
             INSERT INTO others VALUES \
             (1, 'so so', '{1,2,NULL}', '{\"a\": [1, \"é\"]}', B'1', 7, '2024-01-01 00:00+00', '2024-01-01'), \
             (2, 'ok', NULL, NULL, B'0', 18446744073709551615, NULL, NULL), \
             (3, NULL, '{}', NULL, NULL, NULL, 'infinity', NULL), \
             (4, NULL, NULL, NULL, NULL, NULL, NULL, '-infinity');",
            "SET sql_mode = ''; DROP TABLE IF EXISTS others; \
             CREATE TABLE others (id INT PRIMARY KEY, mood ENUM('ok', 'so so'), list SET('1', '2'), \
             doc JSON, flag BIT(1), big BIGINT UNSIGNED, at DATETIME, day DATE); \
             INSERT INTO others VALUES \
             (1, 'so so', '1,2', '{\"a\": [1, \"é\"]}', b'1', 7, '2024-01-01', '2024-01-01'), \
             (2, 'ok', NULL, NULL, b'0', 18446744073709551615, NULL, NULL), \
             (3, NULL, '', NULL, NULL, NULL, '0000-00-00', NULL), \
             (4, NULL, NULL, NULL, NULL, NULL, NULL, '0000-00-00');",
            "DROP TABLE IF EXISTS others; \
             CREATE TABLE others (id INTEGER PRIMARY KEY, mood, list, doc, flag, big, at, day); \
             INSERT INTO others VALUES \
             (1, 'so so', '[1,2]', '{\"a\": [1, \"é\"]}', 1, 7, '2024-01-01 00:00:00', '2024-01-01'), \
             (2, 'ok', NULL, NULL, 0, 18446744073709551615, NULL, NULL), \
             (3, NULL, '', NULL, NULL, NULL, 'infinity', NULL), \
             (4, NULL, NULL, NULL, NULL, NULL, NULL, '-infinity');",
        );
        server.run(setup).await;
        let things = table("merge", &columns);
        let config = json!({ "query": "SELECT * FROM others", "bad_rows": "quarantine" });
        let (pages, _) = round(&server.source(&things, config.clone()), None).await;
        let of = |name| column(&pages, "things", name);
        assert_eq!(of("mood")[0], "so so", "{:?}", server.kind);
        assert_eq!(of("list")[0], server.pick("{1,2,NULL}", "1,2", "[1,2]"));
        assert_eq!(of("doc")[0], r#"{"a": [1, "é"]}"#);
        assert_eq!(of("flag")[0], "true");
        assert_eq!(of("big")[0], "7");
        assert_eq!(
            (of("at")[0].as_str(), of("day")[0].as_str()),
            ("2024-01-01 00:00:00", "2024-01-01")
        );
        let reasons = column(&pages, "quarantine", "reason");
        assert!(
            reasons[0].contains("column `big`") && reasons[0].contains("64 bits"),
            "{reasons:?}"
        );
        if server.kind == Kind::MariaDb {
            assert_eq!((of("at")[1].as_str(), of("day")[2].as_str()), ("null", "null"));
        } else {
            assert_eq!(column(&pages, "quarantine", "place"), ["id=2", "id=3", "id=4"]);
            for (reason, column) in reasons[1..].iter().zip(["`at`", "`day`"]) {
                assert!(
                    reason.contains(column) && reason.contains("nulls = [\"infinity\""),
                    "{reason}"
                );
            }
        }
        let mut nulls = config;
        nulls["nulls"] = json!(["infinity", "-infinity", "18446744073709551615"]);
        let (pages, _) = round(&server.source(&things, nulls), None).await;
        let at = server.pick("1, 2, 3, 4", "1, 2, 3, 4", "1, 3, 4");
        assert_eq!(ids(&pages).join(", "), at, "{:?}", server.kind);
    }
}

#[tokio::test]
async fn rows_of_a_query_are_filtered_joined_renamed_and_negated() {
    let columns = ["id:int64", "at:timestamp", "coin:text", "amount:decimal(18,2)"];
    for server in servers() {
        let id = server.pick("\"ID\"", "`ID`", "\"ID\"");
        server
            .run(&format!(
                "DROP TABLE IF EXISTS sales; \
                 CREATE TABLE sales ({id} INT PRIMARY KEY, day DATE, hour VARCHAR(9), coin VARCHAR(9), \
                 kind VARCHAR(9), paid DECIMAL(18,2), state VARCHAR(9)); \
                 INSERT INTO sales VALUES \
                 (1, '2024-03-01', '09:00', 'XXBT', 'sale', 5.25, 'done'), \
                 (2, '2024-03-01', '10:00', 'XETH', 'refund', 2.50, 'done'), \
                 (3, '2024-03-02', '11:00', 'XXBT', 'sale', 9, 'void'), \
                 (4, '2024-03-02', NULL, 'SOL', 'sale', 1, NULL), \
                 (5, '2024-03-02', '12:00', 'SOL', 'sale', 0, 'done');"
            ))
            .await;
        for page_rows in [1, 2, 100] {
            let config = json!({
                "query": "SELECT * FROM sales", "incremental": "id", "page_rows": page_rows,
                "where": [
                    { "column": "State", "not_in": ["void"] }, { "column": "paid", "above": 0 },
                ],
                "columns": {
                    "at": { "columns": ["day", "hour"], "format": ["%Y-%m-%d %H:%M", "%Y-%m-%d"] },
                    "coin": { "column": "coin", "values": { "XXBT": "BTC" } },
                    "amount": { "column": "paid", "negate": { "column": "kind", "in": ["refund"] } },
                },
            });
            let source = server.source(&table("append", &columns), config);
            let (pages, cursor) = round(&source, None).await;
            let of = |name| column(&pages, "things", name);
            assert_eq!(of("id"), ["1", "2", "4"], "{:?}", server.kind);
            assert_eq!(
                of("at"),
                ["2024-03-01 09:00:00", "2024-03-01 10:00:00", "2024-03-02 00:00:00"]
            );
            assert_eq!(of("coin"), ["BTC", "XETH", "SOL"]);
            assert_eq!(of("amount"), ["5.25", "-2.50", "1.00"]);
            let message = source.take_notes().join("\n");
            for says in ["on `State` (1 row", "on `paid` (1 row", "`id`: there is no column"] {
                assert!(message.contains(says), "{message} should say {says}");
            }
            let (pages, _) = round(&source, Some(cursor)).await;
            assert_eq!(rows(&pages, "things"), 0, "what was left out is not read again");
        }
        let config = json!({
            "query": "SELECT * FROM sales", "where": [{ "column": "status", "in": ["done"] }],
            "columns": { "at": "day", "amount": "paid" },
        });
        let error = fails(&server.source(&table("merge", &columns), config)).await;
        for says in ["`where` of the query of `crm`", "there is no `status`", "state"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}

#[tokio::test]
async fn a_column_that_leaves_the_query_is_an_error_or_noted() {
    let things = table("merge", &["id:int64", "name:text?"]);
    for server in servers() {
        server
            .run(
                "DROP TABLE IF EXISTS leaving; \
                 CREATE TABLE leaving (id INT PRIMARY KEY, name VARCHAR(9)); \
                 INSERT INTO leaving VALUES (1, 'a');",
            )
            .await;
        let before = server.source(&things, json!({ "query": "SELECT * FROM leaving" }));
        let (_, cursor) = round(&before, None).await;
        let query = "SELECT id, name AS nome FROM leaving";
        let after = server.source(&things, json!({ "query": query }));
        let error = after.fetch(Some(&cursor)).await.unwrap_err().to_string();
        for says in ["the query of `crm`", "`name`", "was there before", "nome", "on_missing"] {
            assert!(error.contains(says), "{error} should say {says}");
        }
        let null = server.source(&things, json!({ "query": query, "on_missing": "null" }));
        let log = Log::default();
        let guard = tracing::subscriber::set_default(log.clone());
        let (pages, _) = round(&null, Some(cursor)).await;
        drop(guard);
        assert_eq!(column(&pages, "things", "name"), ["null"]);
        assert!(log.output().contains("columns of the table are null"), "{}", log.output());
    }
}

#[tokio::test]
async fn a_changed_query_is_noted() {
    let things = table("merge", &["id:int64", "name:text"]);
    for server in servers() {
        server
            .run(
                "DROP TABLE IF EXISTS changing; \
                 CREATE TABLE changing (id INT PRIMARY KEY, name VARCHAR(9)); \
                 INSERT INTO changing VALUES (1, 'a');",
            )
            .await;
        let source = |query: &str, incremental: Value| {
            server.source(&things, json!({ "query": query, "incremental": incremental }))
        };
        let other = "SELECT id, UPPER(name) AS name FROM changing";
        let before = source("SELECT * FROM changing", json!("id"));
        let (_, cursor) = round(&before, None).await;
        before.take_notes();
        let (_, cursor) = round(&before, Some(cursor)).await;
        assert_eq!(before.take_notes(), Vec::<String>::new());
        let after = source(other, json!("id"));
        let (_, cursor) = round(&after, Some(cursor)).await;
        let notes = after.take_notes().join("\n");
        assert!(notes.contains("settings") && notes.contains("--full-refresh crm"), "{notes}");
        round(&after, Some(cursor)).await;
        assert_eq!(after.take_notes(), Vec::<String>::new());
        // If every run reads all rows, the stored ones are read anew.
        let (_, cursor) = round(&source("SELECT * FROM changing", json!(null)), None).await;
        let after = source(other, json!(null));
        let (pages, _) = round(&after, Some(cursor)).await;
        assert_eq!(column(&pages, "things", "name"), ["A"]);
        assert_eq!(after.take_notes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn sqlite_values_of_any_type_are_read_or_rejected() {
    let server = servers().into_iter().find(|server| server.kind == Kind::Sqlite).unwrap();
    server
        .run(
            "CREATE TABLE loose (id, name); INSERT INTO loose VALUES (1, 'a' || char(0) || 'b'), \
             (2, x'ff'), (2.5, 'c'), (10, 'd'), ('10', 'text'), (9, 'e');",
        )
        .await;
    let things = table("merge", &["id:decimal(9,2)", "name:text"]);
    for page_rows in 1..4 {
        let config = json!({
            "query": "SELECT id, name FROM loose", "incremental": "id", "bad_rows": "quarantine",
            "page_rows": page_rows,
        });
        let (pages, _) = round(&server.source(&things, config), None).await;
        assert_eq!(column(&pages, "things", "name"), ["c", "e", "d", "text"], "{page_rows}");
        let reasons = column(&pages, "quarantine", "reason").join(" ");
        assert!(reasons.contains("NUL") && reasons.contains("UTF-8"), "{reasons}");
    }
    server.run("INSERT INTO loose VALUES (x'00ff', 'f')").await;
    let config = json!({ "query": "SELECT id, name FROM loose", "bad_rows": "quarantine" });
    let error = fails(&server.source(&things, config)).await;
    assert!(error.contains("HEX()"), "{error}");
}

#[tokio::test]
async fn a_locked_file_is_waited_for_and_then_reported_as_transient() {
    let server = servers().into_iter().find(|server| server.kind == Kind::Sqlite).unwrap();
    server.run("CREATE TABLE busy (id INTEGER PRIMARY KEY); INSERT INTO busy VALUES (1);").await;
    let mut writer = sqlx::SqliteConnection::connect(&server.url).await.unwrap();
    writer.execute("BEGIN EXCLUSIVE").await.unwrap();
    let config = json!({ "query": "SELECT id FROM busy", "statement_timeout": "500ms" });
    let source = server.source(&table("merge", &["id:int64"]), config);
    let error = source.fetch(None).await.unwrap_err();
    let tidegauge_core::Error::Source { error, .. } = error else { panic!("{error}") };
    let error = error.downcast::<tidegauge_acquisition::Error>().unwrap();
    assert!(error.is_temporary(), "{error}");
    writer.execute("COMMIT").await.unwrap();
    assert_eq!(source.fetch(None).await.unwrap().rows(), 1);
}

#[tokio::test]
async fn missing_columns_are_reported_with_the_existing_ones() {
    let things = table("merge", &["id:int64", "name:text"]);
    for server in servers() {
        let query = "SELECT 1 AS key_of_theirs, 'x' AS title, CAST('2020-01-01' AS DATE) AS day";
        let has = "key_of_theirs, title, day";
        let error = fails(&server.source(&things, json!({ "query": query }))).await;
        assert!(error.contains("`id`") && error.contains(has), "{error}");
        let columns = json!({ "id": "key_of_theirs", "name": "title" });
        let config = json!({ "query": query, "columns": columns, "incremental": "updated" });
        let error = fails(&server.source(&things, config)).await;
        assert!(error.contains("`updated`") && error.contains(has), "{error}");
        let config = json!({ "query": "SELECT nonsense FROM nowhere" });
        let error = fails(&server.source(&things, config)).await;
        assert!(error.contains("refuses") && error.contains("nowhere"), "{error}");
        let config = json!({ "query": query, "columns": columns, "incremental": "key_of_theirs", "lag": "1h" });
        let (_, cursor) = round(&server.source(&things, config.clone()), None).await;
        let error = server.source(&things, config.clone()).fetch(Some(&cursor)).await.unwrap_err();
        assert!(error.to_string().contains("not a time"), "{error}");
        let config = json!({ "query": query, "columns": columns });
        let error = server.source(&things, {
            let mut config = config;
            config["incremental"] = "title".into();
            config
        });
        let error = error.fetch(Some(&cursor)).await.unwrap_err().to_string();
        assert!(error.contains("in the order of key_of_theirs"), "{error}");
    }
}

#[tokio::test]
async fn columns_unusable_for_keyset_pagination_are_rejected() {
    let things = table("merge", &["id:text"]);
    for server in servers().into_iter().filter(|server| server.kind != Kind::Sqlite) {
        let queries: &[&str] = match server.kind {
            Kind::Postgres => &["SELECT '\\x00'::bytea AS id", "SELECT '{}'::jsonb AS id"],
            _ => &["SELECT CAST('a' AS BINARY(2)) AS id", "SELECT CAST(1.5 AS DOUBLE) AS id"],
        };
        for query in queries {
            let error = fails(&server.source(&things, json!({ "query": query }))).await;
            assert!(error.contains("`id`") && error.contains("cast it"), "{query}: {error}");
        }
    }
}

#[tokio::test]
async fn unreachable_hosts_wrong_passwords_and_writing_queries_are_errors() {
    let things = table("merge", &["id:int64"]);
    for server in servers() {
        let wrong = server.url.replace(PASSWORD, "wrong-secret");
        let (url, says, kind) = match server.kind {
            Kind::Postgres => (wrong, "password authentication failed", ErrorKind::Authentication),
            Kind::MariaDb => (wrong, "Access denied", ErrorKind::Authentication),
            Kind::Sqlite => {
                (server.url.replace("theirs", "nowhere"), "unable to open", ErrorKind::NotFound)
            }
        };
        let wrong = Server { kind: server.kind, url, _folder: None };
        let source = wrong.source(&things, json!({ "query": "SELECT 1 AS id" }));
        let error = source.fetch(None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let message = format!("{} {source:?}", everything_said(&error));
        assert!(message.contains("cannot connect") && message.contains(says), "{message}");
        assert!(!message.contains("wrong-secret") && !message.contains(PASSWORD), "{message}");

        let source = server.source(&things, json!({ "query": "SELECT 1 AS id" }));
        assert!(!format!("{source:?}").contains(PASSWORD), "{source:?}");
        if server.kind == Kind::Postgres {
            server.run("CREATE SEQUENCE IF NOT EXISTS counted").await;
            let query = json!({ "query": "SELECT nextval('counted') AS id" });
            let error = fails(&server.source(&things, query)).await;
            assert!(error.contains("read-only"), "{error}");
        }
    }
    // A port without a listener.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://me:{PASSWORD}@127.0.0.1:{port}/db");
        let nobody = Server { kind: Kind::Postgres, url, _folder: None };
        let source = nobody.source(&things, json!({ "query": "SELECT 1 AS id" }));
        let error = fails(&source).await;
        let place = format!("{scheme}://127.0.0.1:{port}/db");
        assert!(error.contains(&place) && error.contains("cannot connect"), "{error}");
    }
    for url in ["", "oracle://x", "postgres://[", "mysql:no"] {
        let server = Server { kind: Kind::Sqlite, url: url.into(), _folder: None };
        let error = server.try_source(&things, json!({ "query": "SELECT 1" })).unwrap_err();
        assert!(error.to_string().contains("looks like postgres://"), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_query_that_exceeds_its_timeout_is_cancelled() {
    let things = table("merge", &["id:int64"]);
    for server in servers() {
        let query = server.pick(
            "SELECT 1 AS id FROM pg_sleep(20)",
            "SELECT 1 AS id FROM (SELECT SLEEP(20)) AS s",
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000000) \
             SELECT MAX(id) AS id FROM n",
        );
        let source = server.source(&things, json!({ "query": query, "statement_timeout": "1s" }));
        let begun = std::time::Instant::now();
        let error = source.fetch(None).await.unwrap_err();
        assert!(begun.elapsed().as_secs() < 10, "{:?}", server.kind);
        let message = error.to_string();
        assert!(message.contains("statement_timeout") && message.contains("1s"), "{message}");
        let tidegauge_core::Error::Source { error, .. } = error else { panic!("{message}") };
        let error = error.downcast::<tidegauge_acquisition::Error>().unwrap();
        assert!(error.is_temporary());
        assert!(matches!(
            *error,
            tidegauge_acquisition::Error::Database(DatabaseError::Timeout { .. })
        ));
    }
}
