//! The columns of series in long frames: one row for each instrument and day.

use chrono::NaiveDate;
use polars::prelude::*;

use crate::Result;
use crate::dates::date_column;
use crate::frames::text_column;

/// Returns the columns `instrument` and `day`, days of an instrument adjacent.
///
/// # Errors
/// When a column cannot be made.
pub(super) fn daily_columns<'s>(
    instruments: impl Iterator<Item = &'s str> + Clone,
    days: &[NaiveDate],
) -> Result<[Column; 2]> {
    let names = instruments.clone().flat_map(|name| std::iter::repeat_n(name, days.len()));
    let dates = instruments.flat_map(|_| days.iter().copied());
    Ok([text_column("instrument", names), date_column("day", dates)?])
}

/// Returns a column of series, one after the other.
pub(super) fn series_column<'s>(
    name: &str,
    series: impl Iterator<Item = &'s Vec<Option<f64>>>,
) -> Column {
    Column::new(name.into(), series.flatten().copied().collect::<Vec<Option<f64>>>())
}
