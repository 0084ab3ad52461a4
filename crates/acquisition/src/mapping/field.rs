//! A foreign value, and how it becomes a value of a column.

use std::borrow::Cow;

use tidegauge_core::{Cell, Column, DataType, parse_units};

use super::Rule;
use super::time::{self, TimeFormat};

/// A value as a file or a database gives it.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<'a> {
    /// No value.
    Null,
    /// The row does not have the field at all.
    Missing,
    /// Text, which may be the written form of anything.
    Text(Cow<'a, str>),
    /// Bytes that are not UTF-8.
    Bytes(Cow<'a, [u8]>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A float.
    Float(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// A decimal number: whole units, and the places behind the point.
    Decimal(i128, u32),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Field<'_> {
    /// As a person would write it.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "null".into(),
            Self::Missing => "".into(),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Self::Bool(value) => value.to_string().into(),
            Self::Int(value) => value.to_string().into(),
            Self::Float(value) => value.to_string().into(),
            Self::Date(days) => {
                let day =
                    chrono::NaiveDate::from_num_days_from_ce_opt(days.saturating_add(719_163));
                day.map_or_else(|| days.to_string(), |day| day.to_string()).into()
            }
            Self::Timestamp(micros) => {
                let at = chrono::DateTime::from_timestamp_micros(*micros);
                let shown = at.map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
                shown.unwrap_or_else(|| micros.to_string()).into()
            }
            Self::Decimal(units, 0) => units.to_string().into(),
            Self::Decimal(units, scale) => {
                let scale = usize::try_from(*scale).unwrap_or(0);
                let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{}{whole}.{fraction}", if *units < 0 { "-" } else { "" }).into()
            }
        }
    }

    /// The memory that it takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 8,
        }
    }

    /// The same value as text: what a column of text takes.
    pub(crate) fn into_text(self) -> Field<'static> {
        match self {
            Self::Null => Field::Null,
            Self::Missing => Field::Missing,
            Self::Bytes(bytes) => match String::from_utf8(bytes.into_owned()) {
                Ok(text) => Field::Text(text.into()),
                Err(error) => Field::Bytes(error.into_bytes().into()),
            },
            other => Field::Text(other.shown().into_owned().into()),
        }
    }
}

/// How the values of one column are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    dtype: DataType,
    nullable: bool,
    time: TimeFormat,
    decimal: char,
    thousands: Option<char>,
}

impl Reading {
    pub(super) fn new(column: &Column, rule: &Rule) -> Result<Self, String> {
        let is_time = matches!(column.dtype, DataType::Date | DataType::Timestamp);
        let is_number =
            matches!(column.dtype, DataType::Int64 | DataType::Float64 | DataType::Decimal { .. });
        let no = |what: &str| Err(format!("it is {}, which has no {what}", column.dtype));
        if (rule.format.is_some() || rule.offset.is_some()) && !is_time {
            return no("`format` and no `offset`");
        }
        if (rule.decimal.is_some() || rule.thousands.is_some()) && !is_number {
            return no("`decimal` and no `thousands`");
        }
        if rule.value.is_some() && rule.column.is_some() {
            return Err("it has both a `column` and a `value`: choose one".into());
        }
        let decimal = rule.decimal.unwrap_or('.');
        let odd = |c: char| c.is_ascii_alphanumeric() || "+-".contains(c);
        if odd(decimal) || rule.thousands.is_some_and(|c| odd(c) || c == decimal) {
            return Err("`decimal` and `thousands` must be two signs, and no digits".into());
        }
        Ok(Self {
            dtype: column.dtype,
            nullable: column.nullable,
            time: TimeFormat::new(rule.format.as_deref(), rule.offset.as_deref())?,
            decimal,
            thousands: rule.thousands,
        })
    }

    /// The cell that `field` is, or what is wrong with it.
    pub(super) fn cell<'f>(&self, field: &'f Field<'_>) -> Result<Cell<'f>, String> {
        let none = |is: &str| match self.nullable {
            true => Ok(Cell::Null),
            false => Err(format!("{is}, and must not be")),
        };
        match field {
            Field::Null => none("is null"),
            Field::Missing => none("is missing"),
            Field::Bytes(_) => Err("is not UTF-8".into()),
            Field::Text(text) if text.is_empty() && self.nullable => Ok(Cell::Null),
            Field::Text(text) if self.dtype == DataType::Text => match text.contains('\0') {
                true => Err("has a NUL in it".into()),
                false => Ok(Cell::Text(text)),
            },
            Field::Text(text) => match text.trim() {
                "" => none("is empty"),
                text => self.written(text),
            },
            typed => self.typed(typed),
        }
    }

    fn written<'f>(&self, text: &str) -> Result<Cell<'f>, String> {
        Ok(match self.dtype {
            DataType::Bool => Cell::Bool(boolean(text).ok_or("is not true or false")?),
            DataType::Int64 => {
                let number = self.number(text).and_then(|text| parse_units(&text, 0).ok());
                whole(number.ok_or("is not a whole number")?)?
            }
            DataType::Float64 => {
                let number = self.number(text).and_then(|text| text.parse::<f64>().ok());
                finite(number.ok_or("is not a number")?)?
            }
            DataType::Decimal { precision, scale } => {
                let number = self.number(text);
                let units = number.and_then(|text| parse_units(&text, scale.into()).ok());
                digits(
                    units.ok_or_else(|| {
                        format!("is not a decimal number of at most {scale} places")
                    })?,
                    precision,
                )?
            }
            DataType::Date => Cell::Date(self.time.day(text)?),
            DataType::Timestamp => Cell::Timestamp(self.time.instant(text)?),
            DataType::Text => return Err("is text".into()), // taken as it is, above
        })
    }

    fn typed<'f>(&self, field: &Field<'_>) -> Result<Cell<'f>, String> {
        let other = || format!("is of another type than {}", self.dtype);
        Ok(match (self.dtype, field) {
            (DataType::Bool, Field::Bool(value)) => Cell::Bool(*value),
            (DataType::Bool, Field::Int(value @ (0 | 1))) => Cell::Bool(*value == 1),
            (DataType::Int64, Field::Int(value)) => whole(*value)?,
            (DataType::Int64, Field::Decimal(..)) => {
                whole(parse_units(&field.shown(), 0).map_err(|_| "is not a whole number")?)?
            }
            // What pandas makes of whole numbers with a gap among them.
            (DataType::Int64, Field::Float(value))
                if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 =>
            {
                whole(parse_units(&value.to_string(), 0).map_err(|_| other())?)?
            }
            (DataType::Float64, Field::Float(value)) => finite(*value)?,
            (DataType::Float64, Field::Int(value)) => Cell::Float(*value as f64),
            (DataType::Float64, Field::Decimal(..)) => {
                finite(field.shown().parse().map_err(|_| other())?)?
            }
            (DataType::Decimal { precision, scale }, Field::Int(_) | Field::Decimal(..)) => {
                let units = parse_units(&field.shown(), scale.into())
                    .map_err(|_| format!("has more than {scale} places, or is too large"))?;
                digits(units, precision)?
            }
            (DataType::Decimal { .. }, Field::Float(_)) => {
                return Err("is a float, and money never is: write it as a decimal or text".into());
            }
            (DataType::Date, Field::Date(days)) => {
                Cell::Date(time::days(i64::from(*days).saturating_mul(86_400_000_000))?)
            }
            (DataType::Date, Field::Timestamp(micros)) => Cell::Date(time::days(*micros)?),
            (DataType::Timestamp, Field::Timestamp(micros)) => {
                Cell::Timestamp(time::in_range(Some(*micros))?)
            }
            (DataType::Timestamp, Field::Date(days)) => {
                Cell::Timestamp(time::in_range(i64::from(*days).checked_mul(86_400_000_000))?)
            }
            (DataType::Timestamp | DataType::Date, Field::Int(_) | Field::Decimal(..))
                if self.time.is_unix() =>
            {
                return self.written(&field.shown());
            }
            _ => return Err(other()),
        })
    }

    /// `text` with a point, and without what stands between groups of three digits.
    fn number<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if self.decimal == '.' && self.thousands.is_none() {
            return Some(text.into());
        }
        let (whole, fraction) = match text.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let mut number = String::with_capacity(text.len());
        match self.thousands {
            Some(between) if whole.contains(between) => {
                for (at, group) in whole.split(between).enumerate() {
                    let digits = group.trim_start_matches(['+', '-']);
                    let fits =
                        if at == 0 { (1..=3).contains(&digits.len()) } else { group.len() == 3 };
                    if !fits {
                        return None;
                    }
                    number.push_str(group);
                }
            }
            _ => number.push_str(whole),
        }
        if self.decimal != '.' && text.contains('.') && self.thousands != Some('.') {
            return None;
        }
        if let Some(fraction) = fraction {
            number.push('.');
            number.push_str(fraction);
        }
        Some(number.into())
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "t", "yes", "y", "1"]) {
        return Some(true);
    }
    is(&["false", "f", "no", "n", "0"]).then_some(false)
}

fn whole<'f>(value: i128) -> Result<Cell<'f>, String> {
    match i64::try_from(value) {
        Ok(_) => Ok(Cell::Int(value)),
        Err(_) => Err("does not fit 64 bits".into()),
    }
}

fn finite<'f>(value: f64) -> Result<Cell<'f>, String> {
    if value.is_finite() { Ok(Cell::Float(value)) } else { Err("is not a finite number".into()) }
}

fn digits<'f>(units: i128, precision: u8) -> Result<Cell<'f>, String> {
    let bound = 10u128.checked_pow(precision.into()).unwrap_or(u128::MAX);
    if units.unsigned_abs() >= bound {
        return Err(format!("has more than {precision} digits"));
    }
    Ok(Cell::Decimal(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(dtype: DataType, nullable: bool) -> Column {
        Column { name: "c".into(), dtype, nullable, description: "".into() }
    }

    fn read(dtype: DataType, rule: &Rule, text: &str) -> Result<Cell<'static>, String> {
        match Reading::new(&column(dtype, false), rule)?.cell(&Field::from(text))? {
            Cell::Text(_) => Ok(Cell::Text("")),
            Cell::Null => Ok(Cell::Null),
            Cell::Bool(value) => Ok(Cell::Bool(value)),
            Cell::Int(value) => Ok(Cell::Int(value)),
            Cell::Float(value) => Ok(Cell::Float(value)),
            Cell::Date(value) => Ok(Cell::Date(value)),
            Cell::Timestamp(value) => Ok(Cell::Timestamp(value)),
            Cell::Decimal(value) => Ok(Cell::Decimal(value)),
        }
    }

    #[test]
    fn values_are_read_by_the_type_of_their_column() {
        let plain = Rule::default();
        let german = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::default() };
        for (dtype, rule, text, cell) in [
            (DataType::Int64, &plain, " 42 ", Cell::Int(42)),
            (DataType::Int64, &plain, "42.0", Cell::Int(42)),
            (DataType::Int64, &german, "1.234.567", Cell::Int(1_234_567)),
            (DataType::Bool, &plain, "Yes", Cell::Bool(true)),
            (DataType::Bool, &plain, "f", Cell::Bool(false)),
            (DataType::Float64, &plain, "1e-3", Cell::Float(0.001)),
            (DataType::Float64, &german, "-1,5", Cell::Float(-1.5)),
            (DataType::FIAT, &plain, "-0.10", Cell::Decimal(-10)),
            (DataType::FIAT, &plain, "1.2e1", Cell::Decimal(1200)),
            (DataType::FIAT, &german, "-1.234,5", Cell::Decimal(-123_450)),
            (DataType::FIAT, &german, "1234,5", Cell::Decimal(123_450)),
        ] {
            assert_eq!(read(dtype, rule, text), Ok(cell), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_says_why() {
        let plain = Rule::default();
        let german = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::default() };
        let comma = Rule { decimal: Some(','), ..Rule::default() };
        for (dtype, rule, text, says) in [
            (DataType::Int64, &plain, "4.2", "whole number"),
            (DataType::Int64, &plain, "9223372036854775808", "64 bits"),
            (DataType::Int64, &plain, "", "empty"),
            (DataType::Bool, &plain, "maybe", "true or false"),
            (DataType::Float64, &plain, "NaN", "finite"),
            (DataType::Float64, &plain, "1,5", "not a number"),
            (DataType::FIAT, &plain, "0.001", "2 places"),
            (DataType::FIAT, &plain, "99999999999999999.99", "18 digits"),
            (DataType::FIAT, &german, "1.5", "decimal number"), // a point where groups are
            (DataType::FIAT, &comma, "1.5", "decimal number"),
            (DataType::Text, &plain, "a\0b", "NUL"),
            (DataType::Date, &plain, "13.09.2020", "not a day"),
        ] {
            let error = read(dtype, rule, text).unwrap_err();
            assert!(error.contains(says), "{text}: {error} should say {says}");
        }
    }

    #[test]
    fn empty_text_is_null_where_it_may_be() {
        for dtype in [DataType::Text, DataType::Int64, DataType::FIAT, DataType::Timestamp] {
            let nullable = Reading::new(&column(dtype, true), &Rule::default()).unwrap();
            for field in [Field::Null, Field::Missing, Field::from("")] {
                assert_eq!(nullable.cell(&field), Ok(Cell::Null), "{dtype} {field:?}");
            }
        }
        assert_eq!(read(DataType::Text, &Rule::default(), ""), Ok(Cell::Text("")));
    }

    #[test]
    fn typed_values_fit_or_do_not() {
        let read = |dtype, field: Field<'static>| {
            let reading = Reading::new(&column(dtype, false), &Rule::default()).unwrap();
            reading.cell(&field).map(|cell| format!("{cell:?}"))
        };
        for (dtype, field, cell) in [
            (DataType::Int64, Field::Float(7.0), "Int(7)"),
            (DataType::Int64, Field::Decimal(700, 2), "Int(7)"),
            (DataType::FIAT, Field::Decimal(12_500, 3), "Decimal(1250)"),
            (DataType::CRYPTO, Field::Int(-3), "Decimal(-300000000)"),
            (DataType::Timestamp, Field::Date(1), "Timestamp(86400000000)"),
            (DataType::Date, Field::Timestamp(86_400_000_000), "Date(1)"),
            (DataType::Bool, Field::Int(1), "Bool(true)"),
        ] {
            assert_eq!(read(dtype, field).as_deref(), Ok(cell));
        }
        for (dtype, field, says) in [
            (DataType::FIAT, Field::Float(0.1), "never is"),
            (DataType::FIAT, Field::Decimal(12_345, 3), "2 places"),
            (DataType::Int64, Field::Float(0.5), "another type"),
            (DataType::Timestamp, Field::Int(1_600_000_000), "another type"),
            (DataType::Int64, Field::Bytes(b"\xff".as_slice().into()), "UTF-8"),
        ] {
            let error = read(dtype, field).unwrap_err();
            assert!(error.contains(says), "{error} should say {says}");
        }
        assert_eq!(Field::Decimal(-5, 2).shown(), "-0.05");
        assert_eq!(Field::Timestamp(1).shown(), "1970-01-01T00:00:00.000001Z");
    }

    #[test]
    fn a_rule_that_its_column_cannot_follow_is_refused() {
        for (dtype, rule, says) in [
            (DataType::Text, Rule { format: Some("%Y".into()), ..Rule::default() }, "format"),
            (DataType::Date, Rule { decimal: Some(','), ..Rule::default() }, "decimal"),
            (DataType::FIAT, Rule { decimal: Some('1'), ..Rule::default() }, "two signs"),
            (DataType::FIAT, Rule { thousands: Some('.'), ..Rule::default() }, "two signs"),
            (
                DataType::Text,
                Rule { column: Some("a".into()), ..Rule::constant("b") },
                "choose one",
            ),
        ] {
            let error = Reading::new(&column(dtype, false), &rule).unwrap_err();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}
