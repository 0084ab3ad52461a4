//! The checks that must pass before a change is merged, in phases.

mod alone;
mod examples;
mod language;
mod rules;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::{cargo, root, run, say, setup, stranger};

/// A phase of the checks, which can be selected by name.
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// A description in one line.
    pub(crate) what: &'static str,
    /// `true` if the phase needs what `cargo xtask setup` installs.
    needs_setup: bool,
    run: fn() -> Result<(), String>,
}

/// All phases, the quick ones first.
pub(crate) const PHASES: [Phase; 9] = [
    Phase { name: "fmt", what: "the format", needs_setup: false, run: fmt },
    Phase {
        name: "rules",
        what: "bans, licences and sources of deny.toml",
        needs_setup: false,
        run: rules::rules,
    },
    Phase {
        name: "lint",
        what: "clippy, without a warning, and how comments and names read",
        needs_setup: false,
        run: lint,
    },
    Phase { name: "unit", what: "tests that need no server", needs_setup: true, run: unit },
    Phase { name: "servers", what: "tests that need one", needs_setup: true, run: servers },
    Phase {
        name: "examples",
        what: "every example, run as a user would",
        needs_setup: true,
        run: examples::examples,
    },
    Phase {
        name: "docs",
        what: "doctests and the pages of rustdoc",
        needs_setup: false,
        run: docs,
    },
    Phase {
        name: "stranger",
        what: "a crate outside the workspace, on core alone",
        needs_setup: false,
        run: stranger::stranger,
    },
    Phase {
        name: "alone",
        what: "each crate and each feature, without the others, and as a package",
        needs_setup: false,
        run: alone::alone,
    },
];

/// The path parts that identify tests that need a server; all other tests are `unit`, and fail
/// there if they start one.
const SERVERS: [&str; 8] =
    ["postgres", "mysql", "bigquery", "s3", "bucket", "database::", "every_store", "servers::"];

/// Runs the phases called `names`, or all, and prints the time that each has taken.
pub(crate) fn test(names: &[String]) -> Result<(), String> {
    let phases = chosen(names)?;
    let mut taken: Vec<(&str, Duration)> = Vec::new();
    let mut timed = |name: &'static str, run: &dyn Fn() -> Result<(), String>| {
        let begun = Instant::now();
        let done = run();
        taken.push((name, begun.elapsed()));
        done.map_err(|reason| format!("{name}: {reason}"))
    };
    let mut done = Ok(());
    if phases.iter().any(|phase| phase.needs_setup) {
        done = timed("setup", &setup::setup);
    }
    for phase in phases {
        done = done.and_then(|()| timed(phase.name, &phase.run));
    }
    say(&table(&taken, done.is_ok()));
    done?;
    say("\nall is well");
    Ok(())
}

/// Returns the phases called `names`, in the order in which they run, or all if `names` is empty.
fn chosen(names: &[String]) -> Result<Vec<&'static Phase>, String> {
    if let Some(name) = names.iter().find(|name| !PHASES.iter().any(|phase| phase.name == **name)) {
        let known: Vec<_> = PHASES.iter().map(|phase| phase.name).collect();
        return Err(format!("there is no phase `{name}`: {}", known.join(", ")));
    }
    let wanted = |phase: &&Phase| names.is_empty() || names.iter().any(|name| name == phase.name);
    Ok(PHASES.iter().filter(wanted).collect())
}

/// Formats the time of each phase as a table; unless `is_well`, the last phase is marked as failed.
fn table(taken: &[(&str, Duration)], is_well: bool) -> String {
    let mut text = String::from("\nphase      seconds\n");
    for (at, (name, time)) in taken.iter().enumerate() {
        let failed = if is_well || at + 1 < taken.len() { "" } else { "  failed" };
        text += &format!("{name:<10} {:>7.1}{failed}\n", time.as_secs_f64());
    }
    let sum: Duration = taken.iter().map(|(_, time)| *time).sum();
    text + &format!("{:<10} {:>7.1}", "all", sum.as_secs_f64())
}

fn fmt() -> Result<(), String> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn lint() -> Result<(), String> {
    let words = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked"];
    language::language()?;
    run(cargo().args(words).args(["--", "-D", "warnings"]))
}

fn unit() -> Result<(), String> {
    let mut tests = tests();
    for server in SERVERS {
        tests.args(["--skip", server]);
    }
    run(tests.env("TIDEGAUGE_NO_SERVERS", "1"))
}

fn servers() -> Result<(), String> {
    run(tests().args(SERVERS))
}

/// Returns a command that runs the tests of all programs and libraries; callers add a selection.
fn tests() -> std::process::Command {
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

/// Writes the pages that are derived from definitions: the tables, and the index of sources.
pub(crate) fn pages() -> Result<(), String> {
    for (what, file) in [("tables", "docs/tables.md"), ("sources", "docs/sources/README.md")] {
        let words = ["run", "--quiet", "--package", "tidegauge", "--", what, "--markdown"];
        let page = crate::metadata::said(&words)?;
        fs::write(root().join(file), page).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Returns cargo's target directory.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_run_in_their_order_and_unknown_ones_are_named() {
        let names = |said: &[&str]| {
            let said: Vec<_> = said.iter().map(|name| (*name).to_owned()).collect();
            chosen(&said).map(|phases| phases.iter().map(|phase| phase.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["servers", "fmt"]).unwrap(), ["fmt", "servers"]);
        assert_eq!(names(&[]).unwrap().len(), PHASES.len());
        let error = names(&["unit", "clippy"]).unwrap_err();
        assert!(error.starts_with("there is no phase `clippy`: fmt, rules, "), "{error}");
    }

    #[test]
    fn the_table_says_what_each_phase_has_taken_and_which_failed() {
        let taken = [("fmt", Duration::from_millis(1_250)), ("lint", Duration::from_secs(61))];
        let well =
            "\nphase      seconds\nfmt            1.2\nlint          61.0\nall           62.2";
        assert_eq!(table(&taken, true), well);
        assert_eq!(table(&taken, false), well.replace("61.0\n", "61.0  failed\n"));
    }
}
