//! Cases from public issues, run with the command as a user would: see `data/cases/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{bare_command, command_in, output_of};

fn data(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/cases")).join(name)
}

/// Copies the files of a case to a folder of its own.
fn folder(name: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    for entry in fs::read_dir(data(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    dir
}

/// Analyzes a file without any option, and returns the answer.
fn analyze(file: &str) -> Value {
    let dir = TempDir::new().unwrap();
    let file = data(file).display().to_string();
    let output = output_of(bare_command(dir.path()).args(["analyze", &file, "--output", "json"]));
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.out).unwrap()
}

/// Loads the sources of a case and returns the data of the report.
fn report(dir: &Path, settings: &str, words: &[&str]) -> Value {
    let run = output_of(command_in(dir).args(["run", "--config", settings]));
    assert_eq!(run.code, Some(0), "{run:?}");
    let report = ["report", "--config", settings, "--data", "-"];
    let output = output_of(command_in(dir).args(report).args(words));
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.out).unwrap()
}

/// Returns the rows of a panel; totals are not among them.
fn rows<'d>(document: &'d Value, panel: &str) -> &'d Vec<Value> {
    let panels = document["panels"].as_array().unwrap();
    let panel = panels.iter().find(|found| found["id"] == panel).unwrap();
    panel["table"]["rows"].as_array().unwrap()
}

/// Returns the values of some columns of each row.
fn values(rows: &[Value], columns: &[&str]) -> Vec<Vec<Option<f64>>> {
    let row = |row: &Value| columns.iter().map(|column| row[*column].as_f64()).collect();
    rows.iter().map(row).collect()
}

#[test]
fn months_follow_the_calendar_over_the_turn_of_the_year() {
    let document = analyze("months/purchases.csv");
    let months = rows(&document, "retention-by-month");
    let names: Vec<&str> = months.iter().map(|row| row["cohort"].as_str().unwrap()).collect();
    assert_eq!(names, ["2023-12", "2024-01", "2024-02"]);
    let columns = ["users", "month_0", "month_1", "month_2", "month_3"];
    let (all, half, open) = (Some(1.0), Some(0.5), None);
    assert_eq!(
        values(months, &columns),
        [
            vec![Some(2.0), all, all, half, open],
            vec![Some(2.0), all, half, open, None],
            vec![Some(1.0), all, open, None, None],
        ]
    );
    let ltv = rows(&document, "ltv-by-month");
    // (150 + 100) / 2 and (100 + 30) / 2; no user is as old as the others.
    assert_eq!(
        values(ltv, &["day_30", "day_90"]),
        [[Some(125.0), None], [Some(65.0), None], [None, None]]
    );
}

#[test]
fn purchases_are_read_as_shops_export_them() {
    let document = analyze("purchases/iso.csv");
    let months = rows(&document, "retention-by-month");
    assert_eq!(months[0]["cohort"], "2024-01");
    // B buys again on the last day, which may not be over.
    assert_eq!(
        values(months, &["users", "month_0", "month_1"]),
        [[Some(2.0), Some(1.0), Some(0.5)]]
    );
    let summary = &document["summary"];
    assert_eq!((&summary["purchases"], &summary["set_aside"]), (&4.into(), &0.into()), "{summary}");

    // Thousands in quotes are a number.
    let document = analyze("purchases/bad.csv");
    assert_eq!(document["summary"]["set_aside"], 0, "{document}");
    assert_eq!(document["summary"]["purchases"], 2, "{document}");
    let document = analyze("purchases/bom.csv");
    let found = document["summary"]["found"].to_string();
    assert!(found.contains("`user` is the user"), "{found}");
    assert_eq!(document["summary"]["purchases"], 2, "{document}");
}

#[test]
fn weeks_begin_on_monday_over_the_turn_of_the_year() {
    let dir = folder("weeks");
    let document = report(dir.path(), "tidegauge.toml", &[]);
    let weeks = rows(&document, "retention-by-week");
    let week = |cohort: &str| {
        let row = weeks.iter().find(|row| row["cohort"] == cohort).unwrap();
        values(std::slice::from_ref(row), &["users", "week_0", "week_1", "week_2"]).remove(0)
    };
    let (none, one) = (Some(0.0), Some(1.0));
    // The last second of a Sunday, the first of a Monday, and a Sunday of the next year.
    assert_eq!(week("2020-10-26"), [one, none, one, none]);
    assert_eq!(week("2020-11-02"), [one, one, none, none]);
    // The data end on 12 January, within the third week.
    assert_eq!(week("2020-12-28"), [one, none, one, None]);
    let text = document["pages"].to_string();
    assert!(!text.contains("-0.0"), "{text}");
    // Weeks from Sunday on are another question.
    let document = report(dir.path(), "tidegauge.toml", &["--week-start", "sunday"]);
    let weeks = rows(&document, "retention-by-week");
    assert_eq!(weeks[0]["cohort"], "2020-11-01");
    assert_eq!(weeks[0]["users"], 2.0);
}

#[test]
fn amounts_are_valued_by_the_last_rate_before_a_weekend() {
    let dir = folder("currencies");
    let as_of = ["--as-of", "2020-11-09"];
    let document = report(dir.path(), "tidegauge.toml", &as_of);
    let by_country = rows(&document, "high-volume-by-country");
    let names: Vec<&str> = by_country.iter().map(|row| row["country"].as_str().unwrap()).collect();
    assert_eq!(names, ["DE", "JP"]);
    // 100 EUR at 1.20, and 10,000 JPY at 160 a euro.
    let volumes = values(by_country, &["volume_usd"]);
    assert!((volumes[0][0].unwrap() - 120.0).abs() < 1e-6, "{volumes:?}");
    assert!((volumes[1][0].unwrap() - 75.0).abs() < 1e-6, "{volumes:?}");
    let channels = rows(&document, "channels");
    let paid = channels.iter().find(|row| row["channel"] == "paid_search").unwrap();
    // 60 EUR for two users, who have brought 3.00.
    assert!((paid["spend_usd"].as_f64().unwrap() - 72.0).abs() < 1e-6, "{paid}");
    assert!((paid["cac_usd"].as_f64().unwrap() - 36.0).abs() < 1e-6, "{paid}");
    assert!((paid["roas"].as_f64().unwrap() - 3.0 / 72.0).abs() < 1e-9, "{paid}");
}

#[test]
fn an_amount_without_a_rate_is_named_and_the_rest_is_reported() {
    let dir = folder("currencies");
    let document = report(dir.path(), "xag.toml", &["--as-of", "2020-11-09"]);
    let caveats = document["caveats"].to_string();
    assert!(caveats.contains("XAG") && caveats.contains("2020-11-08"), "{caveats}");
    assert!(caveats.contains("history_days"), "the way out: {caveats}");
    let volumes = values(rows(&document, "high-volume-by-country"), &["volume_usd"]);
    assert!((volumes[0][0].unwrap() - 120.0).abs() < 1e-6, "{volumes:?}");
}
