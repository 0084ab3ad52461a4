//! Normalization of user-supplied values to the units of a column.

use std::fmt;
use std::ops::Bound;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Scalar, Test};
use crate::{DataType, Value, money};

/// The number of nanoseconds in a microsecond and in a day.
const NANOS_PER_MICRO: i128 = 1_000;
const NANOS_PER_DAY: i128 = 86_400_000_000_000;

/// A value that cannot be compared with the column, formatted for the message.
pub(crate) type Incomparable = String;

/// An exact value in the unit of a column.
enum Units {
    /// Exactly this many units.
    Exact(i128),
    /// Between this many units and one more.
    Above(i128),
    /// Beyond the largest representable value.
    TooLarge,
    TooSmall,
}

pub(crate) fn is_null(nullable: bool) -> Test {
    if nullable { Test::IsNull } else { Test::Never }
}

pub(crate) fn one_of(dtype: DataType, values: &[Value]) -> Result<Test, Incomparable> {
    let mut scalars = Vec::with_capacity(values.len());
    for value in values {
        scalars.extend(equal_scalar(dtype, value)?);
    }
    scalars.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    scalars.dedup();
    Ok(if scalars.is_empty() { Test::Never } else { Test::OneOf(scalars) })
}

/// Converts the value to the column's unit; returns `None` if no value of the column can equal it.
fn equal_scalar(dtype: DataType, value: &Value) -> Result<Option<Scalar>, Incomparable> {
    Ok(match (dtype, value) {
        (DataType::Bool, Value::Bool(value)) => Some(Scalar::Bool(*value)),
        (DataType::Text, Value::Text(text)) => {
            (!text.contains('\0')).then(|| Scalar::Text(text.clone()))
        }
        (DataType::Float64, _) => {
            let (float, exact) = float(value)?;
            (float.is_finite() && exact == Some(std::cmp::Ordering::Equal))
                .then_some(Scalar::Float(float))
        }
        _ => match to_units(dtype, value)? {
            Units::Exact(units) => to_scalar(dtype, units),
            _ => None,
        },
    })
}

pub(crate) fn between(
    dtype: DataType,
    from: &Bound<Value>,
    to: &Bound<Value>,
) -> Result<Test, Incomparable> {
    match dtype {
        DataType::Bool => bools(from, to),
        DataType::Text => texts(from, to),
        DataType::Float64 => floats(from, to),
        _ => units_between(dtype, from, to),
    }
}

fn bools(from: &Bound<Value>, to: &Bound<Value>) -> Result<Test, Incomparable> {
    let bound = |bound: &Bound<Value>| match bound {
        Bound::Included(Value::Bool(value)) => Ok(Bound::Included(*value)),
        Bound::Excluded(Value::Bool(value)) => Ok(Bound::Excluded(*value)),
        Bound::Unbounded => Ok(Bound::Unbounded),
        Bound::Included(value) | Bound::Excluded(value) => Err(value.to_string()),
    };
    let (from, to) = (bound(from)?, bound(to)?);
    let inside = [false, true]
        .into_iter()
        .filter(|value| std::ops::RangeBounds::contains(&(from, to), value));
    let inside: Vec<_> = inside.map(Scalar::Bool).collect();
    Ok(if inside.is_empty() { Test::Never } else { Test::OneOf(inside) })
}

fn texts(from: &Bound<Value>, to: &Bound<Value>) -> Result<Test, Incomparable> {
    let text = |bound: &Bound<Value>| match bound {
        Bound::Included(Value::Text(text)) => Ok(Bound::Included(text.clone())),
        Bound::Excluded(Value::Text(text)) => Ok(Bound::Excluded(text.clone())),
        Bound::Unbounded => Ok(Bound::Unbounded),
        Bound::Included(value) | Bound::Excluded(value) => Err(value.to_string()),
    };
    // No stored text has a NUL, so whatever follows one in a bound is irrelevant.
    let truncate_at_nul = |bound: Bound<String>, is_start: bool| match bound {
        Bound::Included(text) | Bound::Excluded(text) if text.contains('\0') => {
            let before = text.split('\0').next().unwrap_or_default().to_owned();
            if is_start { Bound::Excluded(before) } else { Bound::Included(before) }
        }
        bound => bound,
    };
    let (from, to) = (truncate_at_nul(text(from)?, true), truncate_at_nul(text(to)?, false));
    let is_empty = match (&from, &to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        _ => false,
    };
    Ok(if is_empty { Test::Never } else { Test::BetweenText { from, to } })
}

fn floats(from: &Bound<Value>, to: &Bound<Value>) -> Result<Test, Incomparable> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    // A bound that is not a float itself becomes the nearest float, included or excluded as its
    // side requires.
    let bound = |bound: &Bound<Value>, inwards| {
        let (value, is_included) = match bound {
            Bound::Unbounded => return Ok(Some(Bound::Unbounded)),
            Bound::Included(value) => (value, true),
            Bound::Excluded(value) => (value, false),
        };
        let (float, order) = float(value)?;
        let Some(order) = order else { return Ok(None) };
        let is_included = if order == Equal { is_included } else { order == inwards };
        Ok::<_, Incomparable>(match float {
            _ if float == f64::INFINITY && inwards == Greater => None,
            _ if float == f64::NEG_INFINITY && inwards == Less => None,
            _ if float.is_infinite() => Some(Bound::Unbounded),
            _ if is_included => Some(Bound::Included(float)),
            _ => Some(Bound::Excluded(float)),
        })
    };
    let (Some(from), Some(to)) = (bound(from, Greater)?, bound(to, Less)?) else {
        return Ok(Test::Never);
    };
    let is_empty = match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        _ => false,
    };
    Ok(if is_empty { Test::Never } else { Test::BetweenFloats { from, to } })
}

/// Returns the nearest float and its ordering relative to the value; the ordering is `None` for
/// NaN.
fn float(value: &Value) -> Result<(f64, Option<std::cmp::Ordering>), Incomparable> {
    match value {
        // `-0.0 + 0.0` is `0.0`, so both zeros become the same.
        Value::Float(float) => Ok((*float + 0.0, float.partial_cmp(float))),
        Value::Int(int) => {
            let float = *int as f64;
            #[allow(clippy::cast_possible_truncation)] // a float made of 64 bits fits 128
            let nearest = float as i128;
            Ok((float, Some(nearest.cmp(&i128::from(*int)))))
        }
        value => Err(value.to_string()),
    }
}

fn units_between(
    dtype: DataType,
    from: &Bound<Value>,
    to: &Bound<Value>,
) -> Result<Test, Incomparable> {
    let (least, most) = value_range(dtype);
    let from = match from {
        Bound::Unbounded => None,
        Bound::Included(value) => match to_units(dtype, value)? {
            Units::Exact(units) => Some(units),
            Units::Above(units) => units.checked_add(1),
            Units::TooLarge => return Ok(Test::Never),
            Units::TooSmall => None,
        },
        Bound::Excluded(value) => match to_units(dtype, value)? {
            Units::Exact(units) | Units::Above(units) => match units.checked_add(1) {
                Some(units) => Some(units),
                None => return Ok(Test::Never),
            },
            Units::TooLarge => return Ok(Test::Never),
            Units::TooSmall => None,
        },
    };
    let to = match to {
        Bound::Unbounded => None,
        Bound::Included(value) => match to_units(dtype, value)? {
            Units::Exact(units) | Units::Above(units) => Some(units),
            Units::TooLarge => None,
            Units::TooSmall => return Ok(Test::Never),
        },
        Bound::Excluded(value) => match to_units(dtype, value)? {
            Units::Exact(units) => match units.checked_sub(1) {
                Some(units) => Some(units),
                None => return Ok(Test::Never),
            },
            Units::Above(units) => Some(units),
            Units::TooLarge => None,
            Units::TooSmall => return Ok(Test::Never),
        },
    };
    if from.unwrap_or(least).max(least) > to.unwrap_or(most).min(most) {
        return Ok(Test::Never);
    }
    let from = from.filter(|units| *units > least).and_then(|units| to_scalar(dtype, units));
    let to = to.filter(|units| *units < most).and_then(|units| to_scalar(dtype, units));
    Ok(Test::Between(from, to))
}

/// Returns the smallest and the largest value that a column may hold.
fn value_range(dtype: DataType) -> (i128, i128) {
    match dtype {
        DataType::Date => (i32::MIN.into(), i32::MAX.into()),
        DataType::Decimal { precision, .. } => {
            let bound = 10i128.checked_pow(precision.into()).unwrap_or(i128::MAX);
            (1 - bound, bound - 1)
        }
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// Converts units to a scalar; returns `None` if the column cannot hold it.
fn to_scalar(dtype: DataType, units: i128) -> Option<Scalar> {
    match dtype {
        DataType::Int64 => i64::try_from(units).ok().map(Scalar::Int),
        DataType::Date => i32::try_from(units).ok().map(Scalar::Date),
        DataType::Timestamp => i64::try_from(units).ok().map(Scalar::Timestamp),
        DataType::Decimal { .. } => {
            let (least, most) = value_range(dtype);
            (least..=most).contains(&units).then_some(Scalar::Decimal(units))
        }
        DataType::Bool | DataType::Float64 | DataType::Text => None,
    }
}

/// Converts an exact value to the unit of an integer, date, timestamp or decimal column.
fn to_units(dtype: DataType, value: &Value) -> Result<Units, Incomparable> {
    let scale = match dtype {
        DataType::Decimal { scale, .. } => scale,
        _ => 0,
    };
    Ok(match (dtype, value) {
        (DataType::Int64 | DataType::Decimal { .. }, Value::Int(int)) => {
            rescale((*int).into(), 0, scale)
        }
        (DataType::Int64 | DataType::Decimal { .. }, Value::Decimal { units, scale: from }) => {
            rescale(*units, *from, scale)
        }
        (DataType::Date, Value::Date(day)) => Units::Exact(days(*day)),
        (DataType::Date, Value::Timestamp(time)) => floor_divide(nanos(*time), NANOS_PER_DAY),
        (DataType::Timestamp, Value::Date(day)) => {
            Units::Exact(days(*day) * (NANOS_PER_DAY / NANOS_PER_MICRO))
        }
        (DataType::Timestamp, Value::Timestamp(time)) => {
            floor_divide(nanos(*time), NANOS_PER_MICRO)
        }
        (_, value) => return Err(value.to_string()),
    })
}

fn days(day: NaiveDate) -> i128 {
    (day - NaiveDate::default()).num_days().into()
}

fn nanos(time: DateTime<Utc>) -> i128 {
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

fn floor_divide(value: i128, by: i128) -> Units {
    let units = value.div_euclid(by);
    if value.rem_euclid(by) == 0 { Units::Exact(units) } else { Units::Above(units) }
}

fn rescale(units: i128, from: u8, to: u8) -> Units {
    let power = 10i128.checked_pow(from.abs_diff(to).into());
    if from > to {
        // Beyond 38 digits the whole value lies behind the decimal point.
        return match power {
            Some(power) => floor_divide(units, power),
            None if units == 0 => Units::Exact(0),
            None => Units::Above(if units < 0 { -1 } else { 0 }),
        };
    }
    match power.and_then(|power| units.checked_mul(power)) {
        Some(units) => Units::Exact(units),
        None if units == 0 => Units::Exact(0),
        None if units < 0 => Units::TooSmall,
        None => Units::TooLarge,
    }
}

/// Formats the value for error messages.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "the integer {value}"),
            Self::Float(value) => write!(f, "the float {value}"),
            Self::Text(text) => write!(f, "the text `{text}`"),
            Self::Date(day) => write!(f, "the day {day}"),
            Self::Timestamp(time) => write!(f, "the time {}", time.to_rfc3339()),
            Self::Decimal { units, scale } => {
                write!(f, "the decimal {}", money::format_units(*units, u32::from(*scale)))
            }
        }
    }
}
