//! The `tidegauge` command.

mod args;
mod commands;
mod log;
mod output;
mod progress;
mod shutdown;

use std::process::ExitCode;

use tidegauge::Error;
use tidegauge::pipeline::SourceFailure;

fn main() -> ExitCode {
    log::set_panic_hook();
    if let Err(error) = tidegauge::load_env_file() {
        say(&error);
        return exit_code(&error);
    }
    let args = args::parse();
    log::begin();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        let shutdown = shutdown::Shutdown::default();
        tokio::select! {
            done = commands::run(args, &shutdown) => Some(done),
            () = shutdown.at_once() => None,
        }
    });
    // What a load that was broken off is at is not waited for: it is committed, or it is not.
    runtime.shutdown_background();
    match done {
        None => {
            output::error(INTERRUPTED);
            ExitCode::from(130)
        }
        Some(Ok(code)) => code,
        Some(Err(error)) => {
            say(&error);
            exit_code(&error)
        }
    }
}

/// Says what went wrong: of a run, every failure in a line of its own.
fn say(error: &Error) {
    let Error::Run(run) = error else { return output::error(&error.to_string()) };
    match run.failures() {
        [failure] => output::error(&failure.error.to_string()),
        failures => failures.iter().for_each(|failure| output::error(&failure.to_string())),
    }
    if run.is_cancelled() {
        output::error(INTERRUPTED);
    }
}

/// What is said of a command that a signal ended.
const INTERRUPTED: &str = "interrupted; what was loaded stays, the next run goes on from there";

/// 2 for what the user asked for, 4 when another runner was quicker and nothing else failed, 130 for a run that was
/// interrupted, 1 for the rest.
fn exit_code(error: &Error) -> ExitCode {
    match error {
        // Stores and clients are opened by what the settings say, and fail later as `Core`.
        Error::Config { .. }
        | Error::NoConfig { .. }
        | Error::Setting { .. }
        | Error::Storage(_)
        | Error::Acquisition(_) => ExitCode::from(2),
        Error::Core(tidegauge::core::Error::Conflict { .. }) | Error::LoadUnderWay { .. } => {
            ExitCode::from(4)
        }
        Error::PartlyReset { error, .. }
            if matches!(**error, tidegauge::core::Error::Conflict { .. }) =>
        {
            ExitCode::from(4)
        }
        Error::Run(error) if error.is_cancelled() => ExitCode::from(130),
        Error::Run(error) if error.failures().iter().all(SourceFailure::is_conflict) => {
            ExitCode::from(4)
        }
        _ => ExitCode::FAILURE,
    }
}
