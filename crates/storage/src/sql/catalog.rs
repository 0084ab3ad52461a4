//! Comparison of stored tables with their definitions, for schema evolution.

#[cfg(any(feature = "_sqlx", feature = "mysql"))]
use tidegauge_core::tables;
use tidegauge_core::{Column, DataType, Table};

use super::dialect::Dialect;
use super::stored_column::{StoredColumn, WiderDecimal};
use crate::{Error, Result};

/// The difference by which a definition extends the stored table.
#[derive(Debug, Default)]
pub(crate) struct SchemaDiff<'a> {
    /// Nullable columns at the end of the definition.
    pub(crate) added_columns: &'a [Column],
    /// Decimals with more digits, with their stored types.
    pub(crate) wider_decimals: Vec<WiderDecimal<'a>>,
    /// Columns that have become nullable.
    pub(crate) relaxed_columns: Vec<&'a Column>,
}

impl SchemaDiff<'_> {
    /// Returns `true` if there is no difference.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.added_columns.is_empty()
            && self.wider_decimals.is_empty()
            && self.relaxed_columns.is_empty()
    }
}

/// Returns the columns that may be added to the end of the stored table, because they are nullable,
/// the decimals whose stored type may be widened, and the columns that are nullable only in the
/// definition: all of these changes keep the stored values.
///
/// # Errors
/// When anything else differs; the error names the first such column.
pub(crate) fn diff_schema<'a>(
    dialect: &Dialect,
    table: &'a Table,
    found: &[StoredColumn],
) -> Result<SchemaDiff<'a>> {
    let mut diff = SchemaDiff::default();
    for at in 0..table.columns.len().max(found.len()) {
        let (expected, found) = (table.columns.get(at), found.get(at));
        if found.is_none() && table.columns[at..].iter().all(|column| column.nullable) {
            diff.added_columns = &table.columns[at..];
            break;
        }
        let expected_text =
            expected.map(|column| describe(&expected_column(dialect, table, column)));
        let found_text = found.map(describe);
        if expected_text != found_text {
            if let Some((column, found)) = expected.zip(found) {
                let is_stricter = found.not_null && column.nullable;
                let relaxed = StoredColumn { not_null: !column.nullable, ..found.clone() };
                let relaxed = if is_stricter { &relaxed } else { found };
                let is_narrower = is_narrower(dialect, table, column, relaxed);
                if is_narrower || (is_stricter && expected_text == Some(describe(relaxed))) {
                    diff.wider_decimals.extend(is_narrower.then(|| (column, found.dtype.clone())));
                    diff.relaxed_columns.extend(is_stricter.then_some(column));
                    continue;
                }
            }
            let name = expected.map(|column| column.name.to_string());
            let none = || "no such column".to_owned();
            return Err(Error::SchemaDrift {
                table: table.name.to_string(),
                column: name.or(found.map(|column| column.name.clone())).unwrap_or_default(),
                found: found_text.unwrap_or_else(none),
                expected: expected_text.unwrap_or_else(none),
            });
        }
    }
    Ok(diff)
}

/// Returns `true` if a stored column equals the defined one but for a decimal type with fewer
/// digits.
fn is_narrower(dialect: &Dialect, table: &Table, column: &Column, found: &StoredColumn) -> bool {
    let defined =
        StoredColumn { dtype: found.dtype.clone(), ..expected_column(dialect, table, column) };
    let stored = decimal(dialect, &found.dtype);
    describe(&defined) == describe(found)
        && stored.is_some_and(|stored| stored != column.dtype && column.dtype.holds(stored))
}

/// Parses a decimal type of the dialect; returns `None` for other types.
fn decimal(dialect: &Dialect, declared: &str) -> Option<DataType> {
    let (name, digits) = declared.strip_suffix(')')?.split_once('(')?;
    let (precision, scale) = digits.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    let dtype = DataType::Decimal { precision, scale };
    // The BigQuery emulator reports the former digits with the name of the wider type.
    let names = [dtype, DataType::CRYPTO].map(dialect.column_type);
    let is_decimal = names
        .iter()
        .any(|known| known.split('(').next().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    is_decimal.then_some(dtype)
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

fn expected_column(dialect: &Dialect, table: &Table, column: &Column) -> StoredColumn {
    let position = table.key.iter().position(|name| *name == column.name).map_or(0, |at| at + 1);
    StoredColumn {
        name: column.name.to_string(),
        dtype: (dialect.column_type)(column.dtype),
        not_null: !column.nullable,
        key: i64::try_from(position).unwrap_or(i64::MAX),
    }
}

fn describe(column: &StoredColumn) -> String {
    let StoredColumn { name, dtype, not_null, key } = column;
    let null = if *not_null { " NOT NULL" } else { "" };
    let key = if *key > 0 { format!(", {key}. of the key") } else { String::new() };
    format!("`{name} {}{null}`{key}", dtype.to_uppercase())
}
