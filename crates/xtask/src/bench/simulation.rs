//! The benchmark of simulating an exchange to memory, Parquet and CSV, next to other data
//! generators.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::Instant;

use crate::paths::{root, target};
use crate::process::{cargo, stdout_of};
use crate::python::python;
use crate::terminal::say;

/// The alternative data generators.
const GENERATORS: [&str; 3] = ["tpchgen-cli==4.0.0", "faker==40.54.0", "mimesis==22.2.0"];

/// A further data generator with four gigabytes of dependencies; it runs only if `sdv` is among the
/// arguments.
const SDV: &str = "sdv==2.0.0";

/// The numbers of users that show how the cost scales.
const USERS: [u64; 3] = [10_000, 100_000, 1_000_000];

/// The number of users of the runs that measure each table separately.
const USERS_OF_TABLE_RUNS: &str = "200000";

/// One measurement.
struct Measurement {
    rows: f64,
    seconds: f64,
    bytes: f64,
    /// The peak memory in MiB, if known.
    memory: Option<String>,
}

/// Simulates exchanges of growing size. `args` may contain a number of users for one more run, and
/// `sdv`.
pub(super) fn simulation(args: &[String]) -> Result<(), String> {
    let folder = target().join("bench-simulation");
    let python = python(&GENERATORS)?;
    let program = build_program()?;
    let cores = available_parallelism().map_or(1, Into::into);
    let largest = args.iter().filter_map(|arg| arg.parse().ok());
    say(&format!(
        "\n{cores} cores\n\n| what | to | rows | rows/s a core | MB/s a core | peak MiB |\n\
         |---|---|---:|---:|---:|---:|"
    ));
    let print_row = |what: &str, to: &str, cores: usize, run: &Measurement| {
        let core_seconds = run.seconds * cores as f64;
        let (rows, rate) = (run.rows, run.rows / core_seconds);
        let (bytes, memory) =
            (run.bytes / core_seconds / 1e6, run.memory.as_deref().unwrap_or("–"));
        say(&format!("| {what} | {to} | {rows} | {rate:.0} | {bytes:.1} | {memory} |"));
    };
    // Rows per second to Parquet: of the largest exchange, and of tpchgen-cli's lineitem.
    let (mut exchange_rate, mut tpchgen_rate) = (0.0, 0.0);
    for users in USERS.into_iter().chain(largest) {
        for to in ["memory", "parquet", "csv"] {
            if to == "csv" && users > 1_000_000 {
                continue; // a hundred bytes a row
            }
            let run = tidegauge(&program, &empty_folder(&folder)?, to, users)?;
            print_row(&format!("exchange of {users} users"), to, cores, &run);
            if to == "parquet" {
                exchange_rate = run.rows / run.seconds;
            }
        }
    }
    for (table, to) in
        [("lineitem", "parquet"), ("orders", "parquet"), ("lineitem", "csv"), ("orders", "csv")]
    {
        let run = tpchgen(&python, &empty_folder(&folder)?, table, to, cores)?;
        print_row(&format!("tpchgen-cli, {table}"), to, cores, &run);
        if tpchgen_rate == 0.0 {
            tpchgen_rate = run.rows / run.seconds;
        }
    }
    for line in stdout_of(Command::new(&program).args(["tables", USERS_OF_TABLE_RUNS]))?.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [table, to, numbers @ ..] = &cells[..] else { continue };
        let run = parse_measurement(&numbers.join("\t"))?;
        print_row(&format!("`{table}` alone, from memory"), to, cores, &run);
    }
    let wants_sdv = args.iter().any(|arg| arg == "sdv");
    for (by, rows) in [("faker", 20_000), ("mimesis", 100_000), ("sdv", 100_000)] {
        if by == "sdv" && !wants_sdv {
            continue;
        }
        let python = if by == "sdv" { crate::python::python(&[SDV])? } else { python.clone() };
        let script = root().join("benches/simulation.py");
        let folder = empty_folder(&folder)?;
        let rows = rows.to_string();
        let rate = stdout_of(Command::new(python).arg(script).args([by, &rows]).arg(&folder))?;
        let rate: f64 = rate.trim().parse().map_err(|_| format!("{by} said `{rate}`"))?;
        let rows: f64 = rows.parse().map_err(|_| rows.clone())?;
        let bytes = size(&folder)?;
        print_row(
            &format!("{by}, users"),
            "csv",
            1,
            &Measurement { rows, seconds: rows / rate, bytes, memory: None },
        );
    }
    say(&format!(
        "\nParquet, rows/s: {:.2} × tpchgen-cli's lineitem",
        exchange_rate / tpchgen_rate
    ));
    fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Empties or creates the folder and returns its path.
fn empty_folder(folder: &Path) -> Result<PathBuf, String> {
    let with_path = |error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(with_path)?;
    }
    fs::create_dir_all(folder).map_err(with_path)?;
    Ok(folder.to_owned())
}

/// Builds the benchmark as a program, so that each measurement runs in a process of its own.
fn build_program() -> Result<PathBuf, String> {
    let mut build = cargo();
    build.args(["bench", "--workspace", "--all-features", "--locked", "--bench", "simulation"]);
    build.args(["--no-run", "--message-format=json-render-diagnostics"]).stderr(Stdio::inherit());
    let messages = stdout_of(&mut build)?;
    let path =
        messages.lines().filter(|line| line.contains("\"name\":\"simulation\"")).find_map(|line| {
            let (_, rest) = line.split_once("\"executable\":\"")?;
            Some(PathBuf::from(rest.split_once('"')?.0))
        });
    path.ok_or_else(|| "cargo built no bench `simulation`".into())
}

fn tidegauge(program: &Path, folder: &Path, to: &str, users: u64) -> Result<Measurement, String> {
    let target = match to {
        "memory" => to.to_owned(),
        _ => format!("{to}://{}", folder.join("exchange").display()),
    };
    parse_measurement(stdout_of(Command::new(program).args([target, users.to_string()]))?.trim())
}

/// Parses a measurement: rows, seconds, bytes and optionally MiB, tab-separated.
fn parse_measurement(line: &str) -> Result<Measurement, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let number = |at: usize| {
        let cell = cells.get(at).and_then(|cell| cell.parse::<f64>().ok());
        cell.ok_or_else(|| format!("`{line}` is no measurement"))
    };
    let memory = cells.get(3).map(ToString::to_string);
    Ok(Measurement { rows: number(0)?, seconds: number(1)?, bytes: number(2)?, memory })
}

/// Generates a TPC-H table at a scale that takes about ten seconds.
fn tpchgen(
    python: &Path,
    folder: &Path,
    table: &str,
    to: &str,
    cores: usize,
) -> Result<Measurement, String> {
    // The row counts of the standard for lineitem at scale factor 3 and orders at 6, to a
    // thousandth.
    let (scale, rows) = if table == "lineitem" { ("3", 17_996_609.0) } else { ("6", 9_000_000.0) };
    let program = python.with_file_name("tpchgen-cli");
    let mut generate = Command::new(program);
    generate.args([to, "-s", scale, "--tables", table, "--num-threads", &cores.to_string()]);
    let start = Instant::now();
    stdout_of(generate.arg("--output-dir").arg(folder))?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Measurement { rows, seconds, bytes: size(folder)?, memory: None })
}

/// Returns the total size of the files in a folder, in bytes.
fn size(folder: &Path) -> Result<f64, String> {
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let sizes = entries.flatten().filter_map(|entry| entry.metadata().ok());
    Ok(sizes.map(|metadata| metadata.len() as f64).sum())
}
