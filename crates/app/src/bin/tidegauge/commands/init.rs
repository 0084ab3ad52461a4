//! The command `tidegauge init`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use tidegauge::core::{Clock, SystemClock};
use tidegauge::{Config, Error, FILE, Result};

use crate::output::{self, Document, Text};

/// The result: the settings that were written.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    /// Whether they are those of the demo.
    demo: bool,
}

impl Document for Written {
    fn text(&self) -> Text {
        let mut text = Text::default();
        let next = match self.demo {
            true => "`tidegauge run` is next",
            false => {
                "`tidegauge import FILE` adds a file of yours to it, then `tidegauge check` and `tidegauge run`"
            }
        };
        text.line(format!("wrote {}; {next}", self.file));
        text
    }
}

/// Writes the template of the settings; never overwrites an existing file.
pub(crate) fn init(file: Option<&Path>, demo: bool) -> Result<()> {
    let config = Config::default();
    let settings =
        if demo { config.demo_template(SystemClock.now().date_naive()) } else { config.template() };
    let file = file.unwrap_or(Path::new(FILE));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| {
            // A partial file would block the next attempt.
            open.write_all(settings.as_bytes()).inspect_err(|_| drop(fs::remove_file(file)))
        })
        .map_err(|error| Error::Write { file: file.into(), error: with_hint(error) })?;
    output::print_document(&Written { file: file.display().to_string(), demo });
    Ok(())
}

fn with_hint(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ io::ErrorKind::AlreadyExists => {
            io::Error::new(kind, "it is there already; move it away to start anew")
        }
        _ => error,
    }
}
