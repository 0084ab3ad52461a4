//! Whether the table that is there is the one that was defined.

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use tidegauge_core::tables;
use tidegauge_core::{Column, DataType, Table};

use super::Dialect;
use crate::{Error, Result};

/// A column as the database's catalog has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) not_null: bool,
    /// Its position in the key, from 1; 0 outside it.
    pub(crate) key: i64,
}

/// What the definition of a table has, and the stored one lacks.
#[derive(Debug, Default)]
pub(crate) struct Lacks<'a> {
    /// Columns at its end, which rows may be without.
    pub(crate) columns: &'a [Column],
    /// Decimals with more digits, and the types that they have there.
    pub(crate) digits: Vec<Wider<'a>>,
    /// Columns that may be null.
    pub(crate) nulls: Vec<&'a Column>,
}

/// A column of decimals that has fewer digits where it is stored, and the type that it has there.
pub(crate) type Wider<'a> = (&'a Column, String);

impl Lacks<'_> {
    /// Returns `true` if it lacks nothing.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.digits.is_empty() && self.nulls.is_empty()
    }
}

/// Returns the columns that are missing at the end of the stored table and may be added to it, since rows
/// without them are allowed, the decimals whose type may be widened there, and the columns that may be null here alone:
/// all that they hold stays.
///
/// # Errors
/// Returns an error if anything else differs, naming the first column that does.
pub(crate) fn compare<'a>(
    dialect: &Dialect,
    table: &'a Table,
    found: &[StoredColumn],
) -> Result<Lacks<'a>> {
    let mut lacks = Lacks::default();
    for at in 0..table.columns.len().max(found.len()) {
        let (expected, found) = (table.columns.get(at), found.get(at));
        if found.is_none() && table.columns[at..].iter().all(|column| column.nullable) {
            lacks.columns = &table.columns[at..];
            break;
        }
        let wanted = expected.map(|column| described(&defined(dialect, table, column)));
        let there = found.map(described);
        if wanted != there {
            if let Some((column, found)) = expected.zip(found) {
                let is_stricter = found.not_null && column.nullable;
                let relaxed = StoredColumn { not_null: !column.nullable, ..found.clone() };
                let relaxed = if is_stricter { &relaxed } else { found };
                let is_narrower = is_narrower(dialect, table, column, relaxed);
                if is_narrower || (is_stricter && wanted == Some(described(relaxed))) {
                    lacks.digits.extend(is_narrower.then(|| (column, found.dtype.clone())));
                    lacks.nulls.extend(is_stricter.then_some(column));
                    continue;
                }
            }
            let name = expected.map(|column| column.name.to_string());
            let none = || "no such column".to_owned();
            return Err(Error::Drift {
                table: table.name.to_string(),
                column: name.or(found.map(|column| column.name.clone())).unwrap_or_default(),
                found: there.unwrap_or_else(none),
                expected: wanted.unwrap_or_else(none),
            });
        }
    }
    Ok(lacks)
}

/// Whether a stored column is the defined one but for decimals of fewer digits.
fn is_narrower(dialect: &Dialect, table: &Table, column: &Column, found: &StoredColumn) -> bool {
    let defined = StoredColumn { dtype: found.dtype.clone(), ..defined(dialect, table, column) };
    let stored = decimal(dialect, &found.dtype);
    described(&defined) == described(found)
        && stored.is_some_and(|it| it != column.dtype && column.dtype.holds(it))
}

/// Returns the type of decimals that is declared like this; `None` if it is another one.
fn decimal(dialect: &Dialect, declared: &str) -> Option<DataType> {
    let (name, digits) = declared.strip_suffix(')')?.split_once('(')?;
    let (precision, scale) = digits.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let dtype = DataType::Decimal { precision, scale };
    // The emulator of BigQuery tells the digits of before beside the name of the wider type.
    let names = [dtype, DataType::CRYPTO].map(dialect.declared);
    let is_ours =
        names.iter().any(|it| it.split('(').next().is_some_and(|it| it.eq_ignore_ascii_case(name)));
    is_ours.then_some(dtype)
}

/// Says in an error which table remembers the migrations that a database has had.
#[cfg(feature = "_sqlx")]
pub(crate) const MIGRATIONS_TABLE: &str =
    "its table `_sqlx_migrations`, which says how far its tables were brought up to date,";

/// Refuses views that have the names of built-in tables.
#[cfg(any(feature = "_sqlx", feature = "mysql"))]
pub(crate) fn refuse_views(views: &[String]) -> Result<()> {
    match views.iter().find(|view| tables::by_name(view).is_some()) {
        Some(view) => Err(Error::NotATable { table: view.clone(), what: "a view" }),
        None => Ok(()),
    }
}

fn defined(dialect: &Dialect, table: &Table, column: &Column) -> StoredColumn {
    let place = table.key.iter().position(|name| *name == column.name).map_or(0, |at| at + 1);
    StoredColumn {
        name: column.name.to_string(),
        dtype: (dialect.declared)(column.dtype),
        not_null: !column.nullable,
        key: i64::try_from(place).unwrap_or(i64::MAX),
    }
}

fn described(column: &StoredColumn) -> String {
    let StoredColumn { name, dtype, not_null, key } = column;
    let null = if *not_null { " NOT NULL" } else { "" };
    let key = if *key > 0 { format!(", {key}. of the key") } else { String::new() };
    format!("`{name} {}{null}`{key}", dtype.to_uppercase())
}
