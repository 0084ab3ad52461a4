//! The checks that must pass before a change is merged, in phases.

mod alone;
mod examples;
mod language;
mod rules;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::external_crate::external_crate;
use crate::process::{cargo, run};
use crate::setup::setup;
use crate::terminal::say;

/// A phase of the checks, which can be selected by name.
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// A description in one line.
    pub(crate) description: &'static str,
    /// `true` if the phase needs what `cargo xtask setup` installs.
    needs_setup: bool,
    run: fn() -> Result<(), String>,
}

/// All phases, the quick ones first.
pub(crate) const PHASES: [Phase; 9] = [
    Phase { name: "fmt", description: "the format", needs_setup: false, run: fmt },
    Phase {
        name: "rules",
        description: "bans, licences and sources of deny.toml",
        needs_setup: false,
        run: rules::rules,
    },
    Phase {
        name: "lint",
        description: "clippy, without a warning, and how comments and names read",
        needs_setup: false,
        run: lint,
    },
    Phase { name: "unit", description: "tests that need no server", needs_setup: true, run: unit },
    Phase { name: "servers", description: "tests that need one", needs_setup: true, run: servers },
    Phase {
        name: "examples",
        description: "every example, run as a user would",
        needs_setup: true,
        run: examples::examples,
    },
    Phase {
        name: "docs",
        description: "doctests and the pages of rustdoc",
        needs_setup: false,
        run: docs,
    },
    Phase {
        name: "external",
        description: "a crate outside the workspace, on core alone",
        needs_setup: false,
        run: external_crate,
    },
    Phase {
        name: "alone",
        description: "each crate and each feature, without the others, and as a package",
        needs_setup: false,
        run: alone::alone,
    },
];

/// The path parts that identify tests that need a server; all other tests are `unit`, and fail
/// there if they start one.
const SERVER_TEST_PATHS: [&str; 8] =
    ["postgres", "mysql", "bigquery", "s3", "bucket", "database::", "every_store", "servers::"];

/// Runs the phases called `names`, or all, and prints the time that each has taken.
pub(crate) fn test(names: &[String]) -> Result<(), String> {
    let phases = select_phases(names)?;
    let mut durations: Vec<(&str, Duration)> = Vec::new();
    let mut timed = |name: &'static str, run: &dyn Fn() -> Result<(), String>| {
        let start = Instant::now();
        let result = run();
        durations.push((name, start.elapsed()));
        result.map_err(|reason| format!("{name}: {reason}"))
    };
    let mut result = Ok(());
    if phases.iter().any(|phase| phase.needs_setup) {
        result = timed("setup", &setup);
    }
    for phase in phases {
        result = result.and_then(|()| timed(phase.name, &phase.run));
    }
    say(&table(&durations, result.is_ok()));
    result?;
    say("\nall is well");
    Ok(())
}

/// Returns the phases called `names`, in the order in which they run, or all if `names` is empty.
fn select_phases(names: &[String]) -> Result<Vec<&'static Phase>, String> {
    if let Some(name) = names.iter().find(|name| !PHASES.iter().any(|phase| phase.name == **name)) {
        let known: Vec<_> = PHASES.iter().map(|phase| phase.name).collect();
        return Err(format!("there is no phase `{name}`: {}", known.join(", ")));
    }
    let wanted = |phase: &&Phase| names.is_empty() || names.iter().any(|name| name == phase.name);
    Ok(PHASES.iter().filter(wanted).collect())
}

/// Formats the time of each phase as a table; unless `succeeded`, the last phase is marked as failed.
fn table(durations: &[(&str, Duration)], succeeded: bool) -> String {
    let mut text = String::from("\nphase      seconds\n");
    for (at, (name, time)) in durations.iter().enumerate() {
        let failed = if succeeded || at + 1 < durations.len() { "" } else { "  failed" };
        text += &format!("{name:<10} {:>7.1}{failed}\n", time.as_secs_f64());
    }
    let sum: Duration = durations.iter().map(|(_, time)| *time).sum();
    text + &format!("{:<10} {:>7.1}", "all", sum.as_secs_f64())
}

fn fmt() -> Result<(), String> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lint() -> Result<(), String> {
    let args = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked"];
    language::language()?;
    run(cargo().args(args).args(["--", "-D", "warnings"]))
}

fn unit() -> Result<(), String> {
    let mut tests = tests();
    for server in SERVER_TEST_PATHS {
        tests.args(["--skip", server]);
    }
    run(tests.env("TIDEGAUGE_NO_SERVERS", "1"))
}

fn servers() -> Result<(), String> {
    run(tests().args(SERVER_TEST_PATHS))
}

/// Returns a command that runs the tests of all programs and libraries; callers add a selection.
fn tests() -> Command {
    let mut tests = cargo();
    tests.args(["test", "--workspace", "--all-features", "--tests", "--locked", "--"]);
    tests.env("TIDEGAUGE_REQUIRE_SERVERS", "1").env_remove("RUST_BACKTRACE");
    tests
}

fn docs() -> Result<(), String> {
    run(cargo()
        .args(["test", "--workspace", "--all-features", "--doc", "--locked"])
        .env_remove("RUST_BACKTRACE"))?;
    run(cargo()
        .args(["doc", "--workspace", "--all-features", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_run_in_fixed_order_and_unknown_names_are_refused() {
        let selected = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            select_phases(&names)
                .map(|phases| phases.iter().map(|phase| phase.name).collect::<Vec<_>>())
        };
        assert_eq!(selected(&["servers", "fmt"]).unwrap(), ["fmt", "servers"]);
        assert_eq!(selected(&[]).unwrap().len(), PHASES.len());
        let error = selected(&["unit", "clippy"]).unwrap_err();
        assert!(error.starts_with("there is no phase `clippy`: fmt, rules, "), "{error}");
    }

    #[test]
    fn table_lists_seconds_of_phases_and_marks_the_failed_one() {
        let durations = [("fmt", Duration::from_millis(1_250)), ("lint", Duration::from_secs(61))];
        let expected =
            "\nphase      seconds\nfmt            1.2\nlint          61.0\nall           62.2";
        assert_eq!(table(&durations, true), expected);
        assert_eq!(table(&durations, false), expected.replace("61.0\n", "61.0  failed\n"));
    }
}
