//! Conversions between dates, times and their counts since 1970-01-01.

use chrono::NaiveDate;
use polars::prelude::*;

use crate::Result;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// The type of all times in this workspace.
pub(crate) const TIME: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// Converts days to microseconds.
pub(crate) fn days(days: u32) -> i64 {
    i64::from(days) * DAY
}

/// Returns a column of dates.
///
/// # Errors
/// When the column cannot be made.
pub(crate) fn date_column(
    name: &str,
    dates: impl IntoIterator<Item = NaiveDate>,
) -> Result<Column> {
    let days = dates.into_iter().map(|date| date.to_epoch_days()).collect::<Vec<i32>>();
    Ok(Column::new(name.into(), days).cast(&DataType::Date)?)
}

/// Returns the day that is `days` after 1970-01-01; `None` beyond the calendar.
pub(crate) fn date_from_epoch_day(days: i64) -> Option<NaiveDate> {
    i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days)
}

/// Returns the UTC date of a time in microseconds since 1970, as text for messages.
pub(crate) fn date_of_micros(at: i64) -> String {
    match date_from_epoch_day(at.div_euclid(DAY)) {
        Some(date) => date.to_string(),
        None => format!("microsecond {at} since 1970"),
    }
}
