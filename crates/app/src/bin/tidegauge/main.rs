//! The `tidegauge` command.

mod args;
mod commands;
mod failure;
mod log;
mod output;
mod progress;
mod shutdown;

use std::ffi::OsString;
use std::panic::catch_unwind;
use std::process::ExitCode;

use tidegauge::core::ErrorKind;
use tidegauge::text::clean;

use crate::args::{Args, asks_for_json, without_urls};
use crate::failure::{Failure, code};

fn main() -> ExitCode {
    log::set_panic_hook();
    // The panic hook has reported the panic.
    catch_unwind(command).unwrap_or_else(|_| ExitCode::from(code(ErrorKind::Bug)))
}

fn command() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    output::configure(asks_for_json(&words), false);
    if let Err(error) = tidegauge::load_env_file() {
        return output::fail(error.into());
    }
    let args = match Args::read(&words) {
        Ok(args) => args,
        Err(error) => return refuse(error, words),
    };
    output::configure(args.is_json(), args.quiet);
    log::begin(args.is_json(), args.quiet, args.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let kind = ErrorKind::from_io(&error).unwrap_or(ErrorKind::Unavailable);
            return output::fail(Failure::new(kind, error.to_string()));
        }
    };
    let done = runtime.block_on(async {
        let shutdown = shutdown::Shutdown::default();
        tokio::select! {
            done = commands::run(args, &shutdown) => done,
            () = shutdown.at_once() => Err(Failure::interrupted()),
        }
    });
    // An interrupted load is not waited for: its commit is atomic.
    runtime.shutdown_background();
    done.unwrap_or_else(output::fail)
}

/// Reports an invalid command line, or prints the help that was asked for.
fn refuse(error: clap::Error, words: Vec<OsString>) -> ExitCode {
    // The error repeats words: parsing the cleaned words gives the same error.
    let cleaned = words.iter().map(|word| clean(&word.to_string_lossy()).into_owned().into());
    let cleaned: Vec<OsString> = cleaned.collect();
    let error = Args::read(&cleaned).err().unwrap_or(error);
    if !error.use_stderr() {
        error.exit();
    }
    let told = error.render().to_string();
    let shown = without_urls(&told, &cleaned);
    if output::is_json() {
        let message = shown.split("\n\nUsage:").next().unwrap_or_default();
        let message = message.trim_start_matches("error: ").trim();
        return output::fail(Failure::new(ErrorKind::Configuration, message.to_owned()));
    }
    if shown == told {
        error.exit();
    }
    output::usage(&shown)
}
