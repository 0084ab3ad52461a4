//! The `tidegauge` command.

mod args;
mod commands;
mod out;
mod progress;
mod stop;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tidegauge::Error;
use tracing_subscriber::EnvFilter;

use crate::args::Args;

fn main() -> ExitCode {
    // A missing .env is nothing to speak of; a broken one is.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        out::error(&format!(".env: {}", told(&error)));
        return ExitCode::from(2);
    }
    let args = Args::parse();
    // What a query is going to cost is told to whoever pays for it.
    let told = "warn,tidegauge_storage::cost=info";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(told));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        let stop = stop::Stop::default();
        tokio::select! {
            done = commands::run(args, &stop) => Some(done),
            () = stop.at_once() => None,
        }
    });
    // What a load that was broken off is at is not waited for: it is committed, or it is not.
    runtime.shutdown_background();
    match done {
        None => {
            out::error("interrupted; what was loaded stays, the next run goes on from there");
            ExitCode::from(130)
        }
        Some(Ok(code)) => code,
        Some(Err(error)) => {
            out::error(&error.to_string());
            exit_code(&error)
        }
    }
}

/// What is wrong with `.env`, without repeating its lines: they hold the keys.
fn told(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(line, _) => {
            let name = line.split_once('=').map_or("a line without `=`", |(name, _)| name.trim());
            // The second half of a key that was broken in two may end in `=` as well.
            let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let name = if name.chars().all(plain) { name } else { "a line" };
            format!("{name}: write NAME=value, and quote a value that holds spaces or quotes")
        }
        other => other.to_string(),
    }
}

/// 2 for what the user asked for, 4 when somebody else was at it, 1 for the rest.
fn exit_code(error: &Error) -> ExitCode {
    match error {
        // Stores and clients are opened by what the settings say, and fail later as `Core`.
        Error::Config { .. }
        | Error::NoConfig { .. }
        | Error::Setting { .. }
        | Error::Storage(_)
        | Error::Acquisition(_) => ExitCode::from(2),
        Error::Core(tidegauge::core::Error::Conflict { .. }) => ExitCode::from(4),
        _ => ExitCode::FAILURE,
    }
}
