//! Developer tasks: `cargo xtask test` installs what the tests need and runs everything.

mod apt;
mod bench;
mod emulator;
mod external_crate;
mod generate;
mod metadata;
mod paths;
mod process;
mod python;
mod setup;
mod terminal;
mod test;

use std::env;
use std::process::ExitCode;

use crate::terminal::say;

const HELP_BEFORE_PHASES: &str = "\
cargo xtask setup   install what the tests need (Debian packages, an emulator of BigQuery)
cargo xtask test    all that must hold, with the seconds of each phase; or the phases named:";

const HELP_AFTER_PHASES: &str = "\
cargo xtask lint    the phase `lint` alone: clippy, and how comments and names read
cargo xtask bench   measure beside a peer, in one run: all benches, or the one named
cargo xtask docs    write docs/tables.md and docs/sources/README.md anew
cargo xtask migrations
                    write the migrations that the tables of core need beyond those released";

fn main() -> ExitCode {
    let task = env::args().nth(1).unwrap_or_default();
    let args: Vec<String> = env::args().skip(2).collect();
    let result = match task.as_str() {
        "setup" => setup::setup(),
        "test" => test::test(&args),
        "lint" => test::test(std::slice::from_ref(&task)),
        "bench" => bench::bench(args.first().map(String::as_str), args.get(1..).unwrap_or(&[])),
        "docs" => generate::docs(),
        "migrations" => generate::migrations(),
        _ => {
            let phases = test::PHASES
                .iter()
                .map(|phase| format!("    {:<10} {}\n", phase.name, phase.description));
            let phases = phases.collect::<String>();
            say(&format!("{HELP_BEFORE_PHASES}\n{phases}{HELP_AFTER_PHASES}"));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&format!("xtask {task}: {reason}"));
            ExitCode::FAILURE
        }
    }
}
