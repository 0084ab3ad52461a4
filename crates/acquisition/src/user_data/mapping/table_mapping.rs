//! The mapping of foreign columns to the columns of a table, checked against the table.

use chrono::{DateTime, Utc};
use tidegauge_core::{Column, DataType, TableRef};

use super::bound_mapping::{BoundMapping, Slot};
use super::column_parser::ColumnParser;
use super::columns::{Columns, Rule};
use super::condition::Condition;
use super::condition_test::ConditionTest;
use super::external::IdFormat;
use super::field::Field;
use super::mapped_column::{ColumnOrigin, MappedColumn, default, is_external};
use super::messages::{list, refused};
use super::names;
use super::notes::Notes;
use super::number::{self, NumberFormat};
use super::settings::OnMissing;
use crate::{Error, Result};

/// The mapping of foreign columns to the columns of a table, checked against the table.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(super) of: String,
    pub(super) table: TableRef,
    pub(super) columns: Vec<MappedColumn>,
    /// The conditions that rows must meet.
    pub(super) filter: Vec<ConditionTest>,
    pub(super) on_missing: Option<OnMissing>,
}

impl Mapping {
    /// Creates the mapping to `table` for the source called `of`.
    ///
    /// # Errors
    /// Returns an error if a column is not one of the table, or a rule does not fit its type.
    pub(crate) fn new(of: &str, table: &TableRef, columns: &Columns) -> Result<Self> {
        if let Some(unknown) = columns.keys().find(|name| table.column(name).is_err()) {
            let known = list(table.columns.iter().map(|column| column.name.as_ref()));
            return Err(refused(of, table, unknown, format!("it has no such column, but {known}")));
        }
        let mapped = |column: &Column| {
            let wrong = |reason: String| refused(of, table, &column.name, reason);
            let rule = columns.get(column.name.as_ref());
            let keeps_ids = is_external(table, &column.name);
            if let (true, Some(_)) = (keeps_ids, rule) {
                return Err(wrong(
                    "it keeps ids of text as they are, and is filled by itself".into(),
                ));
            }
            let parser = ColumnParser::new(table, column, rule.unwrap_or(&Rule::default()))
                .map_err(wrong)?;
            let id =
                IdFormat::new(table, column, rule.unwrap_or(&Rule::default())).map_err(wrong)?;
            let case = rule.and_then(|rule| rule.case);
            let mapped =
                |from| MappedColumn { parser: parser.clone(), id, from, case, negate: None };
            if keeps_ids {
                return Ok(mapped(ColumnOrigin::Constant(Field::Null)));
            }
            let from = match rule {
                Some(Rule { value: Some(value), .. }) => {
                    let value = value.field();
                    let constant = mapped(ColumnOrigin::Constant(value.clone()));
                    constant
                        .cell(&value, &value, 0, &mut Notes::new(DateTime::<Utc>::MAX_UTC))
                        .map_err(|reason| wrong(format!("its constant {reason}")))?;
                    return Ok(constant);
                }
                Some(Rule { column: Some(name), .. }) => ColumnOrigin::Named(name.clone()),
                Some(Rule { columns, join, .. }) if !columns.is_empty() => ColumnOrigin::Joined {
                    names: columns.clone(),
                    between: join.clone().unwrap_or_else(|| " ".into()),
                },
                Some(_) => ColumnOrigin::Named(column.name.to_string()),
                None => match default(table, column) {
                    Some(value) => ColumnOrigin::SameNameOr(column.name.to_string(), value.into()),
                    None => ColumnOrigin::SameName(column.name.to_string()),
                },
            };
            Ok(mapped(from))
        };
        let mapped = table.columns.iter().map(mapped).collect::<Result<_>>()?;
        let (of, filter) = (of.to_owned(), Vec::new());
        let mut new = Self { of, table: table.clone(), columns: mapped, filter, on_missing: None };
        for (at, column) in table.columns.iter().enumerate() {
            let rule = columns.get(column.name.as_ref());
            let Some(condition) = rule.and_then(|rule| rule.negate.as_ref()) else { continue };
            let test = condition.test(new.numbers(&condition.column)).map_err(|reason| {
                refused(&new.of, table, &column.name, format!("its `negate` is wrong: {reason}"))
            })?;
            new.columns[at].negate = Some(test);
        }
        Ok(new)
    }

    /// Sets the conditions that rows must meet. They are tested in this order; if one does not
    /// hold, neither the later ones are tested nor the row's columns read.
    ///
    /// # Errors
    /// Returns an error if a condition has no test, or several.
    pub(crate) fn filter(self, conditions: &[Condition]) -> Result<Self> {
        let test = |condition: &Condition| {
            let test = condition.test(self.numbers(&condition.column));
            test.map_err(|reason| Error::Condition {
                of: format!("`{}`", self.of),
                setting: "`where`".into(),
                reason: format!("the condition on `{}` is wrong: {reason}", condition.column),
            })
        };
        let filter = conditions.iter().map(test).collect::<Result<_>>()?;
        Ok(Self { filter, ..self })
    }

    /// Returns the format of the numbers of a foreign column: that of the table's column that it
    /// fills.
    fn numbers(&self, name: &str) -> &NumberFormat {
        let filled = self.columns.iter().zip(&self.table.columns).find(|(mapped, column)| {
            let is_number = matches!(
                column.dtype,
                DataType::Int64 | DataType::Float64 | DataType::Decimal { .. }
            );
            is_number && matches!(mapped.names(), [own] if names::find(&[own], name) == Ok(Some(0)))
        });
        filled.map_or(&number::PLAIN_NUMBERS, |(mapped, _)| mapped.parser.numbers())
    }

    /// Sets the policy for nullable columns of the table that are missing.
    #[must_use]
    pub(crate) fn on_missing(self, on_missing: Option<OnMissing>) -> Self {
        Self { on_missing, ..self }
    }

    /// Returns the table.
    pub(crate) fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the foreign columns that are needed, without repetition: first those that fill
    /// columns, in the order of the table, then those that conditions refer to.
    pub(crate) fn wanted(&self) -> Vec<&str> {
        let mut wanted = Vec::with_capacity(self.columns.len());
        let filling = self.columns.iter().flat_map(MappedColumn::names).map(String::as_str);
        for name in filling.chain(self.conditions().map(|(_, name)| name)) {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        wanted
    }

    /// Returns the foreign columns that conditions refer to, each after the setting that has the
    /// condition.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let negating = self.columns.iter().filter_map(|mapped| mapped.negate.as_ref());
        let negating = negating.map(|test| ("negate", test.column.as_str()));
        negating.chain(self.filter.iter().map(|test| ("where", test.column.as_str())))
    }

    /// Returns the foreign columns that fill a column of the table: none for a constant, several
    /// for a joined column.
    pub(crate) fn sources_of(&self, column: &str) -> &[String] {
        let at = self.table.columns.iter().position(|own| own.name == column);
        at.map_or(&[], |at| self.columns[at].names())
    }

    /// Returns the names of the table's columns that `bound` fills from foreign columns.
    pub(crate) fn filled<'m>(&'m self, bound: &'m BoundMapping) -> impl Iterator<Item = &'m str> {
        let columns = self.table.columns.iter().zip(&bound.slots);
        columns.filter_map(|(column, slot)| match slot {
            Slot::Field(_) | Slot::Joined(_) => Some(column.name.as_ref()),
            Slot::Null | Slot::Constant => None,
        })
    }

    /// Returns `true` if the column may be missing: it is null then, or has its default.
    pub(crate) fn may_lack(&self, column: &Column) -> bool {
        column.nullable || self.default_of(&column.name).is_some()
    }

    /// Returns the default value of a column of the table, if it has one.
    pub(super) fn default_of(&self, column: &str) -> Option<&Field<'static>> {
        let at = self.table.columns.iter().position(|own| own.name == column)?;
        self.columns[at].default()
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::Cell;
    use tidegauge_core::tables::MarketingSpend;

    use super::*;

    #[test]
    fn a_row_of_a_file_becomes_the_cells_of_a_table() {
        let columns: Columns = serde_json::from_value(serde_json::json!({
            "day": { "column": "Datum", "format": "%d.%m.%Y" },
            "channel": { "value": "affiliates" },
            "spend": { "column": "Betrag", "decimal": ",", "thousands": "." },
        }))
        .unwrap();
        let mapping = Mapping::new("our_spend", MarketingSpend::table(), &columns).unwrap();
        let names = ["Datum", "campaign", "currency", "Betrag"];
        let bound = mapping.bind("spend.csv", &names).unwrap();
        let fields = ["24.12.2020", "xmas", "EUR", "1.234,50"].map(Field::from).to_vec();
        let mut notes = Notes::new("2021-01-01T00:00:00Z".parse().unwrap());
        let row = mapping.row(&bound, fields, &mut notes).unwrap().expect("no row is left out");
        let cells = mapping.cells(&bound, &row, &mut notes).unwrap();
        assert_eq!(cells[1], Cell::Text("affiliates"));
        assert_eq!(cells[4], Cell::Decimal(123_450));
    }
}
