//! Provenance: the origin of the numbers. The caller, which knows the warehouse and the sources,
//! provides it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::SetAside;

use crate::vocabulary::Vocabulary;
use crate::{Business, Currency};

/// The origin of the numbers of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Provenance {
    /// The name of the warehouse, without secrets.
    pub warehouse: String,
    /// The number of users.
    pub users: u64,
    /// The number of orders.
    pub orders: u64,
    /// The number of trades.
    pub trades: u64,
    /// The number of ramp purchases, of any status.
    pub ramp_purchases: u64,
    /// The currency of all amounts.
    #[serde(default)]
    pub currency: Currency,
    /// The kind of business, which decides the words of the report.
    #[serde(default)]
    pub business: Business,
    /// The end of observation, excluded.
    pub end: Option<DateTime<Utc>>,
    /// The simulated world, if users and trades are simulated.
    pub world: Option<SimulatedWorld>,
    /// The prices and exchange rates, by table and source.
    pub prices: Vec<PriceSpan>,
    /// The attributions that the terms of the sources require, one paragraph each.
    pub attributions: Vec<String>,
    /// The rows that are excluded from the numbers, by table and reason.
    #[serde(default)]
    pub set_aside: Vec<SetAside>,
    /// Further notes that readers should know, one sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Provenance {
    /// Returns the words and the unit of the report.
    pub(crate) fn vocabulary(&self) -> Vocabulary {
        Vocabulary { currency: self.currency, business: self.business }
    }

    /// Returns the caveats of the numbers, one sentence each: the excluded rows, then the other
    /// notes.
    pub fn caveats(&self) -> Vec<String> {
        let aside = self.set_aside.iter().map(ToString::to_string);
        aside.chain(self.notes.iter().cloned()).collect()
    }
}

/// The description of a simulated world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedWorld {
    /// The name of the preset: `classic`.
    pub preset: String,
    /// The parameters that determine the world, such as `seed 42, start day 2020-10-01`.
    pub parameters: String,
}

/// The prices or exchange rates of one source in one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSpan {
    /// The table.
    pub table: String,
    /// The source.
    pub source: String,
    /// The number of rows.
    pub rows: u64,
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}
