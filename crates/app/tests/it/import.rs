//! Imports: a file becomes an entry of the settings, and the settings run unchanged.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{bare_command, output_of, succeed};

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
    let output = output_of(bare_command(dir).args(words).args(["--output", "json"]));
    assert_eq!(output.code, Some(0), "{words:?}: {output:?}");
    serde_json::from_str(&output.out).unwrap_or_else(|error| panic!("{error}: {}", output.out))
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
fn every_known_export_format_is_imported_and_loaded() {
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
        let report = output_of(bare_command(dir.path()).arg("report"));
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
fn users_and_orders_of_a_shop_are_imported_in_sequence() {
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
    let output = succeed(dir.path(), &["import", "customers.csv", "--zone", "Europe/Berlin"]);
    assert!(output.contains("`customers` fills `users`: 30 rows, 0 set aside"), "{output}");
    assert!(output.contains("wrote `customers` into tidegauge.toml"), "{output}");
    let before = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    let output = succeed(dir.path(), &["import", "orders.csv", "--zone", "Europe/Berlin"]);
    assert!(output.contains("`orders` fills `ramp_transactions`: 90 rows"), "{output}");
    assert!(output.contains("guessed: `Status` is read so"), "{output}");
    let after = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    assert!(after.starts_with(before.trim_end()), "what was there stays as it was");
    walk(dir.path());
    let status = answer(dir.path(), &["status"]).to_string();
    assert!(status.contains("customers") && status.contains("orders"), "{status}");
}

#[test]
fn one_file_of_payments_is_enough_for_the_report() {
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
fn file_without_a_matching_table_gets_a_declared_table() {
    let dir = TempDir::new().unwrap();
    fs::write(
        dir.path().join("tickets 2024.csv"),
        "Ticket,Opened,Minutes,\"What, exactly\"\nT-1,2024-01-01 10:00,12,\"a \"\"b\"\"\"\nT-2,2024-01-02 11:00,n/a,\n",
    )
    .unwrap();
    let output = succeed(dir.path(), &["import", "tickets 2024.csv"]);
    assert!(
        output.contains("`tickets_2024` fills `tickets_2024`: 2 rows, 0 set aside"),
        "{output}"
    );
    let run = answer(dir.path(), &["run"]).to_string();
    assert!(run.contains("tickets_2024"), "{run}");
    let settings = fs::read_to_string(dir.path().join("tidegauge.toml")).unwrap();
    assert!(settings.contains("# Guessed: the key is `ticket`"), "{settings}");
}

#[test]
fn import_neither_duplicates_nor_overwrites_entries() {
    let dir = TempDir::new().unwrap();
    let settings = dir.path().join("tidegauge.toml");
    fs::write(
        dir.path().join("sales.csv"),
        "id,user,date,total,currency\n1,7,2024-01-01,5.00,EUR\n",
    )
    .unwrap();
    succeed(dir.path(), &["import", "sales.csv"]);
    let before = fs::read_to_string(&settings).unwrap();
    let again = output_of(bare_command(dir.path()).args(["import", "sales.csv"]));
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("`sales` already") && again.err.contains("--name"), "{again:?}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), before);
    // Another file into the same table is reported, and runs.
    fs::write(
        dir.path().join("more.csv"),
        "id,user,date,total,currency\n2,8,2024-01-02,6.00,EUR\n",
    )
    .unwrap();
    let output = succeed(dir.path(), &["import", "more.csv"]);
    assert!(output.contains("together with `sales`"), "{output}");
    answer(dir.path(), &["run"]);
    // Invalid settings are named, and stay.
    fs::write(&settings, "sources = [\n").unwrap();
    let broken =
        output_of(bare_command(dir.path()).args(["import", "more.csv", "--name", "other"]));
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), "sources = [\n");
    assert!(!dir.path().join("tidegauge.toml.part").exists());
}

#[test]
fn unreadable_file_is_named_with_a_remedy() {
    let dir = TempDir::new().unwrap();
    let missing = output_of(bare_command(dir.path()).args(["import", "none.csv"]));
    assert_eq!(missing.code, Some(10), "{missing:?}");
    assert!(missing.err.contains("none.csv"), "{missing:?}");
    fs::write(dir.path().join("book.xlsx"), b"PK\x03\x04").unwrap();
    let book = output_of(bare_command(dir.path()).args(["import", "book.xlsx"]));
    assert_eq!(book.code, Some(11), "{book:?}");
    assert!(book.err.contains("save the sheet as CSV"), "{book:?}");
}
