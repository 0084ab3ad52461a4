//! The output: text that is safe for a terminal, one JSON document for programs, nothing at all,
//! and an exit code for each kind of error.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tidegauge::core::tables::User;
use tidegauge::core::{Batch, Cursor, Load};

use crate::common::{CommandOutput, command_in, output_of, succeed, url, warehouse};

/// The settings of a table and a file of the user's own; nothing else is loaded.
const SETTINGS: &str = r#"
sources = ["our_tickets"]

[[tables]]
name = "tickets"
description = "Support tickets"
key = ["ticket_id"]
write = "merge"
columns = [
  { name = "ticket_id", type = "int64", description = "The ticket" },
  { name = "cost_usd", type = "decimal(18,2)", nullable = true, description = "What it cost" },
]

[[files]]
name = "our_tickets"
path = "tickets.csv"
table = "tickets"
settle = "0s"
[files.columns]
ticket_id = "id"
cost_usd = "cost"
"#;

fn tickets(dir: &Path, rows: &str) {
    fs::write(dir.join("tidegauge.toml"), SETTINGS).unwrap();
    fs::write(dir.join("tickets.csv"), format!("id,cost\n{rows}")).unwrap();
}

fn run_in(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(command_in(dir).args(words))
}

/// Parses the one line of JSON that a command printed.
fn document(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns the JSON answer of `words`, which must end with `code`.
fn answer(dir: &Path, words: &[&str], code: i32) -> Value {
    let output = run_in(dir, &[&["--output", "json"], words].concat());
    assert_eq!((output.code, output.err.as_str()), (Some(code), ""), "{words:?}: {output:?}");
    document(&output.out)
}

/// Returns the JSON error of a command.
fn failure(output: &CommandOutput) -> Value {
    let failure = document(&output.err);
    assert_eq!(failure["error"]["exit_code"], output.code.unwrap(), "{output:?}");
    failure["error"].clone()
}

/// Returns a document in a reproducible form: fields in alphabetical order, values that depend on
/// the clock or on the number of audit rules replaced, and lists cut to their representative
/// elements.
fn shape(value: &Value) -> Value {
    const DRAWN: [&str; 8] = [
        "run_id",
        "started_at",
        "ended_at",
        "seconds",
        "rows_per_second",
        "checks",
        "tried",
        "cursor",
    ];
    match value {
        Value::Object(fields) => {
            let mut names: Vec<_> = fields.keys().collect();
            names.sort();
            let field = |name: &String| match &fields[name] {
                Value::Number(_) if DRAWN.contains(&name.as_str()) => json!(0),
                Value::String(_) if DRAWN.contains(&name.as_str()) => json!("…"),
                field => shape(field),
            };
            Value::Object(
                names.into_iter().map(|name| (name.clone(), field(name))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(elements) if elements.len() > 2 => {
            let mut shown: Vec<_> = elements[..1].iter().map(shape).collect();
            shown.push(json!("…"));
            Value::Array(shown)
        }
        Value::Array(elements) => Value::Array(elements.iter().map(shape).collect()),
        Value::String(text) if text.chars().count() > 100 => {
            Value::String(text.chars().take(60).chain(['…']).collect())
        }
        other => other.clone(),
    }
}

/// Checks that the page about the command contains each of these documents, word by word.
#[test]
fn every_answer_is_one_json_document() {
    let (dir, own) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    tickets(own.path(), "1,12.50\n2,\n");
    let (dir, own) = (dir.path(), own.path());
    let documents = [
        ("init", answer(dir, &["init", "--config", "new.toml"], 0)),
        ("run", answer(own, &["run", "--backup", "csv://backup"], 0)),
        ("status", answer(own, &["status"], 0)),
        ("tables tickets", answer(own, &["tables", "tickets"], 0)),
        ("tables", answer(own, &["tables"], 0)),
        ("reset our_tickets --dry-run", answer(own, &["reset", "our_tickets", "--dry-run"], 0)),
        (
            "run --full-refresh our_tickets",
            answer(own, &["run", "--full-refresh", "our_tickets"], 0),
        ),
        ("sources", answer(own, &["sources"], 0)),
        ("check recorded", answer(dir, &["check", "recorded"], 0)),
        (
            "gaps",
            answer(
                dir,
                &["gaps", "--source", "ecb", "--from", "2024-01-02", "--to", "2024-01-05"],
                1,
            ),
        ),
        (
            "reload ecb --dry-run",
            answer(
                dir,
                &["reload", "ecb", "--from", "2024-01-02", "--to", "2024-01-05", "--dry-run"],
                0,
            ),
        ),
        ("instruments", answer(dir, &["instruments"], 0)),
        ("the whole of it", answer(dir, &["run"], 0)),
        ("verify", answer(dir, &["verify"], 0)),
        ("report", answer(dir, &["report", "--file", "out/page.html"], 0)),
        ("report --data -", answer(dir, &["report", "--data", "-"], 0)),
        ("man man1", answer(dir, &["man", "man1"], 0)),
    ];
    assert!(dir.join("out/page.html").is_file());
    let shown = documents.into_iter().filter(|(words, _)| !words.contains("whole"));
    let blocks: Vec<_> = shown
        .map(|(words, document)| {
            let shape = serde_json::to_string_pretty(&shape(&document)).unwrap();
            format!("### `{words}`\n\n```json\n{shape}\n```\n")
        })
        .collect();
    insta::assert_snapshot!("json", blocks.join("\n"));
    let page = fs::read_to_string("../../docs/command.md").unwrap();
    for block in blocks {
        assert!(page.contains(&block), "docs/command.md lacks:\n{block}");
    }
}

#[test]
fn errors_are_one_json_object() {
    let dir = TempDir::new().unwrap();
    tickets(dir.path(), "1,much\n");
    fs::write(dir.path().join("bad.toml"), "[simulation]\nsede = 1\n").unwrap();
    for (words, code, kind, expected) in [
        (&["--config", "bad.toml", "status"][..], 2, "configuration", "sede"),
        (&["status", "--what"], 2, "configuration", "unexpected argument '--what' found"),
        (&["tables", "nope"], 2, "configuration", "there is no table `nope`"),
        (&["report"], 10, "not_found", "tidegauge run"),
        (&["run"], 11, "invalid_input", "tickets.csv:2"),
        (&["reset", "nope"], 2, "configuration", "there is no source `nope`"),
        (&["reload", "our_tickets", "--from", "2024-01-02"], 2, "configuration", "our_tickets"),
        // No password is repeated, independent of its position.
        (
            &["--config", "postgres://u:tiger@h/db", "status"],
            2,
            "configuration",
            "`postgres://***@h/db`",
        ),
        (&["status", "postgres://u:tiger@h/db"], 2, "configuration", "'postgres://…'"),
        (&["status", "u:tiger@h/db"], 2, "configuration", "***@h/db"),
    ] {
        let output = run_in(dir.path(), &[words, &["--output=json"]].concat());
        assert_eq!(output.code, Some(code), "{words:?}: {output:?}");
        let failure = failure(&output);
        assert_eq!(failure["kind"], kind, "{failure}");
        assert!(failure["message"].as_str().unwrap().contains(expected), "{failure}");
        assert!(!output.err.contains("tiger"), "{output:?}");
        // A run prints what it loaded nevertheless.
        assert_eq!(output.out.is_empty(), words != ["run"], "{output:?}");
    }
    // The failures of a run are listed one by one; several kinds have no code of their own.
    let more = "[ecb.http]\nbase_url = \"http://127.0.0.1:1\"\n[ecb.http.retry]\nattempts = 1\n";
    fs::write(dir.path().join("tidegauge.toml"), format!("{SETTINGS}{more}")).unwrap();
    let words = ["run", "--source", "our_tickets", "--source", "ecb", "--output", "json"];
    let output = run_in(dir.path(), &words);
    let failure = failure(&output);
    assert_eq!((output.code, &failure["kind"]), (Some(1), &json!("several")), "{failure}");
    let mut failures: Vec<_> = failure["failures"].as_array().unwrap().iter().collect();
    failures.sort_by_key(|failure| failure["source"].to_string());
    assert_eq!(failures[0]["source"], "ecb", "{failure}");
    assert_eq!(failures[0]["kind"], "unavailable", "{failure}");
    assert_eq!(failures[1]["kind"], "invalid_input", "{failure}");
    document(&output.out);
    // `.env` is read first.
    fs::write(dir.path().join(".env"), "no line of it\n").unwrap();
    let broken = self::run_in(dir.path(), &["status", "--output", "json"]);
    assert_eq!(self::failure(&broken)["kind"], "configuration", "{broken:?}");
}

#[test]
fn quiet_prints_errors_and_documents_only() {
    let dir = TempDir::new().unwrap();
    tickets(dir.path(), "1,12.50\n");
    let gaps = ["gaps", "--source", "ecb", "--from", "2024-01-02", "--to", "2024-01-05"];
    let reload = ["reload", "ecb", "--from", "2024-01-02", "--to", "2024-01-05", "--dry-run"];
    for (words, code) in [
        (&["run"][..], 0),
        (&["status"], 0),
        (&["sources"], 0),
        (&["check"], 0),
        (&gaps, 1),
        (&reload, 0),
        (&["run", "--full-refresh", "our_tickets", "--dry-run"], 0),
        (&["run", "--full-refresh", "our_tickets"], 0),
        (&["reset", "our_tickets", "--dry-run"], 0),
        (&["reset", "our_tickets"], 0),
        (&["instruments"], 0),
        (&["tables"], 0),
        (&["init", "--config", "new.toml"], 0),
    ] {
        let output = run_in(dir.path(), &[words, &["--quiet"]].concat());
        assert_eq!(
            (output.code, output.out + &output.err),
            (Some(code), String::new()),
            "{words:?}"
        );
    }
    document(&run_in(dir.path(), &["-q", "--output", "json", "status"]).out);
    let failed = run_in(dir.path(), &["-q", "report"]);
    assert_eq!((failed.code, failed.out.as_str()), (Some(10), ""), "{failed:?}");
    assert!(failed.err.starts_with("error: ") && failed.err.lines().count() == 1, "{failed:?}");
}

/// Starts a local server that answers every request with `status` and `body`; returns its address.
fn service(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut request, mut chunk) = (stream.unwrap(), Vec::new(), [0; 4096]);
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                    _ => break,
                }
            }
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close");
            let _ = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        }
    });
    address
}

#[test]
fn every_kind_of_error_has_its_exit_code() {
    let dir = TempDir::new().unwrap();
    for (status, body, code, kind) in [
        ("401 Unauthorized", "{}", 5, "authentication"),
        ("403 Forbidden", "{}", 6, "permission"),
        ("429 Too Many Requests", "{}", 7, "rate_limited"),
        ("503 Service Unavailable", "{}", 8, "unavailable"),
        ("200 OK", "{\"prices\": 7}", 12, "schema_mismatch"),
    ] {
        let mut command = command_in(dir.path());
        command.env("TIDEGAUGE_COINGECKO__HTTP__BASE_URL", service(status, body));
        command.env("TIDEGAUGE_COINGECKO__HTTP__RETRY__ATTEMPTS", "1");
        let output = output_of(command.args(["run", "--source", "coingecko", "--output", "json"]));
        assert_eq!(output.code, Some(code), "{status}: {output:?}");
        assert_eq!(failure(&output)["kind"], kind, "{output:?}");
    }
    fs::write(dir.path().join("torn.db"), "SQLite format 3\0 and then nothing of the kind")
        .unwrap();
    let torn = run_in(dir.path(), &["--warehouse", "sqlite://torn.db", "status"]);
    assert_eq!(torn.code, Some(13), "{torn:?}");
    let folder = run_in(dir.path(), &["init", "--config", "."]);
    assert_eq!(folder.code, Some(11), "{folder:?}");
    let load = ["--warehouse", "sqlite://nowhere/x.db", "run", "--source", "recorded"];
    let nowhere = run_in(dir.path(), &load);
    assert_eq!(nowhere.code, Some(10), "{nowhere:?}");
}

#[test]
fn stream_without_its_key_fails_the_run_before_loading() {
    let dir = TempDir::new().unwrap();
    let run = run_in(dir.path(), &["run", "--source", "recorded", "--source", "twelvedata_stream"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("TIDEGAUGE_TWELVEDATA_KEY"), "{run:?}");
    assert!(!run.out.contains("loading") && !run.err.contains("loading"), "{run:?}");
}

/// Checks that a lock of the warehouse held by another process is a conflict.
#[test]
fn held_lock_is_a_conflict() {
    let dir = TempDir::new().unwrap();
    let folder = ["--warehouse", "parquet://folder"];
    succeed(dir.path(), &[&folder[..], &["run", "--source", "recorded"]].concat());
    let lock = fs::File::open(dir.path().join("folder/_tidegauge/lock")).unwrap();
    lock.lock().unwrap();
    let reset = ["reset", "recorded", "--output", "json"];
    let output = run_in(dir.path(), &[&folder[..], &reset].concat());
    assert_eq!(output.code, Some(4), "{output:?}");
    let failure = failure(&output);
    assert_eq!(failure["kind"], "conflict", "{failure}");
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("is in use by another process"), "{failure}");
}

/// Text with terminal control sequences, and a line that looks like an error of the command.
const FORGED: &str = "x\u{1b}]0;pwned\u{7}\u{1b}[31m\u{9b}2J\u{202e}\u{2066}\r\nerror: forged";

/// Checks that no control character was printed, and that no line begins with the forged error.
fn assert_clean(output: &CommandOutput, errors: usize) {
    for text in [&output.out, &output.err] {
        let dirty = |c: char| {
            c.is_control() && c != '\n'
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(dirty), "{output:?}");
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with("error: forged")),
            "{output:?}"
        );
    }
    let shown = output.err.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(shown, errors, "{output:?}");
}

#[tokio::test]
async fn output_contains_no_terminal_control_sequence() {
    let dir = TempDir::new().unwrap();
    succeed(dir.path(), &["run"]);
    let users = (5_000..5_200).map(|user_id| User {
        user_id,
        email: Some(format!("{user_id}@example.com")),
        country: Some("DE".into()),
        kyc_status: Some("verified".into()),
        kyc_verified_at: "2020-08-02T00:00:00Z".parse().ok(),
        account_tier: Some(FORGED.into()),
        is_active: Some(true),
        signup_at: "2020-08-01T00:00:00Z".parse().unwrap(),
        acquisition_channel: Some(FORGED.into()),
        campaign: None,
        name: None,
        phone: None,
        address: None,
        device: None,
        referred_by: None,
        balances: None,
        external_id: None,
    });
    let batches = [Batch::from_rows(User::table(), users).unwrap()];
    let after = Cursor::new(FORGED);
    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    store.load(Load::new(FORGED, &batches, None, &after)).await.unwrap();

    for words in [&["report"][..], &["status"], &["sources"], &["verify"]] {
        let output = run_in(dir.path(), words);
        assert!(output.code == Some(0) || words == ["verify"], "{output:?}");
        assert_clean(&output, 0);
    }
    // Each row of a table still takes one line.
    let status = succeed(dir.path(), &["status"]);
    let lines: Vec<_> = status.lines().filter(|line| line.contains("forged")).collect();
    assert_eq!(lines.len(), 1, "{status}");
    assert!(lines[0].contains("x\u{fffd}]0;pwned\u{fffd}\u{fffd}[31m"), "{status}");

    // JSON has the original text, without a raw control byte.
    let json = run_in(dir.path(), &["status", "--output", "json"]);
    assert_clean(&json, 0);
    let sources = document(&json.out)["sources"].as_array().unwrap().clone();
    let rogue = sources.iter().find(|source| source["source"] == FORGED).unwrap();
    assert_eq!(rogue["cursor"], FORGED);

    let declared = SETTINGS.replace("\"tickets\"", &json!(FORGED).to_string());
    fs::write(dir.path().join("forged.toml"), declared).unwrap();
    for words in [
        &["run", "--source", FORGED][..],
        &["check", FORGED],
        &["tables", FORGED],
        &["--warehouse", FORGED, "status"],
        &["--config", FORGED, "status"],
        &["--config", "forged.toml", "status"],
        &["status", FORGED],
        &["run", "--until", FORGED],
        &["status", "--output", FORGED],
    ] {
        let output = run_in(dir.path(), words);
        assert_eq!(output.code, Some(2), "{words:?}: {output:?}");

        let errors = output.err.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{output:?}");
        assert_clean(&output, 1);
    }
    // A cursor that the source did not write is an error.
    let before = store.cursor("recorded").await.unwrap();
    let (before, batches) = (before.as_ref(), &[]);
    store.load(Load::new("recorded", batches, before, &after)).await.unwrap();
    let run = run_in(dir.path(), &["run", "--source", "recorded"]);
    assert_eq!(run.code, Some(13), "{run:?}");
    assert_clean(&run, 1);
}

#[test]
fn declared_tables_are_listed() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    tickets(dir, "1,12.50\n2,\n");
    let before = succeed(dir, &["status"]);
    assert!(before.contains("It is empty: `tidegauge run` fills it."), "{before}");
    succeed(dir, &["run"]);
    let rows = |status: &str| {
        let line = status.lines().find(|line| line.trim_start().starts_with("tickets"));
        let words =
            line.unwrap_or_else(|| panic!("{status}")).split_whitespace().collect::<Vec<_>>();
        (words[1].to_owned(), words[2..].join(" "))
    };
    for warehouse in ["sqlite://tidegauge.db", "parquet://folder"] {
        succeed(dir, &["run", "--warehouse", warehouse]);
        let status = succeed(dir, &["status", "--warehouse", warehouse]);
        assert!(!status.contains("empty"), "{status}");
        assert_eq!(rows(&status), ("2".into(), "Support tickets".into()), "{warehouse}");
    }
    for words in [&["tables"][..], &["tables", "tickets"]] {
        assert!(succeed(dir, words).contains("Support tickets"), "{words:?}");
    }
    for command in ["verify", "report"] {
        let output = run_in(dir, &[command]);
        assert_eq!(output.code, Some(10), "{output:?}");
        let expected = "has rows in `tickets` alone, and none of users";
        assert!(output.err.contains(expected), "{output:?}");
    }

    // Settings that no longer declare the table do not hide its rows.
    fs::write(dir.join("tidegauge.toml"), "").unwrap();
    for warehouse in ["sqlite://tidegauge.db", "parquet://folder"] {
        let status = succeed(dir, &["status", "--warehouse", warehouse]);
        assert_eq!(rows(&status), ("?".into(), "not declared in these settings".into()));
        assert!(status.contains("our_tickets"), "{status}");
    }

    // Built-in tables are described even with invalid settings, whose error is reported.
    fs::write(dir.join("tidegauge.toml"), SETTINGS.replace("int64", "int63")).unwrap();
    let broken = run_in(dir, &["tables"]);
    assert_eq!(broken.code, Some(2), "{broken:?}");
    assert!(
        broken.out.contains("ramp_transactions") && broken.err.contains("columns.0.type"),
        "{broken:?}"
    );
    succeed(dir, &["tables", "users"]);
}
