//! The lengths of cohorts and windows.

use serde::{Deserialize, Serialize};

/// A day, a week or a month: of a [`Calendar`](crate::Calendar), or of 24 hours, 7 and 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
}

impl Period {
    /// Returns the number of days of a period that is not of a calendar: 1, 7 or 30.
    ///
    /// ```
    /// use tidegauge_analytics::Period;
    ///
    /// assert_eq!([Period::Day, Period::Week, Period::Month].map(Period::days), [1, 7, 30]);
    /// ```
    pub fn days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }
}
