//! How foreign columns become the columns of a table: what files and databases share.
//!
//! A user declares tables of their own ([`TableConfig`]), and says which foreign column fills which
//! column of a table ([`Columns`]). A [`Mapping`] is both, checked against each other; a [`Plan`] is
//! a mapping that has seen the names that a file or a query really has. From then on every value is
//! read by the type of its column, and a row that does not fit is a [`Misfit`].

mod columns;
mod declare;
mod epoch;
mod external;
mod field;
mod known;
mod notes;
mod number;
mod rows;
mod time;
mod zone;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::{self, RampTransaction};
use tidegauge_core::{Cell, Column, Table, TableRef};

pub use columns::{Columns, Constant, Empty, Formats, OnMissing, Part, Rule};
pub use declare::{ColumnConfig, TableConfig, TypeConfig, WriteConfig, declare, resolve};
pub use external::IdKind;
pub use field::Field;
pub use notes::Notes;

pub(crate) use known::KnownColumns;
pub(crate) use notes::Told;
pub(crate) use rows::{Rows, tables};

use crate::error::cut;
use crate::{Error, Result};
use external::{Id, IdFormat};
use field::Reading;

/// Which foreign column fills which column of a table, checked against the table.
///
/// ```
/// use tidegauge_acquisition::mapping::{Columns, Field, Mapping, Notes};
/// use tidegauge_core::{Cell, tables::MarketingSpend};
///
/// let columns: Columns = serde_json::from_value(serde_json::json!({
///     "day": { "column": "Datum", "format": "%d.%m.%Y" },
///     "channel": { "value": "affiliates" },
///     "spend": { "column": "Betrag", "decimal": ",", "thousands": "." },
/// }))?;
/// let mapping = Mapping::new("our_spend", MarketingSpend::table(), &columns)?;
/// let plan = mapping.bind("spend.csv", &["Datum", "campaign", "currency", "Betrag"])?;
/// let row = ["24.12.2020", "xmas", "EUR", "1.234,50"].map(Field::from);
/// let mut notes = Notes::new("2021-01-01T00:00:00Z".parse()?);
/// let cells = mapping.cells(&plan, &row, &mut notes).unwrap();
/// assert_eq!(cells[1], Cell::Text("affiliates"));
/// assert_eq!(cells[4], Cell::Decimal(123_450));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mapping {
    of: String,
    table: TableRef,
    columns: Vec<Mapped>,
    on_missing: Option<OnMissing>,
}

/// How one column of the table is filled.
#[derive(Debug, Clone)]
struct Mapped {
    reading: Reading,
    /// How it reads ids, if it has any.
    id: Option<IdFormat>,
    from: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    /// The foreign column that the user named.
    Named(String),
    /// The foreign column of the same name, if there is one.
    SameName(String),
    /// The same, or else a value that follows where nothing is said.
    SameNameOr(String, Field<'static>),
    Constant(Field<'static>),
}

/// Where the fields of a row stand that fill the columns of the table.
#[derive(Debug, Clone)]
pub struct Plan {
    slots: Vec<Slot>,
    /// The columns of the table that are null or have their default, as nothing of that name is there.
    missing: Vec<String>,
}

impl Plan {
    /// Returns the columns of the table that are null or have their default, as nothing of that name is there.
    pub fn missing(&self) -> &[String] {
        &self.missing
    }
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    Field(usize),
    Null,
    Constant,
}

/// Why a row does not fit its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The column of the table; `*` for the whole row.
    pub column: String,
    /// The value, cut to 80 characters.
    pub value: String,
    /// What is wrong with it, as in "is not a whole number".
    pub reason: String,
}

impl Misfit {
    /// A row that cannot be taken apart.
    pub(crate) fn whole(row: &str, reason: impl Into<String>) -> Self {
        Self { column: "*".into(), value: cut(row, 80), reason: reason.into() }
    }
}

impl Mapping {
    /// The mapping that the source called `of` fills `table` by.
    ///
    /// # Errors
    /// When a column is not the table's, or a rule does not fit its type.
    pub fn new(of: &str, table: &TableRef, columns: &Columns) -> Result<Self> {
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
            let reading =
                Reading::new(table, column, rule.unwrap_or(&Rule::default())).map_err(wrong)?;
            let id =
                IdFormat::new(table, column, rule.unwrap_or(&Rule::default())).map_err(wrong)?;
            let mapped = |from| Mapped { reading, id, from };
            if keeps_ids {
                return Ok(mapped(Origin::Constant(Field::Null)));
            }
            let from = match rule {
                Some(Rule { value: Some(value), .. }) => {
                    let value = value.field();
                    let constant = mapped(Origin::Constant(value.clone()));
                    constant
                        .cell(&value, 0, &mut Notes::new(DateTime::<Utc>::MAX_UTC))
                        .map_err(|reason| wrong(format!("its constant {reason}")))?;
                    return Ok(constant);
                }
                Some(Rule { column: Some(name), .. }) => Origin::Named(name.clone()),
                Some(_) => Origin::Named(column.name.to_string()),
                None => match default(table, column) {
                    Some(value) => Origin::SameNameOr(column.name.to_string(), value.into()),
                    None => Origin::SameName(column.name.to_string()),
                },
            };
            Ok(mapped(from))
        };
        let columns = table.columns.iter().map(mapped).collect::<Result<_>>()?;
        Ok(Self { of: of.into(), table: table.clone(), columns, on_missing: None })
    }

    /// Sets what becomes of a column that is not there and may be null.
    #[must_use]
    pub fn on_missing(self, on_missing: Option<OnMissing>) -> Self {
        Self { on_missing, ..self }
    }

    /// The table.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// The foreign columns that are asked for, each once, in the order of the table.
    pub fn wanted(&self) -> Vec<&str> {
        let mut wanted = Vec::with_capacity(self.columns.len());
        for name in self.columns.iter().filter_map(Mapped::name) {
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        wanted
    }

    /// The foreign column that fills a column of the table, if one does.
    pub fn source_of(&self, column: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|it| it.name == column)?;
        self.columns[at].name()
    }

    /// Returns the columns of the table that a plan fills from `place`, by their names.
    pub(crate) fn filled<'m>(&'m self, plan: &'m Plan) -> impl Iterator<Item = &'m str> {
        let columns = self.table.columns.iter().zip(&plan.slots);
        columns.filter_map(|(column, slot)| match slot {
            Slot::Field(_) => Some(column.name.as_ref()),
            Slot::Null | Slot::Constant => None,
        })
    }

    /// Returns `true` if a row may be without this column: it is null then, or has its default.
    pub(crate) fn may_lack(&self, column: &Column) -> bool {
        column.nullable || self.default_of(&column.name).is_some()
    }

    /// Returns what a column of the table has where nothing is said.
    pub(super) fn default_of(&self, column: &str) -> Option<&Field<'static>> {
        let at = self.table.columns.iter().position(|it| it.name == column)?;
        self.columns[at].default()
    }

    /// Returns where the wanted columns stand among those that `place` has.
    ///
    /// # Errors
    /// When one is there twice, or some are missing that are named, or that must not be null: all of those at once.
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
        let mut slots = Vec::with_capacity(self.columns.len());
        let (mut missing, mut lacking) = (Vec::new(), Vec::new());
        for (mapped, column) in self.columns.iter().zip(&self.table.columns) {
            let Some(name) = mapped.name() else {
                slots.push(Slot::Constant);
                continue;
            };
            let mut found = have.iter().enumerate().filter(|(_, it)| **it == name);
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => {
                    let reason = format!("`{name}` is there twice");
                    return Err(refused(place, &self.table, &column.name, reason));
                }
                (Some((at, _)), None) => {
                    slots.push(Slot::Field(at));
                    continue;
                }
                (None, _) => slots.push(Slot::Null),
            }
            let is_named = matches!(mapped.from, Origin::Named(_));
            let was_there = before.was_filled(&column.name);
            let may_lack = self.may_lack(column)
                && match self.on_missing {
                    Some(OnMissing::Null) => true,
                    Some(OnMissing::Error) => false,
                    None => !is_named && !was_there,
                };
            match may_lack {
                true => missing.push(column.name.to_string()),
                false => lacking.push((column, name, was_there)),
            }
        }
        match lacking.is_empty() {
            true => Ok(Plan { slots, missing }),
            false => Err(self.lacks(place, have, &lacking)),
        }
    }

    /// Returns the error of a place that lacks columns: each with the name that it is looked for by, and whether that
    /// was there before.
    fn lacks(&self, place: &str, have: &[&str], lacking: &[(&Column, &str, bool)]) -> Error {
        let columns: Vec<&str> = lacking.iter().map(|(column, ..)| column.name.as_ref()).collect();
        let named = |(column, name, was_there): &(&Column, &str, bool)| {
            let was =
                if *was_there && self.may_lack(column) { ", which was there before" } else { "" };
            format!("`{name}`{was}")
        };
        let names: Vec<_> = lacking.iter().map(named).collect();
        let them = if names.len() == 1 { "it" } else { "them" };
        let way = match lacking.iter().any(|(column, ..)| self.may_lack(column)) {
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

    /// The cells of a row, in the order of the table.
    ///
    /// # Errors
    /// The first column that a field does not fit.
    pub fn cells<'a>(
        &'a self,
        plan: &Plan,
        row: &'a [Field<'_>],
        notes: &mut Notes,
    ) -> Result<Vec<Cell<'a>>, Misfit> {
        let columns = self.columns.iter().zip(&plan.slots).zip(&self.table.columns);
        let mut cells = Vec::with_capacity(self.columns.len());
        let mut kept = Vec::new();
        for (at, ((mapped, slot), column)) in columns.enumerate() {
            let field = match (slot, &mapped.from) {
                (Slot::Field(at), _) => row.get(*at).unwrap_or(&Field::Missing),
                (Slot::Constant, Origin::Constant(value)) => value,
                (Slot::Null, Origin::SameNameOr(_, value)) => value,
                (Slot::Constant | Slot::Null, _) => &Field::Null,
            };
            let cell = match (field, mapped.default()) {
                (Field::Missing, _) if self.on_missing == Some(OnMissing::Error) => {
                    Err("is missing, and `on_missing` is \"error\"".into())
                }
                (Field::Missing, Some(value)) => mapped.cell(value, at, notes),
                (field, _) => mapped.cell(field, at, notes),
            };
            let (cell, original) = cell.map_err(|reason| Misfit {
                column: column.name.to_string(),
                value: cut(&field.shown(), 80),
                reason,
            })?;
            cells.push(cell);
            kept.extend(original);
        }
        for (at, text) in kept {
            cells[at] = Cell::Text(text);
        }
        Ok(cells)
    }
}

impl Mapped {
    fn name(&self) -> Option<&str> {
        match &self.from {
            Origin::Named(name) | Origin::SameName(name) | Origin::SameNameOr(name, _) => {
                Some(name)
            }
            Origin::Constant(_) => None,
        }
    }

    fn default(&self) -> Option<&Field<'static>> {
        if let Origin::SameNameOr(_, value) = &self.from { Some(value) } else { None }
    }

    /// Returns the cell that `field` is, in the column at `at`; of an id of text also the text, and the place of the column
    /// that keeps it.
    fn cell<'f>(
        &self,
        field: &'f Field<'_>,
        at: usize,
        notes: &mut Notes,
    ) -> Result<(Cell<'f>, Option<(usize, &'f str)>), String> {
        let Some(id) = self.id else {
            return Ok((self.reading.cell(field, &mut notes.column(at))?, None));
        };
        if let Id::Text(number, text) = id.read(field, &mut notes.surrogates)? {
            return Ok((Cell::Int(number.into()), id.kept_in.map(|at| (at, text))));
        }
        let cell = self.reading.cell(field, &mut notes.column(at))?;
        if let Cell::Int(number) = cell {
            external::natural(number)?;
        }
        Ok((cell, None))
    }
}

/// Returns `true` for the columns of a built-in table that keep ids of text as they are.
fn is_external(table: &Table, column: &str) -> bool {
    let mut ids = table.columns.iter().filter_map(|id| tables::external(table, &id.name));
    ids.any(|external| external == column)
}

/// Returns what a column of a built-in table has where a user's own data do not say.
fn default(table: &Table, column: &Column) -> Option<&'static str> {
    // Exports of payments leave out those that came to nothing.
    (table.name == RampTransaction::table().name && column.name == "status").then_some("completed")
}

fn refused(of: &str, table: &Table, column: &str, reason: impl Into<String>) -> Error {
    Error::Mapping {
        of: of.into(),
        table: table.name.to_string(),
        column: column.into(),
        reason: reason.into(),
    }
}

/// Names for a message; of very many the first.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 40;
    let names: Vec<_> = names.map(|name| cut(name, 60)).collect();
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    match (names.is_empty(), more) {
        (true, _) => "none".into(),
        (_, 0) => shown,
        _ => format!("{shown} and {more} more"),
    }
}
