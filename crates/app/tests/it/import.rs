//! Imports: a file becomes an entry of the settings, and the settings run unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{bare, done, says};

/// Returns the paths of synthetic exports of the known services.
fn exports() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../acquisition/tests/presets");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect();
    files.sort();
    assert!(files.len() >= 19, "{files:?}");
    files
}

/// Runs a command with the settings of the folder alone, and returns its answer as JSON.
fn answer(dir: &Path, words: &[&str]) -> Value {
    let said = says(bare(dir).args(words).args(["--output", "json"]));
    assert_eq!(said.code, Some(0), "{words:?}: {said:?}");
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out))
}

/// Runs the imported entries, then `verify` and `report`; returns the answer of the run.
fn walk(dir: &Path) -> Value {
    let run = answer(dir, &["run"]);
    answer(dir, &["verify"]);
    answer(dir, &["report"]);
    assert!(fs::read_to_string(dir.join("report.html")).unwrap().len() > 1_000);
    run
}

#[test]
fn every_export_that_is_known_is_imported_and_runs_as_it_is() {
    for export in exports() {
        let dir = TempDir::new().unwrap();
        let name = export.file_name().unwrap().to_str().unwrap();
        fs::copy(&export, dir.path().join(name)).unwrap();
        let import = answer(dir.path(), &["import", name]);
        assert!(import["preset"].is_string() && import["notes"][0].is_string(), "{name}: {import}");
        let sources = import["sources"].as_array().unwrap();
        let rows: u64 = sources.iter().map(|source| source["rows"].as_u64().unwrap()).sum();
        assert!(rows > 0, "{name}: {import}");
        let run = answer(dir.path(), &["run"]).to_string();
        answer(dir.path(), &["verify"]);
        // A report that is impossible, because nothing can be valued or there are transfers alone,
        // says so.
        let report = says(bare(dir.path()).arg("report"));
        let is_told = ["as the sources ecb and kraken do", "has rows in"]
            .iter()
            .any(|words| report.err.contains(words));
        assert!(report.code == Some(0) || report.code == Some(10) && is_told, "{name}: {report:?}");
        for source in sources {
            assert!(run.contains(source["name"].as_str().unwrap()), "{name}: {run}");
        }
    }
}

#[test]
fn a_shop_s_users_and_orders_are_imported_one_after_the_other() {
    let dir = TempDir::new().unwrap();
    let mut users = String::from("Customer ID;E-Mail;Registered;Country;Channel\n");
    let mut orders = String::from("Order No;Customer ID;Order date;Total;Status\n");
    for user in 0..30 {
        users += &format!(
            "c-{user:03};u{user}@shop.example;{:02}.01.2024 10:00;DE;ads\n",
            1 + user % 28
        );
        for order in 0..3 {
            orders += &format!(
                "{user}-{order};c-{user:03};{:02}.{:02}.2024 12:30;1.{user:03},50 €;paid\n",
                1 + user % 28,
                2 + order
            );
        }
    }
    fs::write(dir.path().join("customers.csv"), users).unwrap();
    fs::write(dir.path().join("orders.csv"), orders).unwrap();
    let said = done(dir.path(), &["import", "customers.csv", "--zone", "Europe/Berlin"]);
    assert!(said.contains("`customers` fills `users`: 30 rows, 0 set aside"), "{said}");
    assert!(said.contains("wrote `customers` into tidegauge.toml"), "{said}");
    let before = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    let said = done(dir.path(), &["import", "orders.csv", "--zone", "Europe/Berlin"]);
    assert!(said.contains("`orders` fills `ramp_transactions`: 90 rows"), "{said}");
    assert!(said.contains("guessed: `Status` is read so"), "{said}");
    let after = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    assert!(after.starts_with(before.trim_end()), "what was there stays as it was");
    walk(dir.path());
    let status = answer(dir.path(), &["status"]).to_string();
    assert!(status.contains("customers") && status.contains("orders"), "{status}");
}

#[test]
fn a_single_file_of_payments_leads_to_the_report() {
    let dir = TempDir::new().unwrap();
    let mut text = String::from("id,customer,paid_at,amount\n");
    for payment in 0..60 {
        let (month, day) = (1 + payment % 6, 1 + payment % 28);
        text += &format!(
            "{payment},{},2024-{month:02}-{day:02}T08:00:00Z,12.{:02}\n",
            payment % 9,
            payment
        );
    }
    fs::write(dir.path().join("payments.csv"), text).unwrap();
    let import = answer(dir.path(), &["import", "payments.csv", "--currency", "usd", "--dry-run"]);
    assert_eq!(import["written_to"], Value::Null);
    assert!(!dir.path().join("tidegauge.toml").exists(), "nothing is written");
    assert_eq!(import["sources"][0]["first"].as_array().unwrap().len(), 10);
    let import = answer(dir.path(), &["import", "payments.csv", "--currency", "usd"]);
    assert_eq!(import["sources"][0]["table"], "ramp_transactions");
    walk(dir.path());
}

#[test]
fn a_file_that_fits_no_table_gets_one_and_runs() {
    let dir = TempDir::new().unwrap();
    fs::write(
        dir.path().join("tickets 2024.csv"),
        "Ticket,Opened,Minutes,\"What, exactly\"\nT-1,2024-01-01 10:00,12,\"a \"\"b\"\"\"\nT-2,2024-01-02 11:00,n/a,\n",
    )
    .unwrap();
    let said = done(dir.path(), &["import", "tickets 2024.csv"]);
    assert!(said.contains("`tickets_2024` fills `tickets_2024`: 2 rows, 0 set aside"), "{said}");
    let run = answer(dir.path(), &["run"]).to_string();
    assert!(run.contains("tickets_2024"), "{run}");
    let settings = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    assert!(settings.contains("# Guessed: the key is `ticket`"), "{settings}");
}

#[test]
fn what_is_there_already_is_not_written_twice_or_over() {
    let dir = TempDir::new().unwrap();
    let settings = dir.path().join("tidegauge.toml");
    fs::write(
        dir.path().join("sales.csv"),
        "id,user,date,total,currency\n1,7,2024-01-01,5.00,EUR\n",
    )
    .unwrap();
    done(dir.path(), &["import", "sales.csv"]);
    let before = fs::read_to_string(&settings).unwrap();
    let again = says(bare(dir.path()).args(["import", "sales.csv"]));
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("`sales` already") && again.err.contains("--name"), "{again:?}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), before);
    // Another file into the same table is reported, and runs.
    fs::write(
        dir.path().join("more.csv"),
        "id,user,date,total,currency\n2,8,2024-01-02,6.00,EUR\n",
    )
    .unwrap();
    let said = done(dir.path(), &["import", "more.csv"]);
    assert!(said.contains("together with `sales`"), "{said}");
    answer(dir.path(), &["run"]);
    // Invalid settings are named, and stay.
    fs::write(&settings, "sources = [\n").unwrap();
    let broken = says(bare(dir.path()).args(["import", "more.csv", "--name", "other"]));
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), "sources = [\n");
    assert!(!dir.path().join("tidegauge.toml.part").exists());
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_way_out() {
    let dir = TempDir::new().unwrap();
    let missing = says(bare(dir.path()).args(["import", "none.csv"]));
    assert_eq!(missing.code, Some(10), "{missing:?}");
    assert!(missing.err.contains("none.csv"), "{missing:?}");
    fs::write(dir.path().join("book.xlsx"), b"PK\x03\x04").unwrap();
    let book = says(bare(dir.path()).args(["import", "book.xlsx"]));
    assert_eq!(book.code, Some(11), "{book:?}");
    assert!(book.err.contains("save the sheet as CSV"), "{book:?}");
}
