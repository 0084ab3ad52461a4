//! Where the fields of a file or a query stand that a mapping asks for.

use tidegauge_core::Column;

use super::{KnownColumns, Mapped, Mapping, OnMissing, Origin, list, names, refused};
use crate::{Error, Result};

/// Where the fields of a row stand that fill the columns of the table, and those that conditions are about.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(super) slots: Vec<Slot>,
    /// Where the parts of joined columns stand, in the order of the table.
    pub(super) joined: Vec<Vec<usize>>,
    /// Where the fields stand that `where` is about, in its order.
    pub(super) filter: Vec<usize>,
    /// Where the field stands that says of a column's numbers that they are negative.
    pub(super) negate: Vec<Option<usize>>,
    /// The columns of the table that are null or have their default, as nothing of that name is there.
    missing: Vec<String>,
    /// Columns of the table with the parts of them that are not there, and are left out where they are joined.
    missing_parts: Vec<(String, String)>,
    /// Names that were asked for, with those that are alike and were taken for them.
    alike: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    Field(usize),
    /// The place among those that are joined.
    Joined(usize),
    Null,
    Constant,
}

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    /// The place of the field.
    pub(crate) field: usize,
    /// The place of the column of the table that it fills; none if a condition is about it.
    pub(crate) column: Option<usize>,
    /// Whether it is all of what fills the column, and not a part.
    pub(crate) is_whole: bool,
}

/// A column that a place lacks.
struct Lacking<'m> {
    column: &'m Column,
    /// The name that it is looked for by.
    name: &'m str,
    /// Whether it was there before.
    was_there: bool,
}

impl Plan {
    /// Returns the columns of the table that are null or have their default, as nothing of that name is there.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Returns the names that were asked for and not found, each with the one that differs in case, accents or blanks
    /// alone and was taken for it.
    pub fn alike(&self) -> &[(String, String)] {
        &self.alike
    }

    /// Returns the columns of the table that are joined without a part which is not there, each with that part.
    pub(crate) fn missing_parts(&self) -> &[(String, String)] {
        &self.missing_parts
    }

    /// Returns what each field is for that is for something.
    pub(crate) fn uses(&self) -> Vec<Use> {
        let mut uses = Vec::with_capacity(self.slots.len());
        for (column, slot) in self.slots.iter().enumerate() {
            let column = Some(column);
            match slot {
                Slot::Field(field) => uses.push(Use { field: *field, column, is_whole: true }),
                Slot::Joined(at) => uses.extend(self.joined[*at].iter().map(|field| Use {
                    field: *field,
                    column,
                    is_whole: false,
                })),
                Slot::Null | Slot::Constant => {}
            }
        }
        let conditions = self.filter.iter().chain(self.negate.iter().flatten());
        uses.extend(conditions.map(|field| Use { field: *field, column: None, is_whole: true }));
        uses
    }

    /// Returns the places of the fields that are for something, in order, each once.
    pub(crate) fn fields(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self.uses().iter().map(|used| used.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Returns the plan of rows that have only the fields that stood at `fields`, which are sorted.
    pub(crate) fn projected(mut self, fields: &[usize]) -> Self {
        let place = |field: &mut usize| *field = fields.partition_point(|other| *other < *field);
        for slot in &mut self.slots {
            if let Slot::Field(field) = slot {
                place(field);
            }
        }
        self.joined.iter_mut().flatten().for_each(place);
        self.filter.iter_mut().chain(self.negate.iter_mut().flatten()).for_each(place);
        self
    }
}

impl Mapping {
    /// Returns where the wanted columns stand among those that `place` has. Where none has the exact name, one that
    /// differs in case, in accents or in blanks around it is taken.
    ///
    /// # Errors
    /// When some are missing that are named, or that must not be null: all of those at once; when one is missing that a
    /// condition is about, one is there twice, or several are alike and none is exact.
    pub fn bind(&self, place: &str, have: &[&str]) -> Result<Plan> {
        self.bind_after(place, have, &KnownColumns::default())
    }

    /// Returns where the wanted columns stand among those that `place` has, where `before` are the
    /// columns of the table that were filled before.
    pub(crate) fn bind_after(
        &self,
        place: &str,
        have: &[&str],
        before: &KnownColumns,
    ) -> Result<Plan> {
        let (mut plan, mut lacking) = (Plan::default(), Vec::new());
        for (mapped, column) in self.columns.iter().zip(&self.table.columns) {
            match self.slot(mapped, column, place, have, before, &mut plan)? {
                Ok(slot) => plan.slots.push(slot),
                Err(lacks) => {
                    lacking.push(lacks);
                    plan.slots.push(Slot::Null);
                }
            }
            let negate = mapped.negate.as_ref().map(|test| {
                self.asked(
                    &test.column,
                    &format!("`negate` of `{}`", column.name),
                    place,
                    have,
                    &mut plan,
                )
            });
            plan.negate.push(negate.transpose()?);
        }
        if !lacking.is_empty() {
            return Err(self.lacks(place, have, &lacking));
        }
        for test in &self.filter {
            let at = self.asked(&test.column, "`where`", place, have, &mut plan)?;
            plan.filter.push(at);
        }
        Ok(plan)
    }

    /// Returns where the fields stand that fill a column, or what it lacks.
    fn slot<'m>(
        &self,
        mapped: &'m Mapped,
        column: &'m Column,
        place: &str,
        have: &[&str],
        before: &KnownColumns,
        plan: &mut Plan,
    ) -> Result<Result<Slot, Lacking<'m>>> {
        let wrong = |reason| Err(refused(place, &self.table, &column.name, reason));
        let (mut found, mut absent) = (Vec::with_capacity(1), Vec::new());
        for name in mapped.names() {
            match names::find(have, name) {
                Ok(Some(at)) => {
                    plan.found(name, have[at]);
                    found.push(at);
                }
                Ok(None) => absent.push(name),
                Err(reason) => return wrong(reason),
            }
        }
        // As in lines of JSON, a part that may be null is left out. One of a key is not: it would make another id.
        let leaves_out = self.on_missing == Some(OnMissing::Null) && column.nullable;
        if leaves_out && !found.is_empty() {
            let parts = absent.drain(..).map(|name| (column.name.to_string(), name.clone()));
            plan.missing_parts.extend(parts);
        }
        if let Some(lacks) = absent.into_iter().next() {
            let is_named = !matches!(mapped.from, Origin::SameName(_) | Origin::SameNameOr(..));
            let was_there = before.was_filled(&column.name);
            let may_lack = self.may_lack(column)
                && match self.on_missing {
                    Some(OnMissing::Null) => true,
                    Some(OnMissing::Error) => false,
                    None => !is_named && !was_there,
                };
            if may_lack {
                plan.missing.push(column.name.to_string());
                return Ok(Ok(Slot::Null));
            }
            return Ok(Err(Lacking { column, name: lacks, was_there }));
        }
        Ok(Ok(match (&mapped.from, &found[..]) {
            (Origin::Named(_) | Origin::SameName(_) | Origin::SameNameOr(..), [at]) => {
                Slot::Field(*at)
            }
            (Origin::Joined { .. }, _) => {
                plan.joined.push(found);
                Slot::Joined(plan.joined.len() - 1)
            }
            _ => Slot::Constant,
        }))
    }

    /// Returns the error of a place that lacks columns.
    fn lacks(&self, place: &str, have: &[&str], lacking: &[Lacking<'_>]) -> Error {
        let columns: Vec<&str> = lacking.iter().map(|lacks| lacks.column.name.as_ref()).collect();
        let named = |lacks: &Lacking<'_>| {
            let is_told = lacks.was_there && self.may_lack(lacks.column);
            let was = if is_told { ", which was there before" } else { "" };
            format!("`{}`{was}", lacks.name)
        };
        let names: Vec<_> = lacking.iter().map(named).collect();
        let them = if names.len() == 1 { "it" } else { "them" };
        let way = match lacking.iter().any(|lacks| self.may_lack(lacks.column)) {
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

    /// Returns where the column stands that a condition is about, which must be there.
    fn asked(
        &self,
        name: &str,
        setting: &str,
        place: &str,
        have: &[&str],
        plan: &mut Plan,
    ) -> Result<usize> {
        let wrong = |reason| Error::Condition { of: place.into(), setting: setting.into(), reason };
        let at = names::find(have, name).map_err(wrong)?.ok_or_else(|| {
            wrong(format!("there is no `{name}`; it has {}", list(have.iter().copied())))
        })?;
        plan.found(name, have[at]);
        Ok(at)
    }
}

impl Plan {
    fn found(&mut self, asked: &str, name: &str) {
        let is_new = || !self.alike.iter().any(|(other, _)| other == asked);
        if asked != name && is_new() {
            self.alike.push((asked.to_owned(), name.to_owned()));
        }
    }
}
