//! Benchmarks, each next to a peer in the same run.

mod simulation;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::paths::{root, target};
use crate::process::{cargo, stdout_of};
use crate::python::python;
use crate::terminal::say;

/// Runs the benchmark called `name` with the remaining arguments, or all of them.
pub(crate) fn bench(name: Option<&str>, args: &[String]) -> Result<(), String> {
    match name {
        None => {
            decode()?;
            storage(&[])?;
            scan(&[])?;
            analytics(&[])?;
            simulation::simulation(&[])
        }
        Some("decode") => decode(),
        Some("storage") => storage(args),
        Some("scan") => scan(args),
        Some("analytics") => analytics(args),
        Some("simulation") => simulation::simulation(args),
        Some(other) => Err(format!(
            "there is no bench `{other}`: decode, storage, scan, analytics, simulation"
        )),
    }
}

/// Runs the benchmark of decoding responses into columns: Tidegauge, serde_json into structs,
/// Python's json and pandas.
fn decode() -> Result<(), String> {
    let folder = target().join("bench-decode");
    let python = python(&["pandas"])?;
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut benchmark = cargo();
    benchmark.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "decode", "--"]);
    let mut lines = stdout_of(benchmark.arg(&folder))?;
    lines += &stdout_of(Command::new(python).arg(root().join("benches/decode.py")).arg(&folder))?;
    say("\n| reply | by | MB/s | rows/s | tidegauge is faster by |\n|---|---|---:|---:|---:|");
    print_comparison(&lines);
    Ok(())
}

/// The alternatives for loading rows into a store.
const ALTERNATIVE_LOADERS: [&str; 7] = [
    "adbc-driver-postgresql==1.13.0",
    "dlt[postgres,sqlalchemy]==1.31.0",
    "duckdb==2.0.0",
    "ingestr==1.0.78", // newer ones bring their program when they first run
    "polars==2.1.0",
    "pyarrow==26.0.1",
    "pymysql==1.2.4",
];

/// Runs the benchmark of loading trades into each store: Tidegauge, the store's own bulk tool, and
/// the alternatives. `args` are the number of rows, the number of repetitions, and the stores.
fn storage(args: &[String]) -> Result<(), String> {
    let mut benchmark = cargo();
    benchmark.env("TIDEGAUGE_BENCH_PYTHON", python(&ALTERNATIVE_LOADERS)?);
    benchmark.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "load", "--"]);
    let lines = stdout_of(benchmark.args(args).stderr(Stdio::inherit()))?;
    say("\n| store | by | rows/s | tidegauge is faster by |\n|---|---|---:|---:|");
    print_comparison(&lines);
    Ok(())
}

/// Runs the benchmark of scanning Parquet files with a filter: Tidegauge and DuckDB. `args` are
/// the number of rows and the number of scans.
fn scan(args: &[String]) -> Result<(), String> {
    let mut benchmark = cargo();
    benchmark.env("TIDEGAUGE_BENCH_PYTHON", python(&["duckdb==2.0.0", "pyarrow==26.0.1"])?);
    benchmark.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "scan", "--"]);
    let lines = stdout_of(benchmark.args(args).stderr(Stdio::inherit()))?;
    say("\n| rows that pass | by | rows/s looked at | peak memory | tidegauge is faster by |");
    say("|---|---|---:|---:|---:|");
    print_comparison(&lines);
    Ok(())
}

/// Runs the benchmark of facts and metrics over Parquet files: Tidegauge, DuckDB and polars. `args`
/// are the number of trades and the number of rounds.
fn analytics(args: &[String]) -> Result<(), String> {
    let mut benchmark = cargo();
    benchmark.env("TIDEGAUGE_BENCH_PYTHON", python(&["duckdb==2.0.0", "polars==2.1.0"])?);
    benchmark.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "analytics", "--"]);
    let lines = stdout_of(benchmark.args(args).stderr(Stdio::inherit()))?;
    say("\n| question | by | trades/s | peak memory | tidegauge is faster by |");
    say("|---|---|---:|---:|---:|");
    print_comparison(&lines);
    Ok(())
}

/// Prints lines of tab-separated cells as table rows, each with its ratio to Tidegauge's rate in
/// the third cell.
fn print_comparison(lines: &str) {
    let mut tidegauge_rates: BTreeMap<&str, f64> = BTreeMap::new();
    let rows: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    let rate = |row: &[&str]| row.get(2).and_then(|rate| rate.parse::<f64>().ok());
    for row in rows.iter().filter(|row| row.get(1) == Some(&"tidegauge")) {
        tidegauge_rates.extend(rate(row).map(|rate| (row[0], rate)));
    }
    for row in &rows {
        let (Some(rate), Some(tidegauge_rate)) =
            (rate(row), row.first().and_then(|key| tidegauge_rates.get(key)))
        else {
            continue;
        };
        let cells = row.join(" | ");
        say(&format!("| {cells} | {:.2} × |", tidegauge_rate / rate));
    }
}
