//! Gaps, their cost, and their backfill.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::common::markets::{Market, settings};
use crate::common::{CommandOutput, command_in, output_of};
use tempfile::TempDir;

const SETTINGS: &str = r#"
sources = ["twelvedata"]
[twelvedata]
symbols = ["BTC", "ETH"]
intervals = ["1m"]
history_days = 2
"#;

fn command(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(command_in(dir).env("TIDEGAUGE_TWELVEDATA_KEY", "canary").args(words))
}

/// Returns the windows that were requested.
fn windows(market: &Market) -> Vec<String> {
    let window = |path: &str| {
        let of = |name: &str| {
            let found = path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name));
            found.unwrap_or_default().replace("%3A", ":").replace('+', " ")
        };
        format!("{} to {}", of("start_date="), of("end_date="))
    };
    market.asked().iter().map(|asked| window(&asked.path)).collect()
}

#[test]
fn gap_is_estimated_and_backfilled_once_oldest_first() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    settings(dir.path(), &[("twelvedata", &twelve)], 6_000, SETTINGS);
    let span = ["--from", "2024-01-01", "--to", "2024-01-08"];
    let gaps = command(dir.path(), &[&["gaps"], &span[..]].concat());
    assert_eq!(gaps.code, Some(1), "{gaps:?}");
    assert!(gaps.out.contains("candles ETH 1m") && gaps.out.contains("not asked for yet"));
    // There are 10,080 minutes of each series, and 4,998 fit into a call.
    assert!(gaps.out.contains("twelvedata: 6 calls"), "{}", gaps.out);
    let how = "`tidegauge run --from 2024-01-01T00:00:00Z --to 2024-01-08T00:00:00Z` brings";
    assert!(gaps.out.contains(how), "{}", gaps.out);
    assert!(twelve.asked().is_empty(), "asking what is missing costs nothing");

    let run = command(dir.path(), &[&["run"], &span[..]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("twelvedata: 6 calls") && run.out.contains("20160"), "{run:?}");
    let asked = windows(&twelve);
    assert_eq!(asked.len(), 6);
    assert!(asked[0].starts_with("2024-01-01 00:00:00 to 2024-01-04 11:17:59"), "{asked:?}");
    assert!(asked[2].ends_with("to 2024-01-07 23:59:59"), "{asked:?}");

    let again = command(dir.path(), &[&["run"], &span[..]].concat());
    assert!(again.err.contains("nothing is missing"), "{again:?}");
    let wider = command(dir.path(), &["run", "--from", "2023-12-31", "--to", "2024-01-09"]);
    assert_eq!(wider.code, Some(0), "{wider:?}");
    let asked = windows(&twelve);
    assert_eq!(
        asked[6..8],
        [
            "2023-12-31 00:00:00 to 2023-12-31 23:59:59",
            "2024-01-08 00:00:00 to 2024-01-08 23:59:59"
        ]
    );
    assert_eq!(asked.len(), 6 + 4);
}

#[test]
fn killed_backfill_leaves_remaining_gaps_in_the_ledger() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    // The rate limit is a request every two thirds of a second.
    settings(dir.path(), &[("twelvedata", &twelve)], 90, SETTINGS);
    let span = ["--from", "2024-01-01", "--to", "2024-02-01"];
    let mut child = command_in(dir.path())
        .env("TIDEGAUGE_TWELVEDATA_KEY", "canary")
        .arg("run")
        .args(span)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while twelve.asked().len() < 3 {
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let gaps = command(dir.path(), &[&["gaps"], &span[..]].concat());
    assert!(gaps.out.contains("asked for, and not there yet"), "{}", gaps.out);
    let before = twelve.asked().len();
    settings(dir.path(), &[("twelvedata", &twelve)], 6_000, SETTINGS);
    let run = command(dir.path(), &[&["run"], &span[..]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    // There are 18 windows in all; the third may have been requested without being committed.
    let left = twelve.asked().len() - before;
    assert!((15..=16).contains(&left), "{left} windows after the kill");
    let gaps = command(dir.path(), &[&["gaps"], &span[..]].concat());
    assert_eq!(gaps.out.trim(), "nothing is missing");
}

#[test]
fn used_credits_persist_across_restarts() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    let more = SETTINGS.to_owned();
    settings(dir.path(), &[("twelvedata", &twelve)], 6_000, &more);
    let few = ["run", "--from", "2024-01-01", "--to", "2024-02-01"];
    let spent = |words: &[&str]| {
        let mut command = command_in(dir.path());
        command.env("TIDEGAUGE_TWELVEDATA_KEY", "canary");
        command.env("TIDEGAUGE_TWELVEDATA__HTTP__PER_DAY", "5");
        output_of(command.args(words))
    };
    let first = spent(&few);
    assert_eq!(first.code, Some(7), "{first:?}");
    assert!(first.err.contains("18 calls, about 3 days with the credits of the plan"), "{first:?}");
    assert!(first.err.contains("5 credits a day and they are gone"), "{first:?}");
    assert_eq!(twelve.asked().len(), 5);
    let second = spent(&few);
    assert_eq!(second.code, Some(7), "{second:?}");
    assert_eq!(twelve.asked().len(), 5, "not one more");
    let sources = spent(&["sources"]);
    assert!(sources.out.contains("5/day (0 left)"), "{}", sources.out);
}

#[test]
fn check_reports_each_source_on_one_line() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    settings(dir.path(), &[("twelvedata", &twelve)], 6_000, SETTINGS);
    let check = command(dir.path(), &["check", "twelvedata", "recorded"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.out.contains("ok     twelvedata  takes the key: basic plan"), "{check:?}");
    twelve.revoke();
    let check = command(dir.path(), &["check", "twelvedata"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(
        check.out.starts_with("BROKEN twelvedata")
            && check.out.contains("check TIDEGAUGE_TWELVEDATA_KEY"),
        "{check:?}"
    );
    assert_eq!(check.out.trim().lines().count(), 1);
    let sources = output_of(command_in(dir.path()).args(["sources"]));
    assert!(sources.out.contains("missing: TIDEGAUGE_TWELVEDATA_KEY"), "{}", sources.out);
    let unknown =
        output_of(command_in(dir.path()).env("TIDEGAUGE_TWELVE_KEY", "k").args(["sources"]));
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("TIDEGAUGE_TWELVE_KEY"), "{unknown:?}");
}

#[test]
fn refused_series_fails_the_run_by_name() {
    let (dir, twelve) = (TempDir::new().unwrap(), Market::open(1));
    let more = "sources = [\"coingecko\"]\n";
    settings(dir.path(), &[("coingecko", &twelve)], 6_000, more);
    let output = command(dir.path(), &["run", "--from", "2020-01-01", "--to", "2020-01-02"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(
        output.err.contains("`prices BTC`") && output.err.contains("does not look back"),
        "{output:?}"
    );
    let gaps = command(dir.path(), &["gaps", "--from", "2020-01-01", "--to", "2020-01-02"]);
    assert!(gaps.out.contains("does not look back that far"), "{}", gaps.out);
}

#[test]
fn instruments_are_found_by_any_of_their_names() {
    let (dir, market) = (TempDir::new().unwrap(), Market::open(1));
    let both = [("coingecko", &market), ("kraken", &market)];
    settings(dir.path(), &both, 6_000, "");
    let found = command(dir.path(), &["instruments", "--find", "doge"]);
    assert_eq!(found.code, Some(0), "{found:?}");
    // Only the exact symbol of both services is found, neither the pair in euros nor other coins.
    let lines: Vec<Vec<_>> =
        found.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["coingecko", "dogecoin", "DOGE", "Dogecoin"]), "{}", found.out);
    assert!(lines.contains(&vec!["kraken", "DOGE/USD", "DOGE", "XDGUSD"]), "{}", found.out);
    assert!(!found.out.contains("EUR") && !found.out.contains("moon"), "{}", found.out);
    // The listed id is a valid setting, and makes an instrument like any other.
    let more =
        "[[instruments]]\nsymbol = \"DOGE\"\ncoingecko = \"dogecoin\"\nkraken = \"DOGE/USD\"\n";
    settings(dir.path(), &both, 6_000, more);
    let all = command(dir.path(), &["instruments"]);
    assert!(all.out.contains("DOGE") && all.out.contains("dogecoin"), "{all:?}");

    // A service that cannot be reached is named, and the settings are not blamed.
    let unknown = format!("{more}[kraken.http]\nbase_url = \"http://127.0.0.1:1\"\n");
    let hurried = "[kraken.http.retry]\nattempts = 1\n";
    settings(dir.path(), &[("coingecko", &market)], 6_000, &(unknown + hurried));
    let failed = command(dir.path(), &["instruments", "--find", "doge"]);
    assert_eq!(failed.code, Some(8), "{failed:?}");
    assert!(failed.err.contains("127.0.0.1:1/AssetPairs cannot be reached"), "{failed:?}");
}

/// Checks that a span of a live stream is refused: it has a ledger, but cannot be backfilled.
#[test]
fn span_of_a_stream_is_refused() {
    let dir = TempDir::new().unwrap();
    let output = command(dir.path(), &["gaps", "--source", "kraken_stream"]);
    assert_eq!(output.code, Some(2), "{output:?}");
    for words in ["no span can be asked of kraken_stream", "`coverage`"] {
        assert!(output.err.contains(words), "{words}: {output:?}");
    }
}
