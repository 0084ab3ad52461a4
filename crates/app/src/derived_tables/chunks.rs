//! Tables in chunks that are loaded, or skipped, as a whole.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate};
use tidegauge_core::{Batch, Cell, ColumnView, ErrorKind, Fingerprint, Result};

use super::error::source_error;
use super::fingerprint;

/// Rows of a table within one calendar month.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The name: `market_prices/2026-01`, followed by a number if the month has more than one
    /// chunk.
    pub(super) name: String,
    pub(super) hash: Fingerprint,
    /// The index of the table.
    pub(super) table: usize,
    /// The index of its first row.
    pub(super) from: usize,
    pub(super) rows: usize,
}

/// Returns the rows in order of time, and their chunks of at most `max_rows` rows.
///
/// New rows at the end of a month change only its last chunk.
pub(super) fn split_into_chunks(
    table: usize,
    batch: &Batch,
    max_rows: usize,
) -> Result<(Batch, Vec<Chunk>)> {
    let definition = batch.table().clone();
    let time = definition.time.as_deref().unwrap_or_default();
    let key = definition.key.iter().map(AsRef::as_ref).filter(|name| *name != time);
    let batch = sorted(batch, std::iter::once(time).chain(key))?;
    let months = months(&batch, time)?;

    let mut chunks = Vec::new();
    let mut from = 0;
    for month in months.chunk_by(|a, b| a == b) {
        let parts = month.len().div_ceil(max_rows);
        let (year, number) = month[0];
        for part in 0..parts {
            let rows = max_rows.min(month.len() - part * max_rows);
            let mut name = format!("{}/{year}-{number:02}", definition.name);
            if parts > 1 {
                name = format!("{name}/{}", part + 1);
            }
            let hash = fingerprint::of_rows(&batch.slice(from, rows))?;
            chunks.push(Chunk { name, hash, table, from, rows });
            from += rows;
        }
    }
    Ok((batch, chunks))
}

/// Returns the rows sorted by the columns `by`, the first of them most significant.
fn sorted<'c>(batch: &Batch, by: impl Iterator<Item = &'c str>) -> Result<Batch> {
    let columns = by.map(|name| batch.column(name)).collect::<Result<Vec<ColumnView<'_>>>>()?;
    let rows = u32::try_from(batch.rows())
        .map_err(|error| source_error(ErrorKind::InvalidInput, error))?;
    let mut order: Vec<u32> = (0..rows).collect();
    order.sort_unstable_by(|one, other| {
        let [one, other] = [*one as usize, *other as usize];
        let orders = columns.iter().map(|column| compare(column.cell(one), column.cell(other)));
        orders.reduce(Ordering::then).unwrap_or(Ordering::Equal)
    });
    batch.take(&order)
}

/// Compares two values of one column that is not of floats.
fn compare(one: Cell<'_>, other: Cell<'_>) -> Ordering {
    match (one, other) {
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        (Cell::Date(one), Cell::Date(other)) => one.cmp(&other),
        (Cell::Timestamp(one), Cell::Timestamp(other)) => one.cmp(&other),
        (Cell::Int(one), Cell::Int(other)) | (Cell::Decimal(one), Cell::Decimal(other)) => {
            one.cmp(&other)
        }
        (Cell::Bool(one), Cell::Bool(other)) => one.cmp(&other),
        _ => Ordering::Equal,
    }
}

/// Returns the year and month of every row.
fn months(batch: &Batch, time: &str) -> Result<Vec<(i32, u32)>> {
    let column = batch.column(time)?;
    let month = |row| {
        let day = match column.cell(row) {
            Cell::Date(days) => NaiveDate::from_epoch_days(days),
            Cell::Timestamp(at) => DateTime::from_timestamp_micros(at).map(|at| at.date_naive()),
            _ => None,
        };
        let day = day.ok_or_else(|| {
            source_error(ErrorKind::InvalidInput, "a time that no calendar reaches")
        })?;
        Ok((day.year(), day.month()))
    };
    (0..batch.rows()).map(month).collect()
}
