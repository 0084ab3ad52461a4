//! Tests of the stored types and values with the databases' own clients.

use std::process::Command;

use insta::assert_snapshot;
use tidegauge_core::{Batch, WriteMode};
use tidegauge_testkit::missing_tool;
#[cfg(any(feature = "parquet", feature = "bigquery"))]
use tidegauge_testkit::python;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use url::Url;

#[cfg(feature = "parquet")]
use crate::support::Everything;
use crate::support::{Store, everything, extremes, load};

/// Returns a store with rows at the limits of all types, written by a first and a second load.
#[cfg(any(feature = "_sql", feature = "bigquery"))]
async fn filled(scheme: &str) -> Option<Store> {
    let store = Store::of(scheme)?;
    let table = everything(WriteMode::Merge);
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*store.sink(), None, "1", std::slice::from_ref(&rows)).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[rows]).await.unwrap();
    Some(store)
}

/// Returns the output of a client; `None` if it is not installed.
fn said(client: &mut Command) -> Option<String> {
    let name = client.get_program().to_string_lossy().into_owned();
    let Ok(done) = client.output() else { return missing_tool(&name) };
    let (out, error) = (String::from_utf8(done.stdout).unwrap(), done.stderr);
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&error));
    Some(out.replace("\r\n", "␍␊").replace('\r', "␍"))
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn psql_reads_postgres() {
    let Some(store) = filled("postgres").await else { return };
    let mut url = Url::parse(&store.url).unwrap();
    let schema = url.query_pairs().find(|(name, _)| name == "schema").unwrap().1.into_owned();
    url.set_query(None);
    let table = format!("\"{}\".\"order\"", schema.replace('"', "\"\""));
    let types = ["group", "select", "flag", "share", "day", "at", "fiat", "crypto", "huge"];
    let types: Vec<_> = types.iter().map(|name| format!("pg_typeof(\"{name}\")")).collect();
    let sql = format!(
        "SELECT {} FROM {table} LIMIT 1; SELECT * FROM {table} ORDER BY \"group\"",
        types.join(", ")
    );
    let mut psql = Command::new("psql");
    psql.env("PGTZ", "UTC").args([url.as_str(), "-XqAt", "-P", "null=∅", "-c", &sql]);
    let Some(said) = said(&mut psql) else { return };
    assert_snapshot!(said, @r##"
    bigint|text|boolean|double precision|date|timestamp with time zone|numeric|numeric|numeric
    -9223372036854775808||f|2.2250738585072014e-308|0001-01-01|1969-12-31 23:59:59.999999+00|-9999999999999999.99|-99999999999999999999.999999999999999999|0.00000000000000000001|
    0|nulls|∅|∅|∅|∅|∅|∅|∅|∅
    1|numbers|∅|1|1970-01-01|1970-01-01 00:00:00+00|12.50|34265.193451160000000000|0.00000000000000000000|007
    2|dust|∅|∅|∅|∅|∅|0.000000000004200000|∅|∅
    3|dust|∅|∅|∅|∅|∅|0.000000000000000001|∅|∅
    4|wei|∅|∅|∅|∅|∅|512.700000000000000113|∅|∅
    9223372036854775807|a,"b"␍␊😀=1+1|t|-1.7976931348623157e+308|9999-12-31|9999-12-31 23:59:59.999999+00|9999999999999999.99|99999999999999999999.999999999999999999|999999999999999999.99999999999999999999|2020-01-01
    "##);
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mysql_reads_mariadb() {
    let Some(store) = filled("mysql").await else { return };
    let place = Url::parse(&store.url).unwrap();
    let sql = "SET time_zone = '+05:00'; \
               SELECT COLUMN_TYPE FROM information_schema.COLUMNS \
               WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'order' ORDER BY ORDINAL_POSITION; \
               SELECT * FROM `order` ORDER BY `group`";
    let mut client = Command::new("mariadb");
    client.args(["--no-defaults", "--protocol=tcp", "--default-character-set=utf8mb4", "-N", "-B"]);
    client.arg(format!("--host={}", place.host_str().unwrap()));
    client.arg(format!("--port={}", place.port().unwrap()));
    client.arg(format!("--user={}", place.username()));
    client.arg(format!("--password={}", place.password().unwrap()));
    client.arg(place.path().trim_start_matches('/').replace("%20", " ")).args(["-e", sql]);
    let Some(said) = said(&mut client) else { return };
    assert_snapshot!(said, @r##"
    bigint(20)
    varchar(255)
    tinyint(1)
    double
    date
    datetime(6)
    decimal(18,2)
    decimal(38,18)
    decimal(38,20)
    longtext
    -9223372036854775808		0	2.2250738585072014e-308	0001-01-01	1969-12-31 23:59:59.999999	-9999999999999999.99	-99999999999999999999.999999999999999999	0.00000000000000000001	
    0	nulls	NULL	NULL	NULL	NULL	NULL	NULL	NULL	NULL
    1	numbers	NULL	1	1970-01-01	1970-01-01 00:00:00.000000	12.50	34265.193451160000000000	0.00000000000000000000	007
    2	dust	NULL	NULL	NULL	NULL	NULL	0.000000000004200000	NULL	NULL
    3	dust	NULL	NULL	NULL	NULL	NULL	0.000000000000000001	NULL	NULL
    4	wei	NULL	NULL	NULL	NULL	NULL	512.700000000000000113	NULL	NULL
    9223372036854775807	a,"b"␍\n😀=1+1	1	-1.7976931348623157e308	9999-12-31	9999-12-31 23:59:59.999999	9999999999999999.99	99999999999999999999.999999999999999999	999999999999999999.99999999999999999999	2020-01-01
    "##);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite3_reads_sqlite() {
    let store = filled("sqlite").await.unwrap();
    let sql = "SELECT type FROM pragma_table_info('order'); SELECT * FROM \"order\" ORDER BY 1";
    let mut client = Command::new("sqlite3");
    client.arg(&store.path).args(["-nullvalue", "∅", sql]);
    let Some(said) = said(&mut client) else { return };
    assert_snapshot!(said, @r##"
    INTEGER
    TEXT
    BOOLEAN
    REAL
    DATE
    TIMESTAMP
    DECIMAL(18,2)
    DECIMAL(38,18)
    DECIMAL(38,20)
    TEXT
    -9223372036854775808||0|2.2250738585072e-308|0001-01-01|1969-12-31 23:59:59.999999|-9999999999999999.99|-99999999999999999999.999999999999999999|1.0e-20|
    0|nulls|∅|∅|∅|∅|∅|∅|∅|∅
    1|numbers|∅|1.0|1970-01-01|1970-01-01 00:00:00.000000|12.5|34265.19345116|0|007
    2|dust|∅|∅|∅|∅|∅|4.2e-12|∅|∅
    3|dust|∅|∅|∅|∅|∅|1.0e-18|∅|∅
    4|wei|∅|∅|∅|∅|∅|512.700000000000000113|∅|∅
    9223372036854775807|a,"b"␍␊😀=1+1|1|-1.79769313486232e+308|9999-12-31|9999-12-31 23:59:59.999999|9999999999999999.99|99999999999999999999.999999999999999999|999999999999999999.99999999999999999999|2020-01-01
    "##);
}

#[cfg(feature = "parquet")]
#[tokio::test]
async fn duckdb_reads_parquet() {
    let Some(python) = python() else { return };
    let store = Store::new("parquet");
    let table = everything(WriteMode::Append);
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    // Days of few rows share a file; a page of one day is written to that day's folder.
    let of_a_day = Everything {
        group: 5,
        select: "a day's",
        at: Some("1970-01-02T03:04:05Z"),
        ..Everything::default()
    };
    let rows = Batch::from_rows(&table, [of_a_day]).unwrap();
    load(&*store.sink(), Some("1"), "2", &[rows]).await.unwrap();
    let program = "import duckdb, sys\n\
        rows = duckdb.read_parquet(sys.argv[1] + '/order/**/*.parquet')\n\
        print(*rows.types, sep='|')\n\
        for row in rows.order('1').fetchall(): print(*row, sep='|')\n\
        days = sys.argv[1] + '/order/*/*.parquet'\n\
        for row in duckdb.read_parquet(days, hive_partitioning=True).fetchall(): print(*row, sep='|')";
    let Some(said) = said(by(&python, program).arg(&store.path)) else { return };
    assert_snapshot!(said, @r##"
    BIGINT|VARCHAR|BOOLEAN|DOUBLE|DATE|TIMESTAMP|DECIMAL(18,2)|DECIMAL(38,18)|DECIMAL(38,20)|VARCHAR
    -9223372036854775808||False|2.2250738585072014e-308|0001-01-01|1969-12-31 23:59:59.999999|-9999999999999999.99|-99999999999999999999.999999999999999999|1E-20|
    0|nulls|None|None|None|None|None|None|None|None
    1|numbers|None|1.0|1970-01-01|1970-01-01 00:00:00|12.50|34265.193451160000000000|0E-20|007
    2|dust|None|None|None|None|None|4.200000E-12|None|None
    3|dust|None|None|None|None|None|1E-18|None|None
    4|wei|None|None|None|None|None|512.700000000000000113|None|None
    5|a day's|None|None|None|1970-01-02 03:04:05|None|None|None|None
    9223372036854775807|a,"b"␍␊😀=1+1|True|-1.7976931348623157e+308|9999-12-31|9999-12-31 23:59:59.999999|9999999999999999.99|99999999999999999999.999999999999999999|999999999999999999.99999999999999999999|2020-01-01
    5|a day's|None|None|None|1970-01-02 03:04:05|None|None|None|None|1970-01-02
    "##);
}

#[cfg(feature = "bigquery")]
#[tokio::test]
async fn googles_client_reads_bigquery() {
    let Some(python) = python() else { return };
    let Some(store) = filled("bigquery").await else { return };
    let program = "import sys\n\
        from google.api_core.client_options import ClientOptions\n\
        from google.auth.credentials import AnonymousCredentials\n\
        from google.cloud import bigquery\n\
        client = bigquery.Client('tidegauge', AnonymousCredentials(),\n\
        \x20   client_options=ClientOptions(api_endpoint=sys.argv[1]))\n\
        table = client.get_table('tidegauge.' + sys.argv[2] + '.order')\n\
        types = [f'{it.field_type}({it.precision},{it.scale})' if it.precision else it.field_type\n\
        \x20   for it in table.schema]\n\
        print(*types, sep='|')\n\
        rows = client.query(f'SELECT * FROM `{table}` ORDER BY 1').result()\n\
        for row in rows: print(*row, sep='|')";
    let endpoint = tidegauge_testkit::BigQuery::shared().unwrap().endpoint();
    let dataset = store.name.rsplit_once('/').unwrap().1;
    let Some(said) = said(by(&python, program).args([&endpoint, dataset])) else { return };
    assert_snapshot!(said, @r##"
    INTEGER|STRING|BOOLEAN|FLOAT|DATE|TIMESTAMP|NUMERIC(18,2)|BIGNUMERIC(38,18)|BIGNUMERIC(38,20)|STRING
    -9223372036854775808||False|2.2250738585072014e-308|0001-01-01|1969-12-31 23:59:59.999999+00:00|-9999999999999999.99|-99999999999999999999.999999999999999999|1E-20|
    0|nulls|None|None|None|None|None|None|None|None
    1|numbers|None|1.0|1970-01-01|1970-01-01 00:00:00+00:00|12.5|34265.19345116|0|007
    2|dust|None|None|None|None|None|4.2E-12|None|None
    3|dust|None|None|None|None|None|1E-18|None|None
    4|wei|None|None|None|None|None|512.700000000000000113|None|None
    9223372036854775807|a,"b"␍␊😀=1+1|True|-1.7976931348623157e+308|9999-12-31|9999-12-31 23:59:59.999999+00:00|9999999999999999.99|99999999999999999999.999999999999999999|999999999999999999.99999999999999999999|2020-01-01
    "##);
}

#[cfg(any(feature = "parquet", feature = "bigquery"))]
fn by(python: &std::path::Path, program: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", program]);
    command
}
