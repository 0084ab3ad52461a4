//! Decoding of PostgreSQL's binary COPY format.

use tidegauge_core::{BatchBuilder, Cell, Column, DataType};

use super::encode::{EPOCH_DAYS, EPOCH_MICROS, HEADER};
use super::numeric;
use crate::Result;

/// The received bytes of a copy that are not decoded yet.
#[derive(Debug, Default)]
pub(super) struct CopyDecoder {
    bytes: Vec<u8>,
    has_header: bool,
}

/// An error of bytes that are not a copy of these columns: the column and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) String);

impl CopyDecoder {
    /// Adds received bytes, and pushes the complete rows to the builder.
    ///
    /// # Errors
    /// The inner result is an error if the bytes do not match the columns, the outer one if the
    /// builder refuses a value.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        columns: &[&Column],
        builder: &mut BatchBuilder,
    ) -> Result<Result<(), Malformed>> {
        self.bytes.extend_from_slice(bytes);
        let mut at = 0;
        if !self.has_header {
            if self.bytes.len() < HEADER.len() {
                return Ok(Ok(()));
            }
            if !self.bytes.starts_with(&HEADER) {
                return Ok(Err(Malformed("it does not begin like one".into())));
            }
            (self.has_header, at) = (true, HEADER.len());
        }
        while let Some(length) = row(&self.bytes[at..], columns.len()) {
            let length = match length {
                Ok(length) => length,
                Err(reason) => return Ok(Err(Malformed(reason))),
            };
            let mut fields = &self.bytes[at + 2..at + length];
            for column in columns {
                let (value, rest) = field(fields).unwrap_or((None, &[]));
                fields = rest;
                let Some(cell) = cell(value, column.dtype) else {
                    let reason = format!("{}: it holds no {}", column.name, column.dtype);
                    return Ok(Err(Malformed(reason)));
                };
                builder.push(cell)?;
            }
            at += length;
        }
        self.bytes.drain(..at);
        Ok(Ok(()))
    }
}

/// Returns the length of the first row, or `None` if it is incomplete or the trailer.
fn row(bytes: &[u8], columns: usize) -> Option<Result<usize, String>> {
    let (count, mut rest) = bytes.split_first_chunk::<2>()?;
    let count = i16::from_be_bytes(*count);
    if count == -1 {
        return None;
    }
    if usize::try_from(count).ok() != Some(columns) {
        return Some(Err(format!("a row has {count} fields, not {columns}")));
    }
    for _ in 0..count {
        rest = field(rest)?.1;
    }
    Some(Ok(bytes.len() - rest.len()))
}

/// Returns a field and the bytes after it, or `None` if it is incomplete.
fn field(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    match usize::try_from(i32::from_be_bytes(*length)) {
        Ok(length) => rest.split_at_checked(length).map(|(value, rest)| (Some(value), rest)),
        Err(_) => Some((None, rest)), // -1: null
    }
}

/// Decodes a field as `dtype`; returns `None` if it is not of this type.
fn cell(value: Option<&[u8]>, dtype: DataType) -> Option<Cell<'_>> {
    let Some(value) = value else { return Some(Cell::Null) };
    let eight = || <[u8; 8]>::try_from(value).ok();
    Some(match dtype {
        DataType::Bool => match value {
            [0] => Cell::Bool(false),
            [1] => Cell::Bool(true),
            _ => return None,
        },
        DataType::Int64 => Cell::Int(i64::from_be_bytes(eight()?).into()),
        DataType::Float64 => Cell::Float(f64::from_be_bytes(eight()?)),
        DataType::Text => Cell::Text(std::str::from_utf8(value).ok()?),
        DataType::Date => {
            let days = i32::from_be_bytes(value.try_into().ok()?);
            Cell::Date(days.checked_add(EPOCH_DAYS)?)
        }
        DataType::Timestamp => {
            Cell::Timestamp(i64::from_be_bytes(eight()?).checked_add(EPOCH_MICROS)?)
        }
        DataType::Decimal { scale, .. } => Cell::Decimal(numeric::decode(value, scale)?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidegauge_core::{Batch, Table, TableRef};

    use super::super::encode::{RowEncoder, TRAILER};
    use super::*;

    fn table() -> TableRef {
        Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .nullable("flag", DataType::Bool, "")
            .nullable("share", DataType::Float64, "")
            .nullable("text", DataType::Text, "")
            .nullable("day", DataType::Date, "")
            .nullable("at", DataType::Timestamp, "")
            .nullable("amount", DataType::CRYPTO, "")
            .key(["id"])
            .build()
            .unwrap()
    }

    type Row =
        (i64, Option<bool>, Option<f64>, Option<String>, Option<i32>, Option<i64>, Option<i64>);

    fn row_strategy() -> impl Strategy<Value = Row> {
        let day = -2_000_000i32..20_000_000;
        let at = -100_000_000_000_000_000i64..9_000_000_000_000_000_000;
        (
            any::<i64>(),
            any::<Option<bool>>(),
            prop::option::of(-1e300..1e300f64),
            any::<Option<String>>().prop_map(|text| text.map(|text| text.replace('\0', ""))),
            prop::option::of(day),
            prop::option::of(at),
            any::<Option<i64>>(),
        )
    }

    fn batch(rows: &[Row]) -> Batch {
        let mut builder = BatchBuilder::new(&table());
        for (id, flag, share, text, day, at, amount) in rows {
            let cells = [
                Cell::Int((*id).into()),
                flag.map_or(Cell::Null, Cell::Bool),
                share.map_or(Cell::Null, Cell::Float),
                text.as_deref().map_or(Cell::Null, Cell::Text),
                day.map_or(Cell::Null, Cell::Date),
                at.map_or(Cell::Null, Cell::Timestamp),
                amount.map_or(Cell::Null, |units| Cell::Decimal(units.into())),
            ];
            cells.into_iter().for_each(|cell| builder.push(cell).unwrap());
        }
        builder.finish().unwrap()
    }

    proptest! {
        #[test]
        fn rows_round_trip_in_chunks_of_any_size(
            rows in prop::collection::vec(row_strategy(), 1..20), piece in 1usize..200,
        ) {
            let (table, batch) = (table(), batch(&rows));
            let mut bytes = HEADER.to_vec();
            let mut rows = RowEncoder::new(&batch).unwrap();
            while rows.fill(&mut bytes, usize::MAX).unwrap() {}
            bytes.extend(TRAILER);
            let (mut decoder, mut builder) = (CopyDecoder::default(), BatchBuilder::new(&table));
            let columns: Vec<_> = table.columns.iter().collect();
            for piece in bytes.chunks(piece) {
                decoder.push(piece, &columns, &mut builder).unwrap().unwrap();
            }
            let found = builder.finish().unwrap();
            prop_assert_eq!(found.record(), batch.record());
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let table = table();
            let mut decoder = CopyDecoder { bytes: Vec::new(), has_header: true };
            let columns: Vec<_> = table.columns.iter().collect();
            let _ = decoder.push(&bytes, &columns, &mut BatchBuilder::new(&table));
        }
    }
}
