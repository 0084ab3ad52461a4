//! Talking to people.

use std::io::{self, Write};

/// Prints a line, once the work is done. Whoever stops listening (`| head`) has heard enough: that is no error.
pub(crate) fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    if writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Says how the work goes; it goes on whether or not anybody listens.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Says what went wrong.
pub(crate) fn error(text: &str) {
    // Nobody is left to tell if this fails as well.
    let _ = writeln!(io::stderr(), "error: {text}");
}
