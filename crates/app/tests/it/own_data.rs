//! A user's own files and databases, as tidegauge.toml names them, through the command.

use std::fs;

use crate::common::{command_in, output_of, succeed, url, warehouse};
use tempfile::TempDir;
use tidegauge::core::tables::{MarketingSpend, Quarantine, RunRecord};
use tidegauge::core::{Cell, Scan, Table, WarehouseExt};

const SETTINGS: &str = r#"
sources = ["our_tickets"]

[[tables]]
name = "tickets"
description = "Support tickets"
key = ["ticket_id"]
time = "opened_at"
write = "merge"
columns = [
  { name = "ticket_id", type = "int64", description = "The ticket" },
  { name = "opened_at", type = "timestamp", description = "When it was opened" },
  { name = "cost_usd", type = "decimal(18,2)", nullable = true, description = "What it cost" },
]

[[files]]
name = "our_tickets"
path = "exports/tickets-*.csv"
table = "tickets"
bad_rows = "quarantine"
settle = "0s"
[files.columns]
ticket_id = "id"
opened_at = { column = "created", format = "%d.%m.%Y %H:%M" }
cost_usd = { column = "cost", decimal = "," }

[[databases]]
name = "ads"
enabled = false
url_env = "ADS_DATABASE_URL"
query = "SELECT * FROM marketing_spend"
incremental = "day"
table = "marketing_spend"
"#;

#[tokio::test]
async fn files_fill_a_declared_table_and_bad_rows_are_reported_by_line() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("tidegauge.toml"), SETTINGS).unwrap();
    fs::create_dir(dir.path().join("exports")).unwrap();
    let first = "id;created;cost\n".replace(';', ",")
        + "1,31.12.2025 23:30,\"12,50\"\n2,soon,\"1,00\"\n3,01.01.2026 00:00,\n";
    fs::write(dir.path().join("exports/tickets-1.csv"), first).unwrap();
    let output = succeed(dir.path(), &["run"]);
    assert!(output.contains("our_tickets  tickets") && output.contains("quarantine"), "{output}");
    fs::write(
        dir.path().join("exports/tickets-2.csv"),
        "Tickets of January\nid,created,cost\n4,02.01.2026 08:00,\"0,05\"\n",
    )
    .unwrap();
    let output = output_of(command_in(dir.path()).args(["run", "--output", "json"]));
    let run: serde_json::Value = serde_json::from_str(&output.out).unwrap();
    let note = "lines above the header are not read (1 file, first tickets-2.csv:2)";
    assert_eq!(run["notes"], serde_json::json!([{ "source": "our_tickets", "note": note }]));

    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let tickets = Table::builder("tickets", "")
        .column("ticket_id", tidegauge::core::DataType::Int64, "")
        .key(["ticket_id"])
        .build()
        .unwrap();
    let rows = store.read(&Scan::all(&tickets)).await.unwrap();
    assert_eq!(rows.rows(), 3, "two of the first file, one of the second");
    let noted = store.read(&Scan::all(RunRecord::table())).await.unwrap();
    let noted = noted.column("notes").unwrap();
    let notes: Vec<_> = (0..noted.len()).map(|row| noted.cell(row)).collect();
    let kept = format!("[\"{note}\"]");
    assert_eq!(notes.iter().filter(|cell| **cell == Cell::Text(&kept)).count(), 1, "{notes:?}");
    assert_eq!(notes.iter().filter(|cell| **cell == Cell::Null).count(), notes.len() - 1);
    let aside = store.read(&Scan::all(Quarantine::table())).await.unwrap();
    assert_eq!(aside.rows(), 1);
    let text = |name: &str| match aside.column(name).unwrap().cell(0) {
        Cell::Text(text) => text.to_owned(),
        other => panic!("{other:?}"),
    };
    assert!(text("place").ends_with("tickets-1.csv:3"), "{}", text("place"));
    assert!(text("reason").contains("opened_at") || text("reason").contains("created"));
    let sources = succeed(dir.path(), &["sources"]);
    assert!(sources.contains("your files exports/tickets-*.csv, into tickets"), "{sources}");
}

#[tokio::test]
async fn database_url_is_read_from_the_environment_only() {
    let (theirs, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    succeed(theirs.path(), &["run"]);
    fs::write(dir.path().join("tidegauge.toml"), SETTINGS).unwrap();
    let missing = output_of(command_in(dir.path()).args(["run", "--source", "ads"]));
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.err.contains("ADS_DATABASE_URL"), "{missing:?}");
    let mut run = command_in(dir.path());
    run.env("ADS_DATABASE_URL", url("sqlite", theirs.path(), "tidegauge.db"));
    let output = output_of(run.args(["run", "--source", "ads"]));
    assert_eq!(output.code, Some(0), "{output:?}");
    let spend = Scan::all(MarketingSpend::table());
    let (here, there) = (
        warehouse(&url("sqlite", dir.path(), "tidegauge.db")).read(&spend).await.unwrap(),
        warehouse(&url("sqlite", theirs.path(), "tidegauge.db")).read(&spend).await.unwrap(),
    );
    assert!(here.rows() > 100 && here.rows() == there.rows(), "{}", here.rows());
}

#[test]
fn undeclared_table_is_named_with_the_known_ones() {
    let dir = TempDir::new().unwrap();
    let text = SETTINGS.replace("table = \"tickets\"", "table = \"tikcets\"");
    fs::write(dir.path().join("tidegauge.toml"), text).unwrap();
    let output = output_of(command_in(dir.path()).arg("run"));
    assert_eq!(output.code, Some(2), "{output:?}");
    assert!(output.err.contains("tikcets") && output.err.contains("tickets"), "{output:?}");
}
