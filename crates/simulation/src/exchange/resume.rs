//! Resumption of an exchange from its cursor.

use tidegauge_core::Cursor;

use crate::classic::cursor::parse as parse_classic_cursor;
use crate::error::{cursor_error, preset_mismatch, settings_mismatch};
use crate::exchange::config::ExchangeConfig;
use crate::exchange::cursor::Position;
use crate::exchange::scenario::Scenario;

/// Returns the position from which an exchange with that `config` resumes.
///
/// # Errors
/// Returns an error if the cursor is another preset's, or was written with other settings.
pub(crate) fn resume(
    cursor: Option<&Cursor>,
    config: &ExchangeConfig,
) -> tidegauge_core::Result<Position> {
    let first = Position::start(config);
    let Some(cursor) = cursor else { return Ok(first) };
    let stored = Position::parse(cursor).map_err(|error| {
        if parse_classic_cursor(cursor).is_some() {
            return preset_mismatch("classic", "exchange");
        }
        cursor_error(format!(
            "`{cursor}` is not the exchange's: {error}; begin in another warehouse, or \
             `tidegauge reset simulation` has it played from the beginning"
        ))
    })?;
    // Scenarios may change as long as they are in the future. Market scenarios apply when prices are
    // loaded, and outages when users sign up, so those must never change.
    let reached = stored.to.unwrap_or(stored.from);
    let is_set = |scenario: &&Scenario| {
        scenario.affects_market()
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
    let Position { market, from, to, user, .. } = stored;
    let wanted = Position { market, from, to, user, ..first };
    let same = wanted == Position { scenarios: wanted.scenarios.clone(), ..stored.clone() };
    if same && same_past {
        return Ok(wanted);
    }
    Err(settings_mismatch(format!(
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
