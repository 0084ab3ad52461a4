//! The analysis of purchases: files of the user's own become facts and a report, without settings
//! and without a warehouse.

mod columns;
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
use tidegauge_report::{Business, Dataset, Parameters, Provenance, Report};

pub use params::{AnalyzeParams, QueryInput, RefundRule};
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
    /// The kind of business: a shop, unless the files are of trades or of a ledger.
    pub business: Business,
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
        let (mut rows, business) = read::read(params, clock, &mut summary).await?;
        currency::choose_currency(&mut rows, params, &mut summary)?;
        let facts = facts::facts(rows, params, &mut summary)?;
        summary.end = Some(facts.end());
        Ok(Self { facts, summary, business })
    }

    /// Builds the report, in the words and the currency of the files. Without channels, users are
    /// compared by their other dimensions, or else by the month of their first purchase.
    ///
    /// # Errors
    /// As for [`Report::new`]; [`tidegauge_report::Error::InvalidCurrency`] if the amounts are in no
    /// currency.
    pub fn report(&self, parameters: &Parameters) -> Result<Report> {
        let provenance = self.provenance()?;
        let dataset = Dataset { facts: &self.facts, provenance: &provenance };
        let defaults = self.cohorts();
        let mut parameters = parameters.clone();
        parameters.cohorts = parameters.cohorts.or(Some(defaults));
        Ok(Report::new(dataset, &parameters)?)
    }

    /// Returns the cohorts by which users are compared: their dimensions, and the month of their first
    /// purchase.
    fn cohorts(&self) -> Vec<Cohort> {
        // Every user of files begins with the same product.
        let dimensions = self.facts.dimensions().filter(|name| *name != "entry_product");
        let dimensions = dimensions.map(Cohort::dimension);
        dimensions.chain([Cohort::Signup(Period::Month)]).collect()
    }

    /// Returns the origin of the numbers.
    fn provenance(&self) -> Result<Provenance> {
        let summary = &self.summary;
        let mut provenance = Provenance::default();
        provenance.warehouse = summary.files.join(", ");
        provenance.users = summary.users;
        provenance.orders = summary.purchases;
        provenance.end = summary.end;
        provenance.set_aside = self.facts.set_aside().to_vec();
        if let Some(currency) = &summary.currency {
            provenance.currency = currency.parse()?;
        }
        provenance.business = self.business;
        let caveats = summary.caveats().into_iter().map(|caveat| format!("{caveat}."));
        let notes = summary.notes.iter().cloned().chain(caveats);
        provenance.notes = notes.chain(self.facts.notes().iter().cloned()).collect();
        Ok(provenance)
    }
}
