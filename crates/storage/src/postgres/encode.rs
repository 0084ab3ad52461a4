//! Encoding of columns in PostgreSQL's binary COPY format, row by row directly from their memory.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format".

use std::ops::RangeInclusive;

use tidegauge_core::arrow::array::Array;
use tidegauge_core::{Batch, Cell, ColumnView, DataType, Table};

use super::numeric;
use crate::{Error, Result};

/// The header of a copy: the signature, no flags, no extension.
pub(super) const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The trailer of a copy.
pub(super) const TRAILER: [u8; 2] = [0xff; 2];

/// The days, and microseconds, from 1970 to 2000, the epoch of PostgreSQL.
pub(super) const EPOCH_DAYS: i32 = 10_957;
pub(super) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// PostgreSQL's range of dates, in days since 1970: from 4714 BC to the year 5,874,897.
pub(super) const DATE_RANGE: RangeInclusive<i32> = -2_451_545 + EPOCH_DAYS..=2_145_031_948;
/// PostgreSQL's range of timestamps, in microseconds since 1970: up to the year 294,276.
pub(super) const TIMESTAMP_RANGE: RangeInclusive<i64> =
    -211_813_488_000_000_000 + EPOCH_MICROS..=9_223_371_331_199_999_999;

/// The rows of a batch that remain to be encoded.
pub(super) struct RowEncoder<'a> {
    table: &'a Table,
    columns: Vec<(ColumnView<'a>, DataType)>,
    fields: [u8; 2],
    next: usize,
    count: usize,
}

impl<'a> RowEncoder<'a> {
    /// Creates the encoder of the rows of `batch`.
    pub(super) fn new(batch: &'a Batch) -> Result<Self> {
        let table: &Table = batch.table();
        let fields = i16::try_from(table.columns.len()).map_err(|_| {
            let reason = "PostgreSQL takes at most 1,600 columns".to_owned();
            Error::unrepresentable(&table.name, "*", reason)
        })?;
        let dtypes = table.columns.iter().map(|column| column.dtype);
        Ok(Self {
            table,
            columns: batch.views()?.into_iter().zip(dtypes).collect(),
            fields: fields.to_be_bytes(),
            next: 0,
            count: batch.rows(),
        })
    }

    /// Appends rows to `out` until it has about `enough` bytes. Returns `true` if rows remain.
    ///
    /// # Errors
    /// When a time lies beyond PostgreSQL's calendar, or a text is too long.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, enough: usize) -> Result<bool> {
        while self.next < self.count && out.len() < enough {
            out.extend_from_slice(&self.fields);
            for (at, (view, dtype)) in self.columns.iter().enumerate() {
                encode_row_value(view, self.next, *dtype, out).map_err(|reason| {
                    let column = &self.table.columns[at].name;
                    Error::unrepresentable(&self.table.name, column, reason)
                })?;
            }
            self.next += 1;
        }
        Ok(self.next < self.count)
    }
}

/// Appends the value of `row` with its length, or returns the reason why it cannot be encoded.
fn encode_row_value(
    view: &ColumnView<'_>,
    row: usize,
    dtype: DataType,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    match view {
        ColumnView::Bool(values) if values.is_valid(row) => boolean(values.value(row), out),
        ColumnView::Int64(values) if values.is_valid(row) => {
            encode_eight(values.value(row).to_be_bytes(), out);
        }
        ColumnView::Float64(values) if values.is_valid(row) => {
            encode_eight(values.value(row).to_be_bytes(), out);
        }
        ColumnView::Text(texts) => match texts.get(row) {
            Some(value) => return text(value, out),
            None => null(out),
        },
        ColumnView::Date(values) if values.is_valid(row) => return date(values.value(row), out),
        ColumnView::Timestamp(values) if values.is_valid(row) => {
            return timestamp(values.value(row), out);
        }
        ColumnView::Decimal(values) if values.is_valid(row) => {
            return decimal(values.value(row), dtype, out);
        }
        _ => null(out),
    }
    Ok(())
}

/// Appends a value with its length, or returns the reason why it cannot be encoded.
pub(super) fn encode_value(
    cell: Cell<'_>,
    dtype: DataType,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    match cell {
        Cell::Null => null(out),
        Cell::Bool(value) => boolean(value, out),
        Cell::Int(value) => {
            let value = i64::try_from(value).map_err(|error| error.to_string())?;
            encode_eight(value.to_be_bytes(), out);
        }
        Cell::Float(value) => encode_eight(value.to_be_bytes(), out),
        Cell::Text(value) => return text(value, out),
        Cell::Date(days) => return date(days, out),
        Cell::Timestamp(at) => return timestamp(at, out),
        Cell::Decimal(units) => return decimal(units, dtype, out),
    }
    Ok(())
}

fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xff; 4]);
}

fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 1, u8::from(value)]);
}

fn encode_eight(bytes: [u8; 8], out: &mut Vec<u8>) {
    let mut field = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    field[4..].copy_from_slice(&bytes);
    out.extend_from_slice(&field);
}

fn text(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let length = i32::try_from(text.len())
        .map_err(|_| format!("a text of {} bytes is too long", text.len()))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn date(days: i32, out: &mut Vec<u8>) -> Result<(), String> {
    if !DATE_RANGE.contains(&days) {
        return Err(format!("day {days} after 1970 is beyond its calendar"));
    }
    out.extend_from_slice(&[0, 0, 0, 4]);
    out.extend_from_slice(&(days - EPOCH_DAYS).to_be_bytes());
    Ok(())
}

fn timestamp(at: i64, out: &mut Vec<u8>) -> Result<(), String> {
    if !TIMESTAMP_RANGE.contains(&at) {
        return Err(format!("microsecond {at} after 1970 is beyond its calendar"));
    }
    encode_eight((at - EPOCH_MICROS).to_be_bytes(), out);
    Ok(())
}

fn decimal(units: i128, dtype: DataType, out: &mut Vec<u8>) -> Result<(), String> {
    let DataType::Decimal { scale, .. } = dtype else {
        return Err(format!("a decimal is no {dtype}"));
    };
    numeric::encode(units, scale, out);
    Ok(())
}
