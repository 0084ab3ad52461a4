//! A user's own files and databases: the selection for a run, the tables, and the reload of a span.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidegauge::core::tables::{MarketingSpend, Quarantine, User};
use tidegauge::core::{Cell, DataType, Scan, Table, TableRef, Warehouse, WarehouseExt, WriteMode};

use crate::common::{CommandOutput, bare_command, command_in, output_of, succeed, url, warehouse};

const TABLES: &str = r#"
[[tables]]
name = "tickets"
description = "Support tickets"
key = ["ticket_id"]
time = "opened_at"
write = "merge"
columns = [
  { name = "ticket_id", type = "int64" },
  { name = "opened_at", type = "timestamp", nullable = true },
  { name = "note", type = "text" },
]
"#;

/// Returns the entry of a file `<name>.csv` that fills `table`, with `more` settings.
fn file(name: &str, table: &str, more: &str) -> String {
    format!(
        "[[files]]\nname = \"{name}\"\npath = \"{name}.csv\"\ntable = \"{table}\"\nsettle = \"0s\"\n{more}\n"
    )
}

fn settings(dir: &Path, text: &str) {
    fs::write(dir.join("tidegauge.toml"), text).unwrap();
}

/// Returns the output of the command in `dir` with the settings there alone.
fn run_in(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(bare_command(dir).args(words))
}

fn json_of(dir: &Path, words: &[&str]) -> Value {
    let output = run_in(dir, &[words, &["--output", "json"]].concat());
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.out).unwrap()
}

fn store(dir: &Path) -> std::sync::Arc<dyn Warehouse> {
    warehouse(&url("sqlite", dir, "tidegauge.db"))
}

fn tickets() -> TableRef {
    let table = Table::builder("tickets", "").column("ticket_id", DataType::Int64, "");
    let table = table.nullable("opened_at", DataType::Timestamp, "");
    let table = table.column("note", DataType::Text, "").key(["ticket_id"]);
    table.write(WriteMode::Merge).build().unwrap()
}

/// Returns the notes of the tickets, in the order of their ids.
async fn notes(dir: &Path) -> Vec<String> {
    let rows = store(dir).read(&Scan::all(&tickets())).await.unwrap();
    let (ids, notes) = (rows.column("ticket_id").unwrap(), rows.column("note").unwrap());
    let mut found: Vec<_> = (0..rows.rows())
        .map(|row| match (ids.cell(row), notes.cell(row)) {
            (Cell::Int(id), Cell::Text(note)) => (id, note.to_owned()),
            other => panic!("{other:?}"),
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, note)| note).collect()
}

#[tokio::test]
async fn declared_file_is_loaded_without_a_simulation() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let off = file("old", "tickets", "enabled = false");
    let unfilled = "[[tables]]\nname = \"agents\"\nkey = [\"id\"]\ncolumns = [{ name = \"id\", type = \"text\" }]\n";
    settings(dir, &format!("{TABLES}{unfilled}{}{off}", file("crm", "tickets", "")));
    fs::write(dir.join("crm.csv"), "ticket_id,opened_at,note\n1,2026-01-01T08:00:00Z,one\n")
        .unwrap();
    let run = json_of(dir, &["run"]);
    assert_eq!((&run["rows"], &run["tables"][0]["source"]), (&json!(1), &json!("crm")), "{run}");
    assert_eq!(store(dir).count(User::table()).await.unwrap(), 0);
    let reported = [
        "`old` is switched off and not read: `enabled = false` (tidegauge.toml, line 28)",
        "no file and no database fills the table `agents` (tidegauge.toml, line 13)",
    ];
    assert_eq!(run["unused"], json!(reported));
    for command in ["run", "status"] {
        let output = succeed(dir, &[command]);
        assert!(reported.iter().all(|reported| output.contains(reported)), "{command}: {output}");
    }
    // A disabled source is loaded when it is named.
    fs::write(dir.join("old.csv"), "ticket_id,opened_at,note\n2,2025-01-01T08:00:00Z,two\n")
        .unwrap();
    let status = json_of(dir, &["status"]);
    let source = &status["sources"][0];
    assert_eq!((&source["source"], &source["is_on"]), (&json!("crm"), &json!(true)), "{status}");
    assert_eq!(source["read_to"], json!("2026-01-01T08:00:00Z"));
    assert!(source["lag_seconds"].as_i64().unwrap() > 0, "{status}");
    let mixed = run_in(dir, &["run", "--source", "old"]);
    assert_eq!(mixed.code, Some(2), "{mixed:?}");
    settings(dir, &format!("{TABLES}{}{off}shared = true\n", file("crm", "tickets", "")));
    assert_eq!(run_in(dir, &["run", "--source", "old"]).code, Some(0));
    assert_eq!(notes(dir).await, ["one", "two"]);
}

#[test]
fn all_missing_tables_are_named_in_one_error() {
    let dir = TempDir::new().unwrap();
    let entries =
        file("one", "tikcets", "") + &file("two", "user", "") + &file("three", "users", "");
    settings(dir.path(), &format!("sources = [\"nope\"]\n{TABLES}{entries}"));
    let run = run_in(dir.path(), &["run"]);
    assert_eq!((run.code, run.err.lines().count()), (Some(2), 1), "{run:?}");
    for words in
        ["there is no `nope`", "`one` is to fill", "`tikcets`", "`two` is to fill", "`user`"]
    {
        assert!(run.err.contains(words), "{words}: {run:?}");
    }
    assert!(run.err.contains("tidegauge.toml, line 17: files.0.table"), "{run:?}");
    assert!(!run.err.contains("`three`") && !dir.path().join("tidegauge.db").exists(), "{run:?}");
}

const SPEND: &str = "day,channel,campaign,currency,spend\n2026-01-05,ads,xmas,EUR,12.50\n";

#[tokio::test]
async fn user_rows_do_not_mix_with_those_of_another_source() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for name in ["spend", "more_spend"] {
        fs::write(dir.join(format!("{name}.csv")), SPEND).unwrap();
    }
    let refused = |words: &[&str], expected: &[&str]| {
        let output = run_in(dir, words);
        assert_eq!((output.code, output.err.lines().count()), (Some(2), 1), "{output:?}");
        assert!(expected.iter().all(|expected| output.err.contains(expected)), "{output:?}");
        output.err
    };
    // Both sources in one run.
    let spend = file("spend", "marketing_spend", "");
    settings(dir, &format!("sources = [\"recorded\", \"simulation\"]\n{spend}"));
    let both = ["`spend` and `simulation` both fill `marketing_spend`", "shared = true"];
    let reported = refused(&["run"], &both);
    assert!(reported.contains("tidegauge.toml, line 5"), "{reported}");
    assert!(!dir.join("tidegauge.db").exists());
    settings(dir, &format!("{spend}{}", file("more_spend", "marketing_spend", "")));
    refused(&["run"], &["`spend` and `more_spend` both fill `marketing_spend`"]);
    settings(dir, &format!("{spend}{}", file("more_spend", "marketing_spend", "shared = true")));
    succeed(dir, &["run"]);
    // The sources in consecutive runs.
    settings(dir, "sources = [\"recorded\", \"simulation\"]\n");
    let before = store(dir).cursors().await.unwrap();
    let earlier =
        ["`marketing_spend` holds rows of `spend` from earlier runs", "another `warehouse`"];
    refused(&["run"], &earlier);
    settings(
        dir,
        &format!(
            "sources = [\"recorded\", \"simulation\"]\n{}",
            file("spend", "marketing_spend", "enabled = false")
        ),
    );
    let reported = refused(&["run", "--source", "simulation"], &earlier);
    assert!(reported.contains("`tidegauge reset spend`"), "{reported}");
    assert_eq!(store(dir).cursors().await.unwrap(), before);

    let demo = TempDir::new().unwrap();
    let demo = demo.path();
    settings(demo, "sources = [\"recorded\", \"simulation\"]\n");
    succeed(demo, &["run"]);
    let rows = store(demo).count(MarketingSpend::table()).await.unwrap();
    fs::write(demo.join("spend.csv"), SPEND).unwrap();
    settings(demo, &spend);
    for words in [
        &["run"][..],
        &["run", "--full-refresh", "spend"],
        &["reload", "spend", "--from", "2026-01-01"],
    ] {
        let output = output_of(bare_command(demo).args(words));
        assert_eq!(output.code, Some(2), "{output:?}");
        for expected in
            ["holds rows of `simulation`", "`tidegauge reset simulation`", "shared = true"]
        {
            assert!(output.err.contains(expected), "{output:?}");
        }
    }
    assert_eq!(store(demo).count(MarketingSpend::table()).await.unwrap(), rows);
    settings(demo, &file("spend", "marketing_spend", "shared = true"));
    succeed(demo, &["run"]);
    assert_eq!(store(demo).count(MarketingSpend::table()).await.unwrap(), rows + 1);
    // Rows that carry their source in the key are told apart.
    let rates = "source,base,quote,rate_date,rate\nmine,EUR,USD,2026-01-05,1.08\n";
    fs::write(demo.join("rates.csv"), rates).unwrap();
    settings(demo, &format!("sources = [\"recorded\"]\n{}", file("rates", "fx_rates", "")));
    succeed(demo, &["run"]);
}

#[tokio::test]
async fn span_of_a_file_is_reloaded() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    settings(dir, &format!("{TABLES}{}", file("crm", "tickets", "")));
    let write = |rows: &[(u8, &str, &str)]| {
        let lines = rows.iter().map(|(id, at, note)| format!("{id},{at},{note}\n"));
        let text = format!("ticket_id,opened_at,note\n{}", lines.collect::<String>());
        fs::write(dir.join("crm.csv"), text).unwrap();
    };
    let (january, february, march) =
        ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
    write(&[(1, january, "a"), (2, february, "b"), (3, march, "c"), (4, "", "d")]);
    succeed(dir, &["run"]);
    write(&[
        (1, january, "A"),
        (2, february, "B"),
        (3, march, "C"),
        (4, "", "D"),
        (5, february, "E"),
    ]);
    let span = ["reload", "crm", "--from", "2026-02-01", "--to", "2026-03-01"];
    let dry = [&span[..], &["--dry-run"]].concat();
    let reported = succeed(dir, &dry);
    for words in
        ["crm: is read from its beginning", "2026-02-01T00:00:00Z", "has 1 of that time", "dry run"]
    {
        assert!(reported.contains(words), "{words}: {reported}");
    }
    assert_eq!(json_of(dir, &dry)["own"][0]["rows"], 1);
    assert_eq!(notes(dir).await, ["a", "b", "c", "d"]);
    let run = json_of(dir, &span);
    let table = &run["tables"][0];
    assert_eq!((&table["updated"], &table["inserted"]), (&json!(1), &json!(1)), "{run}");
    let note = "1 rows have no `opened_at`, and were not taken";
    assert!(
        run["notes"].as_array().unwrap().iter().any(|reported| reported["note"] == note),
        "{run}"
    );
    assert_eq!(notes(dir).await, ["a", "B", "c", "d", "E"]);
    // A second reload changes nothing, and the next run resumes from its cursor: the file was
    // changed.
    assert_eq!(json_of(dir, &span)["tables"][0]["identical"], 2);
    let from = succeed(dir, &["run", "--from", "2026-03-01", "--to", "2026-04-01"]);
    assert!(from.contains("crm fill"), "{from}");
    assert_eq!(notes(dir).await, ["a", "B", "C", "d", "E"]);
    succeed(dir, &["run"]);
    assert_eq!(notes(dir).await, ["A", "B", "C", "D", "E"]);
    // A reset removes the reloaded rows as well.
    assert!(succeed(dir, &["reset", "crm"]).contains("cursor of crm fill"));
    assert!(notes(dir).await.is_empty());

    for (words, expected) in [
        (&["reload", "recorded", "--from", "2026-01-01"][..], "recorded"),
        (&["reload", "crm", "recorded", "--from", "2026-01-01"], "`recorded`"),
        (&["reload", "crm", "--from", "2026-02-01", "--to", "2026-01-01"], "does not lie before"),
        (&["reload", "crm"], "--from"),
    ] {
        let output = says_of(dir, words);
        assert!(output.code == Some(2) && output.err.contains(expected), "{output:?}");
    }
    settings(
        dir,
        &format!("{}{}", TABLES.replace("time = \"opened_at\"\n", ""), file("crm", "tickets", "")),
    );
    let timeless = run_in(dir, &["reload", "crm", "--from", "2026-02-01"]);
    assert_eq!(timeless.code, Some(2), "{timeless:?}");
    assert!(timeless.err.contains("run --full-refresh crm"), "{timeless:?}");
}

/// Checks that of several versions of a row the last one in the source is kept, independent of its
/// time.
#[tokio::test]
async fn reload_of_a_span_keeps_newer_versions() {
    for page_rows in [1, 50_000] {
        let dir = TempDir::new().unwrap();
        let dir = dir.path();
        let paged = format!("page_rows = {page_rows}");
        settings(dir, &format!("{TABLES}{}", file("crm", "tickets", &paged)));
        let rows = "ticket_id,opened_at,note\n\
                    1,2026-02-01T00:00:00Z,first\n\
                    2,2026-02-02T00:00:00Z,first\n\
                    3,2026-02-03T00:00:00Z,first\n\
                    4,2026-01-01T00:00:00Z,first\n\
                    1,2026-05-01T00:00:00Z,later\n\
                    2,,later\n\
                    4,2026-02-04T00:00:00Z,later\n";
        fs::write(dir.join("crm.csv"), rows).unwrap();
        succeed(dir, &["run"]);
        let before = notes(dir).await;
        assert_eq!(before, ["later", "later", "first", "later"]);
        fs::write(dir.join("crm.csv"), rows.replace("first", "mended")).unwrap();
        let run = json_of(dir, &["reload", "crm", "--from", "2026-02-01", "--to", "2026-03-01"]);
        assert_eq!(notes(dir).await, ["later", "later", "mended", "later"], "{page_rows}");
        assert_eq!(run["tables"][0]["updated"], 1, "{run}");
        if page_rows == 1 {
            let reported = run["notes"].as_array().unwrap().iter().filter(|reported| {
                reported["note"].as_str().unwrap().contains("2 rows of the span were not taken")
            });
            assert_eq!(reported.count(), 1, "{run}");
        }
    }
}

/// Checks that a run of a span loads the sources with spans, and reports the others.
#[tokio::test]
async fn entry_without_spans_does_not_stop_others() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let agents = "[[tables]]\nname = \"agents\"\nkey = [\"id\"]\ncolumns = [{ name = \"id\", type = \"text\" }]\n";
    let replaced = TABLES.replace("\"tickets\"", "\"calls\"");
    let entries = [
        file("agents", "agents", ""),
        file("calls", "calls", "write = \"replace\""),
        file("crm", "tickets", ""),
    ];
    settings(dir, &format!("{TABLES}{agents}{replaced}{}", entries.concat()));
    fs::write(dir.join("agents.csv"), "id\na\n").unwrap();
    for name in ["calls", "crm"] {
        let rows = "ticket_id,opened_at,note\n1,2026-01-01T08:00:00Z,one\n";
        fs::write(dir.join(format!("{name}.csv")), rows).unwrap();
    }
    let span = ["run", "--from", "2026-01-01", "--to", "2026-02-01"];
    let would = json_of(dir, &[&span[..], &["--dry-run"]].concat());
    assert_eq!(would["own"][0]["source"], "crm", "{would}");
    assert_eq!(would["left_out"].as_array().unwrap().len(), 2, "{would}");
    let run = json_of(dir, &span);
    assert_eq!(run["tables"][0]["inserted"], 1, "{run}");
    assert_eq!(notes(dir).await, ["one"], "{run}");
    let reported = |source: &str, words: &str| {
        let notes = run["notes"].as_array().unwrap().iter();
        let mut of_source = notes.filter(|reported| reported["source"] == source);
        of_source.any(|reported| reported["note"].as_str().unwrap().contains(words))
    };
    assert!(
        reported("agents", "run --full-refresh agents") && reported("calls", "snapshot"),
        "{run}"
    );
    // Without any other source it is an error.
    let alone = ["run", "--source", "agents", "--from", "2026-01-01"];
    let alone = run_in(dir, &alone);
    assert!(alone.code == Some(2) && alone.err.contains("--full-refresh agents"), "{alone:?}");
}

/// Checks that a snapshot leaves no rows or quarantine entries from before it, and follows changed
/// mappings.
#[tokio::test]
async fn snapshot_with_changed_settings_leaves_no_old_rows() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let merged = file("crm", "tickets", "bad_rows = \"quarantine\"");
    let replaced = file("crm", "tickets", "bad_rows = \"quarantine\"\nwrite = \"replace\"");
    let aside = async || store(dir).count(Quarantine::table()).await.unwrap();
    let rows = |rows: &str| {
        let text = format!("ticket_id,opened_at,note,text\n{rows}");
        fs::write(dir.join("crm.csv"), text).unwrap();
    };
    settings(dir, &format!("{TABLES}{merged}"));
    rows("1,2026-01-01T08:00:00Z,a,A\n2,2026-01-02T08:00:00Z,b,B\nthree,,c,C\n");
    succeed(dir, &["run"]);
    succeed(dir, &["reload", "crm", "--from", "2026-01-01", "--to", "2026-02-01"]);
    assert_eq!(aside().await, 1);
    settings(dir, &format!("{TABLES}{replaced}"));
    rows("3,2026-01-03T08:00:00Z,d,D\n");
    succeed(dir, &["run"]);
    assert_eq!((notes(dir).await, aside().await), (vec!["d".to_owned()], 0));
    let status = json_of(dir, &["status", "--all"]);
    let known: Vec<_> = status["sources"].as_array().unwrap().iter().collect();
    assert!(known.iter().all(|source| source["source"] != "crm fill"), "{status}");
    assert!(known.iter().all(|source| source["fault"].is_null()), "{status}");
    // A changed mapping is read anew, though the file is unchanged; the same mapping is not.
    settings(dir, &format!("{TABLES}{replaced}[files.columns]\nnote = \"text\"\n"));
    assert_eq!(json_of(dir, &["run"])["rows"], 1);
    assert_eq!(notes(dir).await, ["D"]);
    assert_eq!(json_of(dir, &["run"])["rows"], 0);
    // As a merge source it resumes, and no row is duplicated.
    settings(dir, &format!("{TABLES}{merged}[files.columns]\nnote = \"text\"\n"));
    let run = json_of(dir, &["run"]);
    assert_eq!(run["tables"][0]["identical"], 1, "{run}");
    rows("3,2026-01-03T08:00:00Z,d,D\n4,2026-01-04T08:00:00Z,e,E\n");
    succeed(dir, &["run"]);
    assert_eq!(notes(dir).await, ["D", "E"]);
}

/// Checks that rows of an entry that was removed from the settings do not block one that replaces
/// it.
#[tokio::test]
async fn source_removed_from_the_settings_can_be_reset() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let rows = "ticket_id,opened_at,note\n1,2026-01-01T08:00:00Z,old\n";
    fs::write(dir.join("old crm.csv"), rows).unwrap();
    fs::write(dir.join("crm.csv"), rows.replace("1,", "2,").replace("old", "new")).unwrap();
    settings(dir, &format!("{TABLES}{}", file("old crm", "tickets", "")));
    succeed(dir, &["run", "--backup", "csv://csv"]);
    settings(dir, &format!("{TABLES}{}", file("crm", "tickets", "write = \"replace\"")));
    let refused = run_in(dir, &["run"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for words in ["`tickets` holds rows of `old crm`", "`tidegauge reset 'old crm'`"] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    let reset = ["reset", "old crm", "--backup", "csv://csv"];
    let reported = succeed(dir, &[&reset[..], &["--dry-run"]].concat());
    assert!(reported.contains("cursor of old crm") && reported.contains("tickets"), "{reported}");
    assert_eq!(notes(dir).await, ["old"]);
    succeed(dir, &reset);
    assert!(notes(dir).await.is_empty());
    succeed(dir, &["run", "--backup", "csv://csv"]);
    assert_eq!(notes(dir).await, ["new"]);
    let csv = fs::read_to_string(dir.join("csv/tickets.csv")).unwrap();
    assert!(csv.contains("new") && !csv.contains("old"), "{csv}");
    for name in ["old crm", "pipeline"] {
        let unknown = run_in(dir, &["reset", name]);
        assert_eq!(unknown.code, Some(2), "{unknown:?}");
        assert!(unknown.err.contains("nothing was loaded under that name"), "{unknown:?}");
    }
}

/// Checks a file and a query each of which is a complete snapshot.
#[tokio::test]
async fn snapshot_replaces_the_previous_one() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let crm = file("crm", "tickets", "write = \"replace\"");
    settings(dir, &format!("{TABLES}{crm}"));
    let write = |text: &str| {
        let text = format!("ticket_id,opened_at,note\n{text}");
        fs::write(dir.join("crm.csv"), text).unwrap();
    };
    let run = || json_of(dir, &["run", "--backup", "csv://csv", "--backup", "parquet://parquet"]);
    let lines = || fs::read_to_string(dir.join("csv/tickets.csv")).unwrap().lines().count() - 1;
    let parquet = url("parquet", dir, "parquet");
    let in_parquet = async || warehouse(&parquet).count(&tickets()).await.unwrap();
    write("1,2026-01-01T08:00:00Z,a\n2,2026-01-02T08:00:00Z,b\n3,,c\n");
    assert_eq!(run()["tables"][0]["inserted"], 3);
    assert_eq!((notes(dir).await.len(), lines(), in_parquet().await), (3, 3, 3));
    write("2,2026-01-02T08:00:00Z,B\n4,2026-01-04T08:00:00Z,d\n");
    let reported = run();
    let table = &reported["tables"][0];
    assert_eq!((&table["inserted"], &table["removed"]), (&json!(2), &json!(3)), "{reported}");
    assert_eq!(notes(dir).await, ["B", "d"]);
    assert_eq!((lines(), in_parquet().await), (2, 2));
    // An unchanged file is not read.
    assert_eq!(run()["rows"], 0);
    // An invalid snapshot replaces nothing.
    for (text, code, expected) in [
        ("", 11, "the snapshot of `crm` has no row"),
        ("5,2026-01-05T08:00:00Z,e\n6,soon,f\n", 11, "crm.csv:3"),
        ("5,2026-01-05T08:00:00Z,e\n5,2026-01-05T08:00:00Z,E\n6,2026", 11, "crm.csv:4"),
    ] {
        write(text);
        let failed = run_in(dir, &["run"]);
        assert!(failed.code == Some(code) && failed.err.contains(expected), "{failed:?}");
        assert_eq!(notes(dir).await, ["B", "d"]);
    }
    settings(dir, &format!("{TABLES}{}", crm.replace("0s", "1h")));
    write("5,2026-01-05T08:00:00Z,e\n6,2026-01-05T08:00");
    let failed = run_in(dir, &["run"]);
    assert_eq!(failed.code, Some(8), "{failed:?}");
    assert!(failed.err.contains("still being written"), "{failed:?}");
    assert_eq!(notes(dir).await, ["B", "d"]);
    let spans = run_in(dir, &["reload", "crm", "--from", "2026-01-01"]);
    assert!(spans.code == Some(2) && spans.err.contains("snapshot"), "{spans:?}");
    // A snapshot cannot share its table with another source.
    settings(dir, &format!("{TABLES}{crm}{}", file("more", "tickets", "shared = true")));
    let shared = run_in(dir, &["run"]);
    assert_eq!(shared.code, Some(2), "{shared:?}");
    assert!(shared.err.contains("`crm` replaces all of its rows"), "{shared:?}");

    // A query, into a table that is declared as replaced by all of its sources.
    let theirs = TempDir::new().unwrap();
    settings(theirs.path(), &format!("{TABLES}{}", file("crm", "tickets", "")));
    let source = |text: &str| {
        let text = format!("ticket_id,opened_at,note\n{text}");
        fs::write(theirs.path().join("crm.csv"), text).unwrap();
        succeed(theirs.path(), &["run", "--full-refresh", "crm"]);
    };
    let other = TempDir::new().unwrap();
    let database = "[[databases]]\nname = \"shop\"\nurl_env = \"SHOP_URL\"\nquery = \"SELECT * FROM tickets\"\n\
                    table = \"tickets\"\npage_rows = 1\n";
    let tables = TABLES.replace("\"merge\"", "\"replace\"");
    settings(other.path(), &format!("{tables}{database}"));
    let run = || {
        let mut run = bare_command(other.path());
        let run = run.env("SHOP_URL", url("sqlite", theirs.path(), "tidegauge.db")).arg("run");
        assert_eq!(output_of(run).code, Some(0));
    };
    source("1,2026-01-01T08:00:00Z,a\n2,2026-01-02T08:00:00Z,b\n3,,c\n");
    run();
    assert_eq!(notes(other.path()).await, ["a", "b", "c"]);
    source("3,2026-01-02T08:00:00Z,C\n");
    run();
    run();
    assert_eq!(notes(other.path()).await, ["C"]);
}

fn says_of(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(command_in(dir).args(words))
}
