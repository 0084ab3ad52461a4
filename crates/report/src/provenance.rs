//! Provenance: what the numbers are computed from. The caller, who knows the warehouse and the
//! sources, hands it in.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::SetAside;

/// What the numbers of a report are computed from.
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
    /// The end of observation; that instant is not in it.
    pub end: Option<DateTime<Utc>>,
    /// The simulated world, if users and trades are simulated.
    pub world: Option<SimulatedWorld>,
    /// The prices and exchange rates, by table and source.
    pub prices: Vec<PriceSpan>,
    /// What the terms of the sources ask to be shown, a paragraph each.
    pub attributions: Vec<String>,
    /// The rows that are left out of the numbers, by table and reason.
    #[serde(default)]
    pub set_aside: Vec<SetAside>,
    /// What else a reader has to know of the rows, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Provenance {
    /// Returns what a reader has to know of the numbers, a sentence each: which rows are left out, and
    /// the other notes.
    pub fn caveats(&self) -> Vec<String> {
        let aside = self.set_aside.iter().map(ToString::to_string);
        aside.chain(self.notes.iter().cloned()).collect()
    }
}

/// A simulated world, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedWorld {
    /// The name of its preset: `classic`.
    pub preset: String,
    /// What it follows from, such as `seed 42, start day 2020-10-01`.
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
