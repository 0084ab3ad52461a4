//! Benchmarks, each next to a peer in the same run.

mod simulation;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::python::python;
use crate::test::target;
use crate::{cargo, root, say};

/// Runs the benchmark called `name` with the remaining arguments, or all of them.
pub(crate) fn bench(name: Option<&str>, words: &[String]) -> Result<(), String> {
    match name {
        None => {
            decode()?;
            storage(&[])?;
            scan(&[])?;
            simulation::simulation(&[])
        }
        Some("decode") => decode(),
        Some("storage") => storage(words),
        Some("scan") => scan(words),
        Some("simulation") => simulation::simulation(words),
        Some(other) => {
            Err(format!("there is no bench `{other}`: decode, storage, scan, simulation"))
        }
    }
}

/// Runs the benchmark of decoding responses into columns: Tidegauge, serde_json into structs,
/// Python's json and pandas.
fn decode() -> Result<(), String> {
    let folder = target().join("bench-decode");
    let python = python(&["pandas"])?;
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut ours = cargo();
    ours.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "decode", "--"]);
    let mut lines = said(ours.arg(&folder))?;
    lines += &said(Command::new(python).arg(root().join("benches/decode.py")).arg(&folder))?;
    say("\n| reply | by | MB/s | rows/s | tidegauge is faster by |\n|---|---|---:|---:|---:|");
    compare(&lines);
    Ok(())
}

/// The alternatives for loading rows into a store.
const LOADERS: [&str; 7] = [
    "adbc-driver-postgresql==1.13.0",
    "dlt[postgres,sqlalchemy]==1.31.0",
    "duckdb==2.0.0",
    "ingestr==1.0.78", // newer ones bring their program when they first run
    "polars==2.1.0",
    "pyarrow==26.0.1",
    "pymysql==1.2.4",
];

/// Runs the benchmark of loading trades into each store: Tidegauge, the store's own bulk tool, and
/// the alternatives. `words` are the number of rows, the number of repetitions, and the stores.
fn storage(words: &[String]) -> Result<(), String> {
    let mut ours = cargo();
    ours.env("TIDEGAUGE_BENCH_PYTHON", python(&LOADERS)?);
    ours.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "load", "--"]);
    let lines = said(ours.args(words).stderr(Stdio::inherit()))?;
    say("\n| store | by | rows/s | tidegauge is faster by |\n|---|---|---:|---:|");
    compare(&lines);
    Ok(())
}

/// Runs the benchmark of scanning Parquet files with a filter: Tidegauge and DuckDB. `words` are
/// the number of rows and the number of scans.
fn scan(words: &[String]) -> Result<(), String> {
    let mut ours = cargo();
    ours.env("TIDEGAUGE_BENCH_PYTHON", python(&["duckdb==2.0.0", "pyarrow==26.0.1"])?);
    ours.args(["bench", "--quiet", "--workspace", "--locked", "--bench", "scan", "--"]);
    let lines = said(ours.args(words).stderr(Stdio::inherit()))?;
    say("\n| rows that pass | by | rows/s looked at | peak memory | tidegauge is faster by |");
    say("|---|---|---:|---:|---:|");
    compare(&lines);
    Ok(())
}

/// Prints lines of tab-separated cells as table rows, each with its ratio to Tidegauge's rate in
/// the third cell.
fn compare(lines: &str) {
    let mut fastest: BTreeMap<&str, f64> = BTreeMap::new();
    let rows: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    let rate = |row: &[&str]| row.get(2).and_then(|rate| rate.parse::<f64>().ok());
    for row in rows.iter().filter(|row| row.get(1) == Some(&"tidegauge")) {
        fastest.extend(rate(row).map(|rate| (row[0], rate)));
    }
    for row in &rows {
        let (Some(rate), Some(ours)) = (rate(row), row.first().and_then(|key| fastest.get(key)))
        else {
            continue;
        };
        let cells = row.join(" | ");
        say(&format!("| {cells} | {:.2} × |", ours / rate));
    }
}

/// Returns the standard output of a command.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
