//! Encoding of columns as the text that `LOAD DATA` reads: fields are separated by tabs, rows by
//! newlines, and both are escaped by backslashes within values.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/load-data.html>

use std::fmt::Write as _;

use tidegauge_core::arrow::array::Array;
use tidegauge_core::{Batch, ColumnView, DataType};

use crate::{Error, Result, format};

/// The rows of a batch that remain to be encoded.
pub(super) struct RowEncoder {
    pub(super) batch: Batch,
    pub(super) next: usize,
}

impl RowEncoder {
    /// Appends lines to `out` until it has about `enough` bytes. Returns `true` if rows remain.
    ///
    /// # Errors
    /// When a time lies outside the years 0000 to 9999.
    pub(super) fn fill(&mut self, out: &mut String, enough: usize) -> Result<bool> {
        let (table, views) = (self.batch.table(), self.batch.views()?);
        while self.next < self.batch.rows() && out.len() < enough {
            for (at, (view, column)) in views.iter().zip(&table.columns).enumerate() {
                if at > 0 {
                    out.push('\t');
                }
                push_field(out, view, self.next, column.dtype)
                    .map_err(|reason| Error::unrepresentable(&table.name, &column.name, reason))?;
            }
            out.push('\n');
            self.next += 1;
        }
        Ok(self.next < self.batch.rows())
    }
}

/// Appends the value of `row`, or returns the reason why it cannot be written.
fn push_field(
    out: &mut String,
    view: &ColumnView<'_>,
    row: usize,
    dtype: DataType,
) -> Result<(), String> {
    match (view, dtype) {
        (ColumnView::Bool(values), _) if values.is_valid(row) => {
            out.push(if values.value(row) { '1' } else { '0' });
        }
        (ColumnView::Int64(values), _) if values.is_valid(row) => {
            let _ = write!(out, "{}", values.value(row)); // a string takes anything
        }
        // The shortest digits that parse to the same float.
        (ColumnView::Float64(values), _) if values.is_valid(row) => {
            let _ = write!(out, "{:e}", values.value(row));
        }
        (ColumnView::Text(texts), _) => match texts.get(row) {
            Some(text) => push_escaped(out, text),
            None => out.push_str("\\N"),
        },
        (ColumnView::Date(values), _) if values.is_valid(row) => {
            out.push_str(&encode_date(values.value(row))?);
        }
        (ColumnView::Timestamp(values), _) if values.is_valid(row) => {
            out.push_str(&encode_timestamp(values.value(row))?);
        }
        (ColumnView::Decimal(values), DataType::Decimal { scale, .. }) if values.is_valid(row) => {
            push_decimal(out, values.value(row), scale);
        }
        _ => out.push_str("\\N"),
    }
    Ok(())
}

/// Encodes a date, or returns the reason why it cannot be written.
pub(super) fn encode_date(days: i32) -> Result<String, String> {
    format::format_date(days).ok_or_else(|| format::out_of_range("day", days))
}

/// Encodes a timestamp, or returns the reason why it cannot be written.
pub(super) fn encode_timestamp(at: i64) -> Result<String, String> {
    format::format_timestamp(at, ' ', "").ok_or_else(|| format::out_of_range("microsecond", at))
}

fn push_decimal(out: &mut String, units: i128, scale: u8) {
    // Most values fit 64 bits and need no 128-bit arithmetic. Prices (scale 18) omit trailing
    // zeros, so they take the other path.
    let one = 10u64.checked_pow(scale.into()).filter(|_| scale != 18);
    let (Ok(units), Some(one)) = (i64::try_from(units), one) else {
        out.push_str(&format::format_decimal(units, scale));
        return;
    };
    let (whole, rest) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    let sign = if units < 0 { "-" } else { "" };
    let width = usize::from(scale);
    let _ = match scale {
        0 => write!(out, "{sign}{whole}"),
        _ => write!(out, "{sign}{whole}.{rest:0width$}"),
    };
}

fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\t' => "\\t",
            b'\n' => "\\n",
            _ => "\\r",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_are_encoded_exactly() {
        for (units, scale, digits) in [
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (1_250, 2, "12.50"),
            (7, 0, "7"),
            (-1, 8, "-0.00000001"),
        ] {
            let mut out = String::new();
            push_decimal(&mut out, units, scale);
            assert_eq!(out, digits);
        }
    }

    proptest! {
        #[test]
        fn short_decimals_are_encoded_like_long_ones(units in any::<i64>(), scale in 0u8..=19) {
            let mut out = String::new();
            push_decimal(&mut out, units.into(), scale);
            prop_assert_eq!(out, format::format_decimal(units.into(), scale));
        }

        #[test]
        fn texts_are_escaped_within_their_field(text in any::<String>()) {
            let mut out = String::new();
            push_escaped(&mut out, &text);
            prop_assert!(!out.contains(['\t', '\n', '\r']));
            let read = out.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n");
            prop_assert_eq!(read.replace("\\r", "\r").replace('\0', "\\"), text.replace('\0', "\\"));
        }
    }
}
