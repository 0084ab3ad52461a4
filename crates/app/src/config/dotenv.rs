//! The file `.env`: variables in addition to those of the environment.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::text;
use crate::{Error, Result};

/// The name of the file.
const FILE: &str = ".env";

/// Reads the variables of `.env`, in the working directory or the nearest folder above it, into the
/// environment. Variables that are set already stay. A missing file is no error.
///
/// # Errors
/// When a file exists that cannot be read or parsed. The error names the file and the line and
/// never repeats the content: those lines hold the keys.
pub fn load_env_file() -> Result<()> {
    let invalid = |file: &Path, reason: &str| {
        let reason = format!("{}: {reason}", file.display());
        Error::Config { reason }
    };
    let here = std::env::current_dir()
        .map_err(|error| invalid(Path::new("."), &text::unreadable_reason(&error)))?;
    for folder in here.ancestors() {
        let path = folder.join(FILE);
        let file = if folder == here { PathBuf::from(FILE) } else { path };
        match std::fs::metadata(&file) {
            Ok(found) if found.is_file() => {
                let text = text::read(&file).map_err(|reason| invalid(&file, &reason))?;
                let text = text.unwrap_or_default();
                check(&text).map_err(|reason| invalid(&file, &reason))?;
                // dotenvy itself has to set the variables, so the checked text is parsed again.
                let read = dotenvy::from_read(text.as_bytes());
                return read.map_err(|_| invalid(&file, "it cannot be read"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && !file.is_symlink() => {}
            Err(error) => return Err(invalid(&file, &text::unreadable_reason(&error))),
        }
    }
    Ok(())
}

/// Checks that each line sets a variable.
///
/// # Errors
/// The number of the first line that does not, and the syntax that it should have.
fn check(text: &str) -> Result<(), String> {
    // Setting a variable to a value with NUL panics, with the value in the message.
    if let Some(at) = text.find('\0') {
        let line = text::line_of(&text.as_bytes()[..at]);
        return Err(format!("line {line}: it holds a NUL, which no variable can"));
    }
    let line = Cell::new(0);
    let lines = Lines { rest: text.as_bytes(), begins: true, line: &line };
    for variable in dotenvy::from_read_iter(lines) {
        variable.map_err(|error| {
            // If a quote is not closed, all lines after it have been read.
            let more = match &error {
                dotenvy::Error::LineParse(read, _) => read.trim_end().matches('\n').count(),
                _ => 0,
            };
            let line = line.get().saturating_sub(more).max(1);
            format!("line {line}: write NAME=value, and quote a value that holds spaces or quotes")
        })?;
    }
    Ok(())
}

/// A reader that returns at most one line per call, and counts them: dotenvy does not report line
/// numbers.
struct Lines<'a> {
    rest: &'a [u8],
    /// `true` if the rest begins at the start of a line.
    begins: bool,
    line: &'a Cell<usize>,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end =
            self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let count = end.min(buffer.len());
        let (line, rest) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(line);
        if self.begins && count > 0 {
            self.line.set(self.line.get() + 1);
        }
        self.begins = line.ends_with(b"\n");
        self.rest = rest;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_line_is_reported_by_number() {
        for (text, line) in [
            ("A=1\nTIDEGAUGE_X_KEY=tiger and more\nB=2\n", 2),
            ("# a\n\nA=1\nTIGER234=\nTIGER\n", 5),
            ("A=TIGER= x", 1),
            ("A=1\nB=\"tiger\n\nC=3\n", 2),
            ("A='tiger\n", 1),
            ("=tiger", 1),
            ("A=1\nB=tiger\0\n", 2),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}: ")), "{text}: {error}");
            assert!(!error.to_lowercase().contains("tiger"), "{error}");
        }
        let long = format!("A={}\nB=1\n", "x".repeat(100_000));
        assert_eq!(check(&long), Ok(()));
        assert_eq!(check("export A=1\nB='two words' # c\nC=\r\n"), Ok(()));
    }
}
