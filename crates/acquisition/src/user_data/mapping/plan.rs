//! Plans: a mapping bound to the columns of a file or a query.

use tidegauge_core::Column;

use super::{KnownColumns, Mapped, Mapping, OnMissing, Origin, list, names, refused};
use crate::{Error, Result};

/// The indexes of the fields of a row that fill the columns of the table, and of those that
/// conditions refer to.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(super) slots: Vec<Slot>,
    /// The indexes of the parts of joined columns, in the order of the table.
    pub(super) joined: Vec<Vec<usize>>,
    /// The indexes of the fields that the conditions of `where` refer to, in their order.
    pub(super) filter: Vec<usize>,
    /// For each column of the table, the index of the field that its `negate` refers to.
    pub(super) negate: Vec<Option<usize>>,
    /// The columns of the table that are null or have their default, since no foreign column has
    /// that name.
    missing: Vec<String>,
    /// Joined columns of the table, and their parts that are missing and left out.
    missing_parts: Vec<(String, String)>,
    /// Names that were requested, and the similar ones that are used instead.
    alike: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    Field(usize),
    /// The index of a joined field.
    Joined(usize),
    Null,
    Constant,
}

/// A use of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use {
    /// The index of the field.
    pub(crate) field: usize,
    /// The index of the table's column that the field fills; `None` if a condition refers to it.
    pub(crate) column: Option<usize>,
    /// Whether the field fills the column on its own, rather than as a part.
    pub(crate) is_whole: bool,
}

/// A column that a file or a query lacks.
struct Lacking<'m> {
    column: &'m Column,
    /// The foreign name that was not found.
    name: &'m str,
    /// Whether the column was filled before.
    was_there: bool,
}

impl Plan {
    /// Returns the columns of the table that are null or have their default, since no foreign
    /// column has that name.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Returns the names that were requested and not found, each with the one that differs only in
    /// case, accents or surrounding blanks and is used instead.
    pub fn alike(&self) -> &[(String, String)] {
        &self.alike
    }

    /// Returns the joined columns of the table that lack a part, each with that part.
    pub(crate) fn missing_parts(&self) -> &[(String, String)] {
        &self.missing_parts
    }

    /// Returns the uses of all fields.
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

    /// Returns the projection: the sorted indexes of all fields that are used, without repetition.
    pub(crate) fn fields(&self) -> Vec<usize> {
        let mut fields: Vec<usize> = self.uses().iter().map(|used| used.field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Returns the plan for rows that only have the fields with the indexes `fields`, which are
    /// sorted.
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
    /// Returns a plan with the indexes of the needed columns in `have`, the columns of `place`. If
    /// none has the exact name, one that differs only in case, accents or surrounding blanks is
    /// used.
    ///
    /// # Errors
    /// Returns an error, which lists all such columns, if columns are missing that are named in a
    /// rule, or that must not be null; or if a column is missing that a condition refers to, a name
    /// occurs twice, or several are similar and none is exact.
    pub fn bind(&self, place: &str, have: &[&str]) -> Result<Plan> {
        self.bind_after(place, have, &KnownColumns::default())
    }

    /// Returns the same as [`bind`](Self::bind), where `before` are the columns of the table that
    /// were filled before.
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

    /// Returns the source of a column of the table, or the foreign column that it lacks.
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
        // As in JSON lines, a part of a nullable column is left out. A part of a key is not: it
        // would make another id.
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

    /// Returns the error of a file or a query that lacks columns.
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

    /// Returns the index of the column that a condition refers to, or an error if it is missing.
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
