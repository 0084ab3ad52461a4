//! Columns as the text that `LOAD DATA` reads: tabs between, a line a row, backslashes before what
//! would be taken for either.
//!
//! <https://dev.mysql.com/doc/refman/8.4/en/load-data.html>

use std::fmt::Write as _;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Cell, Column, DataType, TableRef};

use crate::cells::{self, Cells};
use crate::{Error, Result, text};

/// Rows on their way into a load: the frame is the table's, in one piece.
pub(super) struct Rows {
    pub(super) table: TableRef,
    pub(super) frame: DataFrame,
    pub(super) next: usize,
}

impl Rows {
    /// Appends lines to `out` until it has some `enough` bytes; whether there are more.
    ///
    /// # Errors
    /// When a time lies outside the years 0000 to 9999.
    pub(super) fn fill(&mut self, out: &mut String, enough: usize) -> Result<bool> {
        let columns = cells::all(&self.frame, &self.table.columns)?;
        while self.next < self.frame.height() && out.len() < enough {
            for (at, (cells, column)) in columns.iter().zip(&self.table.columns).enumerate() {
                if at > 0 {
                    out.push('\t');
                }
                field(out, cells, self.next, &self.table.name, column)?;
            }
            out.push('\n');
            self.next += 1;
        }
        Ok(self.next < self.frame.height())
    }
}

fn field(
    out: &mut String,
    cells: &Cells<'_>,
    row: usize,
    table: &str,
    column: &Column,
) -> Result<()> {
    match (cells.get(row), column.dtype) {
        (Cell::Null, _) => out.push_str("\\N"),
        (Cell::Bool(value), _) => out.push(if value { '1' } else { '0' }),
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => decimal(out, units, scale),
        (Cell::Int(value) | Cell::Decimal(value), _) => {
            let _ = write!(out, "{value}"); // a string takes anything
        }
        // The shortest digits that read back as the same float.
        (Cell::Float(value), _) => {
            let _ = write!(out, "{value:e}");
        }
        (Cell::Date(days), _) => out.push_str(&day(days, table, column)?),
        (Cell::Timestamp(at), _) => out.push_str(&instant(at, table, column)?),
        (Cell::Text(text), _) => escaped(out, text),
    }
    Ok(())
}

pub(super) fn day(days: i32, table: &str, column: &Column) -> Result<String> {
    let beyond = || Error::beyond(table, column, format_args!("day {days}"));
    text::day(days).ok_or_else(beyond)
}

pub(super) fn instant(at: i64, table: &str, column: &Column) -> Result<String> {
    let beyond = || Error::beyond(table, column, format_args!("microsecond {at}"));
    text::instant(at, ' ', "").ok_or_else(beyond)
}

fn decimal(out: &mut String, units: i128, scale: u8) {
    // Most fit 64 bits, and need no arithmetic of 128.
    let (Ok(units), Some(one)) = (i64::try_from(units), 10u64.checked_pow(scale.into())) else {
        out.push_str(&text::decimal(units, scale));
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

fn escaped(out: &mut String, text: &str) {
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
    fn decimals_are_written_as_they_are() {
        for (units, scale, digits) in [
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (1_250, 2, "12.50"),
            (7, 0, "7"),
            (-1, 8, "-0.00000001"),
        ] {
            let mut out = String::new();
            decimal(&mut out, units, scale);
            assert_eq!(out, digits);
        }
    }

    proptest! {
        #[test]
        fn short_decimals_are_spelled_like_long_ones(units in any::<i64>(), scale in 0u8..=19) {
            let mut out = String::new();
            decimal(&mut out, units.into(), scale);
            prop_assert_eq!(out, text::decimal(units.into(), scale));
        }

        #[test]
        fn a_text_stays_in_its_field(text in any::<String>()) {
            let mut out = String::new();
            escaped(&mut out, &text);
            prop_assert!(!out.contains(['\t', '\n', '\r']));
            let read = out.replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n");
            prop_assert_eq!(read.replace("\\r", "\r").replace('\0', "\\"), text.replace('\0', "\\"));
        }
    }
}
