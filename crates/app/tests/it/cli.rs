//! Tests of the command line.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use crate::common;
use crate::common::{done, says, tidegauge, url, warehouse};
use tidegauge::Config;
use tidegauge::core::tables::{self, Trade};
use tidegauge::core::{Batch, Clock, Cursor, Load, SystemClock};

/// Returns the output of the command with `args` in `dir`.
fn said(dir: &Path, args: &[&str]) -> common::Said {
    says(tidegauge(dir).args(args))
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
    insta::assert_snapshot!("help", done(dir.path(), &["--help"]));
    insta::assert_snapshot!("run_help", done(dir.path(), &["run", "--help"]));
    let bare = said(dir.path(), &[]);
    assert_eq!(bare.code, Some(2));
    assert!(bare.err.contains("Usage: tidegauge"), "{bare:?}");
}

#[test]
fn init_writes_the_template_and_never_over_a_file() {
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
        let said = done(dir.path(), args);
        assert!(said.contains("tidegauge.toml") && said.contains(next), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), template);
    }

    fs::write(&file, "seed = 7").unwrap();
    let again = said(dir.path(), &["init"]);
    assert_eq!(again.code, Some(11), "{again:?}");
    assert!(again.err.contains("tidegauge.toml"), "{again:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "seed = 7");

    // The command must be able to read what it wrote.
    fs::remove_file(&file).unwrap();
    done(dir.path(), &["init"]);
    done(dir.path(), &["status"]);
}

/// Checks that a run without sources does nothing, and that its error says how to name some.
#[test]
fn a_run_without_sources_says_what_to_do_next() {
    let dir = tempfile::tempdir().unwrap();
    for init in [false, true] {
        if init {
            done(dir.path(), &["init"]);
        }
        for command in ["run", "check"] {
            let said = says(common::bare(dir.path()).arg(command));
            assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
            assert_eq!(said.err.lines().count(), 1, "{said:?}");
            for words in ["[[files]]", "[[databases]]", "`sources`", "tidegauge init --demo"] {
                assert!(said.err.contains(words), "{words}: {said:?}");
            }
        }
    }
    assert_eq!(files(dir.path()), ["tidegauge.toml"]);
    let demo = tempfile::tempdir().unwrap();
    done(demo.path(), &["init", "--demo"]);
    let run = says(common::bare(demo.path()).arg("run"));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("ledger_entries"), "{run:?}");
    let yesterday = SystemClock.now().date_naive().pred_opt().unwrap();
    let report = done(demo.path(), &["report", "--data", "-"]);
    assert!(report.contains(&yesterday.to_string()) && report.contains("made up"), "{yesterday}");
}

/// Checks that the commented examples in the template of own data are valid settings.
#[test]
fn the_examples_of_the_template_are_settings() {
    let template = Config::default().template();
    let (_, examples) = template.split_once("# [[files]]\n").unwrap();
    let lines = examples.lines().map(|line| line.strip_prefix('#').unwrap().trim_start());
    let settings = format!("[[files]]\n{}\n", lines.collect::<Vec<_>>().join("\n"));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let sources = done(dir.path(), &["sources"]);
    for words in ["our_users", "exports/users-*.csv, into users", "our_purchases"] {
        assert!(sources.contains(words), "{words}: {sources}");
    }
}

#[test]
fn a_wrong_setting_is_named_and_ends_with_two() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("sede.toml"), "[simulation]\nsede = 1\n").unwrap();
    fs::write(dir.path().join("type.toml"), "[simulation]\nseed = \"many\"\n").unwrap();
    fs::write(dir.path().join("half.toml"), "[simulation\n").unwrap();
    let early = "[simulation]\nstart_day = \"-262143-01-02\"\n";
    fs::write(dir.path().join("early.toml"), early).unwrap();
    for (args, says) in [
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
        let said = said(dir.path(), args);
        assert_eq!(said.code, Some(2), "{args:?}: {said:?}");
        for word in says {
            assert!(said.err.contains(word), "{args:?} should name {word}: {said:?}");
        }
    }
    // The default file is checked as well, and so is the environment.
    fs::rename(dir.path().join("sede.toml"), dir.path().join("tidegauge.toml")).unwrap();
    let unasked = said(dir.path(), &["run"]);
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    fs::remove_file(dir.path().join("tidegauge.toml")).unwrap();
    let from_env = says(tidegauge(dir.path()).env("TIDEGAUGE_SIMULATION__SEDE", "1").arg("run"));
    assert_eq!(from_env.code, Some(2), "{from_env:?}");
    assert!(from_env.err.to_lowercase().contains("sede"), "{from_env:?}");
    assert_eq!(files(dir.path()), ["early.toml", "half.toml", "type.toml"], "nothing was written");
}

#[test]
fn a_wrong_store_is_named_without_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    for (url, says) in [
        ("oracle://scott:tiger@db/x", "oracle"),
        ("csv://folder", "cannot be read back"),
        ("sqlite://", "names no path"),
    ] {
        let said = said(dir.path(), &["--warehouse", url, "status"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(says) && !said.err.contains("tiger"), "{said:?}");
    }
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn an_empty_warehouse_says_what_is_next_and_stays_unwritten() {
    let dir = tempfile::tempdir().unwrap();
    assert!(done(dir.path(), &["status"]).contains("It is empty: `tidegauge run` fills it."));
    let report = said(dir.path(), &["report"]);
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("tidegauge run"), "{report:?}");
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn from_nothing_to_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let run = done(dir.path(), &["run", "--backup", "csv://backup"]);
    for words in ["recorded", "simulation", "45000", "sqlite://tidegauge.db", "csv://backup"] {
        assert!(run.contains(words), "{words}: {run}");
    }
    let status = done(dir.path(), &["status"]);
    for words in ["users", "1000", "ramp_transactions", "45000", "2020-10-01 00:00", "days"] {
        assert!(status.contains(words), "{words}: {status}");
    }
    // Other sources are listed on request only, and so are cursors.
    assert!(!status.contains("never loaded") && !status.contains("\"seed\":42"), "{status}");
    assert!(done(dir.path(), &["status", "--all"]).contains("never loaded"));
    assert!(done(dir.path(), &["status", "--cursors"]).contains("\"seed\":42"));
    let verify = done(dir.path(), &["verify"]);
    assert!(verify.contains("rules hold") && !verify.contains("BROKEN"), "{verify}");

    let report = done(dir.path(), &["report", "--output", "out/page.html"]);
    assert!(report.contains("out/page.html") && report.contains("ROAS"), "{report}");
    let page = fs::read_to_string(dir.path().join("out/page.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert_eq!(files(&dir.path().join("out")), ["page.html"]);
}

#[test]
fn another_seed_is_refused_where_there_are_rows() {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), &["run"]);
    let before = done(dir.path(), &["status"]);
    let other = said(dir.path(), &["run", "--seed", "4711"]);
    assert_eq!(other.code, Some(2), "{other:?}");
    for words in ["seed 42", "seed 4711", "another warehouse"] {
        assert!(other.err.contains(words), "{words}: {other:?}");
    }
    assert_eq!(done(dir.path(), &["status"]), before);
    // Another warehouse may have another seed.
    done(dir.path(), &["--warehouse", "sqlite://other.db", "run", "--seed", "4711"]);
}

#[tokio::test]
async fn verify_finds_a_rogue_trade() {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), &["run"]);
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
    let verify = said(dir.path(), &["verify"]);
    assert_eq!(verify.code, Some(3), "{verify:?}");
    assert!(verify.out.contains("BROKEN") && verify.out.contains("1000000"), "{verify:?}");
    assert_eq!(to_nobody(tidegauge(dir.path()).arg("verify")).code, Some(3));
}

#[test]
fn two_runners_at_once_double_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let runners = [(); 2].map(|()| {
        let mut command = tidegauge(dir.path());
        command.env("TIDEGAUGE_SIMULATION__PAGE_ROWS", "1000");
        command.args(["run", "--until", "2020-10-01", "--backup", "parquet://parquet"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let ends = runners.map(|runner| common::Said::from(runner.wait_with_output().unwrap()));
    for end in &ends {
        match end.code {
            Some(0) => {}
            Some(4) => assert!(end.err.contains("another runner"), "{end:?}"),
            _ => panic!("{end:?}"),
        }
    }
    // The runner that lost the conflict resumes from the winner's cursor.
    done(dir.path(), &["run", "--until", "2020-10-01", "--backup", "parquet://parquet"]);
    for warehouse in ["sqlite://tidegauge.db", "parquet://parquet"] {
        let status = done(dir.path(), &["--warehouse", warehouse, "status"]);
        assert!(status.contains(" 45000 "), "{status}");
        done(dir.path(), &["--warehouse", warehouse, "verify"]);
    }
}

/// Sends Ctrl-C during a load.
#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    use std::io::{BufRead, BufReader};

    let dir = tempfile::tempdir().unwrap();
    let mut command = tidegauge(dir.path());
    command.env("TIDEGAUGE_SIMULATION__PAGE_ROWS", "50").args(["run", "--backup", "csv://csv"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("simulation")));
    let rest = thread::spawn(move || lines.map(Result::unwrap).collect::<Vec<_>>().join("\n"));
    thread::sleep(std::time::Duration::from_millis(300));
    let id = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let end = common::Said::from(run.wait_with_output().unwrap());
    assert_eq!(end.code, Some(130), "{end:?}");
    let rest = rest.join().unwrap();
    assert!(rest.contains("error: interrupted"), "{rest}");

    done(dir.path(), &["run", "--until", "2020-10-01", "--backup", "csv://csv"]);
    assert!(done(dir.path(), &["status"]).contains(" 45000 "));
    done(dir.path(), &["verify"]);
    assert_eq!(common::csv_counts(&dir.path().join("csv"))["ramp_transactions"], 45_000);
}

#[test]
fn tables_are_described_and_their_page_is_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let overview = done(dir.path(), &["tables"]);
    for table in tables::all() {
        assert!(overview.contains(&*table.name), "{}: {overview}", table.name);
    }
    let orders = done(dir.path(), &["tables", "orders"]);
    for words in ["key: order_id", "limit_price", "decimal(38,18)", "timestamp"] {
        assert!(orders.contains(words), "{words}: {orders}");
    }
    let page = Path::new("../../docs/tables.md");
    assert_eq!(
        done(dir.path(), &["tables", "--markdown"]),
        fs::read_to_string(page).unwrap(),
        "docs/tables.md is stale: tidegauge tables --markdown > docs/tables.md"
    );
}

#[test]
fn the_index_of_the_sources_is_fresh_and_each_has_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Path::new("../../docs/sources");
    let index = done(dir.path(), &["sources", "--markdown"]);
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
fn completions_name_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = done(dir.path(), &["completions", shell]);
        for command in ["init", "run", "verify", "report", "status", "tables"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let said = done(dir.path(), &["man", "share/man1"]);
    let pages = files(&dir.path().join("share/man1"));
    assert!(said.contains(&format!("wrote {} manual pages", pages.len())), "{said}");
    for page in ["tidegauge.1", "tidegauge-run.1", "tidegauge-man.1", "tidegauge-status.1"] {
        assert!(pages.iter().any(|other| other == page), "{page}: {pages:?}");
    }
    let page = fs::read_to_string(dir.path().join("share/man1/tidegauge-run.1")).unwrap();
    assert!(page.contains("tidegauge run") && page.contains("full\\-refresh"), "{page}");
}

/// Checks that answers go to the standard output, and all other text to the standard error.
#[test]
fn progress_is_no_part_of_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        says(tidegauge(dir.path()).args([&["run", "--source", "recorded"], args].concat()))
    };
    let said = run(&[]);
    assert!(said.err.contains("recorded: loading") && !said.out.contains("loading"), "{said:?}");
    assert!(said.out.contains("candles") && !said.err.contains("INFO"), "{said:?}");
    let said = run(&["-v"]);
    assert!(said.err.contains("INFO") && said.err.contains("source finished"), "{said:?}");
    assert!(!said.err.contains("DEBUG"), "{said:?}");
    done(dir.path(), &["reset", "recorded"]);
    let said = run(&["-vv", "--output", "json"]);
    assert!(said.err.contains("DEBUG") && said.err.contains("page committed"), "{said:?}");
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    assert_eq!(run(&["-q", "-v"]).code, Some(2));
}

fn to_nobody(command: &mut std::process::Command) -> common::Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap().into()
}

/// Checks that a closed pipe, as with `tidegauge … | head -1`, is no error.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["tables", "--markdown"][..],
        &["--help"],
        &["completions", "bash"],
        &["run", "--until", "2020-10-01"],
        &["status"],
    ] {
        let mut command = tidegauge(dir.path());
        let said = to_nobody(command.args(args));
        assert_eq!(said.code, Some(0), "{args:?}");
        assert!(!said.err.contains("error"), "{args:?}: {said:?}");
    }
    // The run nevertheless went on to its end.
    assert!(done(dir.path(), &["status"]).contains(" 45000 "));
}

/// Checks that a full disk behind the standard output is an error.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_is_lost_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let said = says(tidegauge(dir.path()).arg("tables").stdout(full));
    assert_eq!(said.code, Some(9), "{said:?}");
    assert!(said.err.contains("standard output"), "{said:?}");
}

#[test]
fn a_warehouse_that_is_not_there_proves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for warehouse in ["sqlite://nope.db", "parquet://nope"] {
        for command in ["verify", "report"] {
            let said = said(dir.path(), &["--warehouse", warehouse, command]);
            assert_eq!(said.code, Some(10), "{said:?}");
            let says = said.err.contains(warehouse) && said.err.contains("tidegauge run");
            assert!(says, "{said:?}");
        }
    }
    assert_eq!(files(dir.path()), [""; 0]);
}

#[test]
fn a_plan_that_needs_a_key_says_so() {
    let dir = tempfile::tempdir().unwrap();
    for plan in ["demo", "pro"] {
        let mut command = tidegauge(dir.path());
        command.env("TIDEGAUGE_COINGECKO__PLAN", plan);
        let said = says(command.args(["run", "--source", "coingecko"]));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("TIDEGAUGE_COINGECKO_KEY"), "{said:?}");
    }
    assert_eq!(files(dir.path()), [""; 0]);
}
