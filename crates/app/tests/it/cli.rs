//! Tests of the command line.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use crate::common;
use crate::common::{command_in, output_of, succeed, url, warehouse};
use tidegauge::Config;
use tidegauge::core::tables::{self, Trade};
use tidegauge::core::{Batch, Clock, Cursor, Load, SystemClock};

/// Returns the output of the command with `args` in `dir`.
fn run_in(dir: &Path, args: &[&str]) -> common::CommandOutput {
    output_of(command_in(dir).args(args))
}

fn files(dir: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| name(entry.unwrap())).collect();
    files.sort();
    files
}

#[test]
fn help() {
    let dir = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", succeed(dir.path(), &["--help"]));
    insta::assert_snapshot!("run_help", succeed(dir.path(), &["run", "--help"]));
    let bare = run_in(dir.path(), &[]);
    assert_eq!(bare.code, Some(2));
    assert!(bare.err.contains("Usage: tidegauge"), "{bare:?}");
}

#[test]
fn init_writes_the_template_and_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tidegauge.toml");
    let today = SystemClock.now().date_naive();
    for (args, template, next) in [
        (
            &["init", "--demo"][..],
            Config::default().demo_template(today),
            "`tidegauge run` is next",
        ),
        (&["init"], Config::default().template(), "`tidegauge import FILE` adds"),
    ] {
        fs::remove_file(&file).ok();
        let output = succeed(dir.path(), args);
        assert!(output.contains("tidegauge.toml") && output.contains(next), "{output}");
        assert_eq!(fs::read_to_string(&file).unwrap(), template);
    }

    fs::write(&file, "seed = 7").unwrap();
    let again = run_in(dir.path(), &["init"]);
    assert_eq!(again.code, Some(11), "{again:?}");
    assert!(again.err.contains("tidegauge.toml"), "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "seed = 7");

    // The command must be able to read what it wrote.
    fs::remove_file(&file).unwrap();
    succeed(dir.path(), &["init"]);
    succeed(dir.path(), &["status"]);
}

/// Checks that a run without sources does nothing, and that its error says how to name some.
#[test]
fn run_without_sources_names_the_next_steps() {
    let dir = tempfile::tempdir().unwrap();
    for init in [false, true] {
        if init {
            succeed(dir.path(), &["init"]);
        }
        for command in ["run", "check"] {
            let output = output_of(common::bare_command(dir.path()).arg(command));
            assert_eq!((output.code, output.out.as_str()), (Some(2), ""), "{output:?}");
            assert_eq!(output.err.lines().count(), 1, "{output:?}");
            for words in ["[[files]]", "[[databases]]", "`sources`", "tidegauge init --demo"] {
                assert!(output.err.contains(words), "{words}: {output:?}");
            }
        }
    }
    assert_eq!(files(dir.path()), ["tidegauge.toml"]);
    let demo = tempfile::tempdir().unwrap();
    succeed(demo.path(), &["init", "--demo"]);
    let run = output_of(common::bare_command(demo.path()).arg("run"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("ledger_entries"), "{run:?}");
    let yesterday = SystemClock.now().date_naive().pred_opt().unwrap();
    let report = succeed(demo.path(), &["report", "--data", "-"]);
    assert!(report.contains(&yesterday.to_string()) && report.contains("made up"), "{yesterday}");
}

/// Checks that the commented examples in the template of own data are valid settings.
#[test]
fn template_examples_are_valid_settings() {
    let template = Config::default().template();
    let (_, examples) = template.split_once("# [[files]]\n").unwrap();
    let lines = examples.lines().map(|line| line.strip_prefix('#').unwrap().trim_start());
    let settings = format!("[[files]]\n{}\n", lines.collect::<Vec<_>>().join("\n"));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let sources = succeed(dir.path(), &["sources"]);
    for words in ["our_users", "exports/users-*.csv, into users", "our_purchases"] {
        assert!(sources.contains(words), "{words}: {sources}");
    }
}

#[test]
fn invalid_setting_is_named_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sede.toml"), "[simulation]\nsede = 1\n").unwrap();
    fs::write(dir.path().join("type.toml"), "[simulation]\nseed = \"many\"\n").unwrap();
    fs::write(dir.path().join("half.toml"), "[simulation\n").unwrap();
    let early = "[simulation]\nstart_day = \"-262143-01-02\"\n";
    fs::write(dir.path().join("early.toml"), early).unwrap();
    for (args, expected) in [
        (&["run", "--source", "nope"][..], &["nope", "recorded", "frankfurter", "simulation"][..]),
        (&["--config", "sede.toml", "run"], &["sede", "sede.toml", "seed"]),
        (&["--config", "type.toml", "run"], &["simulation.seed", "type.toml"]),
        (&["--config", "half.toml", "run"], &["half.toml"]),
        (&["--config", "early.toml", "run"], &["simulation", "start_day", "from 1970-04-01"]),
        (&["--config", "missing.toml", "run"], &["missing.toml", "tidegauge init"]),
        (&["tables", "nope"], &["nope", "tidegauge tables"]),
        (&["run", "--until", "tomorrow"], &["tomorrow", "--until"]),
        (&["run", "--until", "2020-09-30"], &["2020-09-30", "simulation.start_day"]),
        (&["verfy"], &["verfy", "verify"]),
    ] {
        let output = run_in(dir.path(), args);
        assert_eq!(output.code, Some(2), "{args:?}: {output:?}");
        for word in expected {
            assert!(output.err.contains(word), "{args:?} should name {word}: {output:?}");
        }
    }
    // The default file is checked as well, and so is the environment.
    fs::rename(dir.path().join("sede.toml"), dir.path().join("tidegauge.toml")).unwrap();
    let unasked = run_in(dir.path(), &["run"]);
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    fs::remove_file(dir.path().join("tidegauge.toml")).unwrap();
    let from_env =
        output_of(command_in(dir.path()).env("TIDEGAUGE_SIMULATION__SEDE", "1").arg("run"));
    assert_eq!(from_env.code, Some(2), "{from_env:?}");
    assert!(from_env.err.to_lowercase().contains("sede"), "{from_env:?}");
    assert_eq!(files(dir.path()), ["early.toml", "half.toml", "type.toml"], "nothing was written");
}

#[test]
fn invalid_store_is_named_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    for (url, expected) in [
        ("oracle://scott:tiger@db/x", "oracle"),
        ("csv://folder", "cannot be read back"),
        ("sqlite://", "names no path"),
    ] {
        let output = run_in(dir.path(), &["--warehouse", url, "status"]);
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(output.err.contains(expected) && !output.err.contains("tiger"), "{output:?}");
    }
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn empty_warehouse_names_the_next_step_and_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    assert!(succeed(dir.path(), &["status"]).contains("It is empty: `tidegauge run` fills it."));
    let report = run_in(dir.path(), &["report"]);
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("tidegauge run"), "{report:?}");
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn demo_runs_from_init_to_report() {
    let dir = tempfile::tempdir().unwrap();
    let run = succeed(dir.path(), &["run", "--backup", "csv://backup"]);
    for words in ["recorded", "simulation", "45000", "sqlite://tidegauge.db", "csv://backup"] {
        assert!(run.contains(words), "{words}: {run}");
    }
    let status = succeed(dir.path(), &["status"]);
    for words in ["users", "1000", "ramp_transactions", "45000", "2020-10-01 00:00", "days"] {
        assert!(status.contains(words), "{words}: {status}");
    }
    // Other sources are listed on request only, and so are cursors.
    assert!(!status.contains("never loaded") && !status.contains("\"seed\":42"), "{status}");
    assert!(succeed(dir.path(), &["status", "--all"]).contains("never loaded"));
    assert!(succeed(dir.path(), &["status", "--cursors"]).contains("\"seed\":42"));
    let verify = succeed(dir.path(), &["verify"]);
    assert!(verify.contains("rules hold") && !verify.contains("BROKEN"), "{verify}");

    let report = succeed(dir.path(), &["report", "--output", "out/page.html"]);
    assert!(report.contains("out/page.html") && report.contains("ROAS"), "{report}");
    let page = fs::read_to_string(dir.path().join("out/page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert_eq!(files(&dir.path().join("out")), ["page.html"]);
}

#[test]
fn different_seed_is_refused_if_rows_exist() {
    let dir = tempfile::tempdir().unwrap();
    succeed(dir.path(), &["run"]);
    let before = succeed(dir.path(), &["status"]);
    let other = run_in(dir.path(), &["run", "--seed", "4711"]);
    assert_eq!(other.code, Some(2), "{other:?}");
    for words in ["seed 42", "seed 4711", "another warehouse"] {
        assert!(other.err.contains(words), "{words}: {other:?}");
    }
    assert_eq!(succeed(dir.path(), &["status"]), before);
    // Another warehouse may have another seed.
    succeed(dir.path(), &["--warehouse", "sqlite://other.db", "run", "--seed", "4711"]);
}

#[tokio::test]
async fn verify_detects_an_invalid_trade() {
    let dir = tempfile::tempdir().unwrap();
    succeed(dir.path(), &["run"]);
    let trade = Trade {
        trade_id: 1_000_000,
        order_id: Some(1_000_000),
        user_id: 1,
        trading_pair: Some("BTC/USD".into()),
        side: Some("buy".into()),
        base_currency: Some("BTC".into()),
        quote_currency: "USD".into(),
        base_amount: Some("1".parse().unwrap()),
        quote_amount: "5".parse().unwrap(),
        price: Some("5".parse().unwrap()),
        fee_amount: Some("0".parse().unwrap()),
        fee_currency: Some("USD".into()),
        is_maker: Some(false),
        executed_at: "2020-09-01T12:00:00Z".parse().unwrap(),
        external_id: None,
        external_order_id: None,
        external_user_id: None,
    };
    let batches = [Batch::from_rows(Trade::table(), [trade]).unwrap()];
    let after = Cursor::new("1");
    warehouse(&url("sqlite", dir.path(), "tidegauge.db"))
        .load(Load::new("rogue", &batches, None, &after))
        .await
        .unwrap();
    let verify = run_in(dir.path(), &["verify"]);
    assert_eq!(verify.code, Some(3), "{verify:?}");
    assert!(verify.out.contains("BROKEN") && verify.out.contains("1000000"), "{verify:?}");
    assert_eq!(with_closed_stdout(command_in(dir.path()).arg("verify")).code, Some(3));
}

#[test]
fn concurrent_runs_duplicate_no_rows() {
    let dir = tempfile::tempdir().unwrap();
    let runners = [(); 2].map(|()| {
        let mut command = command_in(dir.path());
        command.env("TIDEGAUGE_SIMULATION__PAGE_ROWS", "1000");
        command.args(["run", "--until", "2020-10-01", "--backup", "parquet://parquet"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let ends =
        runners.map(|runner| common::CommandOutput::from(runner.wait_with_output().unwrap()));
    for end in &ends {
        match end.code {
            Some(0) => {}
            Some(4) => assert!(end.err.contains("another runner"), "{end:?}"),
            _ => panic!("{end:?}"),
        }
    }
    // The runner that lost the conflict resumes from the winner's cursor.
    succeed(dir.path(), &["run", "--until", "2020-10-01", "--backup", "parquet://parquet"]);
    for warehouse in ["sqlite://tidegauge.db", "parquet://parquet"] {
        let status = succeed(dir.path(), &["--warehouse", warehouse, "status"]);
        assert!(status.contains(" 45000 "), "{status}");
        succeed(dir.path(), &["--warehouse", warehouse, "verify"]);
    }
}

/// Sends Ctrl-C during a load.
#[cfg(unix)]
#[test]
fn interrupted_run_resumes() {
    use std::io::{BufRead, BufReader};

    let dir = tempfile::tempdir().unwrap();
    let mut command = command_in(dir.path());
    command.env("TIDEGAUGE_SIMULATION__PAGE_ROWS", "50").args(["run", "--backup", "csv://csv"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("simulation")));
    let rest = thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<_>>().join("\n"));
    thread::sleep(std::time::Duration::from_millis(300));
    let id = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let end = common::CommandOutput::from(run.wait_with_output().unwrap());
    assert_eq!(end.code, Some(130), "{end:?}");
    let rest = rest.join().unwrap();
    assert!(rest.contains("error: interrupted"), "{rest}");

    succeed(dir.path(), &["run", "--until", "2020-10-01", "--backup", "csv://csv"]);
    assert!(succeed(dir.path(), &["status"]).contains(" 45000 "));
    succeed(dir.path(), &["verify"]);
    assert_eq!(common::csv_counts(&dir.path().join("csv"))["ramp_transactions"], 45_000);
}

#[test]
fn tables_command_matches_its_page() {
    let dir = tempfile::tempdir().unwrap();
    let overview = succeed(dir.path(), &["tables"]);
    for table in tables::all() {
        assert!(overview.contains(&*table.name), "{}: {overview}", table.name);
    }
    let orders = succeed(dir.path(), &["tables", "orders"]);
    for words in ["key: order_id", "limit_price", "decimal(38,18)", "timestamp"] {
        assert!(orders.contains(words), "{words}: {orders}");
    }
    let page = Path::new("../../docs/tables.md");
    assert_eq!(
        succeed(dir.path(), &["tables", "--markdown"]),
        fs::read_to_string(page).unwrap(),
        "docs/tables.md is stale: tidegauge tables --markdown > docs/tables.md"
    );
}

#[test]
fn sources_index_matches_its_page_and_each_source_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Path::new("../../docs/sources");
    let index = succeed(dir.path(), &["sources", "--markdown"]);
    assert_eq!(
        index,
        fs::read_to_string(folder.join("README.md")).unwrap(),
        "docs/sources/README.md is stale: tidegauge sources --markdown > docs/sources/README.md"
    );
    let names = tidegauge::acquisition::SOURCES.iter().map(|spec| spec.name);
    for name in names.chain(["simulation", "files", "database"]) {
        let page = format!("{name}.md");
        assert!(index.contains(&format!("({page})")), "{name} is not in the index");
        assert!(folder.join(&page).is_file(), "{page} is missing");
    }
}

#[test]
fn completions_contain_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = succeed(dir.path(), &["completions", shell]);
        for command in ["init", "run", "verify", "report", "status", "tables"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let output = succeed(dir.path(), &["man", "share/man1"]);
    let pages = files(&dir.path().join("share/man1"));
    assert!(output.contains(&format!("wrote {} manual pages", pages.len())), "{output}");
    for page in ["tidegauge.1", "tidegauge-run.1", "tidegauge-man.1", "tidegauge-status.1"] {
        assert!(pages.iter().any(|other| other == page), "{page}: {pages:?}");
    }
    let page = fs::read_to_string(dir.path().join("share/man1/tidegauge-run.1")).unwrap();
    assert!(page.contains("tidegauge run") && page.contains("full\\-refresh"), "{page}");
}

/// Checks that answers go to the standard output, and all other text to the standard error.
#[test]
fn progress_is_not_written_to_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        output_of(command_in(dir.path()).args([&["run", "--source", "recorded"], args].concat()))
    };
    let output = run(&[]);
    assert!(
        output.err.contains("recorded: loading") && !output.out.contains("loading"),
        "{output:?}"
    );
    assert!(output.out.contains("candles") && !output.err.contains("INFO"), "{output:?}");
    let output = run(&["-v"]);
    assert!(output.err.contains("INFO") && output.err.contains("source finished"), "{output:?}");
    assert!(!output.err.contains("DEBUG"), "{output:?}");
    succeed(dir.path(), &["reset", "recorded"]);
    let output = run(&["-vv", "--output", "json"]);
    assert!(output.err.contains("DEBUG") && output.err.contains("page committed"), "{output:?}");
    assert_eq!(output.out.lines().count(), 1, "{output:?}");
    assert_eq!(run(&["-q", "-v"]).code, Some(2));
}

fn with_closed_stdout(command: &mut std::process::Command) -> common::CommandOutput {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap().into()
}

/// Checks that a closed pipe, as with `tidegauge … | head -1`, is no error.
#[test]
fn closed_pipe_is_not_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["tables", "--markdown"][..],
        &["--help"],
        &["completions", "bash"],
        &["run", "--until", "2020-10-01"],
        &["status"],
    ] {
        let mut command = command_in(dir.path());
        let output = with_closed_stdout(command.args(args));
        assert_eq!(output.code, Some(0), "{args:?}");
        assert!(!output.err.contains("error"), "{args:?}: {output:?}");
    }
    // The run nevertheless went on to its end.
    assert!(succeed(dir.path(), &["status"]).contains(" 45000 "));
}

/// Checks that a full disk behind the standard output is an error.
#[cfg(target_os = "linux")]
#[test]
fn unwritable_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = output_of(command_in(dir.path()).arg("tables").stdout(full));
    assert_eq!(output.code, Some(9), "{output:?}");
    assert!(output.err.contains("standard output"), "{output:?}");
}

#[test]
fn missing_warehouse_fails_verify_and_report() {
    let dir = tempfile::tempdir().unwrap();
    for warehouse in ["sqlite://nope.db", "parquet://nope"] {
        for command in ["verify", "report"] {
            let output = run_in(dir.path(), &["--warehouse", warehouse, command]);
            assert_eq!(output.code, Some(10), "{output:?}");
            let expected = output.err.contains(warehouse) && output.err.contains("tidegauge run");
            assert!(expected, "{output:?}");
        }
    }
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn plan_that_requires_a_key_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    for plan in ["demo", "pro"] {
        let mut command = command_in(dir.path());
        command.env("TIDEGAUGE_COINGECKO__PLAN", plan);
        let output = output_of(command.args(["run", "--source", "coingecko"]));
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(output.err.contains("TIDEGAUGE_COINGECKO_KEY"), "{output:?}");
    }
    assert_eq!(files(dir.path()), [""; 0]);
}
