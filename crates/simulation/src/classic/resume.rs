//! Resumption of the `classic` preset from its cursor.

use chrono::NaiveDate;
use tidegauge_core::Cursor;

use crate::classic::cursor::Position;
use crate::error::{cursor_error, preset_mismatch, settings_mismatch};
use crate::exchange::cursor::Position as ExchangePosition;

/// Returns the position from which an exchange with that seed and start day resumes.
///
/// # Errors
/// Returns an error if the cursor is another preset's, or was written with another seed or start day.
pub(crate) fn resume(
    cursor: &Cursor,
    seed: u64,
    start_day: NaiveDate,
) -> tidegauge_core::Result<Position> {
    let position: Position = serde_json::from_str(cursor.as_str()).map_err(|error| {
        if ExchangePosition::parse(cursor).is_ok() {
            return preset_mismatch("exchange", "classic");
        }
        cursor_error(format!(
            "`{cursor}` is not the simulator's: {error}; `tidegauge reset simulation` has it played from the \
             beginning"
        ))
    })?;
    if (position.seed, position.start_day) == (seed, start_day) {
        return Ok(position);
    }
    Err(settings_mismatch(format!(
        "it was played with seed {} from {}, and is to go on with seed {seed} from \
         {start_day}; use that seed and day, or another warehouse",
        position.seed, position.start_day
    )))
}

/// Returns the next day.
///
/// # Errors
/// Returns a cursor error at the end of the calendar, which only an edited cursor reaches.
pub(crate) fn next_day(day: NaiveDate) -> tidegauge_core::Result<NaiveDate> {
    day.succ_opt().ok_or_else(|| cursor_error(format!("there is no day after {day}")))
}
