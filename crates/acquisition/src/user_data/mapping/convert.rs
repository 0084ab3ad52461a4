//! The conversion of rows: from the fields of a file or a query to the cells of a table.

use tidegauge_core::Cell;

use super::bound_mapping::{BoundMapping, Slot};
use super::column_parser;
use super::field::Field;
use super::mapped_column::{ColumnOrigin, MappedColumn};
use super::notes::Notes;
use super::row::{FieldRow, RowError};
use super::settings::OnMissing;
use super::table_mapping::Mapping;
use crate::text::cut;

impl Mapping {
    /// Returns the row of `fields`, or `None` if `where` excludes it, which is counted in `notes`.
    ///
    /// # Errors
    /// Returns an error if a condition compares numbers, and a value is not a number.
    pub(crate) fn row<'f>(
        &self,
        bound: &BoundMapping,
        fields: Vec<Field<'f>>,
        notes: &mut Notes,
    ) -> Result<Option<FieldRow<'f>>, RowError> {
        for (at, (test, place)) in self.filter.iter().zip(&bound.filter).enumerate() {
            let field = fields.get(*place).unwrap_or(&Field::Missing);
            let row_error = |reason| row_error(&test.column, field, reason);
            if !test.holds(field).map_err(row_error)? {
                notes.left_out(at, &test.column, &field.shown());
                return Ok(None);
            }
        }
        let mut joined = Vec::with_capacity(bound.joined.len());
        if !bound.joined.is_empty() {
            for (mapped, slot) in self.columns.iter().zip(&bound.slots) {
                if let (ColumnOrigin::Joined { between, .. }, Slot::Joined(at)) =
                    (&mapped.from, slot)
                {
                    let parts = bound.joined[*at].iter().filter_map(|at| fields.get(*at));
                    joined.push(join(parts, between));
                }
            }
        }
        let mut row = FieldRow { fields, joined, cased: Vec::new() };
        if self.columns.iter().any(|mapped| mapped.case.is_some()) {
            let in_case = |(mapped, slot): (&MappedColumn, &Slot)| match row.of(*slot, &mapped.from)
            {
                Field::Text(text) => mapped.case.map(|case| Field::Text(case.of(text).into())),
                _ => None,
            };
            row.cased = self.columns.iter().zip(&bound.slots).map(in_case).collect();
        }
        Ok(Some(row))
    }

    /// Returns the cells of a row, in the order of the table.
    ///
    /// # Errors
    /// Returns an error for the first column that its field does not fit.
    pub(crate) fn cells<'a>(
        &'a self,
        bound: &BoundMapping,
        row: &'a FieldRow<'_>,
        notes: &mut Notes,
    ) -> Result<Vec<Cell<'a>>, RowError> {
        let columns = self.columns.iter().zip(&bound.slots).zip(&self.table.columns);
        let mut cells = Vec::with_capacity(self.columns.len());
        let mut kept = Vec::new();
        for (at, ((mapped, slot), column)) in columns.enumerate() {
            let field = row.of(*slot, &mapped.from);
            let cased = row.cased.get(at).and_then(Option::as_ref).unwrap_or(field);
            let cell = match (field, mapped.default()) {
                (Field::Missing, _) if self.on_missing == Some(OnMissing::Error) => {
                    Err("is missing, and `on_missing` is \"error\"".into())
                }
                (Field::Missing, Some(value)) => mapped.cell(value, value, at, notes),
                (field, _) => mapped.cell(field, cased, at, notes),
            };
            let cell = match &mapped.negate {
                None => cell,
                // A missing value has no sign, and the condition may refer to this very number.
                Some(_) if matches!(cell, Ok((Cell::Null, _))) => cell,
                Some(test) => cell.and_then(|(cell, original)| {
                    let place = bound.negate.get(at).copied().flatten();
                    let asked = place.and_then(|place| row.fields.get(place));
                    let holds = test.holds(asked.unwrap_or(&Field::Missing)).map_err(|reason| {
                        format!("may be to `negate`, but `{}` {reason}", test.column)
                    })?;
                    let cell = if holds { column_parser::negate(cell)? } else { cell };
                    Ok((cell, original))
                }),
            };
            let (cell, original) = cell.map_err(|reason| row_error(&column.name, field, reason))?;
            cells.push(cell);
            kept.extend(original);
        }
        for (at, text) in kept {
            cells[at] = Cell::Text(text);
        }
        Ok(cells)
    }
}

fn row_error(column: &str, field: &Field<'_>, reason: String) -> RowError {
    RowError { column: column.into(), value: cut(&field.shown(), 80), reason }
}

/// Joins values, without empty ones. If one of them is not UTF-8, the result is its bytes.
fn join<'r, 'f: 'r>(parts: impl Iterator<Item = &'r Field<'f>>, between: &str) -> Field<'static> {
    let (mut text, mut is_missing) = (String::new(), true);
    for part in parts {
        if let Field::Bytes(bytes) = part {
            return Field::Bytes(bytes.to_vec().into());
        }
        is_missing &= *part == Field::Missing;
        let shown = part.trimmed();
        if !text.is_empty() && !shown.is_empty() {
            text.push_str(between);
        }
        text.push_str(&shown);
    }
    match (text.is_empty(), is_missing) {
        (true, true) => Field::Missing,
        (true, false) => Field::Blank,
        (false, _) => Field::Text(text.into()),
    }
}
