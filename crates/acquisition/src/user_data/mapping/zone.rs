//! The time zones of times that have none.

use chrono::{LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use tidegauge_core::digits;

/// The time zone of times that have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// A fixed offset, in seconds east of UTC.
    Fixed(i64),
    /// A named time zone, whose offset may change.
    Named(Tz),
}

impl Zone {
    pub(super) const UTC: Self = Self::Fixed(0);

    /// Parses an offset such as `+02:00`, or a name such as `Europe/Madrid`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Some(seconds) = offset(text) {
            return Ok(Self::Fixed(seconds));
        }
        text.parse().map(Self::Named).map_err(|_| {
            format!("`{text}` is neither an offset such as +02:00 nor a zone such as Europe/Madrid")
        })
    }

    /// Returns the offset of `local`, in seconds east of UTC, and `true` if the clocks showed that
    /// time twice. The earlier instant is taken then.
    ///
    /// # Errors
    /// Returns an error if the clocks were set forward over the time.
    pub(super) fn offset(self, local: NaiveDateTime) -> Result<(i64, bool), String> {
        let zone = match self {
            Self::Fixed(seconds) => return Ok((seconds, false)),
            Self::Named(zone) => zone,
        };
        let seconds = |offset: &<Tz as TimeZone>::Offset| i64::from(offset.fix().local_minus_utc());
        match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => Ok((seconds(&offset), false)),
            // The earlier instant has the larger offset.
            LocalResult::Ambiguous(one, other) => Ok((seconds(&one).max(seconds(&other)), true)),
            LocalResult::None => Err(format!(
                "is no time that there was in {zone}: the clocks were set forward over it"
            )),
        }
    }
}

/// Parses `+02:00`, `+0200` or `+02` as seconds east of UTC, or returns `None`.
pub(super) fn offset(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let sign = match bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let minutes = match bytes.len() {
        3 => 0,
        5 => digits::number(&bytes[3..])?,
        6 if bytes[3] == b':' => digits::number(&bytes[4..])?,
        _ => return None,
    };
    let hours = digits::number(&bytes[1..3])?;
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daylight_saving_changes_are_applied() {
        let madrid = Zone::read("Europe/Madrid").unwrap();
        let offset = |text: &str| madrid.offset(text.parse().unwrap());
        assert_eq!(offset("2023-01-31T23:30:00"), Ok((3_600, false)));
        assert_eq!(offset("2023-07-01T00:30:00"), Ok((7_200, false)));
        assert_eq!(offset("2023-10-29T02:30:00"), Ok((7_200, true)), "the earlier of the two");
        assert!(offset("2023-03-26T02:30:00").unwrap_err().contains("Europe/Madrid"));
        assert_eq!(Zone::read("-04:30"), Ok(Zone::Fixed(-16_200)));
        assert!(Zone::read("Berlin").unwrap_err().contains("Berlin"));
    }
}
