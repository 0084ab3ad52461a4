//! A benchmark of scans with a filter over Parquet, compared with DuckDB over the same files in the
//! same run. `cargo xtask bench scan` runs it; a first number sets the rows, a second the rounds.
//!
//! The rows are in the order of time, 346,000 a day, and users trade for a while after they sign
//! up, so a range of days or of users is in few files, while a range of prices is in all of them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)] // a bench
#![allow(missing_docs)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::DateTime;
use futures_util::TryStreamExt;
use tidegauge_core::{Batch, Cursor, Filter, Load, Scan, Span, Value, Values};

use common::{PYTHON, mixed, peak, table};

/// The number of rows of a load.
const PAGE: usize = 1_000_000;

/// The argument with which this program runs one scan and nothing else.
const OURS: &str = "ours";

/// The first time, in microseconds since 1970, and the microseconds between two rows: a hundredth
/// of 100,000,000 rows are three days.
const FIRST: i64 = 1_700_000_000_000_000;
const STEP: i64 = 250_019;

/// The number of trades of a user, and the number of users who trade at the same time.
const EACH: i64 = 20;
const ACTIVE: i64 = 50_000;

/// Returns `rows` rows from `first`.
fn page(first: usize, rows: usize) -> Batch {
    let numbers = || (first..first + rows).map(|at| i64::try_from(at).unwrap());
    let side = |at: i64| if mixed(at) % 2 == 0 { "buy" } else { "sell" };
    let columns = vec![
        Values::Ints(numbers().collect()),
        Values::Ints(numbers().map(|at| at / EACH + mixed(at) % ACTIVE).collect()),
        Values::Timestamps(numbers().map(|at| FIRST + at * STEP).collect()),
        Values::Texts(numbers().map(side).collect()),
        Values::Decimals(numbers().map(|at| i128::from(mixed(at)) * 20_011 + 10_000_000).collect()),
        Values::Decimals(numbers().map(|at| i128::from(mixed(at + 1)) + 1).collect()),
    ];
    Batch::from_columns(&table(), rows, columns).unwrap()
}

/// Loads all rows into the store at `url`, page by page.
async fn fill(url: &str, rows: usize) {
    let sink = tidegauge_storage::connect_sink(url).unwrap();
    sink.prepare(&[table()]).await.unwrap();
    let mut before: Option<Cursor> = None;
    for first in (0..rows).step_by(PAGE) {
        let batches = [page(first, PAGE.min(rows - first))];
        let after = Cursor::new(first.to_string());
        let load = Load::new("bench", &batches, before.as_ref(), &after);
        sink.load(load).await.unwrap();
        before = Some(after);
    }
}

/// A query, as a scan and as the condition of its SQL.
struct Question {
    name: &'static str,
    scan: Scan,
    condition: String,
}

/// Returns the queries; each selects about a hundredth of `rows`, except the last.
fn questions(rows: usize) -> Vec<Question> {
    let hundredth = i64::try_from(rows).unwrap() / 100;
    let middle = hundredth * 50;
    let question = |name, scan, condition| Question { name, scan, condition };
    let scan = || Scan::all(&table());
    // A hundredth of the 2²⁸ prices.
    let cents = (1i64 << 28) / 100;
    let price = |step: i64| i128::from(step * cents) * 20_011 + 10_000_000;
    let text = |units: i128| format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
    let (low, high) = (price(40), price(41));
    let decimal = |units: i128| Value::Decimal { units, scale: 8 };
    let (user, users) = (middle / EACH, hundredth / EACH);
    let time = |at: i64| FIRST + at * STEP;
    let day = |at: i64| DateTime::from_timestamp_micros(time(at)).unwrap();
    vec![
        question(
            "price, 1 %",
            scan().filter(Filter::range("price", decimal(low)..decimal(high))),
            format!("price >= {} AND price < {}", text(low), text(high)),
        ),
        question(
            "users, 1 %",
            scan().range("user_id", user..user + users),
            format!("user_id >= {user} AND user_id < {}", user + users),
        ),
        question(
            "days, 1 %",
            scan().time_range(Span::new(day(middle), day(middle + hundredth))),
            format!(
                r#""at" >= make_timestamptz({}) AND "at" < make_timestamptz({})"#,
                time(middle),
                time(middle + hundredth)
            ),
        ),
        question("all rows", scan(), "true".into()),
    ]
}

/// Scans in this process; returns the number of rows, and the sum of their ids.
async fn scan(url: &str, scan: Scan) -> (usize, i128) {
    let warehouse = tidegauge_storage::connect(url).unwrap();
    let batches = warehouse.scan(&scan).await.unwrap();
    let summed = batches.try_fold((0, 0), |(rows, sum), batch: Batch| async move {
        let ids = batch.column("id")?;
        let ids: i128 = ids.as_i64().unwrap().values().iter().map(|id| i128::from(*id)).sum();
        Ok((rows + batch.rows(), sum + ids))
    });
    summed.await.unwrap()
}

/// The duration of a scan by another process, its result and its peak memory.
struct Told {
    took: Duration,
    found: String,
    peak: String,
}

fn told(command: &mut Command) -> Told {
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(done.status.success(), "{command:?}");
    let said = String::from_utf8(done.stdout).unwrap();
    let mut words = said.trim().split('\t');
    let mut next = || words.next().unwrap().to_owned();
    Told { took: Duration::from_secs_f64(next().parse().unwrap()), found: next(), peak: next() }
}

fn ours(url: &str, rows: usize, question: &Question) -> Told {
    let mut command = Command::new(std::env::current_exe().unwrap());
    told(command.args([OURS, url, &rows.to_string(), question.name]))
}

/// Runs the query in DuckDB; returns `None` if there is no Python with DuckDB.
fn duckdb(folder: &Path, question: &Question) -> Option<Told> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/scan.py");
    let mut command = Command::new(std::env::var_os(PYTHON)?);
    Some(told(command.arg(script).arg(folder).arg(&question.condition)))
}

fn median(told: &mut [Told]) -> &Told {
    told.sort_by_key(|told| told.took);
    &told[told.len() / 2]
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let [ours, url, rows, name] = &words[..]
        && ours == OURS
    {
        let asked = questions(rows.parse().unwrap());
        let question = asked.into_iter().find(|question| question.name == name).unwrap();
        let begun = Instant::now();
        let (rows, sum) = scan(url, question.scan).await;
        let took = begun.elapsed().as_secs_f64();
        println!("{took}\t{rows} rows, {sum}\t{}", peak());
        return;
    }
    let mut numbers = words.iter().filter_map(|word| word.parse::<usize>().ok());
    let (rows, rounds) = (numbers.next().unwrap_or(100_000_000), numbers.next().unwrap_or(5));
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let url = format!("parquet://{}", lake.display());
    fill(&url, rows).await;
    for question in questions(rows) {
        let (mut times, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            times.push(ours(&url, rows, &question));
            if let Some(told) = duckdb(&lake, &question) {
                assert_eq!(told.found, times[0].found, "{}", question.name);
                theirs.push(told);
            }
        }
        for (by, mut told) in [("tidegauge", times), ("DuckDB", theirs)] {
            if told.is_empty() {
                continue;
            }
            let median = median(&mut told);
            let rate = rows as f64 / median.took.as_secs_f64();
            eprintln!(
                "{}, {by}: {:.3} s, {}, peak {}",
                question.name,
                median.took.as_secs_f64(),
                median.found,
                median.peak
            );
            println!("{}\t{by}\t{rate:.0}\t{}", question.name, median.peak);
        }
    }
}
