//! Type coercion: the conversion of foreign values to the cells of a column.

use chrono::{DateTime, Utc};
use tidegauge_core::{Cell, Column, DataType, Table, parse_units};

use super::columns::Rule;
use super::field::Field;
use super::instant;
use super::notes::{Notes, ValueContext};
use super::number::{self, NumberFormat};
use super::settings::{Constant, Empty, Part};
use super::time::TimeFormat;
use super::value_map::ValueMap;
use super::{rule_checks, symbol};

/// The message for an integer of more than 64 bits.
pub(super) const EXCEEDS_64_BITS: &str = "does not fit 64 bits";

/// The conversion of the values of one column.
#[derive(Debug, Clone)]
pub(super) struct ColumnParser {
    dtype: DataType,
    nullable: bool,
    is_key: bool,
    time: TimeFormat,
    number: NumberFormat,
    /// Whether the sign of numbers is removed.
    absolute: bool,
    /// The divisor of amounts; 1 for none.
    divide: i128,
    part: Option<Part>,
    empty: Option<Empty>,
    /// The renamed values; `None` if no value is renamed.
    values: Option<ValueMap>,
}

impl ColumnParser {
    pub(super) fn new(table: &Table, column: &Column, rule: &Rule) -> Result<Self, String> {
        rule_checks::check(column, rule)?;
        let is_text = column.dtype == DataType::Text;
        // An empty constant was configured on purpose.
        let is_constant = matches!(&rule.value, Some(Constant::Text(text)) if text.is_empty());
        let asked = is_constant && is_text && !column.nullable;
        let plain = Self {
            dtype: column.dtype,
            nullable: column.nullable,
            is_key: table.key.contains(&column.name),
            time: TimeFormat::new(rule)?,
            number: NumberFormat::new(rule)?,
            absolute: rule.absolute,
            divide: rule.divide.map_or(1, i128::from),
            part: rule.part,
            empty: rule.empty.or(asked.then_some(Empty::Text)),
            values: None,
        };
        if rule.values.is_empty() {
            return Ok(plain);
        }
        let values = ValueMap::new(&rule.values, rule.otherwise.as_ref());
        // The new values are read with the same rule, except for `part`, which was applied before.
        let whole = Self { part: None, ..plain.clone() };
        for (from, to) in values.iter() {
            let mut notes = Notes::new(DateTime::<Utc>::MAX_UTC);
            let cell = whole.cell(to, &mut notes.column(0));
            cell.map_err(|reason| match from {
                Some(from) => format!("what its `values` make of `{from}` {reason}"),
                None => format!(
                    "what its `otherwise` makes of other values, `{}`, {reason}",
                    to.shown()
                ),
            })?;
        }
        Ok(Self { values: Some(values), ..plain })
    }

    /// Returns the format of the column's numbers.
    pub(super) fn numbers(&self) -> &NumberFormat {
        &self.number
    }

    /// Returns the cell for `field`, or the reason why it does not fit.
    pub(super) fn cell<'f>(
        &'f self,
        field: &'f Field<'_>,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        self.cell_in_case(field, field, context)
    }

    /// Returns the cell for `field`, or the reason why it does not fit. `cased` is the same field
    /// in the configured case: values are renamed as they are written, and others are taken from
    /// `cased`.
    pub(super) fn cell_in_case<'f>(
        &'f self,
        field: &'f Field<'_>,
        cased: &'f Field<'_>,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        let cell = self.divided(self.signed(field, cased, context)?)?;
        if self.absolute { absolute(cell) } else { Ok(cell) }
    }

    /// Returns an amount divided by the configured divisor.
    ///
    /// # Errors
    /// Returns an error if the result has more decimals than the column.
    fn divided<'c>(&self, cell: Cell<'c>) -> Result<Cell<'c>, String> {
        match cell {
            Cell::Decimal(units) if self.divide > 1 => match units % self.divide {
                0 => Ok(Cell::Decimal(units / self.divide)),
                _ => Err(format!("divided by {} has more places than its column", self.divide)),
            },
            cell => Ok(cell),
        }
    }

    fn signed<'f>(
        &'f self,
        field: &'f Field<'_>,
        cased: &'f Field<'_>,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        // With `part`, that part is renamed instead of the whole value, unless the value is
        // missing.
        let renamed = match &self.values {
            Some(values) if self.part.is_none() || field.trimmed().is_empty() => {
                values.renamed(field)?
            }
            _ => None,
        };
        if let Some(to) = renamed {
            return self.whole_field(to, None, context);
        }
        self.whole_field(cased, self.part.map(|part| (part, field)), context)
    }

    /// Returns the cell for `field`, or for a part of it; with a part, the field as written is
    /// given as well.
    fn whole_field<'f>(
        &'f self,
        field: &'f Field<'_>,
        part: Option<(Part, &'f Field<'_>)>,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        match field {
            Field::Null | Field::NullText(_) => self.null_cell("is null"),
            Field::Missing => self.null_cell("is missing"),
            Field::Blank => self.empty_cell(Empty::Null),
            Field::Bytes(_) => Err("is not UTF-8".into()),
            Field::Text(text) if text.is_empty() => {
                let may_be = self.dtype == DataType::Text && !self.nullable && !self.is_key;
                self.empty_cell(if may_be { Empty::Text } else { Empty::Null })
            }
            Field::Text(text) if self.dtype == DataType::Text => {
                if text.contains('\0') {
                    return Err("has a NUL in it".into());
                }
                match part {
                    Some((part, Field::Text(written))) => self.part(part, written, text),
                    _ => Ok(Cell::Text(text)),
                }
            }
            Field::Text(text) => {
                let text = text.trim();
                match part {
                    _ if text.is_empty() => self.null_cell("is empty"),
                    Some((Part::Number, _)) => match number::split(text).0 {
                        "" => Err("has no number in front".into()),
                        number => self.parse_text(number, context),
                    },
                    _ => self.parse_text(text, context),
                }
            }
            typed => self.convert_typed(typed, context),
        }
    }

    /// Returns a part of the text `written`, renamed if it is among the renamed values, and
    /// otherwise that part of the `cased` text.
    fn part<'f>(
        &'f self,
        part: Part,
        written: &'f str,
        cased: &'f str,
    ) -> Result<Cell<'f>, String> {
        let taken = part.of(written)?;
        if taken.is_empty() {
            return self.null_cell("has no unit");
        }
        let renamed = match &self.values {
            Some(values) => values.find(taken)?,
            None => None,
        };
        match renamed {
            None => Ok(Cell::Text(part.of(cased)?)),
            Some(Field::Text(text)) => Ok(Cell::Text(text)),
            Some(_) => self.null_cell("has a part that becomes null"),
        }
    }

    fn null_cell<'f>(&self, is: &str) -> Result<Cell<'f>, String> {
        match self.nullable {
            true => Ok(Cell::Null),
            false => Err(format!("{is}, and must not be")),
        }
    }

    /// Returns the cell for empty text, whose meaning is `usual` unless the rule sets another one.
    fn empty_cell<'f>(&self, usual: Empty) -> Result<Cell<'f>, String> {
        match self.empty.unwrap_or(usual) {
            Empty::Text => Ok(Cell::Text("")),
            Empty::Null if self.dtype == DataType::Text && !self.nullable => Err(
                "is empty, and must not be; set `empty = \"text\"` of the column if that is a value"
                    .into(),
            ),
            Empty::Null => self.null_cell("is empty"),
        }
    }

    fn parse_text<'f>(
        &self,
        text: &str,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        Ok(match self.dtype {
            DataType::Bool => Cell::Bool(boolean(text).ok_or("is not true or false")?),
            DataType::Int64 => {
                let number =
                    self.number.normalized(text).and_then(|text| parse_units(&text, 0).ok());
                whole(number.ok_or("is not a whole number")?)?
            }
            DataType::Float64 => {
                let number = self.number.normalized(text).and_then(|text| text.parse::<f64>().ok());
                finite(number.ok_or("is not a number")?)?
            }
            DataType::Decimal { precision, scale } => {
                Cell::Decimal(self.number.decimal(text, precision, scale)?)
            }
            DataType::Date | DataType::Timestamp if instant::is_zero(text) => {
                if !self.nullable {
                    return Err(
                        "is no day, as MySQL writes where there is none, and must be one".into()
                    );
                }
                context.notes.zeros.add(context.place, text);
                Cell::Null
            }
            DataType::Date | DataType::Timestamp if instant::is_infinite(text) => {
                return Err(
                    "is no time that there is; set `nulls = [\"infinity\", \"-infinity\"]` of \
                            the source to have it null"
                        .into(),
                );
            }
            DataType::Date => Cell::Date(self.time.day(text, context)?),
            DataType::Timestamp => Cell::Timestamp(self.time.instant(text, context)?),
            DataType::Text => return Err("is text".into()), // taken as it is, above
        })
    }

    fn convert_typed<'f>(
        &self,
        field: &Field<'_>,
        context: &mut ValueContext<'_>,
    ) -> Result<Cell<'f>, String> {
        let other = || format!("is of another type than {}", self.dtype);
        Ok(match (self.dtype, field) {
            (DataType::Bool, Field::Bool(value)) => Cell::Bool(*value),
            (DataType::Bool, Field::Int(value @ (0 | 1))) => Cell::Bool(*value == 1),
            (DataType::Int64, Field::Int(value)) => whole(*value)?,
            (DataType::Int64, Field::Decimal(..)) => {
                whole(parse_units(&field.shown(), 0).map_err(|_| "is not a whole number")?)?
            }
            // Pandas converts integers with missing values among them to floats.
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
                Cell::Decimal(number::digits(units, precision)?)
            }
            (DataType::Decimal { .. }, Field::Float(_)) => {
                return Err("is a float, and money never is: write it as a decimal or text".into());
            }
            (DataType::Date, Field::Date(days)) => {
                Cell::Date(instant::days(self.time.typed_day(*days)?)?)
            }
            (DataType::Date, Field::Timestamp(micros) | Field::Local(micros)) => {
                Cell::Date(instant::days(self.time.typed_midnight(*micros)?)?)
            }
            (DataType::Timestamp, Field::Timestamp(micros)) => {
                Cell::Timestamp(self.time.typed_timestamp(*micros)?)
            }
            (DataType::Timestamp, Field::Local(micros)) => {
                Cell::Timestamp(self.time.typed_local(*micros, &field.shown(), context)?)
            }
            (DataType::Timestamp, Field::Date(days)) => {
                Cell::Timestamp(self.time.typed_day_start(*days, &field.shown(), context)?)
            }
            (DataType::Timestamp | DataType::Date, Field::Int(_) | Field::Decimal(..)) => {
                return self.parse_text(&field.shown(), context);
            }
            _ => return Err(other()),
        })
    }
}

impl Part {
    /// Returns this part of a text; empty if a number has no unit.
    ///
    /// # Errors
    /// Returns an error if a side of a market's symbol is requested, and the text is not such a
    /// symbol.
    fn of(self, text: &str) -> Result<&str, String> {
        Ok(match self {
            Self::Number => number::split(text).0,
            Self::Unit => number::split(text).1,
            Self::Base => symbol::split_symbol(text)?.0,
            Self::Quote => symbol::split_symbol(text)?.1,
        })
    }
}

/// Returns the number without its sign.
fn absolute(cell: Cell<'_>) -> Result<Cell<'_>, String> {
    Ok(match cell {
        Cell::Int(value) => whole(value.saturating_abs())?,
        Cell::Decimal(value) => Cell::Decimal(value.saturating_abs()),
        Cell::Float(value) => Cell::Float(value.abs()),
        other => other,
    })
}

/// Returns the number negated.
///
/// # Errors
/// Returns an error if the number is negative already, since its meaning would be unclear.
pub(super) fn negate(cell: Cell<'_>) -> Result<Cell<'_>, String> {
    let negated = match cell {
        Cell::Int(value @ 1..) => Cell::Int(-value),
        Cell::Decimal(value @ 1..) => Cell::Decimal(-value),
        Cell::Float(value) if value > 0.0 => Cell::Float(-value),
        Cell::Int(0) | Cell::Decimal(0) | Cell::Null => cell,
        Cell::Float(0.0) => cell,
        _ => return Err("is negative already, and `negate` would make it positive".into()),
    };
    Ok(negated)
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
        Err(_) => Err(EXCEEDS_64_BITS.into()),
    }
}

fn finite<'f>(value: f64) -> Result<Cell<'f>, String> {
    if value.is_finite() { Ok(Cell::Float(value)) } else { Err("is not a finite number".into()) }
}

#[cfg(test)]
mod tests;
