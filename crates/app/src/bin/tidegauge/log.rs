//! The log on the standard error, and the message of a panic. Libraries may log whatever they were
//! given, so every line is redacted.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::sync::OnceLock;

use tidegauge::Secrets;
use tidegauge::core::ErrorKind;
use tidegauge::text::sanitize;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::output;

/// The secrets to redact, set once the settings are read.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Sets the secrets that are redacted in all later log lines.
pub(crate) fn set_secrets(secrets: &Secrets) {
    // A second call has no effect: a command opens its warehouse once.
    let _ = SECRETS.set(secrets.clone());
}

/// Returns `text` without the secrets of the settings; before those are read, without the passwords
/// of URLs.
pub(crate) fn redacted(text: &str) -> String {
    match SECRETS.get() {
        Some(secrets) => secrets.redacted(text),
        None => tidegauge::without_userinfo(text),
    }
}

/// Starts the log on the standard error: warnings and the cost of queries by default, or what
/// `RUST_LOG` selects. With `json` only what `RUST_LOG` selects, with `quiet` only errors;
/// `verbose` overrides `RUST_LOG`: 1 adds the steps, 2 every request and page.
pub(crate) fn init(json: bool, quiet: bool, verbose: u8) {
    let default = match (json, quiet, verbose) {
        // The targets of all crates of this workspace begin with `tidegauge`.
        (_, false, 1) => "warn,tidegauge=info",
        (_, false, 2..) => "info,tidegauge=debug",
        // The cost of a query is shown to the user who pays for it.
        (false, false, 0) => "warn,tidegauge_storage::cost=info",
        (false, true, _) => "error",
        // In JSON mode the standard error is one document, or empty.
        (true, ..) => "off",
    };
    let flags_decide = quiet || verbose > 0;
    let mut invalid = None;
    let filter = match EnvFilter::try_from_default_env() {
        Ok(filter) if !flags_decide => filter,
        Err(error) if !flags_decide && env::var_os(EnvFilter::DEFAULT_ENV).is_some() => {
            invalid = Some(error);
            EnvFilter::new(default)
        }
        _ => EnvFilter::new(default),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Color codes would be among the escape sequences that `clean` removes.
        .with_ansi(false)
        .with_writer(|| Lines)
        .init();
    if let Some(error) = invalid {
        output::print_notice(redacted(&format!(
            "warning: RUST_LOG is no filter of the log ({error}), and the usual one is kept: set it as in \
             RUST_LOG=debug or RUST_LOG=warn,tidegauge=debug"
        )));
    }
}

/// A writer to the standard error for whole events, each as one clean line without secrets.
struct Lines;

impl Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(line(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Returns an event, which ends in a line break, as one clean line without secrets.
fn line(event: &[u8]) -> String {
    let text = redacted(&String::from_utf8_lossy(event));
    format!("{}\n", sanitize(text.trim_end_matches('\n')))
}

/// Sets a panic hook that reports position and message, without the secrets that the message may
/// repeat.
pub(crate) fn set_panic_hook() {
    panic::set_hook(Box::new(|bug| {
        let place = bug.location().map(ToString::to_string).unwrap_or_default();
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output::print_notice(trace);
        }
        let message = panic_message(&place, bug.payload_as_str().unwrap_or_default());
        output::print_failure(Failure::new(ErrorKind::Bug, message));
    }));
}

fn panic_message(place: &str, message: &str) -> String {
    format!("tidegauge panicked at {place}: {message}; this is a bug, please report it")
}

#[cfg(test)]
mod tests {
    use tidegauge::Config;

    use super::*;

    #[test]
    fn panic_message_and_log_line_contain_no_secret() {
        let broken = "called `unwrap()` on an `Err`:\n\"postgres://u:tiger1@h/db\"";
        let shown = redacted(&panic_message("src/x.rs:1:2", broken));
        assert_eq!(
            sanitize(&shown),
            "tidegauge panicked at src/x.rs:1:2: called `unwrap()` on an `Err`: \
             \"postgres://***@h/db\"; this is a bug, please report it"
        );
        let mut config = Config::default();
        config.warehouse = "postgres://u:ti%67er-2@h/db?sslkey=lion-3".into();
        set_secrets(
            &Secrets::from_env(&config).unwrap().with_key("x", "puma-44".to_owned().into()),
        );
        assert_eq!(redacted("ti%67er-2 tiger-2 lion-3 puma-44 h"), "*** *** *** *** h");
    }

    #[test]
    fn log_event_is_one_line() {
        let event = b"WARN a: \x1b[31mred\nerror: forged\n";
        assert_eq!(line(event), "WARN a: \u{fffd}[31mred error: forged\n");
    }
}
