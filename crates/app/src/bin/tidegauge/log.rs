//! The log on the standard error, and the last words of a bug. Libraries may write there whatever they were
//! given, so that every line passes through what knows the secrets.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::env;
use std::io::{self, Write};
use std::panic;
use std::sync::OnceLock;

use tidegauge::Secrets;
use tidegauge::core::ErrorKind;
use tidegauge::text::clean;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::output;

/// What is blanked out, once the settings are read.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Blanks `secrets` out of all that is logged from now on.
pub(crate) fn redact(secrets: &Secrets) {
    // A command opens its warehouse once.
    let _ = SECRETS.set(secrets.clone());
}

/// Returns `text` without the secrets of the settings; before those are read, without the passwords of URLs.
pub(crate) fn redacted(text: &str) -> String {
    match SECRETS.get() {
        Some(secrets) => secrets.redacted(text),
        None => tidegauge::without_userinfo(text),
    }
}

/// Writes what is logged to the standard error: warnings, and what a query is going to cost, or what
/// `RUST_LOG` asks for. With `json` it is what `RUST_LOG` asks for alone, with `quiet` errors alone; a `verbose`
/// command decides by itself: once for what it does, twice for every request and page.
pub(crate) fn begin(json: bool, quiet: bool, verbose: u8) {
    let usual = match (json, quiet, verbose) {
        // Of a target this is how the names of all our crates begin.
        (_, false, 1) => "warn,tidegauge=info",
        (_, false, 2..) => "info,tidegauge=debug",
        // What a query is going to cost is told to whoever pays for it.
        (false, false, 0) => "warn,tidegauge_storage::cost=info",
        (false, true, _) => "error",
        // The standard error is one document, or nothing.
        (true, ..) => "off",
    };
    let flags_decide = quiet || verbose > 0;
    let mut wrong = None;
    let filter = match EnvFilter::try_from_default_env() {
        Ok(filter) if !flags_decide => filter,
        Err(error) if !flags_decide && env::var_os(EnvFilter::DEFAULT_ENV).is_some() => {
            wrong = Some(error);
            EnvFilter::new(usual)
        }
        _ => EnvFilter::new(usual),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Colours would be escape sequences among those that are cleaned away.
        .with_ansi(false)
        .with_writer(|| Lines)
        .init();
    if let Some(error) = wrong {
        output::explain(redacted(&format!(
            "warning: RUST_LOG is no filter of the log ({error}), and the usual one is kept: set it as in \
             RUST_LOG=debug or RUST_LOG=warn,tidegauge=debug"
        )));
    }
}

/// The standard error, for whole events: each is one clean line without secrets.
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

/// Returns an event, which ends in a line break of its own, as one clean line without secrets.
fn line(event: &[u8]) -> String {
    let text = redacted(&String::from_utf8_lossy(event));
    format!("{}\n", clean(text.trim_end_matches('\n')))
}

/// Has a panic say where it was and why, without the secrets that its message may repeat.
pub(crate) fn set_panic_hook() {
    panic::set_hook(Box::new(|bug| {
        let place = bug.location().map(ToString::to_string).unwrap_or_default();
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output::explain(trace);
        }
        let words = last_words(&place, bug.payload_as_str().unwrap_or_default());
        output::fail(Failure::new(ErrorKind::Bug, words));
    }));
}

fn last_words(place: &str, message: &str) -> String {
    format!("tidegauge panicked at {place}: {message}; this is a bug, please report it")
}

#[cfg(test)]
mod tests {
    use tidegauge::Config;

    use super::*;

    #[test]
    fn a_panic_and_a_log_line_repeat_no_secret() {
        let broken = "called `unwrap()` on an `Err`:\n\"postgres://u:tiger1@h/db\"";
        let told = redacted(&last_words("src/x.rs:1:2", broken));
        assert_eq!(
            clean(&told),
            "tidegauge panicked at src/x.rs:1:2: called `unwrap()` on an `Err`: \
             \"postgres://***@h/db\"; this is a bug, please report it"
        );
        let mut config = Config::default();
        config.warehouse = "postgres://u:ti%67er-2@h/db?sslkey=lion-3".into();
        redact(&Secrets::from_env(&config).unwrap().with_key("x", "puma-44".to_owned().into()));
        assert_eq!(redacted("ti%67er-2 tiger-2 lion-3 puma-44 h"), "*** *** *** *** h");
    }

    #[test]
    fn an_event_is_one_line() {
        let event = b"WARN a: \x1b[31mred\nerror: forged\n";
        assert_eq!(line(event), "WARN a: \u{fffd}[31mred error: forged\n");
    }
}
