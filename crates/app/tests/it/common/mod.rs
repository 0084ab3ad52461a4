//! The shared helpers of the app's tests.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use tidegauge::core::{
    Batch, Cell, Clock, ColumnView, FixedClock, Scan, TableRef, Warehouse, WarehouseExt, tables,
};
use tidegauge::{Config, Secrets, Tidegauge, storage};

pub(crate) mod markets;

/// Returns the URL of `name` within `dir`.
pub(crate) fn url(scheme: &str, dir: &Path, name: &str) -> String {
    format!("{scheme}://{}", dir.join(name).display())
}

/// Opens the demo with its warehouse in `dir`, after `change`.
pub(crate) fn open_demo(dir: &Path, change: impl FnOnce(&mut Config)) -> Tidegauge {
    let clock = FixedClock("2021-03-01T00:00:00Z".parse().unwrap());
    open_demo_at(dir, change, Arc::new(clock))
}

/// Opens the same at the time of `clock`.
pub(crate) fn open_demo_at(
    dir: &Path,
    change: impl FnOnce(&mut Config),
    clock: Arc<dyn Clock>,
) -> Tidegauge {
    let mut config = Config::demo();
    config.warehouse = url("sqlite", dir, "tidegauge.db").into();
    change(&mut config);
    Tidegauge::open(config, Secrets::default(), clock).unwrap()
}

/// A clock that advances by a second at each reading.
#[derive(Debug)]
pub(crate) struct Ticking(pub(crate) AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0.fetch_add(1, Relaxed), 0).unwrap()
    }
}

/// Opens the store at `url` for reading.
pub(crate) fn warehouse(url: &str) -> Arc<dyn Warehouse> {
    storage::connect(url).unwrap()
}

/// Returns all rows of `table`, in the order of its key.
pub(crate) async fn rows(warehouse: &dyn Warehouse, table: &TableRef) -> Batch {
    let rows = warehouse.read(&Scan::all(table)).await.unwrap();
    let key: Vec<_> = table.key.iter().map(|name| rows.column(name).unwrap()).collect();
    let compare = |one: u32, other: u32| {
        let pairs = key.iter().map(|column| {
            compare(column.cell(one.try_into().unwrap()), column.cell(other.try_into().unwrap()))
        });
        pairs.reduce(Ordering::then).unwrap()
    };
    let mut order: Vec<u32> = (0..u32::try_from(rows.rows()).unwrap()).collect();
    order.sort_by(|one, other| compare(*one, *other));
    rows.take(&order).unwrap()
}

/// Compares two values of a key.
fn compare(one: Cell<'_>, other: Cell<'_>) -> Ordering {
    match (one, other) {
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        (Cell::Int(one), Cell::Int(other)) => one.cmp(&other),
        (Cell::Date(one), Cell::Date(other)) => one.cmp(&other),
        (Cell::Timestamp(one), Cell::Timestamp(other)) => one.cmp(&other),
        keys => panic!("no key is {keys:?}"),
    }
}

/// Returns `true` if two batches have the same values in the same order, independent of their
/// encoding.
pub(crate) fn same(here: &Batch, there: &Batch) -> bool {
    let same = |(one, other): (ColumnView<'_>, ColumnView<'_>)| {
        (0..here.rows()).all(|row| one.cell(row) == other.cell(row))
    };
    here.table().columns == there.table().columns
        && here.rows() == there.rows()
        && here.views().unwrap().into_iter().zip(there.views().unwrap()).all(same)
}

/// Returns the built-in tables without the history of runs, which depends on time and on the
/// warehouse.
pub(crate) fn data_tables() -> impl Iterator<Item = TableRef> {
    tables::all().into_iter().filter(|table| table != tables::RunRecord::table())
}

/// Returns the number of rows of each built-in table; tables without any are left out.
pub(crate) async fn counts(warehouse: &dyn Warehouse) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for table in data_tables() {
        let rows = warehouse.count(&table).await.unwrap();
        if rows > 0 {
            counts.insert(table.name.to_string(), rows);
        }
    }
    counts
}

/// Checks that every built-in table has the same rows in both warehouses.
pub(crate) async fn assert_same(here: &dyn Warehouse, there: &dyn Warehouse) {
    for table in data_tables() {
        let (left, right) = (rows(here, &table).await, rows(there, &table).await);
        let names = (&table.name, here.name(), there.name());
        assert_eq!(left.rows(), right.rows(), "{names:?}");
        assert!(same(&left, &right), "{names:?}");
    }
}

/// Returns the tables of a CSV folder, byte for byte, without the folder's own files: they record
/// commits, which depend on the page size.
pub(crate) fn csv_files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files.insert(path.file_name().unwrap().into(), fs::read(&path).unwrap());
        }
    }
    files
}

/// Checks that two CSV folders have the same files, byte for byte.
pub(crate) fn assert_same_files(here: &Path, there: &Path) {
    let (left, right) = (csv_files(here), csv_files(there));
    assert!(left.keys().eq(right.keys()), "{:?} {:?}", left.keys(), right.keys());
    assert!(!left.is_empty());
    for (name, bytes) in left {
        assert!(bytes == right[&name], "{} differs", name.display());
    }
}

/// Returns the number of rows of each file of a CSV folder; files without any are left out.
pub(crate) fn csv_counts(dir: &Path) -> BTreeMap<String, usize> {
    let count = |(name, bytes): (PathBuf, Vec<u8>)| {
        let rows = csv::Reader::from_reader(bytes.as_slice()).records().map(Result::unwrap).count();
        (rows > 0).then(|| (name.file_stem().unwrap().to_str().unwrap().to_owned(), rows))
    };
    csv_files(dir).into_iter().filter_map(count).collect()
}

/// Returns the command in `dir`, isolated from the developer's settings. If `dir` has no settings,
/// it loads the demo: recorded prices and a simulated exchange.
pub(crate) fn command_in(dir: &Path) -> Command {
    let mut command = bare_command(dir);
    if !dir.join("tidegauge.toml").exists() {
        command.env("TIDEGAUGE_SOURCES", r#"["recorded", "simulation"]"#);
    }
    command
}

/// Returns the command in `dir` with the settings there alone.
pub(crate) fn bare_command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegauge"));
    command.current_dir(dir).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TIDEGAUGE_") {
            command.env_remove(name);
        }
    }
    command.env("TIDEGAUGE_STATE", dir.join("state"));
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").env("COLUMNS", "100");
    command
}

/// The output and the exit code of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        let output = Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!output.err.contains("panicked"), "{output:?}");
        output
    }
}

/// Runs the command to its end.
pub(crate) fn output_of(command: &mut Command) -> CommandOutput {
    command.output().unwrap().into()
}

/// Runs the command with `args` in `dir`, which must succeed, and returns its standard output.
pub(crate) fn succeed(dir: &Path, args: &[&str]) -> String {
    let output = output_of(command_in(dir).args(args));
    assert_eq!(output.code, Some(0), "{args:?}: {output:?}");
    output.out
}
