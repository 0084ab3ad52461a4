//! The cursor of the `exchange` preset.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Page};

use crate::exchange::config::{ExchangeConfig, Shard};
use crate::exchange::scenario::Scenario;

/// The progress of the simulation, serialized as JSON in the cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    pub(crate) seed: u64,
    pub(crate) first_day: NaiveDate,
    pub(crate) days: u16,
    pub(crate) users: u64,
    pub(crate) stationary: bool,
    #[serde(default, skip_serializing_if = "Shard::is_whole")]
    pub(crate) shard: Shard,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scenarios: Vec<Scenario>,
    /// Fingerprint of the market that the simulated days were priced from.
    pub(crate) market: Option<Fingerprint>,
    /// Exclusive end of the completed days.
    pub(crate) from: NaiveDate,
    /// Exclusive end of the period in progress, and the next user slot in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<NaiveDate>,
    #[serde(default)]
    pub(crate) user: u64,
}

impl Position {
    /// Returns the position before the first page.
    pub(crate) fn start(config: &ExchangeConfig) -> Self {
        let ExchangeConfig { seed, first_day, days, users, stationary, shard, .. } = *config;
        let (from, scenarios) = (first_day, config.scenarios.clone());
        Self {
            seed,
            first_day,
            days,
            users,
            stationary,
            shard,
            scenarios,
            market: None,
            from,
            to: None,
            user: 0,
        }
    }

    /// Parses a cursor.
    ///
    /// # Errors
    /// Returns an error if the text is not a cursor of this preset.
    pub(crate) fn parse(cursor: &Cursor) -> serde_json::Result<Self> {
        serde_json::from_str(cursor.as_str())
    }

    /// Returns a page with these batches that ends at this position.
    pub(crate) fn page(&self, batches: Vec<tidegauge_core::Batch>, done: bool) -> Page {
        let text = serde_json::to_string(self).unwrap_or_default();
        Page { batches, cursor: Cursor::new(text), done }
    }
}
