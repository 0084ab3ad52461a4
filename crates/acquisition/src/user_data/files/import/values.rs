//! Type inference: the type of a column's values, and the rule to read them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use tidegauge_core::DataType;

use super::number_text::{DecimalPoint, NumberText, separators};
use super::{times, words};
use crate::user_data::mapping::{Part, Probe, Rule};

/// The type with which texts are tried as numbers.
const ANY_NUMBER: DataType = DataType::Decimal { precision: 38, scale: 18 };

/// A column of a file, with the inferred type of its values.
#[derive(Debug, Clone)]
pub(super) struct InferredColumn {
    /// The name in the file.
    pub(super) name: String,
    pub(super) dtype: DataType,
    /// The rule to read its values, without the column's name.
    pub(super) rule: Rule,
    /// The number of values that are not missing.
    pub(super) count: usize,
    /// Whether a value is missing in some row.
    pub(super) has_nulls: bool,
    /// Whether no two rows have the same value.
    pub(super) is_unique: bool,
    /// The distinct values, if there are at most 40.
    pub(super) distinct: Option<BTreeSet<String>>,
    /// The null markers among the values, if these are not text.
    pub(super) nulls: BTreeSet<String>,
    /// The currency signs or units of the numbers.
    pub(super) units: BTreeSet<String>,
    /// Whether numbers are followed by their units.
    pub(super) has_unit: bool,
    /// Whether a number is negative or zero.
    pub(super) has_negative: bool,
    /// Whether all numbers have at most two digits.
    pub(super) is_small: bool,
    /// Whether some times have no time zone.
    pub(super) is_local: bool,
    /// Whether no value shows if the day or the month comes first.
    pub(super) has_open_order: bool,
    /// The column with the time of day, if this one has dates.
    pub(super) time_of_day: Option<String>,
    /// A number with a point or comma, if no value of the file shows whether that is a decimal
    /// point or separates thousands.
    pub(super) open_separator: Option<String>,
}

impl InferredColumn {
    /// Infers the column called `name` of `rows` rows, of which `values` are not missing.
    pub(super) fn new(
        name: &str,
        values: &[&str],
        rows: usize,
        dtype: Option<DataType>,
        (decimals, now, day_first): (DecimalPoint, DateTime<Utc>, Option<bool>),
    ) -> Self {
        let distinct: BTreeSet<&str> = values.iter().copied().collect();
        let few = distinct.len() <= 40;
        let mut column = Self {
            name: name.to_owned(),
            dtype: dtype.unwrap_or(DataType::Text),
            rule: Rule::default(),
            count: values.len(),
            has_nulls: values.len() < rows,
            is_unique: distinct.len() == values.len() && !values.is_empty(),
            distinct: few.then(|| distinct.iter().map(|text| (*text).to_owned()).collect()),
            nulls: BTreeSet::new(),
            units: BTreeSet::new(),
            has_unit: false,
            has_negative: false,
            is_small: false,
            is_local: false,
            has_open_order: false,
            time_of_day: None,
            open_separator: None,
        };
        if dtype.is_some() {
            return column;
        }
        let real: Vec<&str> =
            values.iter().copied().filter(|text| !words::is_null_marker(text)).collect();
        let is_read = column.read_bools(&real)
            || column.read_times(&real, now, day_first)
            || column.read_numbers(&real, decimals, now);
        if is_read {
            let nulls = distinct.iter().filter(|text| words::is_null_marker(text));
            column.nulls = nulls.map(|text| text.trim().to_owned()).collect();
            column.has_nulls |= !column.nulls.is_empty();
        }
        column
    }

    fn read_bools(&mut self, values: &[&str]) -> bool {
        const WORDS: [&str; 8] = ["true", "false", "t", "f", "yes", "no", "y", "n"];
        let is_bool = |text: &&str| WORDS.contains(&text.trim().to_lowercase().as_str());
        let are_bools = !values.is_empty() && values.iter().all(is_bool);
        if are_bools {
            self.dtype = DataType::Bool;
        }
        are_bools
    }

    fn read_times(&mut self, values: &[&str], now: DateTime<Utc>, day_first: Option<bool>) -> bool {
        let Some(found) = times::find(&self.name, values, now, day_first) else { return false };
        self.dtype = if found.are_days { DataType::Date } else { DataType::Timestamp };
        self.rule.format = found.format;
        self.is_local = found.is_local;
        self.has_open_order = found.has_open_order;
        true
    }

    /// Joins the column `other` as the time of day, if the `joined` values of both are times.
    pub(super) fn join_time(
        &mut self,
        other: &str,
        joined: &[&str],
        (now, day_first): (DateTime<Utc>, Option<bool>),
    ) {
        let Some(found) = times::find(&self.name, joined, now, day_first) else { return };
        if !found.are_days {
            self.dtype = DataType::Timestamp;
            self.rule.format = found.format;
            self.is_local = found.is_local;
            self.has_open_order = found.has_open_order;
            self.time_of_day = Some(other.to_owned());
        }
    }

    fn read_numbers(
        &mut self,
        values: &[&str],
        decimals: DecimalPoint,
        now: DateTime<Utc>,
    ) -> bool {
        // A text without digits is not a number, and may be a bad value among numbers.
        let numbers = values.iter().map(|text| NumberText::new(text));
        let numbers: Vec<NumberText<'_>> =
            numbers.filter(|numbers| !numbers.digits.is_empty()).collect();
        // `2026-01-05 10:00 CET` is a time, whatever follows it.
        if numbers
            .iter()
            .any(|numbers| numbers.digits.contains([':', '/']) || numbers.after.starts_with('-'))
        {
            return false;
        }
        // Postal codes, telephone numbers and ids with leading zeros are text.
        let is_code = |text: &&str| {
            let text = text.trim();
            text.len() > 1
                && text.starts_with('0')
                && text.bytes().all(|byte| byte.is_ascii_digit())
                || text.starts_with("+")
        };
        if numbers.is_empty() || values.iter().any(is_code) {
            return false;
        }
        let units: BTreeSet<&str> = numbers.iter().flat_map(|numbers| numbers.units()).collect();
        if units.len() > 20
            || !numbers.iter().all(NumberText::has_plausible_units)
            || units.contains("%")
        {
            return false;
        }
        let is_letters = |unit: &&str| unit.chars().all(char::is_alphanumeric);
        let has_unit = !units.is_empty()
            && units.iter().all(is_letters)
            && numbers.iter().all(|numbers| numbers.before.is_empty());
        let mut rule = separators(&numbers, decimals.is_comma);
        match has_unit {
            true => rule.part = Some(Part::Number),
            false => {
                rule.currency = units.iter().map(|unit| (*unit).to_owned()).collect();
                rule.accounting = numbers.iter().any(|numbers| numbers.is_accounting);
            }
        }
        let Ok(mut probe) = Probe::new(ANY_NUMBER, &rule, now) else { return false };
        let fitting = values.iter().filter(|text| probe.reads(text.trim())).count();
        let are_whole = numbers.iter().all(|numbers| numbers.is_whole()) && units.is_empty();
        // `AB12` is a code; `150TRX` is an amount if others of its column have decimals.
        let have_places = numbers.iter().any(|numbers| !numbers.is_whole());
        if has_unit && !have_places && !units.iter().any(|unit| words::is_currency(unit)) {
            return false;
        }
        // A few bad values do not turn amounts into text. They do turn integers into text, which
        // may be codes.
        let is_enough = match are_whole {
            true => fitting == values.len(),
            false => fitting * 10 >= values.len() * 8,
        };
        if !is_enough {
            return false;
        }
        self.has_negative = numbers.iter().any(|numbers| numbers.is_negative || numbers.is_zero());
        self.is_small = numbers.iter().all(|numbers| numbers.digits.len() < 3);
        self.units = units.iter().map(|unit| (*unit).to_owned()).collect();
        self.has_unit = has_unit;
        let is_small = |text: &&str| text.trim().parse::<i64>().is_ok();
        let places =
            numbers.iter().map(|numbers| numbers.places(rule.decimal.unwrap_or('.'))).max();
        self.dtype = match (are_whole, places.unwrap_or(0)) {
            (true, _) if values.iter().all(is_small) => DataType::Int64,
            (true, _) => return false,
            (false, ..=2) => DataType::Decimal { precision: 18, scale: 2 },
            (false, ..=8) => DataType::Decimal { precision: 28, scale: 8 },
            (false, _) => DataType::Decimal { precision: 38, scale: 18 },
        };
        let is_open = |numbers: &&NumberText<'_>| numbers.digits.contains(['.', ',']);
        if !decimals.is_shown && numbers.iter().all(|numbers| numbers.decimal().is_none()) {
            self.open_separator =
                numbers.iter().find(is_open).map(|numbers| numbers.digits.to_owned());
        }
        self.rule = rule;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::number_text::decimals;
    use super::*;

    fn read(values: &[&str]) -> InferredColumn {
        let now = "2024-06-01T00:00:00Z".parse().unwrap();
        let decimals = decimals(values.iter().copied(), None);
        InferredColumn::new("amount", values, values.len(), None, (decimals, now, None))
    }

    #[test]
    fn number_formats_are_inferred() {
        let cents = DataType::Decimal { precision: 18, scale: 2 };
        for (values, decimal, thousands, currency) in [
            (&["1,234.50", "7.00"][..], None, Some(','), ""),
            (&["1.234,50 €", "7,00 €"], Some(','), Some('.'), "€"),
            (&["$1,234.50", "-$7.00"], None, Some(','), "$"),
            (&["1 234,50", "7,1"], Some(','), Some(' '), ""),
            (&["1'234.50", "7.1"], None, Some('\''), ""),
            (&["12,5", "1,75"], Some(','), None, ""),
            (&["1.234.567", "12.345.678"], Some(','), Some('.'), ""),
        ] {
            let column = read(values);
            assert_eq!(column.dtype, cents, "{values:?}");
            let rule = &column.rule;
            assert_eq!((rule.decimal, rule.thousands), (decimal, thousands), "{values:?}");
            assert_eq!(column.rule.currency.concat(), currency, "{values:?}");
        }
    }

    #[test]
    fn codes_that_look_like_numbers_stay_text() {
        for values in [
            &["00017", "12345"][..],
            &["+49 30 1234", "+49 40 777"],
            &["c-17", "c-18"],
            &["A-1", "A-2"],
            &["#1001", "#1002"],
            &["№ 17", "№ 18"],
            &["INV001", "INV002"],
            &["u1", "u2"],
            &["12AB", "13AB"],
            &["10", "20", "2A"],
            &["12 %", "7 %"],
            &["192.168.0.1", "10.0.0.1"],
        ] {
            assert_eq!(read(values).dtype, DataType::Text, "{values:?}");
        }
        for (values, open) in [
            (&["1,500", "2,250"][..], Some("1,500")),
            (&["1.500", "12"], Some("1.500")),
            (&["1,500", "2.5"], None),
            (&["15", "20"], None),
        ] {
            assert_eq!(read(values).open_separator.as_deref(), open, "{values:?}");
        }
        assert_eq!(read(&["17", "-5", "0"]).dtype, DataType::Int64);
        assert_eq!(read(&["yes", "No"]).dtype, DataType::Bool);
        let unit = read(&["0.1200000000BTC", "150TRX"]);
        assert!(unit.has_unit && unit.rule.part == Some(Part::Number), "{unit:?}");
        let some = read(&["1.5", "n/a", "2.5"]);
        assert_eq!(some.nulls.into_iter().collect::<Vec<_>>(), ["n/a"]);
        // One bad value does not turn amounts into text.
        assert!(matches!(
            read(&["1.5", "2.5", "free", "7.25", "8.10"]).dtype,
            DataType::Decimal { .. }
        ));
    }
}
