//! The end of observation, as a day or as a time.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_analytics::Calendar;

/// The end of observation, exclusive: the date as of which metrics are computed.
///
/// ```
/// use tidegauge_analytics::Calendar;
/// use tidegauge_report::End;
///
/// let calendar = Calendar { zone: "Europe/Madrid".parse()?, ..Calendar::default() };
/// let end: End = "2024-05-01".parse()?;
/// assert_eq!(end.instant(&calendar).to_string(), "2024-04-30 22:00:00 UTC");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum End {
    /// The start of a day of the calendar.
    Day(NaiveDate),
    /// An instant.
    Time(DateTime<Utc>),
}

impl End {
    /// Returns the instant in a calendar.
    pub fn instant(self, calendar: &Calendar) -> DateTime<Utc> {
        match self {
            Self::Day(day) => calendar.midnight(day),
            Self::Time(time) => time,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Time(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}

impl FromStr for End {
    type Err = String;

    /// Parses a day, `2024-01-31`, or a time, `2024-01-31T12:00:00Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let time = DateTime::parse_from_rfc3339(text).map(|time| Self::Time(time.to_utc()));
        time.map_err(|_| super::text::END.into())
    }
}
