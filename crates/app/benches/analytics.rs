//! A benchmark of facts and metrics over Parquet, compared with DuckDB and polars over the same
//! files in the same run. `cargo xtask bench analytics` runs it; a first number sets the trades, a
//! second the rounds.
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

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tidegauge::analytics::ltv::{self, LtvParams};
use tidegauge::analytics::retention::{self, RetentionParams};
use tidegauge::analytics::{Cohort, Facts, FactsParams, Period};
use tidegauge::core::tables::{FxRate, Trade, User};
use tidegauge::core::{Batch, Cursor, Load, TableRef, Values};
use tidegauge::storage;

/// The environment variable with the Python that has the peers.
const PYTHON: &str = "TIDEGAUGE_BENCH_PYTHON";

/// The number of rows of a load.
const PAGE: usize = 1_000_000;

/// 2025-01-01 and the length of the observation, 420 days, in microseconds.
const FIRST: i64 = 1_735_689_600_000_000;
const DAY: i64 = 86_400_000_000;
const DAYS: i64 = 420;

/// The average number of trades of a user.
const EACH: usize = 10;

const CHANNELS: [&str; 5] = ["organic", "paid_search", "paid_social", "referral", "affiliate"];

/// Returns a number that is uniform over 64 bits (SplitMix64).
fn mixed(number: usize) -> u64 {
    let value = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Returns the signup of a user: spread over the first 360 days, in the order of the ids.
fn signup(user: usize, users: usize) -> i64 {
    let place = user as i64 * (360 * DAY / users as i64);
    FIRST + place + (mixed(user) % 3_600_000_000) as i64
}

/// Returns users `first..first + rows` of all.
fn users_page(first: usize, rows: usize, users: usize) -> Batch {
    let ids = || first..first + rows;
    let channel = |user: usize| (mixed(user + 7) % 5) as u8;
    let nulls = || Values::Nulls;
    let columns = vec![
        Values::Ints(ids().map(|user| user as i64).collect()),
        nulls(),
        Values::Constant("DE"),
        nulls(),
        nulls(),
        Values::Constant("starter"),
        nulls(),
        Values::Timestamps(ids().map(|user| signup(user, users)).collect()),
        Values::Dictionary(ids().map(channel).collect(), &CHANNELS),
        nulls(),
        nulls(),
        nulls(),
        nulls(),
        nulls(),
        nulls(),
        nulls(),
        nulls(),
    ];
    Batch::from_columns(User::table(), rows, columns).unwrap()
}

/// Returns trades `first..first + rows` of all, in the order of time: each of a user who signed up
/// before, most of them lately.
fn trades_page(first: usize, rows: usize, trades: usize) -> Batch {
    let users = trades / EACH;
    let ids = || first..first + rows;
    let at = |trade: usize| FIRST + DAY + trade as i64 * ((DAYS - 1) * DAY / trades as i64);
    let user = |trade: usize| {
        let signed_up = ((at(trade) - FIRST - DAY / 12) as f64 / (360 * DAY) as f64).min(1.0);
        let draw = (mixed(trade) >> 11) as f64 / (1u64 << 53) as f64;
        // The square of a draw: half of the trades are of the newest quarter.
        let back = draw * draw;
        ((signed_up * (1.0 - back)) * users as f64 * 0.999) as i64
    };
    let cents = |trade: usize| i128::from(mixed(trade + 3) % 100_000 + 100);
    const UNIT: i128 = 10_000_000_000_000_000; // a cent of eighteen places
    let columns = vec![
        Values::Ints(ids().map(|trade| trade as i64).collect()),
        Values::Ints(ids().map(|trade| trade as i64 / 2).collect()),
        Values::Ints(ids().map(user).collect()),
        Values::Constant("BTC/USD"),
        Values::Constant("buy"),
        Values::Constant("BTC"),
        Values::Constant("USD"),
        Values::Nulls,
        Values::Decimals(ids().map(|trade| cents(trade) * UNIT).collect()),
        Values::Nulls,
        Values::Decimals(ids().map(|trade| cents(trade) * UNIT / 400).collect()),
        Values::Constant("USD"),
        Values::Nulls,
        Values::Timestamps(ids().map(at).collect()),
        Values::Nulls,
        Values::Nulls,
        Values::Nulls,
    ];
    Batch::from_columns(Trade::table(), rows, columns).unwrap()
}

/// Loads all rows of a table into the store at `url`, page by page.
async fn fill(url: &str, table: &TableRef, rows: usize, page: impl Fn(usize, usize) -> Batch) {
    let sink = storage::connect_sink(url).unwrap();
    sink.prepare(std::slice::from_ref(table)).await.unwrap();
    let mut before: Option<Cursor> = None;
    let source = format!("bench {}", table.name);
    for first in (0..rows).step_by(PAGE) {
        let batches = [page(first, PAGE.min(rows - first))];
        let after = Cursor::new(first.to_string());
        sink.load(Load::new(&source, &batches, before.as_ref(), &after)).await.unwrap();
        before = Some(after);
    }
}

/// Returns the peak memory of this process in MiB.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.map_or_else(|| "unknown".into(), |kilobytes| format!("{} MiB", kilobytes / 1024))
}

/// Answers one question in this process, and returns a number to compare.
async fn answer(url: &str, question: &str) -> String {
    let warehouse = storage::connect(url).unwrap();
    let amounts = question != "retention grid";
    let end = chrono::DateTime::from_timestamp_micros(FIRST + DAYS * DAY);
    let params = FactsParams { amounts, end, ..FactsParams::default() };
    let facts = Facts::from_warehouse(warehouse.as_ref(), &params).await.unwrap();
    match question {
        "retention grid" => {
            let table = retention::retention(&facts, &RetentionParams::by(Period::Week)).unwrap();
            let cells = table.cohorts.iter().flat_map(|cohort| cohort.cells.iter().flatten());
            cells.map(|cell| cell.active).sum::<u64>().to_string()
        }
        _ => {
            let params = LtvParams::default();
            let table = ltv::ltv(&facts, &Cohort::dimension("channel"), &params).unwrap();
            format!("{:.2}", table.overall.revenue_usd)
        }
    }
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
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let url = format!("parquet://{}", lake.display());
    let users = trades / EACH;
    fill(&url, User::table(), users, |first, rows| users_page(first, rows, users)).await;
    fill(&url, Trade::table(), trades, |first, rows| trades_page(first, rows, trades)).await;
    let rate = FxRate {
        base: "EUR".into(),
        quote: "USD".into(),
        rate_date: "2025-01-01".parse().unwrap(),
        source: "ecb".into(),
        rate: "1.1".parse().unwrap(),
    };
    let rates = Batch::from_rows(FxRate::table(), [rate]).unwrap();
    fill(&url, FxRate::table(), 1, |_, _| rates.clone()).await;
    for question in ["retention grid", "LTV by channel"] {
        let mut all: Vec<(&str, Vec<Told>)> =
            ["tidegauge", "DuckDB", "polars"].map(|by| (by, Vec::new())).into();
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
