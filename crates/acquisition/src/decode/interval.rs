//! The lengths of candles.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The length of a candle. No service supports all of them.
///
/// ```
/// use chrono::TimeDelta;
/// use tidegauge_acquisition::Interval;
///
/// assert_eq!(Interval::H4.name(), "4h");
/// assert_eq!(Interval::H4.length(), TimeDelta::hours(4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say the length
pub enum Interval {
    #[serde(rename = "1m")]
    M1,
    #[serde(rename = "5m")]
    M5,
    #[serde(rename = "15m")]
    M15,
    #[serde(rename = "30m")]
    M30,
    #[serde(rename = "45m")]
    M45,
    #[serde(rename = "1h")]
    H1,
    #[serde(rename = "2h")]
    H2,
    #[serde(rename = "4h")]
    H4,
    #[serde(rename = "8h")]
    H8,
    #[serde(rename = "1d")]
    D1,
    #[serde(rename = "1w")]
    W1,
    #[serde(rename = "1mo")]
    Mo1,
}

use Interval::{D1, H1, H2, H4, H8, M1, M5, M15, M30, M45, Mo1, W1};

impl Interval {
    /// All intervals, the shortest first.
    pub const ALL: [Self; 12] = [M1, M5, M15, M30, M45, H1, H2, H4, H8, D1, W1, Mo1];

    /// Returns the name as in the column `interval`.
    pub const fn name(self) -> &'static str {
        self.parts().0
    }

    /// Returns the length in minutes; a month has 31 days.
    pub const fn minutes(self) -> i64 {
        self.parts().1
    }

    const fn parts(self) -> (&'static str, i64) {
        match self {
            M1 => ("1m", 1),
            M5 => ("5m", 5),
            M15 => ("15m", 15),
            M30 => ("30m", 30),
            M45 => ("45m", 45),
            H1 => ("1h", 60),
            H2 => ("2h", 120),
            H4 => ("4h", 240),
            H8 => ("8h", 480),
            D1 => ("1d", 1_440),
            W1 => ("1w", 7 * 1_440),
            Mo1 => ("1mo", 31 * 1_440),
        }
    }

    /// Returns the length; a month has 31 days.
    pub const fn length(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes())
    }

    /// Returns `true` if candles of this length are identified by a date instead of a time.
    pub(crate) const fn is_daily(self) -> bool {
        self.minutes() >= 1_440
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.name() == name)
    }

    /// Checks that the intervals in `asked` are distinct and supported by the `service`.
    pub(crate) fn check(asked: &[Self], service: &[Self]) -> Result<()> {
        for (at, interval) in asked.iter().enumerate() {
            let name = interval.name();
            if asked[..at].contains(interval) {
                return Err(Error::config("intervals", format!("`{name}` is there twice")));
            }
            if !service.contains(interval) {
                let known: Vec<_> = service.iter().map(|known| known.name()).collect();
                let reason = format!("there is no `{name}`; there are {}", known.join(", "));
                return Err(Error::config("intervals", reason));
            }
        }
        Ok(())
    }
}
