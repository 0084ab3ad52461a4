//! Parts of tables by time, so that no table is ever held as a whole.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use tidegauge_core::{Aggregate, Cell, Filter, Scan, Span, TableRef, Warehouse};

use crate::Result;

/// A part of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimePart {
    /// All rows.
    All,
    /// The rows whose event time lies in a span of whole days.
    During(Span),
    /// The rows without an event time.
    WithoutTime,
}

impl TimePart {
    /// Restricts a scan of the table to the part.
    pub(crate) fn restrict(self, scan: Scan) -> Scan {
        match self {
            Self::All => scan,
            Self::During(span) => scan.time_range(span),
            Self::WithoutTime => match scan.table.time.clone() {
                Some(time) => scan.filter(Filter::is_null(time)),
                None => scan,
            },
        }
    }

    /// Restricts a scan of another table to the rows that lie in the part or up to `lookback` before it.
    pub(crate) fn restrict_with_lookback(self, scan: Scan, lookback: TimeDelta) -> Scan {
        match self {
            Self::During(span) => {
                let from = span.from.checked_sub_signed(lookback).unwrap_or(span.from);
                scan.time_range(Span::new(from, span.to))
            }
            _ => scan,
        }
    }
}

/// Returns parts of about `rows` rows each that together are all rows of a table; a part is at
/// least a day.
pub(crate) async fn time_parts(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    rows: u64,
) -> Result<Vec<TimePart>> {
    let Some(time) = &table.time else { return Ok(vec![TimePart::All]) };
    let counts = warehouse.aggregate(&Aggregate::new(table).by_day(time.as_ref()).count()).await?;
    let (days, counts) = (counts.view(0)?, counts.view(1)?);
    let mut by_day = Vec::with_capacity(days.len());
    let mut parts = Vec::new();
    for row in 0..days.len() {
        let Cell::Int(count) = counts.cell(row) else { continue };
        match days.cell(row) {
            Cell::Date(day) => by_day.push((day, u64::try_from(count).unwrap_or_default())),
            _ => parts.push(TimePart::WithoutTime),
        }
    }
    let spans = spans_of_days(&by_day, rows);
    if spans.len() <= 1 {
        return Ok(vec![TimePart::All]);
    }
    let spans = spans.into_iter().filter_map(|[first, last]| {
        let last = NaiveDate::from_epoch_days(last)?.checked_add_days(Days::new(1))?;
        Some(Span::new(midnight(NaiveDate::from_epoch_days(first)?), midnight(last)))
    });
    parts.extend(spans.map(TimePart::During));
    Ok(parts)
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Returns the first and the last day of spans with at most `rows` rows, or of one day.
fn spans_of_days(by_day: &[(i32, u64)], rows: u64) -> Vec<[i32; 2]> {
    let mut spans: Vec<[i32; 2]> = Vec::new();
    let mut held = 0u64;
    for (day, count) in by_day {
        held = held.saturating_add(*count);
        match spans.last_mut() {
            Some(span) if held <= rows => span[1] = *day,
            _ => {
                spans.push([*day; 2]);
                held = *count;
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_merged_up_to_the_number_of_rows() {
        let days = [(1, 5), (2, 5), (4, 1), (5, 30), (9, 9)];
        assert_eq!(spans_of_days(&days, 10), [[1, 2], [4, 4], [5, 5], [9, 9]]);
        assert_eq!(spans_of_days(&days, 50), [[1, 9]]);
        assert_eq!(spans_of_days(&days, 1).len(), 5);
        assert!(spans_of_days(&[], 10).is_empty());
    }
}
