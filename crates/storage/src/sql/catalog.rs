//! Comparison of stored tables with their definitions.

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use tidegauge_core::tables;
use tidegauge_core::{Column, DataType, Table};

use super::Dialect;
use crate::{Error, Result};

/// A column in the database's catalog.
#[derive(Debug, Clone)]
pub(crate) struct StoredColumn {
    pub(crate) name: String,
    pub(crate) dtype: String,
    pub(crate) not_null: bool,
    /// The position in the key, from 1; 0 for columns that are not part of it.
    pub(crate) key: i64,
}

/// The difference by which a definition extends the stored table.
#[derive(Debug, Default)]
pub(crate) struct Lacks<'a> {
    /// Nullable columns at the end of the definition.
    pub(crate) columns: &'a [Column],
    /// Decimals with more digits, with their stored types.
    pub(crate) digits: Vec<Wider<'a>>,
    /// Columns that have become nullable.
    pub(crate) nulls: Vec<&'a Column>,
}

/// A decimal column with more digits than stored, and its stored type.
pub(crate) type Wider<'a> = (&'a Column, String);

impl Lacks<'_> {
    /// Returns `true` if there is no difference.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.digits.is_empty() && self.nulls.is_empty()
    }
}

/// Returns the columns that may be added to the end of the stored table, because they are nullable,
/// the decimals whose stored type may be widened, and the columns that are nullable only in the
/// definition: all of these changes keep the stored values.
///
/// # Errors
/// When anything else differs; the error names the first such column.
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

/// Returns `true` if a stored column equals the defined one but for a decimal type with fewer
/// digits.
fn is_narrower(dialect: &Dialect, table: &Table, column: &Column, found: &StoredColumn) -> bool {
    let defined = StoredColumn { dtype: found.dtype.clone(), ..defined(dialect, table, column) };
    let stored = decimal(dialect, &found.dtype);
    described(&defined) == described(found)
        && stored.is_some_and(|stored| stored != column.dtype && column.dtype.holds(stored))
}

/// Parses a decimal type of the dialect; returns `None` for other types.
fn decimal(dialect: &Dialect, declared: &str) -> Option<DataType> {
    let (name, digits) = declared.strip_suffix(')')?.split_once('(')?;
    let (precision, scale) = digits.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let dtype = DataType::Decimal { precision, scale };
    // The BigQuery emulator reports the former digits with the name of the wider type.
    let names = [dtype, DataType::CRYPTO].map(dialect.declared);
    let is_ours = names
        .iter()
        .any(|known| known.split('(').next().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    is_ours.then_some(dtype)
}

/// The subject of an error message: the table of the applied migrations.
#[cfg(feature = "_sqlx")]
pub(crate) const MIGRATIONS_TABLE: &str =
    "its table `_sqlx_migrations`, which says how far its tables were brought up to date,";

/// Refuses views with the names of built-in tables.
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
