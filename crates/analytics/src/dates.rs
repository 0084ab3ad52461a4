//! Conversions between dates, times and their counts since 1970-01-01.

use chrono::{Days, NaiveDate};
use polars::prelude::*;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// The type of all times in this workspace.
pub(crate) const TIME: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// Converts days to microseconds.
pub(crate) fn days(days: u32) -> i64 {
    i64::from(days) * DAY
}

/// Returns a time column as microseconds since 1970.
pub(crate) fn epoch_micros(column: &str) -> Expr {
    col(column).cast(TIME).cast(DataType::Int64)
}

/// Returns the days since 1970-01-01 of `time`.
pub(crate) fn epoch_day(time: Expr) -> Expr {
    time.cast(DataType::Date).cast(DataType::Int32).cast(DataType::Int64)
}

/// Returns the day that is `days` after 1970-01-01; `None` beyond the calendar.
pub(crate) fn date_from_epoch_day(days: i64) -> Option<NaiveDate> {
    let epoch = NaiveDate::default();
    let distance = Days::new(days.unsigned_abs());
    if days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) }
}
