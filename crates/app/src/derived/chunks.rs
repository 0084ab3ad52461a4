//! Tables in pieces that are loaded, or left alone, as a whole.

use chrono::{DateTime, Datelike, NaiveDate};
use tidegauge_core::polars::prelude::{DataFrame, SortMultipleOptions};
use tidegauge_core::{Batch, DataType, Fingerprint, Result};

use super::failed;
use super::fingerprint;

/// Rows of a table within one calendar month.
#[derive(Debug)]
pub(super) struct Chunk {
    /// `market_prices/2026-01`; where a month has more than one, with its number behind.
    pub(super) name: String,
    pub(super) hash: Fingerprint,
    /// The number of the table.
    pub(super) table: usize,
    /// Its first row.
    pub(super) from: usize,
    pub(super) rows: usize,
}

/// The rows in the order of time, and their chunks of at most `most` rows.
///
/// A month that grows, grows at its end: of all its chunks only the last one changes.
pub(super) fn chunks(table: usize, batch: &Batch, most: usize) -> Result<(Batch, Vec<Chunk>)> {
    let definition = batch.table().clone();
    let time = definition.time.as_deref().unwrap_or_default();
    let key = definition.key.iter().map(AsRef::as_ref).filter(|it| *it != time);
    let order: Vec<&str> = std::iter::once(time).chain(key).collect();
    let frame = batch.frame().sort(order, SortMultipleOptions::default()).map_err(failed)?;
    let batch = Batch::new(&definition, frame)?;
    let months = months(&batch, time)?;

    let mut chunks = Vec::new();
    let mut from = 0;
    for month in months.chunk_by(|a, b| a == b) {
        let parts = month.len().div_ceil(most);
        let (year, number) = month[0];
        for part in 0..parts {
            let rows = most.min(month.len() - part * most);
            let mut name = format!("{}/{year}-{number:02}", definition.name);
            if parts > 1 {
                name = format!("{name}/{}", part + 1);
            }
            let hash = fingerprint::of(&definition, &slice(&batch, from, rows)?)?;
            chunks.push(Chunk { name, hash, table, from, rows });
            from += rows;
        }
    }
    Ok((batch, chunks))
}

/// Some rows of a table.
pub(super) fn slice(batch: &Batch, from: usize, rows: usize) -> Result<DataFrame> {
    Ok(batch.frame().slice(i64::try_from(from).map_err(failed)?, rows))
}

/// Year and month of every row.
fn months(batch: &Batch, time: &str) -> Result<Vec<(i32, u32)>> {
    let column = batch.frame().column(time).map_err(failed)?;
    let month = |day: Option<NaiveDate>| match day {
        Some(day) => Ok((day.year(), day.month())),
        None => Err(failed("a time that no calendar reaches")),
    };
    if batch.table().column(time)?.dtype == DataType::Date {
        let days = column.date().map_err(failed)?.physical();
        return days.iter().flatten().map(|day| month(NaiveDate::from_epoch_days(day))).collect();
    }
    let times = column.datetime().map_err(failed)?.physical();
    let day = |at| DateTime::from_timestamp_micros(at).map(|at| at.date_naive());
    times.iter().flatten().map(|at| month(day(at))).collect()
}
