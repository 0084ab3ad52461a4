//! Analyses of purchases: exports of services as a user has them, with numbers worked out by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use tidegauge::analytics::ltv::{self, LtvParams};
use tidegauge::analytics::retention::{RetentionParams, retention};
use tidegauge::analytics::{Cohort, Period};
use tidegauge::analyze::{Analysis, AnalyzeParams, PurchaseColumn};
use tidegauge::core::FixedClock;

use crate::common::{CommandOutput, bare_command, output_of, succeed};

/// Returns the path of a fixture.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data")).join(name)
}

fn params(name: &str) -> AnalyzeParams {
    AnalyzeParams { files: vec![data(name).display().to_string()], ..AnalyzeParams::default() }
}

/// Reads purchases as of a day after all of them.
pub(crate) async fn read(params: &AnalyzeParams) -> tidegauge::Result<Analysis> {
    let clock = FixedClock("2026-06-01T00:00:00Z".parse().unwrap());
    Analysis::read(params, Arc::new(clock)).await
}

/// Returns the users and the retained users of each monthly cohort.
fn by_month(analysis: &Analysis) -> Vec<(String, u64, Vec<Option<u64>>)> {
    let table = retention(&analysis.facts, &RetentionParams::by(Period::Month)).unwrap();
    let cohorts = table.cohorts.into_iter().map(|cohort| {
        let cells = cohort.cells.iter().map(|cell| cell.as_ref().map(|cell| cell.active));
        (cohort.start.format("%Y-%m").to_string(), cohort.users, cells.collect())
    });
    cohorts.collect()
}

/// Returns the revenue of all users, and the LTV of a cohort of a month at an age.
fn worth(analysis: &Analysis, month: &str, age: u32) -> (f64, Option<f64>) {
    let cohort = Cohort::Signup(Period::Month);
    let table = ltv::ltv(&analysis.facts, &cohort, &LtvParams::at([age])).unwrap();
    let found = table
        .cohorts
        .iter()
        .find(|found| found.cohort.as_deref().is_some_and(|cohort| cohort.starts_with(month)));
    (table.overall.revenue_usd, found.and_then(|found| found.by_age[0].ltv.value))
}

/// Runs the command in `dir` and returns its answer as JSON.
pub(crate) fn answer(dir: &Path, words: &[&str]) -> Value {
    let output = run(dir, &[words, &["--output", "json"]].concat());
    assert_eq!(output.code, Some(0), "{words:?}: {output:?}");
    serde_json::from_str(&output.out).unwrap()
}

pub(crate) fn run(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(bare_command(dir).arg("analyze").args(words))
}

#[tokio::test]
async fn orders_of_a_shop_have_one_amount_and_are_refunded_in_part() {
    let analysis = read(&params("shopify_orders.csv")).await.unwrap();
    let summary = &analysis.summary;
    // Of nine lines one is a further item, one order was voided, one is not paid.
    assert_eq!((summary.rows, summary.purchases, summary.refunds), (9, 6, 2));
    assert_eq!((summary.users, summary.set_aside), (3, 0), "{summary:?}");
    let left_out: Vec<u64> = summary.left_out.values().copied().collect();
    assert_eq!(left_out, [1, 1, 1], "{summary:?}");
    assert_eq!(summary.currency.as_deref(), Some("USD"));
    // 2024-03-20, the day of the last row, may not be over.
    assert_eq!(summary.end.unwrap().to_string(), "2024-03-20 00:00:00 UTC");
    assert!(summary.notes.iter().any(|note| note.contains("--as-of 2024-03-21")), "{summary:?}");
    for (column, meaning) in [("Email", "user"), ("Created at", "time"), ("Total", "value")] {
        let sentence = format!("`{column}` is the {meaning}");
        assert!(summary.found.contains(&sentence), "{:?}", summary.found);
    }
    let cohorts = by_month(&analysis);
    // January: ann and bob. Ann buys again in February; March is not over.
    assert_eq!(cohorts[0], ("2024-01".into(), 2, vec![Some(2), Some(1), None]));
    assert_eq!((cohorts[1].0.as_str(), cohorts[1].1), ("2024-02", 1));
    // 100 + 60 + 50 − 20 + 80 − 80 + 40; at day 30 ann has 100 and bob 60.
    assert_eq!(worth(&analysis, "2024-01", 30), (230.0, Some(80.0)));
    // At day 40 ann has 130: the refund counts at the age of its purchase.
    assert_eq!(worth(&analysis, "2024-01", 40).1, Some((130.0 + 100.0) / 2.0));
}

#[tokio::test]
async fn payments_of_a_service_have_refunded_amounts_failures_and_tests() {
    let mut params = params("stripe_payments.csv");
    params.end = Some("2024-04-01".parse().unwrap());
    let analysis = read(&params).await.unwrap();
    let summary = &analysis.summary;
    // One failed, one is a test.
    assert_eq!(summary.rows, 8);
    assert_eq!((summary.purchases, summary.refunds, summary.users), (6, 2, 3), "{summary:?}");
    assert_eq!(summary.currency.as_deref(), Some("EUR"));
    assert!(summary.left_out.contains_key("`Status` is `Failed`"), "{summary:?}");
    assert!(summary.found.iter().any(|found| found.contains("`Customer ID` is the user")));
    assert_eq!(summary.left_out["test payments, by `Mode`"], 1, "{summary:?}");
    // 20 + 1,020 + 20, 20 − 20 + 20, 30 − 5.
    assert_eq!(worth(&analysis, "2024-01", 61), (1_105.0, Some((1_060.0 + 0.0) / 2.0)));
    let cohorts = by_month(&analysis);
    assert_eq!(cohorts[0], ("2024-01".into(), 2, vec![Some(2), Some(1), Some(2)]));
    let report = analysis.report(&Default::default()).unwrap();
    assert_eq!(report.provenance.currency.code(), "EUR");
    let ltv = report.panel("ltv-by-month").unwrap();
    assert_eq!(
        (ltv.unit.as_str(), ltv.title.as_str()),
        (
            "EUR per customer",
            "Revenue per customer by month of first purchase, with 90\u{a0}% intervals",
        )
    );
    let text = serde_json::to_string(&report.data()).unwrap();
    assert!(text.contains('€') && !text.contains('$') && !text.contains("dollar"), "{text}");
}

#[tokio::test]
async fn trades_have_volume_fees_and_orders_of_several_fills() {
    let mut params = params("kraken_trades.csv");
    params.end = Some("2024-04-01".parse().unwrap());
    let analysis = read(&params).await.unwrap();
    let summary = &analysis.summary;
    assert_eq!((summary.rows, summary.purchases, summary.users), (7, 7, 3), "{summary:?}");
    assert_eq!(summary.currency.as_deref(), Some("USD"));
    let cohorts = by_month(&analysis);
    assert_eq!(cohorts[0], ("2024-01".into(), 2, vec![Some(2), Some(1), Some(1)]));
    assert_eq!(cohorts[1], ("2024-02".into(), 1, vec![Some(1), Some(1)]));
    // The fees are the revenue: AA11 pays 2.60 + 1.30 and BB22 0.65 by day 14.
    let (revenue, ltv) = worth(&analysis, "2024-01", 14);
    assert!((revenue - 20.54).abs() < 1e-9, "{revenue}");
    assert!((ltv.unwrap() - 4.55 / 2.0).abs() < 1e-9, "{ltv:?}");
    let table = ltv::ltv(&analysis.facts, &Cohort::Everyone, &LtvParams::at([14])).unwrap();
    assert!((table.overall.volume_usd - 7_900.0).abs() < 1e-9);
}

#[tokio::test]
async fn ledger_is_analyzed_in_one_of_its_currencies() {
    let mut params = params("kraken_ledgers.csv");
    let error = read(&params).await.unwrap_err().to_string();
    let expected = "`EUR` (4 rows), `BTC` (2 rows); `--only-currency EUR`";
    assert!(error.contains(expected), "{error}");
    params.only_currency = Some("eur".into());
    let analysis = read(&params).await.unwrap();
    let summary = &analysis.summary;
    assert_eq!((summary.purchases, summary.refunds, summary.users), (4, 0, 1), "{summary:?}");
    // 0.26 + 0.16; the withdrawal is of the last day.
    assert!((worth(&analysis, "2024-01", 30).0 - 0.42).abs() < 1e-9);
}

#[tokio::test]
async fn log_without_a_header_is_read_by_position() {
    let analysis = read(&params("cdnow_master.txt")).await.unwrap();
    let summary = &analysis.summary;
    assert_eq!((summary.rows, summary.purchases, summary.set_aside), (14, 14, 0), "{summary:?}");
    for sentence in ["`1` is the user", "`2` is the time", "`4` is the value"] {
        assert!(summary.found.iter().any(|found| found == sentence), "{:?}", summary.found);
    }
    // User 6 buys on the last day alone.
    assert_eq!(summary.users, 5);
    let cohorts = by_month(&analysis);
    assert_eq!((cohorts[0].0.as_str(), cohorts[0].1), ("1997-01", 4));
    // 3 in March, April and November, 4 in January, August and December.
    let active: Vec<u64> = cohorts[0].2.iter().flatten().copied().collect();
    assert_eq!(active[..12], [4, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1]);
    // 11.77, 89.00, 20.76, 59.06 by day 30.
    let ltv = worth(&analysis, "1997-01", 30).1.unwrap();
    assert!((ltv - 180.59 / 4.0).abs() < 1e-9, "{ltv}");
}

#[tokio::test]
async fn refund_counts_at_the_time_of_its_purchase_and_is_no_activity() {
    let analysis = read(&params("refunds.csv")).await.unwrap();
    let summary = &analysis.summary;
    assert_eq!((summary.purchases, summary.refunds, summary.users), (6, 2, 3), "{summary:?}");
    assert_eq!(summary.left_out.len(), 1, "{summary:?}");
    // The refund of a purchase before the data begin is set aside.
    let set_aside = analysis.facts.set_aside();
    assert_eq!(set_aside.iter().map(|rows| rows.rows).sum::<u64>(), 2);
    let example = "a refund of user `u4` on 2024-02-20".to_owned();
    assert!(set_aside.iter().any(|rows| rows.examples.contains(&example)), "{set_aside:?}");
    let cohorts = by_month(&analysis);
    assert_eq!(cohorts[0], ("2024-01".into(), 2, vec![Some(2), Some(1), Some(0), None]));
    assert_eq!(cohorts[1], ("2024-02".into(), 1, vec![Some(1), Some(0), None]));
    // 100 − 40 + 50 + 30 + 30; at day 30 u1 has 60 and u2 50.
    assert_eq!(worth(&analysis, "2024-01", 30), (170.0, Some(55.0)));
    let dimensions: Vec<&str> = analysis.facts.dimensions().collect();
    assert!(dimensions.contains(&"channel") && dimensions.contains(&"country"), "{dimensions:?}");
}

#[test]
fn unreadable_values_are_named_by_line_column_and_value() {
    let dir = TempDir::new().unwrap();
    let file = data("messy_purchases.csv");
    let file = file.to_str().unwrap();
    let output = succeed(dir.path(), &["analyze", file]);
    for expected in [
        "messy_purchases.csv:4, column `value`: `free` is not a number",
        "messy_purchases.csv:5, column `at`: `yesterday`",
        "messy_purchases.csv:6, column `user`: it is empty",
        "messy_purchases.csv:7, column `value`: it is empty",
        "9 rows: 4 purchases of 2 users, 2024-01-05 to 2024-03-31",
        "5 set aside",
        "messy_purchases.csv:9, column `at`: `2044-03-01` is in the future",
        // The row that is dated years ahead does not move the end of the data.
        "The day of the last row, 2024-03-31",
    ] {
        assert!(output.contains(expected), "{expected}: {output}");
    }
    assert!(fs::read_to_string(dir.path().join("report.html")).unwrap().len() > 1_000);
    let strict = run(dir.path(), &[file, "--strict"]);
    assert_eq!(strict.code, Some(11), "{strict:?}");
    assert!(strict.err.contains("messy_purchases.csv:4, column `value`: `free`"), "{strict:?}");
}

#[test]
fn command_writes_the_report_and_the_tables() {
    let dir = TempDir::new().unwrap();
    let file = data("refunds.csv");
    let file = file.to_str().unwrap();
    let document = answer(dir.path(), &[file, "--report", "out/page.html", "--tables", "tables"]);
    assert_eq!(document["summary"]["purchases"], 6, "{document}");
    assert_eq!(document["file"], "out/page.html");
    assert!(document["panels"].as_array().is_some_and(|panels| !panels.is_empty()));
    assert!(dir.path().join("out/page.html").is_file());
    let table = fs::read_to_string(dir.path().join("tables/retention-by-month.csv")).unwrap();
    assert!(table.starts_with("cohort,users,"), "{table}");
    assert!(table.lines().nth(1).is_some_and(|line| line.starts_with("2024-01,2,")), "{table}");
    answer(dir.path(), &[file, "--tables", "columns", "--parquet", "--period", "month"]);
    let parquet = fs::read(dir.path().join("columns/retention-by-month.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1"));
    // Without settings: none are read, and none are written.
    fs::write(dir.path().join("tidegauge.toml"), "sources = [").unwrap();
    answer(dir.path(), &[file]);
    assert!(!dir.path().join("tidegauge.db").exists());
}

#[test]
fn unknown_and_ambiguous_columns_are_asked_for_by_their_option() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "two.csv",
        "who,at,x,y\na,2024-01-01,1.50,2.50\nb,2024-01-02,2.50,3.50\na,2024-01-03,3.50,1.25\n",
    );
    let ambiguous = run(dir.path(), &["two.csv"]);
    assert_eq!(ambiguous.code, Some(12), "{ambiguous:?}");
    assert!(ambiguous.err.contains("`--value COLUMN` names one of `x`, `y`"), "{ambiguous:?}");
    let given = answer(dir.path(), &["two.csv", "--value", "y"]);
    assert_eq!(given["summary"]["purchases"], 3, "{given}");
    let positions = answer(dir.path(), &["two.csv", "--value", "3"]);
    assert_eq!(positions["summary"]["purchases"], 3);
    write("none.csv", "user,date,comment\na,2024-01-01,fine\n");
    let missing = run(dir.path(), &["none.csv"]);
    assert_eq!(missing.code, Some(12), "{missing:?}");
    assert!(missing.err.contains("`--value COLUMN` names it"), "{missing:?}");
    let unknown = run(dir.path(), &["two.csv", "--value", "z"]);
    assert!(unknown.err.contains("no column `z`, which `--value` names"), "{unknown:?}");
    write(
        "eur.csv",
        "user,date,amount,currency\na,2024-01-01,1.00,EUR\nb,2024-01-02,2.00,USD\nc,2024-01-02,2.00,USD\n",
    );
    let several = run(dir.path(), &["eur.csv"]);
    assert_eq!(several.code, Some(11), "{several:?}");
    assert!(several.err.contains("`USD` (2 rows), `EUR` (1 row)"), "{several:?}");
    let missing = run(dir.path(), &["nowhere.csv"]);
    assert_eq!(missing.code, Some(10), "{missing:?}");
}

#[tokio::test]
async fn zones_formats_and_signs_of_the_files_are_followed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("bestellungen.csv");
    fs::write(
        &path,
        "Bestellnummer;Kunde;Bestelldatum;Betrag\nA-1;k1;01.01.2024 00:30;1.234,50 €\nA-2;k1;24.12.2024 10:00;(34,50 €)\nA-3;k2;25.12.2024 10:00;7,00 €\n",
    )
    .unwrap();
    let mut params =
        AnalyzeParams { files: vec![path.display().to_string()], ..AnalyzeParams::default() };
    params.hints.zone = Some("Europe/Berlin".into());
    params.calendar.zone = "Europe/Berlin".parse().unwrap();
    params.end = Some("2025-01-01".parse().unwrap());
    let analysis = read(&params).await.unwrap();
    assert_eq!(analysis.summary.currency.as_deref(), Some("EUR"));
    assert_eq!(analysis.summary.first_day.unwrap().to_string(), "2024-01-01");
    // Half past midnight in Berlin is another year in UTC; the end is midnight in Berlin.
    assert_eq!(by_month(&analysis)[0].0, "2024-01");
    assert_eq!(analysis.facts.end().to_string(), "2024-12-31 23:00:00 UTC");
    assert_eq!(worth(&analysis, "2024-01", 30).0, 1_207.0);
}

#[test]
fn overlapping_exports_count_an_order_once() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "a.csv",
        "order_id,user,date,amount,status\n1,a,2024-01-01,10,paid\n2,b,2024-01-05,20,paid\n",
    );
    write(
        "b.csv",
        "order_id,user,date,amount,status\n2,b,2024-01-05,20,refunded\n3,a,2024-02-01,30,paid\n4,a,2024-03-01,1,paid\n",
    );
    let document = answer(dir.path(), &["a.csv", "b.csv"]);
    let summary = &document["summary"];
    assert_eq!(summary["purchases"], 4, "{summary}");
    assert_eq!(summary["refunds"], 1, "{summary}");
    assert_eq!(summary["left_out"]["a later file has their order again"], 1, "{summary}");
}

#[tokio::test]
async fn query_of_a_database_is_analyzed_without_its_password() {
    let dir = TempDir::new().unwrap();
    let shop = dir.path().join("shop.db");
    let url = format!("sqlite://{}", shop.display());
    // A warehouse is a database like any other.
    let file = data("refunds.csv");
    let import = ["import", file.to_str().unwrap(), "--column", "user_id=customer_id"];
    succeed(dir.path(), &[&import[..], &["--warehouse", &url]].concat());
    succeed(dir.path(), &["run", "--warehouse", &url]);
    let query = "SELECT user_id AS user, created_at, fiat_amount AS amount, fiat_currency AS currency \
                 FROM ramp_transactions";
    let document = answer(dir.path(), &["--from", &url, "--query", query]);
    assert!(document["summary"]["purchases"].as_u64().unwrap() > 0, "{document}");
    let refused = run(dir.path(), &["--from", &url, "--query", "SELECT nothing FROM nowhere"]);
    assert_eq!(refused.code, Some(11), "{refused:?}");
    let missing = run(dir.path(), &["--from", "sqlite://nowhere.db", "--query", "SELECT 1"]);
    assert_eq!(missing.code, Some(10), "{missing:?}");
    let secret = "postgres://reader:tiger@127.0.0.1:1/shop";
    let unreachable = run(dir.path(), &["--from", secret, "--query", "SELECT 1"]);
    assert_eq!(unreachable.code, Some(8), "{unreachable:?}");
    assert!(!format!("{unreachable:?}").contains("tiger"), "{unreachable:?}");
}

#[tokio::test]
async fn columns_may_be_given_by_what_they_are() {
    let mut params = params("refunds.csv");
    params.hints.columns.insert(PurchaseColumn::User, "channel".into());
    let analysis = read(&params).await.unwrap();
    // ads, organic and email.
    assert_eq!(analysis.summary.users, 3, "{:?}", analysis.summary);
}

/// Checks that the worked example of the page is what the command prints.
#[test]
fn page_shows_what_the_command_prints() {
    let dir = TempDir::new().unwrap();
    let purchases = fs::read_to_string(data("refunds.csv")).unwrap();
    fs::write(dir.path().join("purchases.csv"), &purchases).unwrap();
    let output = succeed(dir.path(), &["analyze", "purchases.csv"]);
    let page = fs::read_to_string("../../docs/analyze.md").unwrap();
    assert!(page.contains(&format!("```csv\n{purchases}```\n")), "the file");
    let (_, shown) = page.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert!(output.starts_with(shown), "{output}");
}
