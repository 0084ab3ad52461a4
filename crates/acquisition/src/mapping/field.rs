//! How the foreign values of one column become cells.

use chrono::{DateTime, Utc};
use tidegauge_core::{Cell, Column, DataType, Table, parse_units};

use super::notes::{Notes, Seen};
use super::number::{self, NumberFormat};
use super::time::{self, TimeFormat};
use super::values::Values;
use super::{Constant, Empty, Field, Part, Rule};

/// How the values of one column are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    dtype: DataType,
    nullable: bool,
    is_key: bool,
    time: TimeFormat,
    number: NumberFormat,
    part: Option<Part>,
    empty: Option<Empty>,
    /// None where no value is renamed.
    values: Option<Values>,
}

impl Reading {
    pub(super) fn new(table: &Table, column: &Column, rule: &Rule) -> Result<Self, String> {
        let is_time = matches!(column.dtype, DataType::Date | DataType::Timestamp);
        let is_number =
            matches!(column.dtype, DataType::Int64 | DataType::Float64 | DataType::Decimal { .. });
        let is_text = column.dtype == DataType::Text;
        let no = |what: &str| Err(format!("it is {}, which has no {what}", column.dtype));
        if (rule.format.is_some() || rule.zone.is_some()) && !is_time {
            return no("`format` and no `zone`");
        }
        if (rule.earliest.is_some() || rule.latest.is_some()) && !is_time {
            return no("`earliest` and no `latest`");
        }
        if (rule.decimal.is_some() || rule.thousands.is_some()) && !is_number {
            return no("`decimal` and no `thousands`");
        }
        if (!rule.currency.is_empty() || rule.accounting) && !is_number {
            return no("`currency` and no `accounting`");
        }
        if rule.negate.is_some() && !is_number {
            return no("`negate`");
        }
        match rule.part {
            Some(Part::Number) if !is_number => return no("`part = \"number\"`"),
            Some(Part::Unit) if !is_text => return no("`part = \"unit\"`"),
            _ => {}
        }
        if rule.empty.is_some() && !is_text {
            return no("`empty`: empty text is never a value there");
        }
        let origins = [rule.column.is_some(), rule.value.is_some(), !rule.columns.is_empty()];
        if origins.iter().filter(|origin| **origin).count() > 1 {
            return Err(
                "it has more than one of `column`, `columns` and `value`: choose one".into()
            );
        }
        if rule.join.is_some() && rule.columns.is_empty() {
            return Err("its `join` goes with `columns`, which are not set".into());
        }
        if rule.otherwise.is_some() && rule.values.is_empty() {
            return Err("its `otherwise` goes with `values`, which are not set".into());
        }
        if rule.value.is_some() && !rule.values.is_empty() {
            return Err("it has both a `value` and `values`: choose one".into());
        }
        let is_bare = rule.values.is_empty() && rule.currency.is_empty() && !rule.accounting;
        if rule.part == Some(Part::Number) && !is_bare {
            return Err(
                "`part = \"number\"` goes with no `values`, `currency` and `accounting`".into()
            );
        }
        // A constant that is empty was asked for.
        let is_constant = matches!(&rule.value, Some(Constant::Text(text)) if text.is_empty());
        let asked = is_constant && is_text && !column.nullable;
        let plain = Self {
            dtype: column.dtype,
            nullable: column.nullable,
            is_key: table.key.contains(&column.name),
            time: TimeFormat::new(rule)?,
            number: NumberFormat::new(rule)?,
            part: rule.part,
            empty: rule.empty.or(asked.then_some(Empty::Text)),
            values: None,
        };
        if rule.values.is_empty() {
            return Ok(plain);
        }
        let values = Values::new(&rule.values, rule.otherwise);
        // What values become is read as they are, but for the part that was taken.
        let whole = Self { part: None, ..plain.clone() };
        for (from, to) in values.iter() {
            let mut notes = Notes::new(DateTime::<Utc>::MAX_UTC);
            let to = whole.cell(to, &mut notes.column(0));
            to.map_err(|reason| format!("what its `values` make of `{from}` {reason}"))?;
        }
        Ok(Self { values: Some(values), ..plain })
    }

    /// Returns how its numbers are written.
    pub(super) fn numbers(&self) -> &NumberFormat {
        &self.number
    }

    /// Returns the cell that `field` is, or what is wrong with it.
    pub(super) fn cell<'f>(
        &'f self,
        field: &'f Field<'_>,
        seen: &mut Seen<'_>,
    ) -> Result<Cell<'f>, String> {
        let field = match &self.values {
            Some(values) if self.part.is_none() => values.renamed(field)?,
            _ => field,
        };
        match field {
            Field::Null => self.none("is null"),
            Field::Missing => self.none("is missing"),
            Field::Blank => self.empty(Empty::Null),
            Field::Bytes(_) => Err("is not UTF-8".into()),
            Field::Text(text) if text.is_empty() => {
                let may_be = self.dtype == DataType::Text && !self.nullable && !self.is_key;
                self.empty(if may_be { Empty::Text } else { Empty::Null })
            }
            Field::Text(text) if self.dtype == DataType::Text => {
                if text.contains('\0') {
                    return Err("has a NUL in it".into());
                }
                match self.part {
                    Some(Part::Unit) => match (number::split(text).1, &self.values) {
                        ("", _) => self.none("has no unit"),
                        (unit, None) => Ok(Cell::Text(unit)),
                        (unit, Some(values)) => match values.renamed_text(unit)? {
                            Some(unit) => Ok(Cell::Text(unit)),
                            None => self.none("has a unit that becomes null"),
                        },
                    },
                    _ => Ok(Cell::Text(text)),
                }
            }
            Field::Text(text) => {
                let text = text.trim();
                match self.part {
                    _ if text.is_empty() => self.none("is empty"),
                    Some(Part::Number) => match number::split(text).0 {
                        "" => Err("has no number in front".into()),
                        number => self.written(number, seen),
                    },
                    _ => self.written(text, seen),
                }
            }
            typed => self.typed(typed, seen),
        }
    }

    fn none<'f>(&self, is: &str) -> Result<Cell<'f>, String> {
        match self.nullable {
            true => Ok(Cell::Null),
            false => Err(format!("{is}, and must not be")),
        }
    }

    /// Returns what empty text is, which is `usual` unless the rule says otherwise.
    fn empty<'f>(&self, usual: Empty) -> Result<Cell<'f>, String> {
        match self.empty.unwrap_or(usual) {
            Empty::Text => Ok(Cell::Text("")),
            Empty::Null if self.dtype == DataType::Text && !self.nullable => Err(
                "is empty, and must not be; set `empty = \"text\"` of the column if that is a value"
                    .into(),
            ),
            Empty::Null => self.none("is empty"),
        }
    }

    fn written<'f>(&self, text: &str, seen: &mut Seen<'_>) -> Result<Cell<'f>, String> {
        Ok(match self.dtype {
            DataType::Bool => Cell::Bool(boolean(text).ok_or("is not true or false")?),
            DataType::Int64 => {
                let number = self.number.plain(text).and_then(|text| parse_units(&text, 0).ok());
                whole(number.ok_or("is not a whole number")?)?
            }
            DataType::Float64 => {
                let number = self.number.plain(text).and_then(|text| text.parse::<f64>().ok());
                finite(number.ok_or("is not a number")?)?
            }
            DataType::Decimal { precision, scale } => {
                Cell::Decimal(self.number.decimal(text, precision, scale)?)
            }
            DataType::Date | DataType::Timestamp if time::is_zero(text) => {
                if !self.nullable {
                    return Err(
                        "is no day, as MySQL writes where there is none, and must be one".into()
                    );
                }
                seen.notes.zeros.add(seen.place, text);
                Cell::Null
            }
            DataType::Date | DataType::Timestamp if time::is_infinite(text) => {
                return Err(
                    "is no time that there is; set `nulls = [\"infinity\", \"-infinity\"]` of \
                            the source to have it null"
                        .into(),
                );
            }
            DataType::Date => Cell::Date(self.time.day(text, seen)?),
            DataType::Timestamp => Cell::Timestamp(self.time.instant(text, seen)?),
            DataType::Text => return Err("is text".into()), // taken as it is, above
        })
    }

    fn typed<'f>(&self, field: &Field<'_>, seen: &mut Seen<'_>) -> Result<Cell<'f>, String> {
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
                Cell::Decimal(number::digits(units, precision)?)
            }
            (DataType::Decimal { .. }, Field::Float(_)) => {
                return Err("is a float, and money never is: write it as a decimal or text".into());
            }
            (DataType::Date, Field::Date(days)) => {
                Cell::Date(time::days(self.time.stored_day(*days)?)?)
            }
            (DataType::Date, Field::Timestamp(micros) | Field::Local(micros)) => {
                Cell::Date(time::days(self.time.stored_midnight(*micros)?)?)
            }
            (DataType::Timestamp, Field::Timestamp(micros)) => {
                Cell::Timestamp(self.time.stored(*micros)?)
            }
            (DataType::Timestamp, Field::Local(micros)) => {
                Cell::Timestamp(self.time.stored_local(*micros, &field.shown(), seen)?)
            }
            (DataType::Timestamp, Field::Date(days)) => {
                Cell::Timestamp(self.time.stored_day_begins(*days, &field.shown(), seen)?)
            }
            (DataType::Timestamp | DataType::Date, Field::Int(_) | Field::Decimal(..)) => {
                return self.written(&field.shown(), seen);
            }
            _ => return Err(other()),
        })
    }
}

/// Returns the number as a negative one.
///
/// # Errors
/// When it is negative already: what that would mean, no rule says.
pub(super) fn negative(cell: Cell<'_>) -> Result<Cell<'_>, String> {
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
        Err(_) => Err("does not fit 64 bits".into()),
    }
}

fn finite<'f>(value: f64) -> Result<Cell<'f>, String> {
    if value.is_finite() { Ok(Cell::Float(value)) } else { Err("is not a finite number".into()) }
}

#[cfg(test)]
mod tests {
    use super::super::notes::ColumnNotes;
    use super::*;

    fn column(dtype: DataType, nullable: bool) -> Column {
        Column { name: "c".into(), dtype, nullable, description: "".into() }
    }

    /// A column that may be null or not, of a table whose key is another.
    fn reading(dtype: DataType, nullable: bool, rule: &Rule) -> Result<Reading, String> {
        let table = Table::builder("t", "").column("id", DataType::Int64, "").key(["id"]);
        Reading::new(&table.build().unwrap(), &column(dtype, nullable), rule)
    }

    fn cell<'f>(reading: &'f Reading, field: &'f Field<'_>) -> Result<Cell<'f>, String> {
        let mut notes = ColumnNotes::default();
        // 2030-01-01
        let tomorrow = 1_893_456_000_000_000;
        reading.cell(field, &mut Seen { tomorrow, place: "a.csv", notes: &mut notes })
    }

    fn read(dtype: DataType, rule: &Rule, text: &str) -> Result<Cell<'static>, String> {
        match cell(&reading(dtype, false, rule)?, &Field::from(text))? {
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
            (DataType::FIAT, &plain, "1,5", "decimal = \",\""),
            (DataType::FIAT, &plain, "1.2.3", "not a decimal number"),
            (DataType::Timestamp, &plain, "12", "no time from 2009-01-01"),
        ] {
            let error = read(dtype, rule, text).unwrap_err();
            assert!(error.contains(says), "{text}: {error} should say {says}");
        }
    }

    #[test]
    fn empty_text_is_null_where_it_may_be() {
        for dtype in [DataType::Text, DataType::Int64, DataType::FIAT, DataType::Timestamp] {
            let nullable = reading(dtype, true, &Rule::default()).unwrap();
            for field in [Field::Null, Field::Missing, Field::Blank, Field::from("")] {
                assert_eq!(cell(&nullable, &field), Ok(Cell::Null), "{dtype} {field:?}");
            }
        }
        // JSON and databases tell empty text from nothing, CSV does not.
        let plain = reading(DataType::Text, false, &Rule::default()).unwrap();
        assert_eq!(cell(&plain, &Field::from("")), Ok(Cell::Text("")));
        assert!(cell(&plain, &Field::Blank).unwrap_err().contains("empty = \"text\""));
        let text = Rule { empty: Some(Empty::Text), ..Rule::default() };
        for nullable in [false, true] {
            let text = reading(DataType::Text, nullable, &text).unwrap();
            assert_eq!(cell(&text, &Field::Blank), Ok(Cell::Text("")));
            assert_eq!(cell(&text, &Field::from("")), Ok(Cell::Text("")));
        }
        let null = Rule { empty: Some(Empty::Null), ..Rule::default() };
        assert!(read(DataType::Text, &null, "").unwrap_err().contains("empty"));
        // A key is never empty, whatever it comes from.
        let table = Table::builder("t", "").column("c", DataType::Text, "").key(["c"]);
        let table = table.build().unwrap();
        let key = Reading::new(&table, &column(DataType::Text, false), &Rule::default()).unwrap();
        for field in [Field::Blank, Field::from("")] {
            assert!(cell(&key, &field).unwrap_err().contains("is empty"), "{field:?}");
        }
        let asked = Reading::new(&table, &column(DataType::Text, false), &Rule::constant(""));
        assert_eq!(cell(&asked.unwrap(), &Field::from("")), Ok(Cell::Text("")));
    }

    #[test]
    fn a_cell_of_a_number_and_its_unit_is_taken_apart() {
        let number = Rule { part: Some(Part::Number), thousands: Some(','), ..Rule::default() };
        let unit =
            reading(DataType::Text, false, &Rule { part: Some(Part::Unit), ..Rule::default() })
                .unwrap();
        for (text, amount, of) in [
            ("0.1200000000BTC", "0.12", "BTC"),
            ("3.25000000 ETH", "3.25", "ETH"),
            ("-1,804.66 EUR", "-1804.66", "EUR"),
            ("1e-18ETH", "0.000000000000000001", "ETH"),
            ("1EUR", "1", "EUR"),
        ] {
            let amount: tidegauge_core::Crypto = amount.parse().unwrap();
            let amount = Ok(Cell::Decimal(amount.units()));
            assert_eq!(read(DataType::CRYPTO, &number, text), amount, "{text}");
            assert_eq!(cell(&unit, &Field::from(text)), Ok(Cell::Text(of)), "{text}");
        }
        let error = read(DataType::CRYPTO, &number, "0.1234567890123456789ETH").unwrap_err();
        assert!(error.contains("more than 18 places"), "{error}");
        assert!(read(DataType::CRYPTO, &number, "BTC").unwrap_err().contains("no number"));
        // Never a part of the number.
        let plain = Rule { part: Some(Part::Number), ..Rule::default() };
        for text in ["1,804.66 EUR", "1 234 EUR", "1'234EUR", "1.234.567EUR", "--1EUR"] {
            assert!(read(DataType::CRYPTO, &plain, text).is_err(), "{text}");
        }
        assert!(cell(&unit, &Field::from("12")).unwrap_err().contains("no unit"));
        let error = read(DataType::CRYPTO, &Rule::default(), "0.12BTC").unwrap_err();
        assert!(error.contains("part = \"number\""), "{error}");
    }

    #[test]
    fn days_that_are_none_become_null_where_that_may_be() {
        let nullable = reading(DataType::Timestamp, true, &Rule::default()).unwrap();
        let zero = Field::from("0000-00-00 00:00:00");
        assert_eq!(cell(&nullable, &zero), Ok(Cell::Null));
        let error = read(DataType::Date, &Rule::default(), "0000-00-00").unwrap_err();
        assert!(error.contains("MySQL"), "{error}");
    }

    #[test]
    fn typed_values_fit_or_do_not() {
        let read = |dtype, field: Field<'static>| {
            let reading = reading(dtype, false, &Rule::default()).unwrap();
            cell(&reading, &field).map(|cell| format!("{cell:?}"))
        };
        for (dtype, field, cell) in [
            (DataType::Int64, Field::Float(7.0), "Int(7)"),
            (DataType::Int64, Field::Decimal(700, 2), "Int(7)"),
            (DataType::FIAT, Field::Decimal(12_500, 3), "Decimal(1250)"),
            (DataType::CRYPTO, Field::Int(-3), "Decimal(-3000000000000000000)"),
            (DataType::Timestamp, Field::Date(1), "Timestamp(86400000000)"),
            (DataType::Date, Field::Timestamp(86_400_000_000), "Date(1)"),
            (DataType::Bool, Field::Int(1), "Bool(true)"),
            (DataType::Timestamp, Field::Int(1_600_000_000), "Timestamp(1600000000000000)"),
        ] {
            assert_eq!(read(dtype, field).as_deref(), Ok(cell));
        }
        for (dtype, field, says) in [
            (DataType::FIAT, Field::Float(0.1), "never is"),
            (DataType::FIAT, Field::Decimal(12_345, 3), "2 places"),
            (DataType::Int64, Field::Float(0.5), "another type"),
            (DataType::Timestamp, Field::Timestamp(1_600_000_000), "1970-01-01"),
            (DataType::Int64, Field::Bytes(b"\xff".as_slice().into()), "UTF-8"),
        ] {
            let error = read(dtype, field).unwrap_err();
            assert!(error.contains(says), "{error} should say {says}");
        }
        assert_eq!(Field::Decimal(-5, 2).shown(), "-0.05");
        assert_eq!(Field::Timestamp(1).shown(), "1970-01-01T00:00:00.000001Z");
    }

    #[test]
    fn clocks_of_no_zone_are_in_that_of_the_column() {
        let zone = Some("Europe/Madrid".into());
        let madrid =
            reading(DataType::Timestamp, false, &Rule { zone, ..Rule::default() }).unwrap();
        let read = |field: Field<'static>| {
            cell(&madrid, &field).map(|cell| format!("{cell:?}")).unwrap_or_else(|error| error)
        };
        // 2020-09-13T12:26:40 on the clocks of Madrid, and then in UTC.
        assert_eq!(read(Field::Local(1_600_000_000_000_000)), "Timestamp(1599992800000000)");
        assert_eq!(read(Field::Timestamp(1_600_000_000_000_000)), "Timestamp(1600000000000000)");
        assert_eq!(read(Field::Date(18_518)), "Timestamp(1599948000000000)");
        // 2023-03-26T02:30:00, which those clocks left out.
        assert!(read(Field::Local(1_679_797_800_000_000)).contains("set forward"));
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
            let error = reading(dtype, false, &rule).unwrap_err();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }
}
