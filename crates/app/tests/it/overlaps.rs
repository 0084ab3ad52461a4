//! Overlapping exports of a user's own, through the command.

use std::fs;
use std::path::Path;

use crate::common::{command_in, output_of, succeed, url, warehouse};
use tempfile::TempDir;
use tidegauge::core::tables::{Quarantine, RunRecord};
use tidegauge::core::{DataType, Scan, Table, TableRef, WarehouseExt, WriteMode};

const JANUARY: &str = "fill_id,price\n1,10.50\n2,20.00\n3,30.00\n";
const TO_FEBRUARY: &str = "fill_id,price\n1,10.5\n2,20.00\n3,30.00\n4,40.00\n5,50.00\n";
const CORRECTED: &str = "fill_id,price\n2,20.00\n3,31.00\n4,40.00\n";

/// Writes settings with a table of fills whose mode is `write`, and more settings for the files.
fn settings(dir: &Path, write: &str, more: &str) {
    let text = format!(
        r#"
sources = ["our_fills"]

[[tables]]
name = "fills"
description = "What was traded"
key = ["fill_id"]
write = "{write}"
columns = [
  {{ name = "fill_id", type = "int64", description = "The fill" }},
  {{ name = "price", type = "decimal(18,2)", description = "At what price" }},
]

[[files]]
name = "our_fills"
path = "exports/*.csv"
table = "fills"
settle = "0s"
{more}
"#
    );
    fs::write(dir.join("tidegauge.toml"), text).unwrap();
    fs::create_dir_all(dir.join("exports")).unwrap();
}

fn fills() -> TableRef {
    let table = Table::builder("fills", "").column("fill_id", DataType::Int64, "");
    let table = table.column("price", DataType::FIAT, "").key(["fill_id"]);
    table.write(WriteMode::Append).build().unwrap()
}

/// Returns each fill with its price, as text.
async fn prices(store: &str) -> Vec<String> {
    let rows = warehouse(store).read(&Scan::all(&fills())).await.unwrap();
    let (ids, prices) = (rows.column("fill_id").unwrap(), rows.column("price").unwrap());
    let shown = |row| format!("{} {}", ids.shown(row).unwrap(), prices.shown(row).unwrap());
    let mut lines: Vec<_> = (0..rows.rows()).map(shown).collect();
    lines.sort();
    lines
}

/// Returns the counts of the last run of the source in the history: inserted, updated, identical,
/// conflicting.
async fn counted(store: &str) -> Vec<String> {
    let rows = warehouse(store).read(&Scan::all(RunRecord::table())).await.unwrap();
    let text = |name: &str, row| rows.column(name).unwrap().shown(row).unwrap_or_default();
    let last = (0..rows.rows())
        .filter(|row| text("source", *row) == "our_fills")
        .max_by_key(|row| text("started_at", *row))
        .unwrap();
    ["inserted", "updated", "identical", "conflicting"].map(|name| text(name, last)).into()
}

#[tokio::test]
async fn overlapping_exports_load_only_new_rows() {
    for (scheme, file) in [("sqlite", "tidegauge.db"), ("parquet", "lake")] {
        let dir = TempDir::new().unwrap();
        settings(dir.path(), "append", "");
        let store = url(scheme, dir.path(), file);
        let run = ["run", "--warehouse", &store];
        fs::write(dir.path().join("exports/jan.csv"), JANUARY).unwrap();
        let output = succeed(dir.path(), &run);
        assert!(!output.contains("identical"), "nothing but new rows: {output}");
        assert_eq!(counted(&store).await, ["3", "0", "0", "0"]);
        fs::write(dir.path().join("exports/jan-feb.csv"), TO_FEBRUARY).unwrap();
        let output = succeed(dir.path(), &run);
        assert!(output.contains("inserted") && output.contains("identical"), "{output}");
        assert_eq!(counted(&store).await, ["2", "0", "3", "0"]);
        let wanted = ["1 10.50", "2 20.00", "3 30.00", "4 40.00", "5 50.00"];
        assert_eq!(prices(&store).await, wanted, "{scheme}");
    }
}

#[tokio::test]
async fn differing_row_is_reported_with_key_column_and_line() {
    let dir = TempDir::new().unwrap();
    settings(dir.path(), "append", "");
    fs::write(dir.path().join("exports/jan.csv"), JANUARY).unwrap();
    succeed(dir.path(), &["run"]);
    fs::write(dir.path().join("exports/late.csv"), CORRECTED).unwrap();
    let output = output_of(command_in(dir.path()).arg("run"));
    assert_ne!(output.code, Some(0), "{output:?}");
    for words in ["`fills`", "fill_id=3", "`price`", "late.csv:3", "on_duplicate"] {
        assert!(output.err.contains(words), "{words} is not in {}", output.err);
    }
    let store = url("sqlite", dir.path(), "tidegauge.db");
    assert_eq!(
        prices(&store).await,
        ["1 10.50", "2 20.00", "3 30.00"],
        "nothing of the page is kept"
    );
}

#[tokio::test]
async fn differing_row_is_quarantined_or_replaces_by_setting() {
    for (policy, prices_then, counts) in [
        ("set_aside", ["1 10.50", "2 20.00", "3 30.00", "4 40.00"], ["1", "0", "1", "1"]),
        ("last", ["1 10.50", "2 20.00", "3 31.00", "4 40.00"], ["1", "1", "1", "0"]),
    ] {
        for (scheme, file) in [("sqlite", "tidegauge.db"), ("parquet", "lake")] {
            let dir = TempDir::new().unwrap();
            settings(dir.path(), "append", &format!("on_duplicate = \"{policy}\""));
            let store = url(scheme, dir.path(), file);
            let run = ["run", "--warehouse", &store];
            fs::write(dir.path().join("exports/jan.csv"), JANUARY).unwrap();
            succeed(dir.path(), &run);
            fs::write(dir.path().join("exports/late.csv"), CORRECTED).unwrap();
            succeed(dir.path(), &run);
            assert_eq!(prices(&store).await, prices_then, "{scheme}, {policy}");
            assert_eq!(counted(&store).await, counts, "{scheme}, {policy}");
            let aside = warehouse(&store).count(Quarantine::table()).await.unwrap();
            assert_eq!(aside, usize::from(policy == "set_aside"), "{scheme}");
            // A stored row that is loaded again is not counted as new.
            fs::write(dir.path().join("exports/zagain.csv"), "fill_id,price\n4,40.00\n").unwrap();
            succeed(dir.path(), &run);
            assert_eq!(counted(&store).await, ["0", "0", "1", "0"], "{scheme}, {policy}");
        }
    }
}

#[tokio::test]
async fn duplicate_key_in_a_file_is_reported_with_both_lines() {
    let twice = "fill_id,price\n1,10.00\n2,20.00\n2,20.00\n1,11.00\n";
    for (write, more) in [("append", ""), ("merge", "on_duplicate = \"refuse\"")] {
        let dir = TempDir::new().unwrap();
        settings(dir.path(), write, more);
        fs::write(dir.path().join("exports/twice.csv"), twice).unwrap();
        let output = output_of(command_in(dir.path()).arg("run"));
        assert_ne!(output.code, Some(0), "{output:?}");
        for words in ["`fills`", "fill_id=1", "twice.csv:2", "twice.csv:5"] {
            assert!(output.err.contains(words), "{words} is not in {}", output.err);
        }
    }
    // With merge the last row is kept, and the duplicate is reported as well.
    let dir = TempDir::new().unwrap();
    settings(dir.path(), "merge", "");
    fs::write(dir.path().join("exports/twice.csv"), twice).unwrap();
    let output = output_of(command_in(dir.path()).arg("run"));
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.err.contains("twice.csv:5") && output.err.contains("twice.csv:2"), "{output:?}");
    let store = url("sqlite", dir.path(), "tidegauge.db");
    assert_eq!(counted(&store).await, ["2", "1", "1", "0"]);
    // A row that is set aside is listed with its line.
    let dir = TempDir::new().unwrap();
    settings(dir.path(), "append", "on_duplicate = \"set_aside\"");
    fs::write(dir.path().join("exports/twice.csv"), twice).unwrap();
    succeed(dir.path(), &["run"]);
    let store = url("sqlite", dir.path(), "tidegauge.db");
    assert_eq!(prices(&store).await, ["1 10.00", "2 20.00"]);
    let aside = warehouse(&store).read(&Scan::all(Quarantine::table())).await.unwrap();
    let text = |name: &str| aside.column(name).unwrap().shown(0).unwrap();
    assert!(text("place").ends_with("twice.csv:5"), "{}", text("place"));
    assert!(text("reason").contains("fill_id=1") && text("reason").contains("twice.csv:2"));
}
