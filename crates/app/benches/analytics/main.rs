//! A benchmark of facts, metrics and the report over Parquet, compared with DuckDB and polars over
//! the same files in the same run. `cargo xtask bench analytics` runs it; the first number sets the
//! trades, the second the rounds, the third the users; the files are kept and used again in a folder
//! that is given as an absolute path.
//!
//! Trades are in the order of time, and users trade for a while after they sign up. Each figure is
//! of a process of its own, from its start to its end.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation
)] // a bench
#![allow(missing_docs)]

mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegauge::analytics::ltv::{self, LtvParams};
use tidegauge::analytics::retention::{self, RetentionParams};
use tidegauge::analytics::{Cohort, Facts, FactsParams, Period};
use tidegauge::core::SystemClock;
use tidegauge::{Config, Secrets, Tidegauge, storage};

use world::{DAY, DAYS, FIRST, World};

/// The environment variable with the Python that has the peers.
const PYTHON: &str = "TIDEGAUGE_BENCH_PYTHON";

const GRID: &str = "retention grid";
const LTV: &str = "LTV by channel";
const REPORT: &str = "report";

/// The peers that answer each question.
const QUESTIONS: [(&str, &[&str]); 3] =
    [(GRID, &["DuckDB", "polars"]), (LTV, &["DuckDB", "polars"]), (REPORT, &["DuckDB"])];

/// Returns the peak memory of this process in MiB.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.map_or_else(|| "unknown".into(), |kilobytes| format!("{} MiB", kilobytes / 1024))
}

/// Answers one question in this process, and returns a number to compare.
async fn answer(url: &str, question: &str) -> String {
    let end = chrono::DateTime::from_timestamp_micros(FIRST + DAYS * DAY).unwrap();
    if question == REPORT {
        return report(url, end.date_naive()).await;
    }
    let warehouse = storage::connect(url).unwrap();
    let params =
        FactsParams { amounts: question != GRID, end: Some(end), ..FactsParams::default() };
    let facts = Facts::from_warehouse(warehouse.as_ref(), &params).await.unwrap();
    if question == GRID {
        let table = retention::retention(&facts, &RetentionParams::by(Period::Week)).unwrap();
        let cells = table.cohorts.iter().flat_map(|cohort| cohort.cells.iter().flatten());
        return cells.map(|cell| cell.active).sum::<u64>().to_string();
    }
    let params = LtvParams::default();
    let table = ltv::ltv(&facts, &Cohort::dimension("channel"), &params).unwrap();
    format!("{:.2}", table.overall.revenue_usd)
}

/// Writes the report, and returns the number of users.
async fn report(url: &str, end: chrono::NaiveDate) -> String {
    let mut config = Config::default();
    config.warehouse = url.into();
    config.analytics.end = Some(end);
    let tidegauge = Tidegauge::open(config, Secrets::default(), Arc::new(SystemClock)).unwrap();
    let report = tidegauge.report().await.unwrap();
    let page = report.to_html().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    tidegauge::report::write(file.path(), &page).unwrap();
    report.provenance.users.to_string()
}

/// The duration of another process, its result and its peak memory.
struct Told {
    took: Duration,
    found: String,
    peak: String,
}

fn told(command: &mut Command) -> Told {
    let begun = Instant::now();
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    let took = begun.elapsed();
    assert!(done.status.success(), "{command:?}");
    let said = String::from_utf8(done.stdout).unwrap();
    let mut words = said.trim().split('\t');
    let mut next = || words.next().unwrap().to_owned();
    Told { took, found: next(), peak: next() }
}

fn ours(url: &str, question: &str) -> Told {
    told(Command::new(std::env::current_exe().unwrap()).args(["ours", url, question]))
}

/// Asks a peer; returns `None` if there is no Python with it.
fn theirs(by: &str, folder: &Path, question: &str) -> Option<Told> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/analytics.py");
    let mut command = Command::new(std::env::var_os(PYTHON)?);
    Some(told(command.arg(script).arg(by).arg(folder).arg(question)))
}

fn median(told: &mut [Told]) -> &Told {
    told.sort_by_key(|told| told.took);
    &told[told.len() / 2]
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [ours, url, question] = &words[..]
        && ours == "ours"
    {
        let found = answer(url, question).await;
        println!("{found}\t{}", peak());
        return;
    }
    let mut numbers = words.iter().filter_map(|word| word.parse::<usize>().ok());
    let (trades, rounds) = (numbers.next().unwrap_or(10_000_000), numbers.next().unwrap_or(3));
    let users = numbers.next().unwrap_or(trades / 10);
    let temporary = tempfile::tempdir().unwrap();
    let kept = words.iter().find(|word| word.starts_with('/')).map(PathBuf::from);
    let lake = kept.unwrap_or_else(|| temporary.path().join("lake"));
    let url = format!("parquet://{}", lake.display());
    if !lake.exists() {
        World { users, trades, purchases: trades / 9 }.fill(&url).await;
    }
    for (question, peers) in QUESTIONS {
        let by = ["tidegauge"].iter().chain(peers).copied();
        let mut all: Vec<(&str, Vec<Told>)> = by.map(|by| (by, Vec::new())).collect();
        for _ in 0..rounds {
            for (by, told) in &mut all {
                match *by {
                    "tidegauge" => told.push(ours(&url, question)),
                    peer => told.extend(theirs(peer, &lake, question)),
                }
            }
        }
        for (by, mut told) in all {
            if told.is_empty() {
                continue;
            }
            let median = median(&mut told);
            let rate = trades as f64 / median.took.as_secs_f64();
            eprintln!(
                "{question}, {by}: {:.2} s, {}, peak {}",
                median.took.as_secs_f64(),
                median.found,
                median.peak
            );
            println!("{question}\t{by}\t{rate:.0}\t{}", median.peak);
        }
    }
}
