//! The command `tidegauge check`.

use std::process::ExitCode;

use serde::Serialize;
use tidegauge::core::ErrorKind;
use tidegauge::{CheckResult, Result, Tidegauge};

use crate::failure::FAILED;
use crate::log;
use crate::output::{self, Document, Text};

/// The results of all checks.
#[derive(Debug, Serialize)]
struct Check {
    sources: Vec<CheckedSource>,
}

#[derive(Debug, Serialize)]
struct CheckedSource {
    source: String,
    ok: bool,
    /// The kind of error, if it does not answer.
    kind: Option<ErrorKind>,
    message: String,
}

impl From<CheckResult> for CheckedSource {
    fn from(checked: CheckResult) -> Self {
        let CheckResult { source, result, .. } = checked;
        match result {
            Ok(message) => Self { source, ok: true, kind: None, message },
            Err(error) => {
                let message = log::redacted(&error.to_string());
                Self { source, ok: false, kind: Some(error.kind()), message }
            }
        }
    }
}

impl Document for Check {
    fn text(&self) -> Text {
        let mut text = Text::default();
        let width = self.sources.iter().map(|checked| checked.source.len()).max();
        let width = width.unwrap_or_default();
        for CheckedSource { source, ok, message, .. } in &self.sources {
            let mark = if *ok { "ok     " } else { "BROKEN " };
            text.line(format!("{mark}{source:<width$}  {message}"));
        }
        text
    }
}

/// Checks each source and prints one line for each; exit code 1 if one does not answer.
pub(crate) async fn check(tidegauge: &Tidegauge, names: &[String]) -> Result<ExitCode> {
    let results = tidegauge.check_sources(names).await?;
    let check = Check { sources: results.into_iter().map(CheckedSource::from).collect() };
    output::print_document(&check);
    let answer = check.sources.iter().all(|checked| checked.ok);
    Ok(if answer { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
