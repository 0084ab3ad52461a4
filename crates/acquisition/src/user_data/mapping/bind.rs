//! The binding of a mapping to the columns of a file or a query.

use tidegauge_core::Column;

use super::bound_mapping::{BoundMapping, Slot};
use super::known_columns::KnownColumns;
use super::mapped_column::{ColumnOrigin, MappedColumn};
use super::messages::{list, refused};
use super::names;
use super::notes::Notes;
use super::settings::OnMissing;
use super::table_mapping::Mapping;
use crate::{Error, Result};

/// A column that a file or a query lacks.
struct MissingColumn<'m> {
    column: &'m Column,
    /// The foreign name that was not found.
    name: &'m str,
    /// Whether the column was filled before.
    was_there: bool,
}

impl Mapping {
    /// Returns a plan with the indexes of the needed columns in `have`, the columns of `place`. If
    /// none has the exact name, one that differs only in case, accents or surrounding blanks is
    /// used.
    ///
    /// # Errors
    /// Returns an error, which lists all such columns, if columns are missing that are named in a
    /// rule, or that must not be null; or if a column is missing that a condition refers to, a name
    /// occurs twice, or several are similar and none is exact.
    pub(crate) fn bind(&self, place: &str, have: &[&str]) -> Result<BoundMapping> {
        self.bind_after(place, have, &KnownColumns::default())
    }

    /// Returns the same as [`bind`](Self::bind), where `before` are the columns of the table that
    /// were filled before.
    pub(crate) fn bind_after(
        &self,
        place: &str,
        have: &[&str],
        before: &KnownColumns,
    ) -> Result<BoundMapping> {
        let (mut bound, mut lacking) = (BoundMapping::default(), Vec::new());
        for (mapped, column) in self.columns.iter().zip(&self.table.columns) {
            match self.slot(mapped, column, place, have, before, &mut bound)? {
                Ok(slot) => bound.slots.push(slot),
                Err(missing) => {
                    lacking.push(missing);
                    bound.slots.push(Slot::Null);
                }
            }
            let negate = mapped.negate.as_ref().map(|test| {
                self.condition_field(
                    &test.column,
                    &format!("`negate` of `{}`", column.name),
                    place,
                    have,
                    &mut bound,
                )
            });
            bound.negate.push(negate.transpose()?);
        }
        if !lacking.is_empty() {
            return Err(self.missing_error(place, have, &lacking));
        }
        for test in &self.filter {
            let at = self.condition_field(&test.column, "`where`", place, have, &mut bound)?;
            bound.filter.push(at);
        }
        Ok(bound)
    }

    /// Returns the source of a column of the table, or the foreign column that it lacks.
    fn slot<'m>(
        &self,
        mapped: &'m MappedColumn,
        column: &'m Column,
        place: &str,
        have: &[&str],
        before: &KnownColumns,
        bound: &mut BoundMapping,
    ) -> Result<Result<Slot, MissingColumn<'m>>> {
        let wrong = |reason| Err(refused(place, &self.table, &column.name, reason));
        let (mut found, mut absent) = (Vec::with_capacity(1), Vec::new());
        for name in mapped.names() {
            match names::find(have, name) {
                Ok(Some(at)) => {
                    bound.found(name, have[at]);
                    found.push(at);
                }
                Ok(None) => absent.push(name),
                Err(reason) => return wrong(reason),
            }
        }
        // As in JSON lines, a part of a nullable column is left out. A part of a key is not: it
        // would make another id.
        let leaves_out = self.on_missing == Some(OnMissing::Null) && column.nullable;
        if leaves_out && !found.is_empty() {
            let parts = absent.drain(..).map(|name| (column.name.to_string(), name.clone()));
            bound.missing_parts.extend(parts);
        }
        if let Some(missing) = absent.into_iter().next() {
            let is_named =
                !matches!(mapped.from, ColumnOrigin::SameName(_) | ColumnOrigin::SameNameOr(..));
            let was_there = before.was_filled(&column.name);
            let may_lack = self.may_lack(column)
                && match self.on_missing {
                    Some(OnMissing::Null) => true,
                    Some(OnMissing::Error) => false,
                    None => !is_named && !was_there,
                };
            if may_lack {
                bound.missing.push(column.name.to_string());
                return Ok(Ok(Slot::Null));
            }
            return Ok(Err(MissingColumn { column, name: missing, was_there }));
        }
        Ok(Ok(match (&mapped.from, &found[..]) {
            (
                ColumnOrigin::Named(_) | ColumnOrigin::SameName(_) | ColumnOrigin::SameNameOr(..),
                [at],
            ) => Slot::Field(*at),
            (ColumnOrigin::Joined { .. }, _) => {
                bound.joined.push(found);
                Slot::Joined(bound.joined.len() - 1)
            }
            _ => Slot::Constant,
        }))
    }

    /// Returns the error of a file or a query that lacks columns.
    fn missing_error(&self, place: &str, have: &[&str], lacking: &[MissingColumn<'_>]) -> Error {
        let columns: Vec<&str> =
            lacking.iter().map(|missing| missing.column.name.as_ref()).collect();
        let named = |missing: &MissingColumn<'_>| {
            let is_told = missing.was_there && self.may_lack(missing.column);
            let was = if is_told { ", which was there before" } else { "" };
            format!("`{}`{was}", missing.name)
        };
        let names: Vec<_> = lacking.iter().map(named).collect();
        let them = if names.len() == 1 { "it" } else { "them" };
        let way = match lacking.iter().any(|missing| self.may_lack(missing.column)) {
            true => ", or set `on_missing = \"null\"`",
            false => "",
        };
        let reason = format!(
            "there is no {}; it has {}; map {them} in the columns of `{}`{way}",
            names.join(", no "),
            list(have.iter().copied()),
            self.of
        );
        refused(place, &self.table, &columns.join("`, `"), reason)
    }

    /// Returns the index of the column that a condition refers to, or an error if it is missing.
    fn condition_field(
        &self,
        name: &str,
        setting: &str,
        place: &str,
        have: &[&str],
        bound: &mut BoundMapping,
    ) -> Result<usize> {
        let wrong = |reason| Error::Condition { of: place.into(), setting: setting.into(), reason };
        let at = names::find(have, name).map_err(wrong)?.ok_or_else(|| {
            wrong(format!("there is no `{name}`; it has {}", list(have.iter().copied())))
        })?;
        bound.found(name, have[at]);
        Ok(at)
    }
}

impl KnownColumns {
    /// Records the columns that a plan fills. Those that it does not fill are noted: once, or every
    /// time if they were filled before.
    pub(crate) fn learn(&mut self, mapping: &Mapping, bound: &BoundMapping, notes: &mut Notes) {
        for (asked, name) in bound.alike() {
            notes.alike(asked, name);
        }
        for (column, part) in bound.missing_parts() {
            notes.missing_part(column, part);
        }
        self.fill(mapping.filled(bound));
        for column in bound.missing() {
            self.record_missing(column, notes);
        }
    }
}
