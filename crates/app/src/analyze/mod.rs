//! The analysis of purchases: files of the user's own become facts and a report, without settings
//! and without a warehouse.

mod currency;
mod facts;
mod labels;
mod params;
mod query;
mod read;
mod row_view;
mod rows;
mod summary;
mod tables;

use std::sync::Arc;

use tidegauge_analytics::{Cohort, Facts, Period};
use tidegauge_core::Clock;
use tidegauge_report::{Dataset, Parameters, Provenance, Report};

pub use params::{AnalyzeParams, EndOfData, QueryInput, RefundRule};
pub use summary::{AnalysisSummary, Unreadable};
pub use tables::{TableFormat, write_tables};
pub use tidegauge_acquisition::files::import::{PurchaseColumn, PurchaseHints};

use crate::Result;

/// The facts of purchases, and what was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Analysis {
    /// The facts.
    pub facts: Facts,
    /// What was read, and what was not.
    pub summary: AnalysisSummary,
}

impl Analysis {
    /// Reads files of purchases, or a query. The columns are found by their names, then by their values.
    ///
    /// Rows that are no purchases are left out and counted by reason, and rows that cannot be read
    /// are set aside and counted. The first purchase of a user is the signup.
    ///
    /// # Errors
    /// When a file cannot be read, the columns are not known, amounts are in several currencies, or
    /// no row is a purchase; if `strict`, for the first row that cannot be read.
    pub async fn read(params: &AnalyzeParams, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut summary = AnalysisSummary::default();
        let mut rows = read::read(params, clock, &mut summary).await?;
        currency::choose_currency(&mut rows, params, &mut summary)?;
        let facts = facts::facts(&rows, params, &mut summary)?;
        summary.end = Some(facts.end());
        Ok(Self { facts, summary })
    }

    /// Builds the report. Without channels, users are compared by country, or else by the month of
    /// their first purchase.
    ///
    /// # Errors
    /// As for [`Report::new`].
    pub fn report(&self, parameters: &Parameters) -> Result<Report> {
        let provenance = self.provenance();
        let dataset = Dataset { facts: &self.facts, provenance: &provenance };
        let mut parameters = parameters.clone();
        parameters.cohort = parameters.cohort.or_else(|| self.leading_cohort());
        Ok(Report::new(dataset, &parameters)?)
    }

    /// Returns the cohort by which users are compared, if they have no channels.
    fn leading_cohort(&self) -> Option<Cohort> {
        let has = |name: &str| self.facts.dimensions().any(|known| known == name);
        match (has("channel"), has("country")) {
            (true, _) => None,
            (false, true) => Some(Cohort::dimension("country")),
            (false, false) => Some(Cohort::Signup(Period::Month)),
        }
    }

    /// Returns the origin of the numbers.
    fn provenance(&self) -> Provenance {
        let summary = &self.summary;
        let mut provenance = Provenance::default();
        provenance.warehouse = summary.files.join(", ");
        provenance.users = summary.users;
        provenance.orders = summary.purchases;
        provenance.end = summary.end;
        provenance.set_aside = self.facts.set_aside().to_vec();
        let currency = summary.currency.iter().filter(|code| *code != "USD");
        let currency = currency.map(|code| {
            format!("All amounts are in {code}: where a dollar sign or US dollars are written, it is {code}.")
        });
        let caveats = summary.caveats().into_iter().map(|caveat| format!("{caveat}."));
        provenance.notes = currency
            .chain(summary.notes.iter().cloned())
            .chain(caveats)
            .chain(self.facts.notes().iter().cloned())
            .collect();
        provenance
    }
}
