//! The mapping of foreign columns, those of files and databases, to the columns of a table.
//!
//! A user declares tables ([`TableConfig`]), and configures which foreign column fills which column
//! of a table ([`Columns`]), and which rows are taken ([`Condition`]). A [`Mapping`] combines and
//! checks these; a [`Plan`] binds a mapping to the column names of a file or a query. Every value
//! is then converted to the type of its column, and a row that does not fit is a [`RowError`].

mod columns;
mod condition;
mod epoch;
mod external;
mod field;
mod known;
pub(crate) mod names;
mod notes;
mod number;
mod plan;
#[cfg(feature = "files")]
mod probe;
mod rows;
mod rule_checks;
mod signs;
mod symbol;
mod table_config;
mod time;
mod value;
mod values;
mod zone;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::{self, RampTransaction};
use tidegauge_core::{Cell, Column, DataType, Table, TableRef};

pub use columns::{Case, Columns, Constant, Empty, Formats, OnMissing, Part, Rule};
pub use condition::Condition;
pub use external::IdKind;
pub use notes::Notes;
pub use plan::Plan;
pub use table_config::{ColumnConfig, TableConfig, TypeConfig, WriteConfig, declare, resolve};
pub use value::Field;
pub use values::Otherwise;

#[cfg(feature = "files")]
pub(crate) use columns::one_or_many;
pub(crate) use known::KnownColumns;
#[cfg(feature = "database")]
pub(crate) use notes::QUERY;
pub(crate) use notes::Told;
#[cfg(feature = "files")]
pub(crate) use probe::Probe;
pub(crate) use rows::{Rows, tables};

use crate::error::cut;
use crate::{Error, Result};
use condition::Test;
use external::{Id, IdFormat};
use field::Reading;
use number::NumberFormat;
use plan::Slot;

/// The mapping of foreign columns to the columns of a table, checked against the table.
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
/// let fields = ["24.12.2020", "xmas", "EUR", "1.234,50"].map(Field::from).to_vec();
/// let mut notes = Notes::new("2021-01-01T00:00:00Z".parse()?);
/// let row = mapping.row(&plan, fields, &mut notes).unwrap().expect("no row is left out");
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
    /// The conditions that rows must meet.
    filter: Vec<Test>,
    on_missing: Option<OnMissing>,
}

/// The mapping of one column of the table.
#[derive(Debug, Clone)]
struct Mapped {
    reading: Reading,
    /// The format of its ids, if it has ids.
    id: Option<IdFormat>,
    from: Origin,
    /// The case that its text is converted to.
    case: Option<Case>,
    /// The condition under which its numbers are negated.
    negate: Option<Test>,
}

/// The index of a column that keeps original ids, and the original id.
type Kept<'f> = (usize, &'f str);

#[derive(Debug, Clone)]
enum Origin {
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

/// The fields of a row that is taken, with the fields that are derived from them.
#[derive(Debug, Clone)]
pub struct FieldRow<'f> {
    fields: Vec<Field<'f>>,
    joined: Vec<Field<'static>>,
    /// The fields of the columns that convert the case, converted; empty if no column does.
    cased: Vec<Option<Field<'static>>>,
}

impl<'f> FieldRow<'f> {
    /// Returns the field that fills a column.
    fn of<'r>(&'r self, slot: Slot, from: &'r Origin) -> &'r Field<'f> {
        match (slot, from) {
            (Slot::Field(at), _) => self.fields.get(at).unwrap_or(&Field::Missing),
            (Slot::Joined(at), _) => self.joined.get(at).unwrap_or(&Field::Missing),
            (Slot::Constant, Origin::Constant(value)) => value,
            (Slot::Null, Origin::SameNameOr(_, value)) => value,
            (Slot::Constant | Slot::Null, _) => &Field::Null,
        }
    }
}

/// The reason why a row does not fit its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The column of the table; `*` for the whole row.
    pub column: String,
    /// The value, truncated to 80 characters.
    pub value: String,
    /// The reason, as in "is not a whole number".
    pub reason: String,
}

impl RowError {
    /// Returns the error of a row that cannot be parsed.
    pub(crate) fn whole(row: &str, reason: impl Into<String>) -> Self {
        Self { column: "*".into(), value: cut(row, 80), reason: reason.into() }
    }
}

impl Mapping {
    /// Creates the mapping to `table` for the source called `of`.
    ///
    /// # Errors
    /// Returns an error if a column is not one of the table, or a rule does not fit its type.
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
            let case = rule.and_then(|rule| rule.case);
            let mapped = |from| Mapped { reading: reading.clone(), id, from, case, negate: None };
            if keeps_ids {
                return Ok(mapped(Origin::Constant(Field::Null)));
            }
            let from = match rule {
                Some(Rule { value: Some(value), .. }) => {
                    let value = value.field();
                    let constant = mapped(Origin::Constant(value.clone()));
                    constant
                        .cell(&value, &value, 0, &mut Notes::new(DateTime::<Utc>::MAX_UTC))
                        .map_err(|reason| wrong(format!("its constant {reason}")))?;
                    return Ok(constant);
                }
                Some(Rule { column: Some(name), .. }) => Origin::Named(name.clone()),
                Some(Rule { columns, join, .. }) if !columns.is_empty() => Origin::Joined {
                    names: columns.clone(),
                    between: join.clone().unwrap_or_else(|| " ".into()),
                },
                Some(_) => Origin::Named(column.name.to_string()),
                None => match default(table, column) {
                    Some(value) => Origin::SameNameOr(column.name.to_string(), value.into()),
                    None => Origin::SameName(column.name.to_string()),
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
    pub fn filter(self, conditions: &[Condition]) -> Result<Self> {
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
        filled.map_or(&number::PLAIN, |(mapped, _)| mapped.reading.numbers())
    }

    /// Sets the policy for nullable columns of the table that are missing.
    #[must_use]
    pub fn on_missing(self, on_missing: Option<OnMissing>) -> Self {
        Self { on_missing, ..self }
    }

    /// Returns the table.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the foreign columns that are needed, without repetition: first those that fill
    /// columns, in the order of the table, then those that conditions refer to.
    pub fn wanted(&self) -> Vec<&str> {
        let mut wanted = Vec::with_capacity(self.columns.len());
        let filling = self.columns.iter().flat_map(Mapped::names).map(String::as_str);
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
    pub fn sources_of(&self, column: &str) -> &[String] {
        let at = self.table.columns.iter().position(|own| own.name == column);
        at.map_or(&[], |at| self.columns[at].names())
    }

    /// Returns the names of the table's columns that `plan` fills from foreign columns.
    pub(crate) fn filled<'m>(&'m self, plan: &'m Plan) -> impl Iterator<Item = &'m str> {
        let columns = self.table.columns.iter().zip(&plan.slots);
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

    /// Returns the row of `fields`, or `None` if `where` excludes it, which is counted in `notes`.
    ///
    /// # Errors
    /// Returns an error if a condition compares numbers, and a value is not a number.
    pub fn row<'f>(
        &self,
        plan: &Plan,
        fields: Vec<Field<'f>>,
        notes: &mut Notes,
    ) -> Result<Option<FieldRow<'f>>, RowError> {
        for (at, (test, place)) in self.filter.iter().zip(&plan.filter).enumerate() {
            let field = fields.get(*place).unwrap_or(&Field::Missing);
            let misfit = |reason| misfit(&test.column, field, reason);
            if !test.holds(field).map_err(misfit)? {
                notes.left_out(at, &test.column, &field.shown());
                return Ok(None);
            }
        }
        let mut joined = Vec::with_capacity(plan.joined.len());
        if !plan.joined.is_empty() {
            for (mapped, slot) in self.columns.iter().zip(&plan.slots) {
                if let (Origin::Joined { between, .. }, Slot::Joined(at)) = (&mapped.from, slot) {
                    let parts = plan.joined[*at].iter().filter_map(|at| fields.get(*at));
                    joined.push(join(parts, between));
                }
            }
        }
        let mut row = FieldRow { fields, joined, cased: Vec::new() };
        if self.columns.iter().any(|mapped| mapped.case.is_some()) {
            let in_case = |(mapped, slot): (&Mapped, &Slot)| match row.of(*slot, &mapped.from) {
                Field::Text(text) => mapped.case.map(|case| Field::Text(case.of(text).into())),
                _ => None,
            };
            row.cased = self.columns.iter().zip(&plan.slots).map(in_case).collect();
        }
        Ok(Some(row))
    }

    /// Returns the cells of a row, in the order of the table.
    ///
    /// # Errors
    /// Returns an error for the first column that its field does not fit.
    pub fn cells<'a>(
        &'a self,
        plan: &Plan,
        row: &'a FieldRow<'_>,
        notes: &mut Notes,
    ) -> Result<Vec<Cell<'a>>, RowError> {
        let columns = self.columns.iter().zip(&plan.slots).zip(&self.table.columns);
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
                    let place = plan.negate.get(at).copied().flatten();
                    let asked = place.and_then(|place| row.fields.get(place));
                    let holds = test.holds(asked.unwrap_or(&Field::Missing)).map_err(|reason| {
                        format!("may be to `negate`, but `{}` {reason}", test.column)
                    })?;
                    let cell = if holds { field::negative(cell)? } else { cell };
                    Ok((cell, original))
                }),
            };
            let (cell, original) = cell.map_err(|reason| misfit(&column.name, field, reason))?;
            cells.push(cell);
            kept.extend(original);
        }
        for (at, text) in kept {
            cells[at] = Cell::Text(text);
        }
        Ok(cells)
    }
}

fn misfit(column: &str, field: &Field<'_>, reason: String) -> RowError {
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

impl Mapped {
    /// Returns the foreign columns that fill the column.
    fn names(&self) -> &[String] {
        match &self.from {
            Origin::Named(name) | Origin::SameName(name) | Origin::SameNameOr(name, _) => {
                std::slice::from_ref(name)
            }
            Origin::Joined { names, .. } => names,
            Origin::Constant(_) => &[],
        }
    }

    fn default(&self) -> Option<&Field<'static>> {
        if let Origin::SameNameOr(_, value) = &self.from { Some(value) } else { None }
    }

    /// Returns the cell for `field` in the column with the index `at`; `cased` is the field in the
    /// configured case. For a text id it also returns the text, and the index of the column that
    /// keeps it.
    fn cell<'f>(
        &'f self,
        field: &'f Field<'_>,
        cased: &'f Field<'_>,
        at: usize,
        notes: &mut Notes,
    ) -> Result<(Cell<'f>, Option<Kept<'f>>), String> {
        let Some(id) = self.id else {
            return Ok((self.reading.cell_in_case(field, cased, &mut notes.column(at))?, None));
        };
        if let Id::Text(number, text) = id.read(field, &mut notes.surrogates)? {
            return Ok((Cell::Int(number.into()), id.kept_in.map(|at| (at, text))));
        }
        let cell = self.reading.cell(field, &mut notes.column(at));
        let cell = cell.map_err(|reason| match reason == field::TOO_LONG {
            true => external::too_large(),
            false => reason,
        })?;
        if let Cell::Int(number) = cell {
            external::natural(number)?;
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
fn default(table: &Table, column: &Column) -> Option<&'static str> {
    // Exports of payments only list successful ones.
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

/// Returns a list of names for a message, with at most the first 40.
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
