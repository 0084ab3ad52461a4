//! Gross and net revenue.

use serde::{Deserialize, Serialize};

use crate::facts::Event;

/// The revenue that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revenue {
    /// After reversals: a purchase that was charged back or refunded is taken back at its own age,
    /// with what was lost on it.
    #[default]
    Net,
    /// Before reversals.
    Gross,
}

impl Revenue {
    /// Returns the revenue of an event in US dollars.
    #[inline]
    pub(crate) fn of(self, event: &Event) -> f64 {
        match self {
            Self::Gross if event.is_reversal() => 0.0,
            _ => event.revenue_usd,
        }
    }
}
