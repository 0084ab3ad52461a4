//! The report: the warehouse is queried here and the page is written here; `tidegauge-report`
//! renders it.

use std::path::Path;
use std::{fs, io};

use tidegauge_analytics::{BadRows, Calendar, Facts, FactsParams};
pub use tidegauge_report::{
    Answer, AnsweredQuestion, Bars, Cell, Chart, Column, Computation, Dataset, Direction, Filters,
    Format, HeatMap, Interval, Lines, Missing, Number, Page, Panel, Parameters, Point, PriceSpan,
    Provenance, Question, Report, ReportData, Row, Series, Setting, SimulatedWorld, Table, Tile,
    Trend, answer, reference,
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
        let (facts, provenance) = self.facts().await?;
        let parameters = self.thresholds();
        let dataset = Dataset { facts: &facts, provenance: &provenance };
        Ok(Report::new(dataset, &parameters)?)
    }

    /// Answers one question from the warehouse, such as one panel of a page. Thresholds that it
    /// does not set are those of the configuration, as in the [`report`](Self::report).
    ///
    /// # Errors
    /// As for [`report`](Self::report), and when the question names a panel or a parameter that its
    /// page does not have.
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

    /// Reads the facts and their provenance, as of one state of the warehouse.
    async fn facts(&self) -> Result<(Facts, Provenance)> {
        let warehouse = self.warehouse().as_ref();
        let analytics = &self.config().analytics;
        let bad_rows = if analytics.strict { BadRows::Fail } else { BadRows::SetAside };
        let calendar = Calendar { zone: analytics.zone, week_start: analytics.week_start };
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
                        end: match analytics.end {
                            Some(day) => Some(calendar.midnight(day)),
                            None => self.observed_to().await?,
                        },
                        now: Some(self.context().clock.now()),
                        ..FactsParams::default()
                    };
                    match Facts::from_warehouse(warehouse, &params).await {
                        Err(tidegauge_analytics::Error::NoFacts) => Ok(None),
                        facts => {
                            facts.and_then(|facts| facts.with_level(analytics.level)).map(Some)
                        }
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
