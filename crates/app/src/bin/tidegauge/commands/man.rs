//! The command `tidegauge man`.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use serde::Serialize;
use tidegauge::{Error, Result};

use crate::args::Args;
use crate::output::{self, Document, Text};

/// The manual pages that were written.
#[derive(Debug, Serialize)]
struct Pages {
    folder: String,
    files: Vec<String>,
}

impl Document for Pages {
    fn text(&self) -> Text {
        let mut text = Text::default();
        text.line(format!("wrote {} manual pages into {}", self.files.len(), self.folder));
        text
    }
}

/// Writes the manual pages of the program and of each of its commands into `folder`.
pub(crate) fn man(folder: &Path) -> Result<()> {
    let failed = |error| Error::Write { file: folder.to_owned(), error };
    fs::create_dir_all(folder).map_err(failed)?;
    let program = Args::command();
    clap_mangen::generate_to(program.clone(), folder).map_err(failed)?;
    let name = program.get_name();
    let commands =
        program.get_subcommands().map(|command| format!("{name}-{}.1", command.get_name()));
    let files = [format!("{name}.1")].into_iter().chain(commands).collect();
    output::print_document(&Pages { folder: folder.display().to_string(), files });
    Ok(())
}
