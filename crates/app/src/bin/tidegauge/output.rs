//! Talking to people.

use std::io::{self, Write};

/// Prints a line. Whoever stops listening (`| head`) has heard enough, and the command goes on to
/// its end; a disk that is full has lost the answer, and that is a failure.
pub(crate) fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(failed) if failed.kind() != io::ErrorKind::BrokenPipe => {
            error(&format!("cannot write to the standard output: {failed}"));
            std::process::exit(1);
        }
        _ => {}
    }
}

/// Says what went wrong, without the passwords of URLs: some messages repeat what was asked for.
pub(crate) fn error(text: &str) {
    let text = tidegauge::without_userinfo(text);
    // Nobody is left to tell if this fails as well.
    let _ = writeln!(io::stderr(), "error: {text}");
}

/// Says what is an error message as it is.
pub(crate) fn raw_error(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
