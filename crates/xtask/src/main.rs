//! Developer tasks: `cargo xtask test` installs what the tests need and runs everything.

mod bench;
mod emulator;
mod metadata;
mod python;
mod setup;
mod stranger;
mod test;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask setup   install what the tests need (Debian packages, an emulator of BigQuery)
cargo xtask test    all that must hold, with the seconds of each phase; or the phases named:";

const MORE: &str = "\
cargo xtask bench   measure beside a peer, in one run: all benches, or the one named
cargo xtask docs    write docs/tables.md and docs/sources/README.md anew
cargo xtask migrations
                    write the migrations that the tables of core need beyond those released";

fn main() -> ExitCode {
    let chore = env::args().nth(1).unwrap_or_default();
    let words: Vec<String> = env::args().skip(2).collect();
    let done = match chore.as_str() {
        "setup" => setup::setup(),
        "test" => test::test(&words),
        "bench" => bench::bench(words.first().map(String::as_str), words.get(1..).unwrap_or(&[])),
        "docs" => test::pages(),
        "migrations" => migrations(),
        _ => {
            let phases =
                test::PHASES.iter().map(|phase| format!("    {:<10} {}\n", phase.name, phase.what));
            say(&format!("{HELP}\n{}{MORE}", phases.collect::<String>()));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&format!("xtask {chore}: {reason}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr)] // a task prints to the terminal
fn say(text: &str) {
    eprintln!("{text}");
}

/// Writes the migrations that follow from the tables of core. The DDL of a table is known only to
/// the stores, so an ignored test of theirs writes the files that the other tests check.
fn migrations() -> Result<(), String> {
    let words = ["test", "--quiet", "--package", "tidegauge-storage", "--all-features", "--lib"];
    run(cargo().args(words).args(["--locked", "write_migrations", "--", "--ignored"]))
}

/// Returns the workspace's folder.
fn root() -> PathBuf {
    // Read at run time, because several clones may share a build folder.
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()));
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// Returns a command of the cargo that runs this program.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command, printing it first.
fn run(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    say(&format!("\n▶ {shown}"));
    let status = command.status().map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns `true` if a program is on the `PATH`.
fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
