//! `tidegauge init`

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use tidegauge::{Config, Error, FILE, Result};

use crate::output::{self, Document, Text};

/// The settings that were written.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
}

impl Document for Written {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("wrote {}; `tidegauge run` is next", self.file));
        text
    }
}

/// Writes the settings to start from; never over a file that is there.
pub(crate) fn init(file: Option<&Path>) -> Result<()> {
    let file = file.unwrap_or(Path::new(FILE));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| open.write_all(Config::default().template().as_bytes()))
        .map_err(|error| Error::Write { file: file.into(), error: told(error) })?;
    output::document(&Written { file: file.display().to_string() });
    Ok(())
}

fn told(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::AlreadyExists => {
            io::Error::new(kind, "it is there already; move it away to start anew")
        }
        _ => error,
    }
}
