//! A benchmark of loads of trades into each store, compared with the store's own bulk tool with the
//! same rows in the same run. `cargo xtask bench storage` runs it; a first number sets the rows, a
//! second the rounds, and words select stores.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)] // a bench
#![allow(missing_docs)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tidegauge_core::{Batch, Cursor, Load, Values};
use tidegauge_testkit::{MariaDb, Postgres};

use common::{PYTHON, mixed, peak, table};

/// The number of rows of a load.
const PAGE: usize = 100_000;

/// The argument with which this program loads and does nothing else.
const OURS: &str = "ours";

/// Returns `rows` rows from `first`.
fn page(first: usize, rows: usize) -> Batch {
    let numbers = || (first..first + rows).map(|at| i64::try_from(at).unwrap());
    let side = |at: i64| if mixed(at) % 2 == 0 { "buy" } else { "sell" };
    let columns = vec![
        Values::Ints(numbers().collect()),
        Values::Ints(numbers().map(|at| mixed(at) % 500_000).collect()),
        Values::Timestamps(numbers().map(|at| 1_700_000_000_000_000 + at * 250_019).collect()),
        Values::Texts(numbers().map(side).collect()),
        Values::Decimals(numbers().map(|at| i128::from(mixed(at)) * 20_011 + 10_000_000).collect()),
        Values::Decimals(numbers().map(|at| i128::from(mixed(at + 1)) + 1).collect()),
    ];
    Batch::from_columns(&table(), rows, columns).unwrap()
}

/// Loads all rows into the store at `url`, page by page; returns the total duration of the loads.
async fn load(url: &str, rows: usize) -> Duration {
    let sink = tidegauge_storage::connect_sink(url).unwrap();
    sink.prepare(&[table()]).await.unwrap();
    let mut before: Option<Cursor> = None;
    let mut took = Duration::ZERO;
    for first in (0..rows).step_by(PAGE) {
        let batches = [page(first, PAGE.min(rows - first))];
        let after = Cursor::new(first.to_string());
        let (source, before_this) = ("bench", before.as_ref());
        let load = Load::new(source, &batches, before_this, &after);
        let begun = Instant::now();
        sink.load(load).await.unwrap();
        took += begun.elapsed();
        before = Some(after);
    }
    took
}

/// Loads in a process of its own, so that its peak memory is measured separately; returns the
/// duration.
fn ours(url: &str, rows: usize) -> Duration {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let done = command.args([OURS, url, &rows.to_string()]).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let (took, peak) = said.trim().split_once(' ').unwrap_or_else(|| {
        panic!("{}", String::from_utf8_lossy(&done.stderr));
    });
    eprintln!("{} rows: peak {peak}", rows);
    Duration::from_secs_f64(took.parse().unwrap())
}

/// Returns the time that an alternative tool takes for the same rows; `None` if there is no Python
/// with the tool.
fn peer(tool: &str, store: &str, url: &str, folder: &Path, keys: &str) -> Option<Duration> {
    let python = std::env::var_os(PYTHON)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/storage.py");
    let mut command = Command::new(python);
    command.arg(script).args([tool, store, url]).arg(folder.join("rows.parquet")).arg(keys);
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{tool}: {}", String::from_utf8_lossy(&done.stderr));
    let took = String::from_utf8(done.stdout).unwrap();
    Some(Duration::from_secs_f64(took.trim().parse().unwrap()))
}

/// The durations by tool, in the order in which the tools were first measured.
#[derive(Default)]
struct Times(Vec<(String, Vec<Duration>)>);

impl Times {
    fn add(&mut self, by: &str, took: Duration) {
        match self.0.iter_mut().find(|(name, _)| name == by) {
            Some((_, times)) => times.push(took),
            None => self.0.push((by.to_owned(), vec![took])),
        }
    }

    /// Measures the alternative tools, with the key and without.
    fn add_peers(&mut self, store: &str, url: &str, folder: &Path) {
        for (keys, without) in [("keys", ""), ("nokeys", ", no key")] {
            for tool in ["ingestr", "dlt"] {
                if let Some(took) = peer(tool, store, url, folder, keys) {
                    self.add(&format!("{tool}{without}"), took);
                }
            }
        }
    }

    /// Prints a line for each tool, with the rows per second of its median.
    fn tell(self, store: &str, rows: usize) {
        for (by, mut times) in self.0 {
            times.sort();
            let median = times[times.len() / 2].as_secs_f64();
            println!("{store}\t{by}\t{:.0}", rows as f64 / median);
        }
    }
}

/// Writes the same rows as text, with `between` as the separator of fields.
fn write(path: &Path, rows: usize, between: char) {
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    for first in (0..rows).step_by(PAGE) {
        let batch = page(first, PAGE.min(rows - first));
        let int = |name: &str| batch.column(name).unwrap().as_i64().unwrap();
        let units = |name: &str| batch.column(name).unwrap().as_decimal().unwrap();
        let at = batch.column("at").unwrap().as_timestamp().unwrap();
        let side = batch.column("side").unwrap().as_text().unwrap();
        let (id, user, price, amount) =
            (int("id"), int("user_id"), units("price"), units("amount"));
        let mut line = String::new();
        for row in 0..batch.rows() {
            let at = chrono::DateTime::from_timestamp_micros(at.value(row)).unwrap();
            let crypto =
                |units: i128| format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
            let fields = [
                id.value(row).to_string(),
                user.value(row).to_string(),
                at.format("%F %T%.6f").to_string(),
                side.get(row).unwrap().to_owned(),
                crypto(price.value(row)),
                crypto(amount.value(row)),
            ];
            line.clear();
            let _ = writeln!(line, "{}", fields.join(&between.to_string()));
            file.write_all(line.as_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
}

/// Writes the same rows as one Parquet file.
fn write_parquet(path: &Path, rows: usize) {
    let record = page(0, rows).into_record();
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, record.schema(), Some(properties)).unwrap();
    writer.write(&record).unwrap();
    writer.close().unwrap();
}

/// Returns the duration of a command, which must succeed.
fn timed(command: &mut Command) -> Duration {
    let begun = Instant::now();
    let done = command.stdin(Stdio::null()).output().expect("the tool is not installed");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    begun.elapsed()
}

async fn postgres(rows: usize, rounds: usize, folder: &Path) {
    let Some(server) = Postgres::start() else { return };
    let (url, text, binary) = (server.url(), folder.join("rows.tsv"), folder.join("rows.bin"));
    write(&text, rows, '\t');
    let options: PgConnectOptions = url.parse().unwrap();
    let mut owner = options.connect().await.unwrap();
    let copy =
        |sql: &str| timed(Command::new("psql").env("PGTZ", "UTC").args([&url, "-q", "-c", sql]));
    let mut times = Times::default();
    for round in 0..rounds {
        let empty = "DROP SCHEMA IF EXISTS tidegauge CASCADE";
        sqlx::raw_sql(empty).execute(&mut owner).await.unwrap();
        times.add("tidegauge", ours(&url, rows));
        if round == 0 {
            let file = binary.display();
            copy(&format!("\\copy tidegauge.bench_trades TO '{file}' (FORMAT binary)"));
        }
        for (by, file, format, like) in [
            ("psql \\copy text", &text, "text", "INCLUDING ALL"),
            ("psql \\copy binary", &binary, "binary", "INCLUDING ALL"),
            ("psql \\copy text, no key", &text, "text", ""),
            ("psql \\copy binary, no key", &binary, "binary", ""),
        ] {
            let empty = format!(
                "DROP TABLE IF EXISTS public.peer; \
                 CREATE TABLE public.peer (LIKE tidegauge.bench_trades {like})"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(empty)).execute(&mut owner).await.unwrap();
            let file = file.display();
            times.add(by, copy(&format!("\\copy public.peer FROM '{file}' (FORMAT {format})")));
        }
        times.add_peers("postgres", &url, folder);
    }
    times.tell("PostgreSQL", rows);
}

async fn mariadb(rows: usize, rounds: usize, folder: &Path) {
    let Some(server) = MariaDb::start() else { return };
    let (url, text) = (server.url(), folder.join("rows.tsv"));
    write(&text, rows, '\t');
    let mut owner = Conn::from_url(&url).await.unwrap();
    let place = url::Url::parse(&url).unwrap();
    let load = || {
        let file = text.display();
        let sql = format!("LOAD DATA LOCAL INFILE '{file}' INTO TABLE peer CHARACTER SET utf8mb4");
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--local-infile=1", "--protocol=tcp", "-e", &sql]);
        client.arg(format!("--host={}", place.host_str().unwrap()));
        client.arg(format!("--port={}", place.port().unwrap()));
        client.arg(format!("--user={}", place.username()));
        client.arg(format!("--password={}", place.password().unwrap()));
        timed(client.arg(place.path().trim_start_matches('/')))
    };
    let mut times = Times::default();
    for _ in 0..rounds {
        for sql in ["DROP DATABASE tidegauge", "CREATE DATABASE tidegauge", "USE tidegauge"] {
            owner.query_drop(sql).await.unwrap();
        }
        times.add("tidegauge", ours(&url, rows));
        owner.query_drop("CREATE TABLE peer LIKE bench_trades").await.unwrap();
        times.add("LOAD DATA LOCAL INFILE", load());
        for sql in ["TRUNCATE TABLE peer", "ALTER TABLE peer DROP PRIMARY KEY"] {
            owner.query_drop(sql).await.unwrap();
        }
        times.add("LOAD DATA LOCAL INFILE, no key", load());
        times.add_peers("mysql", &url, folder);
    }
    times.tell("MariaDB", rows);
}

async fn sqlite(rows: usize, rounds: usize, folder: &Path) {
    let csv = folder.join("rows.csv");
    write(&csv, rows, ',');
    let mut times = Times::default();
    for _ in 0..rounds {
        let path = folder.join("ours.db");
        times.add("tidegauge", ours(&format!("sqlite://{}", path.display()), rows));
        fs::remove_file(&path).unwrap();
        for (by, key) in
            [("sqlite3 .import", ", PRIMARY KEY (id)"), ("sqlite3 .import, no key", "")]
        {
            let path = folder.join("theirs.db");
            let create = format!(
                "CREATE TABLE bench_trades (id INTEGER NOT NULL, user_id INTEGER NOT NULL, \
                 at TIMESTAMP NOT NULL, side TEXT NOT NULL, price DECIMAL(28,8) NOT NULL, \
                 amount DECIMAL(28,8) NOT NULL{key});"
            );
            let mut client = Command::new("sqlite3");
            client.arg(&path).arg("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
            client.args([&create, ".mode csv"]);
            let import = format!(".import {} bench_trades", csv.display());
            times.add(by, timed(client.arg(import)));
            fs::remove_file(&path).unwrap();
        }
        times.add_peers("sqlite", &folder.join("peer.db").display().to_string(), folder);
    }
    times.tell("SQLite", rows);
}

async fn parquet(rows: usize, rounds: usize, folder: &Path) {
    let mut times = Times::default();
    for _ in 0..rounds {
        let path = folder.join("lake");
        times.add("tidegauge", ours(&format!("parquet://{}", path.display()), rows));
        fs::remove_dir_all(&path).unwrap();
        for tool in ["duckdb", "pyarrow", "polars"] {
            let path = folder.join("peer.parquet").display().to_string();
            if let Some(took) = peer(tool, "parquet", &path, folder, "nokeys") {
                times.add(tool, took);
            }
        }
    }
    times.tell("Parquet", rows);
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [ours, url, rows] = &words[..]
        && ours == OURS
    {
        let took = load(url, rows.parse().unwrap()).await;
        println!("{} {}", took.as_secs_f64(), peak());
        return;
    }
    let mut numbers = words.iter().filter_map(|word| word.parse::<usize>().ok());
    let (rows, rounds) = (numbers.next().unwrap_or(1_000_000), numbers.next().unwrap_or(5));
    let names: Vec<&String> = words.iter().filter(|word| word.parse::<usize>().is_err()).collect();
    let chosen = |store: &str| names.is_empty() || names.iter().any(|name| *name == store);
    let folder = tempfile::tempdir().unwrap();
    if std::env::var_os(PYTHON).is_some() {
        write_parquet(&folder.path().join("rows.parquet"), rows);
    }
    if chosen("postgres") {
        postgres(rows, rounds, folder.path()).await;
    }
    if chosen("mariadb") {
        mariadb(rows, rounds, folder.path()).await;
    }
    if chosen("sqlite") {
        sqlite(rows, rounds, folder.path()).await;
    }
    if chosen("parquet") {
        parquet(rows, rounds, folder.path()).await;
    }
}
