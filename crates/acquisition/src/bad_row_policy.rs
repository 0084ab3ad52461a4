//! The policies for bad rows: fail, quarantine, or round.

use serde::{Deserialize, Serialize};

/// The policy for bad rows. Every row that is left out is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// The page fails, and none of its rows is taken. Exception: a row of a service with a number that has
    /// more digits than its column holds is quarantined, because a number that is sent as a float is wrong in
    /// no other way.
    #[default]
    Fail,
    /// The row is written to the table `quarantine` with its reason; the other rows are taken.
    Quarantine,
}

/// The policy for prices with more than eighteen decimal places, the scale of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinePrices {
    /// The row is quarantined.
    #[default]
    Quarantine,
    /// The price is rounded to eighteen places, half to even; a row whose price would be zero is quarantined.
    Round,
}
