//! Columns as PostgreSQL's binary COPY: straight from their memory, row by row as the format is.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format".

use std::ops::Range;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{
    BooleanType, ChunkedArray, Float64Type, Int32Type, Int64Type, Int128Type, PolarsDataType,
    StaticArray, StringType,
};
use tidegauge_core::{Column, DataType, Table};

use super::numeric;
use crate::{Error, Result};

/// What a copy begins with: the signature, no flags, no extension.
pub(super) const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// And what it ends with.
pub(super) const TRAILER: [u8; 2] = [0xff; 2];

/// Days, and microseconds, from 1970 to 2000, where PostgreSQL's calendar begins.
pub(super) const EPOCH_DAYS: i32 = 10_957;
pub(super) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The days since 1970 that PostgreSQL takes: from 4714 BC on, up to the year 5,874,897.
const DAYS: Range<i32> = -2_451_545 + EPOCH_DAYS..2_145_031_949;
/// The microseconds: up to the year 294,276.
const MICROS: Range<i64> = -211_813_488_000_000_000 + EPOCH_MICROS..9_223_371_331_200_000_000;

type Array<T> = <T as PolarsDataType>::Array;

/// A column in one piece.
enum Lane<'a> {
    Bool(&'a Array<BooleanType>),
    Int(&'a Array<Int64Type>),
    Float(&'a Array<Float64Type>),
    Text(&'a Array<StringType>),
    Date(&'a Array<Int32Type>),
    Timestamp(&'a Array<Int64Type>),
    Decimal(&'a Array<Int128Type>, u8),
}

/// Rows on their way into a copy.
pub(super) struct Rows<'a> {
    table: &'a Table,
    lanes: Vec<Lane<'a>>,
    fields: [u8; 2],
    next: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    /// The rows of `frame`, which has the columns of `table` in their order, each in one piece.
    pub(super) fn new(table: &'a Table, frame: &'a DataFrame) -> Result<Self> {
        let lanes = table.columns.iter().map(|column| lane(frame, column));
        let fields = i16::try_from(table.columns.len()).map_err(|_| Error::Unrepresentable {
            table: table.name.to_string(),
            column: "*".into(),
            reason: "PostgreSQL takes at most 1,600 columns".into(),
        })?;
        Ok(Self {
            table,
            lanes: lanes.collect::<Result<_>>()?,
            fields: fields.to_be_bytes(),
            next: 0,
            count: frame.height(),
        })
    }

    /// Appends rows to `out` until it has some `enough` bytes; whether there are more.
    ///
    /// # Errors
    /// When a time lies beyond PostgreSQL's calendar, or a text is longer than it takes.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, enough: usize) -> Result<bool> {
        while self.next < self.count && out.len() < enough {
            out.extend_from_slice(&self.fields);
            for (at, lane) in self.lanes.iter().enumerate() {
                lane.put(self.next, out).map_err(|reason| Error::Unrepresentable {
                    table: self.table.name.to_string(),
                    column: self.table.columns[at].name.to_string(),
                    reason,
                })?;
            }
            self.next += 1;
        }
        Ok(self.next < self.count)
    }
}

fn lane<'a>(frame: &'a DataFrame, column: &Column) -> Result<Lane<'a>> {
    fn piece<T: PolarsDataType>(values: &ChunkedArray<T>) -> Result<&T::Array> {
        let none = || tidegauge_core::Error::sink("postgres", "a column is not in one piece");
        Ok(values.downcast_get(0).ok_or_else(none)?)
    }
    let values = frame.column(&column.name)?.as_materialized_series();
    Ok(match column.dtype {
        DataType::Bool => Lane::Bool(piece(values.bool()?)?),
        DataType::Int64 => Lane::Int(piece(values.i64()?)?),
        DataType::Float64 => Lane::Float(piece(values.f64()?)?),
        DataType::Text => Lane::Text(piece(values.str()?)?),
        DataType::Date => Lane::Date(piece(values.date()?.physical())?),
        DataType::Timestamp => Lane::Timestamp(piece(values.datetime()?.physical())?),
        DataType::Decimal { scale, .. } => {
            Lane::Decimal(piece(values.decimal()?.physical())?, scale)
        }
    })
}

impl Lane<'_> {
    /// Appends the value of `row`, its length before it; or says why that cannot be.
    fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Bool(values) => match values.get(row) {
                Some(value) => out.extend_from_slice(&[0, 0, 0, 1, u8::from(value)]),
                None => null(out),
            },
            Self::Int(values) => match values.get(row) {
                Some(value) => eight(value.to_be_bytes(), out),
                None => null(out),
            },
            Self::Float(values) => match values.get(row) {
                Some(value) => eight(value.to_be_bytes(), out),
                None => null(out),
            },
            Self::Text(values) => match values.get(row) {
                Some(text) => {
                    let length = i32::try_from(text.len())
                        .map_err(|_| format!("a text of {} bytes is too long", text.len()))?;
                    out.extend_from_slice(&length.to_be_bytes());
                    out.extend_from_slice(text.as_bytes());
                }
                None => null(out),
            },
            Self::Date(values) => match values.get(row) {
                Some(days) if DAYS.contains(&days) => {
                    out.extend_from_slice(&[0, 0, 0, 4]);
                    out.extend_from_slice(&(days - EPOCH_DAYS).to_be_bytes());
                }
                Some(days) => return Err(format!("day {days} after 1970 is beyond its calendar")),
                None => null(out),
            },
            Self::Timestamp(values) => match values.get(row) {
                Some(at) if MICROS.contains(&at) => eight((at - EPOCH_MICROS).to_be_bytes(), out),
                Some(at) => {
                    return Err(format!("microsecond {at} after 1970 is beyond its calendar"));
                }
                None => null(out),
            },
            Self::Decimal(values, scale) => match values.get(row) {
                Some(units) => numeric::encode(units, *scale, out),
                None => null(out),
            },
        }
        Ok(())
    }
}

fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0xff; 4]);
}

fn eight(bytes: [u8; 8], out: &mut Vec<u8>) {
    let mut field = [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    field[4..].copy_from_slice(&bytes);
    out.extend_from_slice(&field);
}
