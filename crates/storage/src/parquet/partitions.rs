//! Partitioning of rows by the day of their event time, in Hive's layout.

use std::collections::{BTreeMap, HashSet};

use ahash::RandomState;
use chrono::{Days, NaiveDate};
use tidegauge_core::arrow::array::Array;
use tidegauge_core::{Batch, ColumnView, DataType, Scalar, Table};

use crate::Result;

/// Hive's name for the partition of rows without a value.
pub(super) const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The minimum average number of rows per day for which separate files are worthwhile: a smaller
/// page becomes one file, since a thousand small files take longer to write and to open than their
/// content.
const MIN_ROWS_PER_DAY: usize = 50_000;

/// Returns the rows of each day, in their order; or all rows together if the table has no event
/// time, or days have too few rows.
pub(super) fn partition_by_day(
    table: &Table,
    batch: Batch,
) -> Result<Vec<(Option<String>, Batch)>> {
    let Some(days) = event_days(table, &batch)? else { return Ok(vec![(None, batch)]) };
    // Rows of a day are mostly consecutive, so only changes of the day are hashed.
    let changes = days.chunk_by(|one, other| one == other).filter_map(|same| same.first());
    let distinct = changes.collect::<HashSet<_, RandomState>>().len();
    if distinct > 1 && batch.rows() / distinct < MIN_ROWS_PER_DAY {
        return Ok(vec![(None, batch)]);
    }
    // Most rows are in the order of their time; then each day is a slice.
    if days.is_sorted() {
        let mut from = 0;
        let parts = days.chunk_by(|one, other| one == other).map(|same| {
            let part = batch.slice(from, same.len());
            from += same.len();
            (Some(partition_name(same[0])), part)
        });
        return Ok(parts.collect());
    }
    let mut rows: BTreeMap<Option<i64>, Vec<u32>> = BTreeMap::new();
    for (row, day) in (0..).zip(&days) {
        rows.entry(*day).or_default().push(row);
    }
    let parts =
        rows.into_iter().map(|(day, rows)| Ok((Some(partition_name(day)), batch.take(&rows)?)));
    parts.collect()
}

/// Returns the smallest and the largest event time of rows of the day `name`, or `None` if they are
/// unknown.
pub(super) fn time_bounds(name: &str, dtype: DataType) -> Option<(Scalar, Scalar)> {
    let day = name.parse::<NaiveDate>().ok()?;
    let days = (day - NaiveDate::default()).num_days();
    if dtype == DataType::Date {
        let day = Scalar::Date(i32::try_from(days).ok()?);
        return Some((day.clone(), day));
    }
    let first = days.checked_mul(MICROS_PER_DAY)?;
    Some((Scalar::Timestamp(first), Scalar::Timestamp(first.checked_add(MICROS_PER_DAY - 1)?)))
}

/// Returns the day of every row, in days since 1970.
fn event_days(table: &Table, batch: &Batch) -> Result<Option<Vec<Option<i64>>>> {
    let Some(time) = &table.time else { return Ok(None) };
    Ok(Some(match batch.column(time)? {
        ColumnView::Date(days) => days.iter().map(|day| day.map(i64::from)).collect(),
        ColumnView::Timestamp(micros) if micros.null_count() == 0 => {
            micros.values().iter().map(|micros| Some(micros.div_euclid(MICROS_PER_DAY))).collect()
        }
        ColumnView::Timestamp(micros) => micros
            .iter()
            .map(|micros| micros.map(|micros| micros.div_euclid(MICROS_PER_DAY)))
            .collect(),
        _ => return Ok(None),
    }))
}

/// Returns the name of the partition of `day`, in days since 1970.
fn partition_name(day: Option<i64>) -> String {
    let Some(day) = day else { return NULL_PARTITION.into() };
    let span = Days::new(day.unsigned_abs());
    let epoch = NaiveDate::default();
    let date = if day < 0 { epoch.checked_sub_days(span) } else { epoch.checked_add_days(span) };
    // Beyond the calendar's end, a quarter of a million years from now, the number itself is the
    // name.
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_named_by_their_dates() {
        assert_eq!(partition_name(Some(0)), "1970-01-01");
        assert_eq!(partition_name(Some(-1)), "1969-12-31");
        assert_eq!(partition_name(Some(19_725)), "2024-01-03");
        assert_eq!(partition_name(Some(i64::MAX / MICROS_PER_DAY)), "106751991");
        assert_eq!(partition_name(None), NULL_PARTITION);
    }

    #[test]
    fn time_bounds_are_the_first_and_last_instant_of_the_day() {
        let day = 19_725 * MICROS_PER_DAY;
        assert_eq!(
            time_bounds("2024-01-03", DataType::Timestamp),
            Some((Scalar::Timestamp(day), Scalar::Timestamp(day + MICROS_PER_DAY - 1)))
        );
        let date = Scalar::Date(19_725);
        assert_eq!(time_bounds("2024-01-03", DataType::Date), Some((date.clone(), date)));
        assert_eq!(time_bounds("106751991", DataType::Timestamp), None);
        assert_eq!(time_bounds(NULL_PARTITION, DataType::Timestamp), None);
    }
}
