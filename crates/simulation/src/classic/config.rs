//! Configuration of the `classic` preset.

use chrono::{Datelike, Days, NaiveDate};
use tidegauge_core::{Cursor, Fingerprint};

use crate::classic::population::DAYS;
use crate::classic::resume::{next_day, resume};
use crate::error::{Error, Result};

/// Configuration of the `classic` preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassicConfig {
    /// Seed of all random streams.
    pub seed: u64,
    /// Exclusive end of the first ninety days; from this day on, every run simulates one day.
    pub start_day: NaiveDate,
    /// Exclusive end of the simulated days, instead of one more day. The first ninety days are always
    /// complete.
    pub until: Option<NaiveDate>,
    /// Maximum number of rows per page, at least one.
    pub page_rows: usize,
    /// Market fingerprint of another copy of this exchange
    /// ([`Classic::market_fingerprint`](crate::Classic::market_fingerprint)). A start with any other market
    /// is refused, because the copies would differ.
    pub expected_market: Option<Fingerprint>,
}

impl Default for ClassicConfig {
    fn default() -> Self {
        // The bundled prices cover this day, the ninety days before it and 150 days after it.
        let start_day = NaiveDate::from_ymd_opt(2020, 10, 1).unwrap_or_default();
        Self { seed: 42, start_day, until: None, page_rows: 10_000, expected_market: None }
    }
}

impl ClassicConfig {
    /// Returns the opening day: ninety days before the start day.
    ///
    /// # Errors
    /// Returns [`Error::StartDayOutOfRange`] if that is before 1970, or if the start day is after 9999: dates
    /// are written with four-digit years.
    pub fn first_day(&self) -> Result<NaiveDate> {
        let first = self.start_day.checked_sub_days(Days::new(DAYS.unsigned_abs()));
        first
            .filter(|first| first.year() >= 1970 && self.start_day.year() <= 9999)
            .ok_or(Error::StartDayOutOfRange { start_day: self.start_day })
    }

    /// Returns the exclusive end of the next run of an exchange at `cursor`.
    ///
    /// # Errors
    /// Returns an error if the cursor is another preset's, or was written with another seed or start day.
    pub fn next_until(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<NaiveDate> {
        let position =
            cursor.map(|cursor| resume(cursor, self.seed, self.start_day)).transpose()?;
        match position.and_then(|position| position.day) {
            Some(day) if day >= self.start_day => next_day(day),
            _ => Ok(self.start_day),
        }
    }
}
