//! The log on the standard error, and the last words of a bug. Libraries may write there whatever they were
//! given, so that every line passes through what knows the secrets.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::OnceLock;

use tidegauge::Secrets;
use tracing_subscriber::EnvFilter;

/// What is blanked out, once the settings are read.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Blanks `secrets` out of all that is logged from now on.
pub(crate) fn redact(secrets: &Secrets) {
    // A command opens its warehouse once.
    let _ = SECRETS.set(secrets.clone());
}

fn redacted(text: &str) -> String {
    match SECRETS.get() {
        Some(secrets) => secrets.redacted(text),
        None => tidegauge::without_userinfo(text),
    }
}

/// Writes what is logged to the standard error: warnings, and what a query is going to cost, or what
/// `RUST_LOG` asks for.
pub(crate) fn begin() {
    let default = "warn,tidegauge_storage::cost=info";
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(|| Redacting)
        .init();
}

/// The standard error, for whole lines.
struct Redacting;

impl Write for Redacting {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(redacted(&String::from_utf8_lossy(lines)).as_bytes())?;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Has a panic say where it was and why, without the secrets that its message may repeat.
pub(crate) fn set_panic_hook() {
    panic::set_hook(Box::new(|bug| {
        let place = bug.location().map(ToString::to_string).unwrap_or_default();
        crate::output::error(&last_words(&place, bug.payload_as_str().unwrap_or_default()));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            crate::output::raw_error(&format!("{trace}\n"));
        }
    }));
}

fn last_words(place: &str, message: &str) -> String {
    let message = redacted(message).replace(['\n', '\r'], " ");
    format!("tidegauge panicked at {place}: {message}; this is a bug, please report it")
}

#[cfg(test)]
mod tests {
    use tidegauge::Config;

    use super::*;

    #[test]
    fn a_panic_and_a_log_line_repeat_no_secret() {
        let broken = "called `unwrap()` on an `Err`:\n\"postgres://u:tiger1@h/db\"";
        let told = last_words("src/x.rs:1:2", broken);
        assert_eq!(
            told,
            "tidegauge panicked at src/x.rs:1:2: called `unwrap()` on an `Err`: \
             \"postgres://***@h/db\"; this is a bug, please report it"
        );
        let mut config = Config::default();
        config.warehouse = "postgres://u:ti%67er-2@h/db?sslkey=lion-3".into();
        redact(&Secrets::from_env(&config).unwrap().with_key("x", "puma-44".to_owned().into()));
        assert_eq!(redacted("ti%67er-2 tiger-2 lion-3 puma-44 h"), "*** *** *** *** h");
    }
}
