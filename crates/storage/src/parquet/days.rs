//! Rows taken apart by the day of their event.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use chrono::{Days, NaiveDate};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{IdxCa, IdxSize, PlSmallStr};
use tidegauge_core::{DataType, Table};

use crate::Result;

/// What Hive calls the part of the rows that have no value.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

const MICROS: i64 = 86_400_000_000;

/// Rows of a day, on average, of which a file is worth its while: a page of fewer lies in one file, for a
/// thousand small ones take longer to write, and to open, than what is in them.
const FEW: usize = 50_000;

/// The rows of each day, in their order; all together where the table has no time, or days have but few.
pub(super) fn by_day(table: &Table, frame: DataFrame) -> Result<Vec<(Option<String>, DataFrame)>> {
    let Some(days) = days(table, &frame)? else { return Ok(vec![(None, frame)]) };
    let different = days.iter().collect::<HashSet<_>>().len();
    if different > 1 && frame.height() / different < FEW {
        return Ok(vec![(None, frame)]);
    }
    // Most rows come in the order of their time: then a day is a slice.
    if days.is_sorted() {
        let mut from = 0;
        let parts = days.chunk_by(|one, other| one == other).map(|same| {
            let part = frame.slice(from, same.len());
            from += i64::try_from(same.len()).unwrap_or(i64::MAX);
            (Some(name(same[0])), part)
        });
        return Ok(parts.collect());
    }
    let mut rows: BTreeMap<Option<i64>, Vec<IdxSize>> = BTreeMap::new();
    for (row, day) in (0..).zip(&days) {
        rows.entry(*day).or_default().push(row);
    }
    let parts = rows.into_iter().map(|(day, rows)| {
        let rows = IdxCa::from_vec(PlSmallStr::EMPTY, rows);
        Ok((Some(name(day)), frame.take(&rows)?))
    });
    parts.collect()
}

/// Whether rows of the day called `name` may have a time in `bounds`: days since 1970 of a date,
/// microseconds of a timestamp.
pub(super) fn may_lie_in(name: &str, dtype: DataType, bounds: &Range<i64>) -> bool {
    let Ok(day) = name.parse::<NaiveDate>() else { return name != NONE };
    let days = (day - NaiveDate::default()).num_days();
    let unit = if dtype == DataType::Date { 1 } else { MICROS };
    days * unit < bounds.end && (days + 1) * unit > bounds.start
}

/// The day of every row, since 1970.
fn days(table: &Table, frame: &DataFrame) -> Result<Option<Vec<Option<i64>>>> {
    let Some(time) = &table.time else { return Ok(None) };
    let values = frame.column(time)?.as_materialized_series();
    Ok(Some(match table.column(time)?.dtype {
        DataType::Date => values.date()?.physical().iter().map(|it| it.map(i64::from)).collect(),
        _ => {
            let micros = values.datetime()?.physical().iter();
            micros.map(|it| it.map(|micros| micros.div_euclid(MICROS))).collect()
        }
    }))
}

fn name(day: Option<i64>) -> String {
    let Some(day) = day else { return NONE.into() };
    let span = Days::new(day.unsigned_abs());
    let epoch = NaiveDate::default();
    let date = if day < 0 { epoch.checked_sub_days(span) } else { epoch.checked_add_days(span) };
    // A number where the calendar ends, a quarter of a million years from here.
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates_for_names() {
        assert_eq!(name(Some(0)), "1970-01-01");
        assert_eq!(name(Some(-1)), "1969-12-31");
        assert_eq!(name(Some(19_725)), "2024-01-03");
        assert_eq!(name(Some(i64::MAX / MICROS)), "106751991");
        assert_eq!(name(None), NONE);
    }

    #[test]
    fn a_day_is_left_out_only_if_none_of_it_lies_between() {
        let day = 19_725 * MICROS;
        let timestamp = |bounds| may_lie_in("2024-01-03", DataType::Timestamp, &bounds);
        assert!(timestamp(day..day + 1) && timestamp(day + MICROS - 1..i64::MAX));
        assert!(!timestamp(0..day) && !timestamp(day + MICROS..i64::MAX));
        let date = |bounds| may_lie_in("2024-01-03", DataType::Date, &bounds);
        assert!(date(19_725..19_726) && !date(0..19_725) && !date(19_726..20_000));
        assert!(may_lie_in("106751991", DataType::Timestamp, &(0..1)), "what is not known may");
        assert!(!may_lie_in(NONE, DataType::Timestamp, &(0..1)));
    }
}
