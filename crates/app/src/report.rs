//! The report: the warehouse is queried here and the page is written here; `tidegauge-report`
//! renders it.

use std::path::Path;
use std::{fs, io};

use tidegauge_analytics::{BadRows, Calendar, Facts, FactsParams};
pub use tidegauge_report::{
    Anchor, Answer, AnsweredQuestion, Bars, Business, Cell, Chart, Column, Computation, Currency,
    Dataset, Direction, End, Error, Filters, Format, HeatMap, Interval, Lines, Missing, Number,
    Page, Panel, Parameters, Point, PriceSpan, Provenance, Question, Report, ReportData, Row,
    Series, Setting, SimulatedWorld, Table, Tile, Trend, answer, reference,
};

use crate::consistent_read::ConsistentRead;
use crate::{Result, Tidegauge, provenance, sources};

impl Tidegauge {
    /// Builds all pages of the report from the warehouse, with the thresholds of the configuration.
    ///
    /// # Errors
    /// When the warehouse cannot be read or has neither users nor their transactions;
    /// [`Error::LoadInProgress`](crate::Error::LoadInProgress) when it is loaded during every attempt;
    /// with `analytics.strict` also when a row is implausible or cannot be valued. Otherwise such
    /// rows are left out, and `provenance` lists them.
    pub async fn report(&self) -> Result<Report> {
        self.report_with(&Parameters::default()).await
    }

    /// Builds all pages of the report with some parameters; those that are not set are those of the
    /// configuration.
    ///
    /// # Errors
    /// As for [`report`](Self::report), and when a parameter is out of its range or the users lack a
    /// dimension.
    pub async fn report_with(&self, parameters: &Parameters) -> Result<Report> {
        let parameters = parameters.clone().or(&self.config().analytics.parameters()?);
        let (facts, provenance) = self.facts(&parameters).await?;
        let dataset = Dataset { facts: &facts, provenance: &provenance };
        Ok(Report::new(dataset, &parameters)?)
    }

    /// Answers one question from the warehouse, such as one panel of a page. Parameters that it
    /// does not set are those of the configuration, as in the [`report`](Self::report).
    ///
    /// # Errors
    /// As for [`report`](Self::report), and when the question names a panel or a parameter that its
    /// page does not have.
    pub async fn answer(&self, question: &Question) -> Result<Answer> {
        let configured = self.config().analytics.parameters()?.for_page(question.page);
        let mut question = question.clone();
        question.parameters = question.parameters.or(&configured);
        let (facts, provenance) = self.facts(&question.parameters).await?;
        Ok(answer(Dataset { facts: &facts, provenance: &provenance }, &question)?)
    }

    /// Reads the facts and their provenance, as of one state of the warehouse, with the end, the
    /// calendar and the level of the parameters.
    async fn facts(&self, parameters: &Parameters) -> Result<(Facts, Provenance)> {
        let warehouse = self.warehouse().as_ref();
        let analytics = &self.config().analytics;
        let bad_rows = if analytics.strict { BadRows::Fail } else { BadRows::SetAside };
        let calendar = Calendar {
            zone: parameters.zone.unwrap_or(analytics.zone),
            week_start: parameters.week_start.unwrap_or(analytics.week_start),
        };
        let level = parameters.level.unwrap_or(analytics.level);
        let specs: Vec<_> = sources::specs(self.config()).collect();
        let declared = self.config().declared_tables()?;
        let mut read = ConsistentRead::begin(self).await?;
        loop {
            let provenance = provenance::read(warehouse, &specs, &declared).await;
            let facts = match &provenance {
                // Users are derived from their transactions if there are no user rows.
                Ok(found) if found.users + found.trades + found.ramp_purchases > 0 => {
                    let params = FactsParams {
                        bad_rows,
                        calendar,
                        end: match parameters.end {
                            Some(end) => Some(end.instant(&calendar)),
                            None => self.observed_to().await?,
                        },
                        now: Some(self.context().clock.now()),
                        ..FactsParams::default()
                    };
                    match Facts::from_warehouse(warehouse, &params).await {
                        Err(tidegauge_analytics::Error::NoFacts) => Ok(None),
                        facts => facts.and_then(|facts| facts.with_level(level)).map(Some),
                    }
                }
                _ => Ok(None),
            };
            if !read.is_unchanged().await? {
                read.back_off().await?;
                continue;
            }
            let (mut provenance, facts) = (provenance?, facts?);
            let unfinished: Vec<_> = read.unfinished().iter().map(String::as_str).collect();
            let Some(facts) = facts else {
                return Err(match unfinished.is_empty() {
                    true => self.no_rows_error().await,
                    false => read.load_in_progress(),
                });
            };
            provenance.end = Some(facts.end());
            provenance.set_aside = facts.set_aside().to_vec();
            provenance.notes.extend_from_slice(facts.notes());
            if provenance.users == 0 {
                provenance.users = facts.user_count();
            }
            if !unfinished.is_empty() {
                provenance.notes.push(format!(
                    "A load of {} is under way or was broken off: the numbers are of what is there by now.",
                    unfinished.join(", ")
                ));
            }
            provenance.notes.extend(read.interrupted_note());
            return Ok((facts, provenance));
        }
    }
}

/// Writes a page to `file` atomically, and creates its folder if that is missing. The new file has
/// the permissions of the one that it replaces.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write(file: &Path, page: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut half = file.as_os_str().to_owned();
    half.push(".part");
    let mode = fs::metadata(file).map(|metadata| metadata.permissions());
    let written = fs::write(&half, page)
        .and_then(|()| mode.map_or(Ok(()), |mode| fs::set_permissions(&half, mode)))
        .and_then(|()| fs::File::open(&half)?.sync_all())
        .and_then(|()| fs::rename(&half, file));
    if written.is_err() {
        // The partial file may have filled the disk. A failure to remove it has the cause that
        // `written` reports.
        let _ = fs::remove_file(&half);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_write_leaves_no_partial_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("page.html");
        fs::create_dir_all(file.join("in the way")).unwrap();
        write(&file, "<html>").unwrap_err();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
