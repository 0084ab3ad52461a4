//! The command `tidegauge report`.

use std::path::Path;

use serde::Serialize;
use tidegauge::report::{Answer, Page, Provenance, Report, Tile};
use tidegauge::{Config, Error, Result};

use crate::args;
use crate::output::{self, Document, Text};

/// The file that was written, and its first answers.
#[derive(Debug, Serialize)]
struct Written<'a> {
    file: String,
    /// The file of the data, if requested.
    data: Option<String>,
    provenance: &'a Provenance,
    /// The caveats of the numbers, one sentence each.
    caveats: Vec<String>,
    answers: Vec<PageSummary<'a>>,
    /// The insights of all pages, those that answer the three questions first.
    #[serde(skip)]
    insights: Vec<&'a str>,
}

/// The key figures and the insights of a page.
#[derive(Debug, Serialize)]
struct PageSummary<'a> {
    page: Page,
    figures: &'a [Tile],
    insights: &'a [String],
}

impl<'a> Written<'a> {
    fn new(file: &Path, data: Option<&Path>, report: &'a Report) -> Self {
        let summary = |answer: &'a Answer| PageSummary {
            page: answer.question.page,
            figures: &answer.tiles,
            insights: &answer.insights,
        };
        let answers = report.answers.iter().map(summary).collect();
        let file = file.display().to_string();
        let data = data.map(|data| data.display().to_string());
        let provenance = &report.provenance;
        let (caveats, insights) = (provenance.caveats(), report.insights());
        Self { file, data, provenance, caveats, answers, insights }
    }
}

impl Document for Written<'_> {
    fn text(&self) -> Text {
        let mut text = Text::default();
        for insight in &self.insights {
            text.line(insight);
            text.line("");
        }
        for caveat in &self.caveats {
            text.line(format!("note: {caveat}"));
            text.line("");
        }
        text.line(format!("report  {}", self.file));
        if let Some(data) = &self.data {
            text.line(format!("data    {data}"));
        }
        text
    }
}

/// Writes the report atomically, and its data if requested; prints the insights.
pub(crate) async fn report(mut config: Config, args: args::Report) -> Result<()> {
    if let Some(file) = args.file {
        config.report = file;
    }
    let parameters = args.definitions.parameters(args.zone.as_deref())?;
    let tidegauge = super::open(config)?;
    let report = tidegauge.report_with(&parameters).await?;
    let write = |file: &Path, text: &str| {
        tidegauge::report::write(file, text)
            .map_err(|error| Error::Write { file: file.to_owned(), error })
    };
    let file = tidegauge.config().report.clone();
    write(&file, &report.to_html()?)?;
    match args.data {
        Some(data) if data == Path::new("-") => output::print_json(&report.data()),
        Some(data) => {
            write(&data, &output::to_json_line(&report.data()))?;
            output::print_document(&Written::new(&file, Some(&data), &report));
        }
        None => output::print_document(&Written::new(&file, None, &report)),
    }
    Ok(())
}
