//! Output to the terminal.

/// Prints a line to standard error.
#[allow(clippy::print_stderr)] // a task prints to the terminal
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
