//! `tidegauge report`

use std::path::Path;

use serde::Serialize;
use tidegauge::report::{Answer, Page, Provenance, Report, Tile};
use tidegauge::{Config, Error, Result};

use crate::args;
use crate::output::{self, Document, Text};

/// The file that was written, and what it says first.
#[derive(Debug, Serialize)]
struct Written<'a> {
    file: String,
    provenance: &'a Provenance,
    /// What a reader has to know of the numbers, a sentence each.
    caveats: Vec<String>,
    answers: Vec<Told<'a>>,
}

/// The key figures and the insights of a page.
#[derive(Debug, Serialize)]
struct Told<'a> {
    page: Page,
    figures: &'a [Tile],
    insights: &'a [String],
}

impl<'a> Written<'a> {
    fn new(file: &Path, report: &'a Report) -> Self {
        let told = |answer: &'a Answer| Told {
            page: answer.question.page,
            figures: &answer.tiles,
            insights: &answer.insights,
        };
        let answers = report.answers.iter().map(told).collect();
        let file = file.display().to_string();
        let provenance = &report.provenance;
        Self { file, provenance, caveats: provenance.caveats(), answers }
    }
}

impl Document for Written<'_> {
    fn text(&self) -> Text {
        let mut text = Text::default();
        for insight in self.answers.iter().flat_map(|told| told.insights) {
            text.line(insight);
            text.line("");
        }
        for caveat in &self.caveats {
            text.line(format!("note: {caveat}"));
            text.line("");
        }
        text.line(format!("report  {}", self.file));
        text
    }
}

/// Writes the report, whole or not at all, and prints the insights.
pub(crate) async fn report(mut config: Config, args: args::Report) -> Result<()> {
    if let Some(file) = args.file {
        config.report = file;
    }
    let tidegauge = super::open(config)?;
    let report = tidegauge.report().await?;
    let file = tidegauge.config().report.clone();
    tidegauge::report::write(&file, &report.to_html()?)
        .map_err(|error| Error::Write { file: file.clone(), error })?;
    output::document(&Written::new(&file, &report));
    Ok(())
}
