//! The output of all text: answers to the standard output, as text or as one JSON document;
//! progress and lines of errors to the standard error (the log: `log.rs`). Terminal control
//! characters are removed here and nowhere before, JSON escapes them; secrets that errors repeat
//! are redacted here.

use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tidegauge::core::ErrorKind;
use tidegauge::text::{Table, clean, is_control};

use crate::failure::{Failure, code};
use crate::log::redacted;

/// The output modes, set once before a command begins; observers of a run and writers of the log
/// have no other access to them.
static JSON: AtomicBool = AtomicBool::new(false);
static QUIET: AtomicBool = AtomicBool::new(false);

/// Sets the output modes: `json` for JSON output, `quiet` for documents and errors only.
pub(crate) fn configure(json: bool, quiet: bool) {
    JSON.store(json, Ordering::Relaxed);
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Returns `true` if answers and errors are printed as JSON.
pub(crate) fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Returns `true` if progress and notes are printed.
pub(crate) fn is_talkative() -> bool {
    !is_json() && !QUIET.load(Ordering::Relaxed)
}

/// The answer of a command: the same value as JSON and as text.
pub(crate) trait Document: Serialize {
    /// Returns the answer as text.
    fn text(&self) -> Text;
}

/// Clean lines of text.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Appends a line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(&clean(line.as_ref()));
        self.0.push('\n');
    }

    /// Appends a table, whose cells are clean already.
    pub(crate) fn table(&mut self, table: &Table) {
        let _ = writeln!(self.0, "{table}");
    }

    /// Appends another text.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Appends text of several lines, each cleaned separately.
    pub(crate) fn lines(&mut self, lines: impl Display) {
        lines.to_string().lines().for_each(|line| self.line(line));
    }
}

/// Prints the answer of a command.
pub(crate) fn document(document: &impl Document) {
    if is_json() {
        print(&json(document));
    } else if is_talkative() {
        print(&document.text().0);
    }
}

/// Prints a value as one line of JSON in every output mode.
pub(crate) fn data(value: &impl Serialize) {
    print(&json(value));
}

/// Prints a generated page, such as Markdown or a script, also in JSON mode.
pub(crate) fn page(page: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        let mut text = Text::default();
        text.lines(page);
        print(&text.0);
    }
}

/// Prints progress text to the standard error: the standard output has answers alone.
pub(crate) fn talk(text: &Text) {
    if is_talkative() {
        complain(&text.0);
    }
}

/// Prints a line of progress.
pub(crate) fn line(line: &str) {
    let mut text = Text::default();
    text.line(line);
    talk(&text);
}

/// Prints a failure to the standard error, redacted, and returns the exit code.
pub(crate) fn fail(failure: Failure) -> ExitCode {
    #[derive(Serialize)]
    struct Document<'a> {
        error: &'a Failure,
    }
    let failure = failure.map(redacted);
    let text = if is_json() {
        json(&Document { error: &failure })
    } else {
        failure.lines().map(|line| format!("error: {}\n", clean(line))).collect()
    };
    complain(&text);
    ExitCode::from(failure.exit_code)
}

/// Prints the usage of a command, which must contain no secret, to the standard error, and returns
/// the exit code.
pub(crate) fn usage(text: &str) -> ExitCode {
    explain(text);
    ExitCode::from(code(ErrorKind::Configuration))
}

/// Prints lines that accompany an error to the standard error.
pub(crate) fn explain(lines: impl Display) {
    let mut text = Text::default();
    text.lines(lines);
    complain(&text.0);
}

fn complain(text: &str) {
    // A failure to write to the standard error cannot be reported anywhere.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Converts a value to one line of JSON in which every character that is not shown as itself is
/// escaped.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Answers are structs with string keys, which always have a JSON form.
    let plain = serde_json::to_string(value).unwrap_or_else(|error| {
        fail(Failure::new(ErrorKind::Bug, format!("the answer has no JSON form: {error}")));
        std::process::exit(code(ErrorKind::Bug).into())
    });
    let mut escaped = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        // All of them have one unit of UTF-16, and occur within strings only.
        if is_control(character) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped.push('\n');
    escaped
}

/// Prints text to the standard output. A closed pipe (`| head`) is no error, and the command
/// continues; any other failure, such as a full disk, loses the answer and ends the process with
/// its exit code.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => {
            let kind = ErrorKind::from_io(&failed).unwrap_or(ErrorKind::Unavailable);
            let message = format!("cannot write to the standard output: {failed}");
            fail(Failure::new(kind, message));
            std::process::exit(code(kind).into());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_what_text_replaces() {
        let dirty = "\u{1b}[31m\u{7f}\u{9b}\u{202e}\u{2028}\"\\\n–";
        let escaped = json(&dirty);
        assert_eq!(escaped, "\"\\u001b[31m\\u007f\\u009b\\u202e\\u2028\\\"\\\\\\n–\"\n");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), dirty);
    }

    #[test]
    fn lines_are_cleaned_one_by_one() {
        let mut text = Text::default();
        text.line("one\nerror: two");
        text.lines("three\nfour\u{1b}[2J");
        assert_eq!(text.0, "one error: two\nthree\nfour\u{fffd}[2J\n");
    }
}
