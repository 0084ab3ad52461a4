//! Resets: rows that sources have loaded are removed, and loaded again.

use std::fs;
use std::path::Path;

use crate::common::markets::{Market, settings};
use crate::common::{
    assert_same, assert_same_files, command_in, csv_counts, csv_files, output_of, succeed, url,
    warehouse,
};
use tempfile::TempDir;
use tidegauge::core::tables::{
    Candle, Coverage, CryptoMetric, FxDaily, FxRate, MarketPrice, Order, User,
};
use tidegauge::core::{Cursor, DataType, Filter, Removal, Reset, Table, Warehouse, WarehouseExt};
use tidegauge_testkit::{MariaDb, Postgres};

const BACKUPS: [&str; 4] = ["--backup", "csv://csv", "--backup", "parquet://parquet"];

/// Runs a command with the two backups; it must succeed.
fn with_backups(dir: &Path, args: &[&str]) -> String {
    succeed(dir, &[args, &BACKUPS[..]].concat())
}

/// Returns every file in the folder with its length.
fn lengths(dir: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // The usage of a source's budget is not part of the data.
        if path.ends_with("state") {
            continue;
        }
        match path.is_dir() {
            true => found.extend(lengths(&path)),
            false => found.push((path.display().to_string(), path.metadata().unwrap().len())),
        }
    }
    found.sort();
    found
}

/// Checks that all sinks in `dir` hold the same rows as those in `other`.
async fn assert_all_same(dir: &Path, other: &Path) {
    let whole = warehouse(&url("sqlite", other, "tidegauge.db"));
    for (scheme, name) in [("sqlite", "tidegauge.db"), ("parquet", "parquet")] {
        assert_same(whole.as_ref(), warehouse(&url(scheme, dir, name)).as_ref()).await;
    }
    assert_same_files(&other.join("csv"), &dir.join("csv"));
}

#[tokio::test]
async fn reset_and_reloaded_rows_are_identical() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for dir in [&dir, &other] {
        with_backups(dir.path(), &["run"]);
    }
    let ours = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let users = ours.count(User::table()).await.unwrap();

    let before = lengths(dir.path());
    let output = with_backups(dir.path(), &["reset", "recorded", "--dry-run"]);
    for words in
        ["csv://csv", "parquet://parquet", "sqlite://", "cursor of recorded", "cursor of market"]
    {
        assert!(output.contains(words), "{words}: {output}");
    }
    assert!(output.contains("candles") && output.contains("1292"), "{output}");
    assert!(output.contains("nothing was removed: this is a dry run"), "{output}");
    assert!(!output.contains("orders") && !output.contains("simulation"), "{output}");
    assert_eq!(lengths(dir.path()), before);

    let output = with_backups(dir.path(), &["reset", "recorded"]);
    assert!(
        output.contains("1292") && output.contains("removed; `tidegauge run` loads"),
        "{output}"
    );
    for table in [Candle::table(), FxRate::table(), MarketPrice::table(), FxDaily::table()] {
        assert_eq!(ours.count(table).await.unwrap(), 0, "{}", table.name);
    }
    assert_eq!(ours.count(CryptoMetric::table()).await.unwrap(), 0);
    assert_eq!(ours.count(User::table()).await.unwrap(), users);
    let cursors = ours.cursors().await.unwrap();
    let kept: Vec<_> = cursors.keys().map(String::as_str).collect();
    assert_eq!(kept, ["pipeline", "simulation"]);
    assert!(!csv_counts(&dir.path().join("csv")).contains_key("candles"));
    let status = succeed(dir.path(), &["status"]);
    assert!(status.contains("never loaded") && status.contains("reset"), "{status}");
    let again = with_backups(dir.path(), &["reset", "recorded"]);
    assert!(again.contains("there was nothing to remove"), "{again}");

    with_backups(dir.path(), &["run", "--source", "recorded"]);
    assert_all_same(dir.path(), other.path()).await;

    // Reset and load in one command, also of the derived tables alone.
    for source in ["recorded", "market"] {
        let output = with_backups(dir.path(), &["run", "--full-refresh", source, "--dry-run"]);
        assert!(output.contains("and nothing loaded: this is a dry run"), "{output}");
        assert_all_same(dir.path(), other.path()).await;
        let output = with_backups(dir.path(), &["run", "--full-refresh", source]);
        assert!(
            output.contains("cursor of market") && output.contains("market_prices"),
            "{output}"
        );
        assert_all_same(dir.path(), other.path()).await;
    }

    // The simulation restarts with its first ninety days, independent of how far it was played.
    with_backups(dir.path(), &["run", "--until", "2020-10-05"]);
    let output = with_backups(dir.path(), &["reset", "simulation"]);
    assert!(output.contains("orders") && !output.contains("candles"), "{output}");
    assert_eq!(ours.count(User::table()).await.unwrap(), 0);
    with_backups(dir.path(), &["run"]);
    assert_all_same(dir.path(), other.path()).await;
    assert!(succeed(dir.path(), &["verify"]).contains("rules hold"));
}

async fn server_is_reset(theirs: &str) {
    let dir = TempDir::new().unwrap();
    let run = |words: &[&str]| {
        let output =
            output_of(command_in(dir.path()).env("TIDEGAUGE_WAREHOUSE", theirs).args(words));
        assert_eq!(output.code, Some(0), "{output:?}");
        output.out
    };
    run(&["run"]);
    assert!(run(&["reset", "recorded", "simulation", "--dry-run"]).contains("1292"));
    let there = warehouse(theirs);
    assert_eq!(there.count(Candle::table()).await.unwrap(), 1292);
    assert!(run(&["reset", "recorded", "simulation"]).contains("orders"));
    for table in [Candle::table(), Order::table(), MarketPrice::table()] {
        assert_eq!(there.count(table).await.unwrap(), 0, "{}", table.name);
    }
    run(&["run"]);
    succeed(dir.path(), &["run"]);
    let ours = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    assert_same(ours.as_ref(), there.as_ref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_reset_and_reloaded() {
    if let Some(server) = Postgres::shared() {
        server_is_reset(&format!("{}?schema=reset", server.url())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_is_reset_and_reloaded() {
    let Some(server) = MariaDb::start() else { return };
    server_is_reset(&server.url()).await;
}

const FILES: &str = r#"
sources = ["old_tickets", "new_tickets"]

[[tables]]
name = "tickets"
description = "Support tickets"
key = ["ticket_id"]
write = "append"
columns = [{ name = "ticket_id", type = "int64", description = "The ticket" }]

[[tables]]
name = "agents"
description = "Who answers"
key = ["agent_id"]
write = "merge"
columns = [{ name = "agent_id", type = "int64", description = "Who" }]

[[files]]
name = "old_tickets"
path = "old.csv"
table = "tickets"
settle = "0s"
[files.columns]
ticket_id = "id"

[[files]]
name = "new_tickets"
path = "new.csv"
table = "tickets"
shared = true
settle = "0s"
[files.columns]
ticket_id = "id"

[[files]]
name = "agents"
path = "agents.csv"
table = "agents"
enabled = false
settle = "0s"
[files.columns]
agent_id = "id"

[[files]]
name = "more_agents"
path = "agents.csv"
table = "agents"
enabled = false
shared = true
settle = "0s"
[files.columns]
agent_id = "id"
"#;

#[tokio::test]
async fn rows_of_shared_tables_are_reset_together_or_not_at_all() {
    let dir = TempDir::new().unwrap();
    let settings = dir.path().join("tidegauge.toml");
    fs::write(&settings, FILES).unwrap();
    for (file, rows) in
        [("old.csv", "id\n1\n2\n"), ("new.csv", "id\n3\n"), ("agents.csv", "id\n7\n")]
    {
        fs::write(dir.path().join(file), rows).unwrap();
    }
    succeed(dir.path(), &["run"]);
    let refused = output_of(command_in(dir.path()).args(["reset", "new_tickets"]));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for words in
        ["`tickets` only takes new rows", "`old_tickets` filled it", "`tidegauge reset new_tickets"]
    {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    // A source that is no longer in the settings is known from the history.
    fs::write(&settings, FILES.replace("\"old_tickets\"", "\"older_tickets\"")).unwrap();
    let refused = output_of(command_in(dir.path()).args(["reset", "new_tickets"]));
    assert!(refused.err.contains("`tidegauge reset new_tickets old_tickets`"), "{refused:?}");
    fs::write(&settings, FILES).unwrap();

    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let tickets = Table::builder("tickets", "")
        .column("ticket_id", DataType::Int64, "")
        .key(["ticket_id"])
        .build()
        .unwrap();
    assert_eq!(store.count(&tickets).await.unwrap(), 3);
    let output = succeed(dir.path(), &["reset", "new_tickets", "old_tickets"]);
    assert!(output.contains("cursor of old_tickets"), "{output}");
    assert_eq!(store.count(&tickets).await.unwrap(), 0);
    succeed(dir.path(), &["run"]);
    assert_eq!(store.count(&tickets).await.unwrap(), 3);

    // Rows of a merge table stay, and are replaced by those that are loaded again.
    succeed(dir.path(), &["run", "--source", "agents", "--source", "more_agents"]);
    let output = succeed(dir.path(), &["reset", "agents"]);
    assert!(output.contains("the rows of agents stay, since more_agents filled it"), "{output}");
    assert!(output.contains("cursor of agents"), "{output}");
    assert_eq!(store.cursor("agents").await.unwrap(), None);
    assert!(store.cursor("more_agents").await.unwrap().is_some());
    succeed(dir.path(), &["run", "--full-refresh", "agents"]);
    assert!(store.cursor("agents").await.unwrap().is_some());

    for (args, word) in [
        (&["reset", "nope"][..], "there is no source `nope`"),
        (&["reset"], "SOURCE"),
        (&["run", "--full-refresh", "nope"], "nope"),
        (&["run", "--dry-run"], "--full-refresh"),
    ] {
        let output = output_of(command_in(dir.path()).args(args));
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(output.err.contains(word), "{output:?}");
    }
}

/// Checks that a reset that fails at the warehouse after a backup is reported, and that the same
/// command finishes it.
#[tokio::test]
async fn partial_reset_is_reported_and_finished_by_a_second() {
    let dir = TempDir::new().unwrap();
    let backup = ["--backup", "csv://csv"];
    succeed(dir.path(), &[&["run", "--source", "recorded"], &backup[..]].concat());
    let ours = url("sqlite", dir.path(), "tidegauge.db");
    let closed = format!("{ours}?mode=ro");
    let reset = ["reset", "recorded", "--warehouse", &closed];
    let output = output_of(command_in(dir.path()).args([&reset[..], &backup[..]].concat()));
    assert_eq!(output.code, Some(6), "{output:?}");
    let words = "csv was reset by then: the same command again finishes it";
    assert!(output.err.contains("cannot be written") && output.err.contains(words), "{output:?}");
    assert!(!csv_counts(&dir.path().join("csv")).contains_key("candles"));
    let store = warehouse(&ours);
    assert_eq!(store.count(Candle::table()).await.unwrap(), 1292);
    assert!(store.cursor("recorded").await.unwrap().is_some());
    succeed(dir.path(), &[&["reset", "recorded"], &backup[..]].concat());
    assert_eq!(store.count(Candle::table()).await.unwrap(), 0);
    assert_eq!(store.cursor("recorded").await.unwrap(), None::<Cursor>);
    succeed(dir.path(), &[&["run", "--source", "recorded"], &backup[..]].concat());
    let other = TempDir::new().unwrap();
    succeed(other.path(), &[&["run", "--source", "recorded"], &backup[..]].concat());
    assert_same_files(&other.path().join("csv"), &dir.path().join("csv"));
    assert!(!csv_files(&dir.path().join("csv")).is_empty());
}

const SERVICES: &str = r#"
sources = ["twelvedata"]
[twelvedata]
symbols = ["BTC", "ETH"]
intervals = ["1m"]
history_days = 2
"#;

/// Checks that a reset removes rows, ledger, cursor and backfill of a source, keeps other sources'
/// entries, and that stored spans are loaded again on request only.
#[tokio::test]
async fn coverage_is_reset_with_its_source_and_a_span_is_reloaded() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    settings(dir.path(), &[("twelvedata", &twelve)], 6_000, SERVICES);
    let command = |words: &[&str]| {
        let output =
            output_of(command_in(dir.path()).env("TIDEGAUGE_TWELVEDATA_KEY", "canary").args(words));
        assert_eq!(output.code, Some(0), "{output:?}");
        output.out
    };
    succeed(dir.path(), &["run", "--source", "recorded"]);
    let span = ["--from", "2024-01-01", "--to", "2024-01-08"];
    command(&[&["run"], &span[..]].concat());
    let asked = twelve.asked().len();
    let reload = [&["reload", "twelvedata"], &span[..]].concat();
    let output = command(&[&reload[..], &["--dry-run"]].concat());
    assert!(output.contains("twelvedata: 6 calls") && output.contains("dry run"), "{output}");
    assert_eq!(twelve.asked().len(), asked);
    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let of = |source: &str| Filter::eq("source", source);
    let candles = async |store: &dyn Warehouse, source: &str| {
        store.count_where(Candle::table(), of(source)).await.unwrap()
    };
    assert_eq!(candles(&*store, "twelvedata").await, 20_160);
    assert!(command(&reload).contains("20160"));
    assert_eq!(twelve.asked().len(), asked + 6);
    assert_eq!(candles(&*store, "twelvedata").await, 20_160);
    let mut again = command_in(dir.path());
    again.env("TIDEGAUGE_TWELVEDATA_KEY", "canary").arg("run").args(span);
    assert!(output_of(&mut again).err.contains("nothing is missing"));

    // A reset needs no key.
    let output = succeed(dir.path(), &["reset", "twelvedata"]);
    assert!(
        output.contains("cursor of twelvedata fill") && output.contains("coverage"),
        "{output}"
    );
    assert_eq!(candles(&*store, "twelvedata").await, 0);
    assert_eq!(candles(&*store, "recorded").await, 1292);
    assert_eq!(store.count_where(Coverage::table(), of("twelvedata")).await.unwrap(), 0);
    let left: Vec<_> = store.cursors().await.unwrap().into_keys().collect();
    assert_eq!(left, ["pipeline", "recorded"]);
    command(&[&["run"], &span[..]].concat());
    assert_eq!(candles(&*store, "twelvedata").await, 20_160);
}

/// Checks that rows that were removed by hand under a cursor are reported.
#[tokio::test]
async fn status_and_verify_report_rows_missing_under_a_cursor() {
    let dir = TempDir::new().unwrap();
    succeed(dir.path(), &["run"]);
    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let removals = [Removal::all(Candle::table())];
    store.reset(Reset { cursors: &[], removals: &removals, dry_run: false }).await.unwrap();
    drop(store);
    // Files that a reader of SQLite leaves are not data.
    let written = || {
        let mut files = lengths(dir.path());
        files.retain(|(path, _)| !path.ends_with("-shm") && !path.ends_with("-wal"));
        files
    };
    let before = written();
    let words = "table `candles` lacks rows that `recorded` has loaded";
    let status = succeed(dir.path(), &["status"]);
    let reported = status.lines().find(|line| line.starts_with("warning: ")).unwrap();
    assert!(
        reported.contains(words) && reported.contains("`tidegauge reset recorded`"),
        "{status}"
    );
    let status = succeed(dir.path(), &["status", "--output", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    for source in status["sources"].as_array().unwrap() {
        let fault = source["fault"].as_str().unwrap_or_default();
        assert_eq!(fault.contains(words), source["source"] == "recorded", "{source}");
    }
    let verdict = output_of(command_in(dir.path()).arg("verify"));
    assert_eq!(verdict.code, Some(13), "{verdict:?}");
    assert!(verdict.err.contains(words), "{verdict:?}");
    assert_eq!(written(), before, "nothing is written");
    succeed(dir.path(), &["run", "--full-refresh", "recorded"]);
    assert!(!succeed(dir.path(), &["status"]).contains("warning"));
}

/// Checks that reading commands create no warehouse, and need no permission to write it.
#[cfg(unix)]
#[test]
fn status_and_verify_write_nothing() {
    let dir = TempDir::new().unwrap();
    succeed(dir.path(), &["status"]);
    assert!(!dir.path().join("tidegauge.db").exists());
    succeed(dir.path(), &["run", "--source", "recorded"]);
    let url = format!("{}?mode=ro", url("sqlite", dir.path(), "tidegauge.db"));
    succeed(dir.path(), &["status", "--warehouse", &url]);
}
