//! The parameters of the board.

use serde::{Deserialize, Serialize};

use crate::facts::EventFilter;
use crate::metrics::period::Period;

/// The parameters of the board.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BoardParams {
    /// The length of a period.
    pub period: Period,
    /// The kinds of events that are transactions: they make a user a transacting one, and their
    /// volume is that of the take rate.
    pub transactions: EventFilter,
    /// A dimension of the users by which the take rate is cut, such as `tier`.
    pub dimension: Option<String>,
}

impl BoardParams {
    /// Creates parameters with the take rate in total and by kind only.
    pub fn by(period: Period) -> Self {
        Self { period, transactions: EventFilter::default(), dimension: None }
    }
}
