//! The report: `tidegauge-report` presents what a warehouse says; here it is asked, and the page is
//! written.

use std::path::Path;
use std::{fs, io};

use tidegauge_analytics::Facts;
pub use tidegauge_report::{
    Answer, Bars, Cell, Chart, Column, Dataset, Direction, Filters, Format, HeatMap, Interval,
    Lines, Missing, Number, Page, Panel, Parameters, Point, PriceSpan, Provenance, Question,
    Report, Row, SimulatedWorld, Table, Tile, answer, reference,
};

use crate::{Error, Result, Tidegauge, provenance, sources};

impl Tidegauge {
    /// Answers all pages of the report from the warehouse, with the thresholds of the configuration.
    ///
    /// # Errors
    /// When the warehouse cannot be read, has no users, or lacks a price or rate that the value of
    /// an event needs.
    pub async fn report(&self) -> Result<Report> {
        let (facts, provenance) = self.facts().await?;
        let parameters = self.thresholds();
        let dataset = Dataset { facts: &facts, provenance: &provenance };
        Ok(Report::new(dataset, &parameters)?)
    }

    /// Answers one question from the warehouse, such as one panel of a page. Thresholds that it leaves
    /// out are those of the configuration, as in the [`report`](Self::report).
    ///
    /// # Errors
    /// As for [`report`](Self::report), and when the question asks for a panel or a parameter that
    /// its page does not have.
    pub async fn answer(&self, question: &Question) -> Result<Answer> {
        let (facts, provenance) = self.facts().await?;
        let (mut question, configured) = (question.clone(), self.thresholds());
        let (known, asked) = (question.page.parameters(), &mut question.parameters);
        if known.contains(&"threshold_usd") {
            asked.threshold_usd = asked.threshold_usd.or(configured.threshold_usd);
        }
        if known.contains(&"inactive_days") {
            asked.inactive_days = asked.inactive_days.or(configured.inactive_days);
        }
        Ok(answer(Dataset { facts: &facts, provenance: &provenance }, &question)?)
    }

    /// Returns the thresholds of the configuration.
    fn thresholds(&self) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.threshold_usd = Some(self.config().analytics.high_volume_usd);
        parameters.inactive_days = Some(self.config().analytics.inactive_days);
        parameters
    }

    async fn facts(&self) -> Result<(Facts, Provenance)> {
        let warehouse = self.warehouse().as_ref();
        let specs: Vec<_> = sources::specs(self.config()).collect();
        let mut provenance = provenance::read(warehouse, &specs).await?;
        if provenance.users == 0 {
            return Err(Error::Nothing { warehouse: warehouse.name().into() });
        }
        let facts = Facts::from_warehouse(warehouse, None).await?;
        provenance.end = Some(facts.end());
        Ok((facts, provenance))
    }
}

/// Writes a page to `file`, whole or not at all, making its folder if that is missing.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write(file: &Path, page: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut half = file.as_os_str().to_owned();
    half.push(".part");
    fs::write(&half, page)?;
    fs::rename(&half, file)
}
