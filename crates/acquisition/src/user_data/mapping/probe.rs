//! Trials of rules on values, without a table and its rows.

use chrono::{DateTime, Utc};
use tidegauge_core::{DataType, Table, TableRef};

use super::column_parser::ColumnParser;
use super::columns::Rule;
use super::field::Field;
use super::notes::Notes;

/// A rule for a column of some type, to be tried on values.
#[derive(Debug)]
pub(crate) struct Probe {
    parser: ColumnParser,
    notes: Notes,
}

impl Probe {
    /// Creates a probe of `rule` for a nullable column of type `dtype`; numbers are plausible times
    /// up to the day after `now`.
    ///
    /// # Errors
    /// Returns the reason if the rule does not fit the type.
    pub(crate) fn new(dtype: DataType, rule: &Rule, now: DateTime<Utc>) -> Result<Self, String> {
        let table = Self::table(dtype).map_err(|error| error.to_string())?;
        let column = table.columns.last().ok_or("a probe has a column")?;
        Ok(Self { parser: ColumnParser::new(&table, column, rule)?, notes: Notes::new(now) })
    }

    fn table(dtype: DataType) -> tidegauge_core::Result<TableRef> {
        let table = Table::builder("probe", "").column("key", DataType::Int64, "");
        table.nullable("value", dtype, "").key(["key"]).build()
    }

    /// Returns `true` if the rule reads `text` without an error.
    pub(crate) fn reads(&mut self, text: &str) -> bool {
        self.parser.cell(&Field::from(text), &mut self.notes.column(1)).is_ok()
    }

    /// Returns the microseconds since 1970 of `text` in a column of times, or `None` if it is not a
    /// time.
    pub(crate) fn time(&mut self, text: &str) -> Option<i64> {
        match self.parser.cell(&Field::from(text), &mut self.notes.column(1)) {
            Ok(tidegauge_core::Cell::Timestamp(micros)) => Some(micros),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_tried_on_values() {
        let now = "2024-01-01T00:00:00Z".parse().unwrap();
        let rule = Rule { decimal: Some(','), ..Rule::default() };
        let dtype = DataType::Decimal { precision: 18, scale: 2 };
        let mut probe = Probe::new(dtype, &rule, now).unwrap();
        assert!(probe.reads("12,50") && !probe.reads("12.505,1") && !probe.reads("x"));
        let mut probe = Probe::new(DataType::Timestamp, &Rule::default(), now).unwrap();
        assert_eq!(probe.time("2020-01-01T00:00:01Z"), Some(1_577_836_801_000_000));
        assert_eq!(probe.time("01.01.2020"), None);
        assert!(Probe::new(DataType::Bool, &rule, now).is_err());
    }
}
