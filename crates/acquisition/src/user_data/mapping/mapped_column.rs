//! The mapping of one column of a table.

use tidegauge_core::tables::{self, RampTransaction};
use tidegauge_core::{Cell, Column, Table};

use super::column_parser::{self, ColumnParser};
use super::condition_test::ConditionTest;
use super::external::{self, Id, IdFormat};
use super::field::Field;
use super::notes::Notes;
use super::settings::Case;

/// The mapping of one column of the table.
#[derive(Debug, Clone)]
pub(super) struct MappedColumn {
    pub(super) parser: ColumnParser,
    /// The format of its ids, if it has ids.
    pub(super) id: Option<IdFormat>,
    pub(super) from: ColumnOrigin,
    /// The case that its text is converted to.
    pub(super) case: Option<Case>,
    /// The condition under which its numbers are negated.
    pub(super) negate: Option<ConditionTest>,
}

/// The index of a column that keeps original ids, and the original id.
pub(super) type OriginalId<'f> = (usize, &'f str);

#[derive(Debug, Clone)]
pub(super) enum ColumnOrigin {
    /// The foreign column that the user named.
    Named(String),
    /// The foreign column with the same name, if there is one.
    SameName(String),
    /// The foreign column with the same name, or else a default value.
    SameNameOr(String, Field<'static>),
    /// Foreign columns whose values are joined, and the separator.
    Joined {
        names: Vec<String>,
        between: String,
    },
    Constant(Field<'static>),
}

impl MappedColumn {
    /// Returns the foreign columns that fill the column.
    pub(super) fn names(&self) -> &[String] {
        match &self.from {
            ColumnOrigin::Named(name)
            | ColumnOrigin::SameName(name)
            | ColumnOrigin::SameNameOr(name, _) => std::slice::from_ref(name),
            ColumnOrigin::Joined { names, .. } => names,
            ColumnOrigin::Constant(_) => &[],
        }
    }

    pub(super) fn default(&self) -> Option<&Field<'static>> {
        if let ColumnOrigin::SameNameOr(_, value) = &self.from { Some(value) } else { None }
    }

    /// Returns the cell for `field` in the column with the index `at`; `cased` is the field in the
    /// configured case. For a text id it also returns the text, and the index of the column that
    /// keeps it.
    pub(super) fn cell<'f>(
        &'f self,
        field: &'f Field<'_>,
        cased: &'f Field<'_>,
        at: usize,
        notes: &mut Notes,
    ) -> Result<(Cell<'f>, Option<OriginalId<'f>>), String> {
        let Some(id) = self.id else {
            return Ok((self.parser.cell_in_case(field, cased, &mut notes.column(at))?, None));
        };
        if let Id::Text(number, text) = id.read(field, &mut notes.surrogates)? {
            return Ok((Cell::Int(number.into()), id.kept_in.map(|at| (at, text))));
        }
        let cell = self.parser.cell(field, &mut notes.column(at));
        let cell = cell.map_err(|reason| match reason == column_parser::EXCEEDS_64_BITS {
            true => external::too_large(),
            false => reason,
        })?;
        if let Cell::Int(number) = cell {
            external::check_natural_key(number)?;
        }
        Ok((cell, None))
    }
}

/// Returns `true` for the columns of a built-in table that keep original text ids.
pub(crate) fn is_external(table: &Table, column: &str) -> bool {
    let mut ids = table.columns.iter().filter_map(|id| tables::external(table, &id.name));
    ids.any(|external| external == column)
}

/// Returns the default of a column of a built-in table that user data may lack.
pub(super) fn default(table: &Table, column: &Column) -> Option<&'static str> {
    // Exports of payments only list successful ones.
    (table.name == RampTransaction::table().name && column.name == "status").then_some("completed")
}
