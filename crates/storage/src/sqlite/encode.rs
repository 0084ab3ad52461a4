//! Encoding of values for SQLite, and decoding of stored ones.

use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteValueRef};
use sqlx::{Arguments, Decode, Sqlite, TypeInfo, ValueRef, error::BoxDynError};
use tidegauge_core::arrow::array::Array;
use tidegauge_core::{Cell, Column, ColumnView, DataType, TextView, short_units};

use crate::format;

/// A column whose values can be bound.
pub(super) struct ColumnBinder<'a> {
    dtype: DataType,
    view: ColumnView<'a>,
    /// The texts of a dictionary encoding, each allocated once.
    shared: Vec<Arc<str>>,
}

impl<'a> ColumnBinder<'a> {
    /// Creates the binder of a column of the given type.
    pub(super) fn new(dtype: DataType, view: ColumnView<'a>) -> Self {
        let shared = match view {
            ColumnView::Text(texts @ (TextView::Small(..) | TextView::Wide(..)))
                if texts.values().len() <= texts.len() =>
            {
                texts.values().iter().map(|text| text.unwrap_or_default().into()).collect()
            }
            _ => Vec::new(),
        };
        Self { dtype, view, shared }
    }

    /// Appends the value of `row` as the next value of a statement, or returns the reason why it
    /// cannot.
    pub(super) fn bind(&self, values: &mut SqliteArguments, row: usize) -> Result<(), String> {
        if let ColumnView::Text(texts) = self.view
            && let Some(text) = texts.key(row).and_then(|key| self.shared.get(key))
        {
            return values.add(text.clone()).map_err(|error| error.to_string());
        }
        bind_cell(values, self.view.cell(row), self.dtype)
    }
}

/// Appends `cell` as the next value of a statement, or returns the reason why it cannot.
pub(super) fn bind_cell(
    values: &mut SqliteArguments,
    cell: Cell<'_>,
    dtype: DataType,
) -> Result<(), String> {
    let added = match (cell, dtype) {
        (Cell::Null, _) => values.add(None::<i64>),
        (Cell::Bool(value), _) => values.add(value),
        (Cell::Float(value), _) => values.add(value),
        (Cell::Text(value), _) => values.add(Arc::<str>::from(value)),
        (Cell::Int(value), _) => {
            values.add(i64::try_from(value).map_err(|error| error.to_string())?)
        }
        (Cell::Date(days), _) => {
            values.add(format::format_date(days).ok_or_else(|| format::out_of_range("day", days))?)
        }
        (Cell::Timestamp(at), _) => {
            let written = format::format_timestamp(at, ' ', "");
            values.add(written.ok_or_else(|| format::out_of_range("microsecond", at))?)
        }
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => {
            match encode_decimal(units, scale) {
                StoredDecimal::Integer(value) => values.add(value),
                StoredDecimal::Real(value) => values.add(value),
                StoredDecimal::Text(value) => values.add(value.into_bytes()),
            }
        }
        (Cell::Decimal(_), dtype) => return Err(format!("a decimal is no {dtype}")),
    };
    added.map_err(|error| error.to_string())
}

/// The storage form of a decimal in SQLite.
#[derive(Debug, PartialEq)]
enum StoredDecimal {
    /// A whole number.
    Integer(i64),
    /// A float whose shortest representation is the decimal.
    Real(f64),
    /// The digits, as a BLOB, which SQLite does not convert.
    Text(String),
}

/// Returns a number if it round-trips exactly, so that `SUM`, `ORDER BY` and `>` work in plain SQL;
/// otherwise the digits.
fn encode_decimal(units: i128, scale: u8) -> StoredDecimal {
    if let Some(unit) = 10i128.checked_pow(scale.into())
        && units % unit == 0
        && let Ok(whole) = i64::try_from(units / unit)
    {
        return StoredDecimal::Integer(whole);
    }
    let (units, scale) = shorten(units, scale);
    // Up to 15 digits, and a power of ten that a float represents exactly, the quotient is the
    // float nearest to the decimal, and the decimal is the shortest representation of that float.
    if units.unsigned_abs() < 1_000_000_000_000_000 && scale <= 22 {
        return StoredDecimal::Real(units as f64 / 10f64.powi(scale.into()));
    }
    let digits = format::format_decimal(units, scale);
    match digits.parse::<f64>() {
        Ok(real) if real.to_string() == trim_zeros(&digits) => StoredDecimal::Real(real),
        _ => StoredDecimal::Text(digits),
    }
}

/// The decimal places that suffice for most amounts.
const SHORT_SCALE: u8 = 8;

/// Returns the same decimal at eight places if it has more places but needs no more than eight.
fn shorten(units: i128, scale: u8) -> (i128, u8) {
    let (units, short) = short_units(units, scale.into());
    (units, u8::try_from(short).unwrap_or(scale))
}

/// Returns `digits` without the trailing zeros of the decimal places.
fn trim_zeros(digits: &str) -> &str {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    }
}

/// Returns the units at `scale` of a float that is a quotient of at most 15 digits, as
/// [`encode_decimal`] writes them: the same value as its shortest representation, without
/// formatting it. `None` for other floats.
fn units_of_float(real: f64, scale: u8) -> Option<i128> {
    if let Some(more) = scale.checked_sub(SHORT_SCALE).filter(|more| *more > 0)
        && let Some(units) = units_of_float(real, SHORT_SCALE)
        && let Some(power) = 10i128.checked_pow(more.into())
    {
        return units.checked_mul(power);
    }
    let unit = 10f64.powi(scale.into());
    let nearest = (real * unit).round();
    #[allow(clippy::cast_possible_truncation)] // a whole number of at most 15 digits
    (scale <= 22 && nearest.abs() < 1e15 && nearest / unit == real).then_some(nearest as i128)
}

/// Passes the value that SQLite returned for `column` to `push`.
pub(super) fn decode_value<T>(
    value: SqliteValueRef<'_>,
    column: &Column,
    push: impl FnOnce(Cell<'_>) -> T,
) -> Result<T, BoxDynError> {
    if value.is_null() {
        return Ok(push(Cell::Null));
    }
    // The type of the stored value counts, not the declared type: SQLite allows any value in any
    // column.
    let stored = value.type_info().into_owned();
    Ok(match stored.name() {
        "INTEGER" => match (<i64 as Decode<Sqlite>>::decode(value)?, column.dtype) {
            (0, DataType::Bool) => push(Cell::Bool(false)),
            (1, DataType::Bool) => push(Cell::Bool(true)),
            (number, _) => push(Cell::Int(number.into())),
        },
        "REAL" => {
            let real = <f64 as Decode<Sqlite>>::decode(value)?;
            match column.dtype {
                DataType::Decimal { scale, .. } => match units_of_float(real, scale) {
                    Some(units) => push(Cell::Decimal(units)),
                    None => push(Cell::Text(&real.to_string())),
                },
                _ => push(Cell::Float(real)),
            }
        }
        "TEXT" => {
            let text = <&str as Decode<Sqlite>>::decode(value)?;
            match column.dtype {
                DataType::Date => {
                    push(format::parse_date(text).map_or(Cell::Text(text), Cell::Date))
                }
                DataType::Timestamp => {
                    push(format::parse_timestamp(text).map_or(Cell::Text(text), Cell::Timestamp))
                }
                _ => push(Cell::Text(text)),
            }
        }
        _ => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(value)?;
            match column.dtype {
                DataType::Decimal { .. } => push(Cell::Text(std::str::from_utf8(bytes)?)),
                dtype => return Err(format!("it holds a BLOB, not {dtype}").into()),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the text that reading `money` results in, without a database.
    fn spelled(money: StoredDecimal) -> String {
        match money {
            StoredDecimal::Integer(value) => value.to_string(),
            StoredDecimal::Real(value) => value.to_string(),
            StoredDecimal::Text(digits) => digits,
        }
    }

    #[test]
    fn decimals_are_stored_as_numbers_where_exact() {
        assert_eq!(encode_decimal(500, 2), StoredDecimal::Integer(5));
        assert_eq!(encode_decimal(-1250, 2), StoredDecimal::Real(-12.5));
        assert_eq!(encode_decimal(3_426_519_345_116, 8), StoredDecimal::Real(34_265.193_451_16));
        assert_eq!(
            encode_decimal(1_234_567_812_345_678, 8),
            StoredDecimal::Real(12_345_678.123_456_78)
        );
        assert_eq!(encode_decimal(10i128.pow(27), 8), StoredDecimal::Real(1e19));
        let digits = "12345678901.12345678";
        assert_eq!(
            encode_decimal(1_234_567_890_112_345_678, 8),
            StoredDecimal::Text(digits.into())
        );
    }

    #[test]
    fn floats_that_are_no_decimals_have_no_units() {
        assert_eq!(units_of_float(0.1 + 0.2, 8), None);
        assert_eq!(units_of_float(0.1, 0), None);
        assert_eq!(units_of_float(f64::INFINITY, 2), None);
        assert_eq!(units_of_float(1e300, 2), None);
        assert_eq!(units_of_float(-12.5, 2), Some(-1250));
    }

    proptest! {
        #[test]
        fn the_quotient_equals_the_shortest_representation(
            units in any::<i64>(), shift in 0u32..63, scale in 0u8..=22,
        ) {
            let units = i128::from(units >> shift);
            if let StoredDecimal::Real(real) = encode_decimal(units, scale) {
                let digits = format::format_decimal(units, scale);
                prop_assert_eq!(real.to_string(), trim_zeros(&digits));
                prop_assert_eq!(super::units_of_float(real, scale).unwrap_or(units), units);
            }
        }

        #[test]
        fn decimals_round_trip(units in any::<i128>(), shift in 0u32..127, scale in 0u8..=38) {
            let units = units >> shift; // as many small ones as large
            let back = spelled(encode_decimal(units, scale));
            let digits = format::format_decimal(units, scale);
            prop_assert_eq!(trim_zeros(&back), trim_zeros(&digits));
        }
    }
}
