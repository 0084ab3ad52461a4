//! The cursor of the `exchange` preset.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint, Page};

use super::{ExchangeConfig, Scenario, Shard};
use crate::{other_preset, refused, set_otherwise};

/// The progress of the simulation, serialized as JSON in the cursor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    pub(super) seed: u64,
    pub(super) first_day: NaiveDate,
    pub(super) days: u16,
    pub(super) users: u64,
    pub(super) stationary: bool,
    #[serde(default, skip_serializing_if = "Shard::is_whole")]
    pub(super) shard: Shard,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scenarios: Vec<Scenario>,
    /// Fingerprint of the market that the simulated days were priced from.
    pub(super) market: Option<Fingerprint>,
    /// Exclusive end of the completed days.
    pub(super) from: NaiveDate,
    /// Exclusive end of the period in progress, and the next user slot in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<NaiveDate>,
    #[serde(default)]
    pub(super) user: u64,
}

impl Position {
    /// Returns the position before the first page.
    pub(super) fn first(config: &ExchangeConfig) -> Self {
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
    pub(super) fn read(cursor: &Cursor) -> serde_json::Result<Self> {
        serde_json::from_str(cursor.as_str())
    }

    /// Returns the position from which an exchange with that `config` resumes.
    ///
    /// # Errors
    /// Returns an error if the cursor is another preset's, or was written with other settings.
    pub(super) fn after(
        cursor: Option<&Cursor>,
        config: &ExchangeConfig,
    ) -> tidegauge_core::Result<Self> {
        let first = Self::first(config);
        let Some(cursor) = cursor else { return Ok(first) };
        let stored = Self::read(cursor).map_err(|error| {
            if crate::Classic::told_by(cursor).is_some() {
                return other_preset("classic", "exchange");
            }
            refused(format!(
                "`{cursor}` is not the exchange's: {error}; begin in another warehouse, or \
                 `tidegauge reset simulation` has it played from the beginning"
            ))
        })?;
        // Scenarios may change as long as they are in the future. Market scenarios apply when prices are
        // loaded, and outages when users sign up, so those must never change.
        let reached = stored.to.unwrap_or(stored.from);
        let is_set = |scenario: &&Scenario| {
            scenario.is_of_market()
                || matches!(scenario, Scenario::KycOutage { .. })
                || scenario.from() < reached
        };
        let past = |scenarios: &[Scenario]| -> Vec<Scenario> {
            scenarios.iter().filter(is_set).cloned().collect()
        };
        // A float may change in the JSON round trip, so both sides take it.
        let text = serde_json::to_string(&first.scenarios).unwrap_or_default();
        let wanted: Vec<Scenario> = serde_json::from_str(&text).unwrap_or_default();
        let same_past = past(&stored.scenarios) == past(&wanted);
        let Self { market, from, to, user, .. } = stored;
        let wanted = Self { market, from, to, user, ..first };
        let same = wanted == Self { scenarios: wanted.scenarios.clone(), ..stored.clone() };
        if same && same_past {
            return Ok(wanted);
        }
        Err(set_otherwise(format!(
            "it was played with seed {} from {}, for {} users in {} days, stationary: {}, shard {}{}; go \
             on with these, or begin in another warehouse",
            stored.seed,
            stored.first_day,
            stored.users,
            stored.days,
            stored.stationary,
            stored.shard,
            if same_past { "" } else { ", and with other scenarios by then" },
        )))
    }

    /// Returns a page with these batches that ends at this position.
    pub(super) fn close(&self, batches: Vec<tidegauge_core::Batch>, done: bool) -> Page {
        let text = serde_json::to_string(self).unwrap_or_default();
        Page { batches, cursor: Cursor::new(text), done }
    }
}
