//! Scans as queries: pushdown of projection, predicate and limit.

use tidegauge_core::{Column, Scan, Table, TableRef};

use super::dialect::Dialect;
use super::pushdown::push_down;
use super::query::Query;
use super::stored_column::StoredColumn;
use crate::{Error, Result};

/// The query of a scan, and the residual to apply to its rows.
#[derive(Debug)]
pub(crate) struct ScanQuery {
    pub(crate) query: Query,
    /// The columns of the rows that the query returns.
    pub(crate) table: TableRef,
    /// The scan to apply to the rows in this crate; the query may return rows that the scan does
    /// not.
    pub(crate) residual: Option<Scan>,
}

/// Returns the query for `scan` of the stored table `name` (given as SQL); `None` if the scan has
/// no rows.
///
/// # Errors
/// Returns an error if the scan is invalid, or the stored table lacks a column.
pub(crate) fn scan_query(
    dialect: &Dialect,
    name: String,
    scan: &Scan,
    stored: &[StoredColumn],
) -> Result<Option<ScanQuery>> {
    let (wanted, predicate) = (scan.projected_columns()?, scan.predicate()?);
    let mut query = Query::default();
    let conditions = push_down(dialect, &predicate, &mut query.params);
    if stored.is_empty() || conditions.is_never || scan.limit == Some(0) {
        return Ok(None);
    }
    let mut needed = scan.required_columns()?;
    if needed.is_empty() {
        // To count rows, any column will do.
        needed.extend(scan.table.columns.first());
    }
    check_columns(dialect, &scan.table, needed.iter().copied(), stored)?;
    let (columns, table, residual) = match conditions.is_superset || wanted.is_empty() {
        false => (wanted, scan.output_schema()?, None),
        true => {
            let names = needed.iter().map(|column| column.name.to_string());
            let table = Scan::columns(&scan.table, names).output_schema()?;
            (needed, table, Some(scan.clone()))
        }
    };
    let columns: Vec<String> = columns
        .iter()
        .map(|column| (dialect.select_value)(dialect.quoted(&column.name), column.dtype))
        .collect();
    let from = dialect.with_missing_columns(name, &scan.table, stored);
    query.sql = format!("SELECT {} FROM {from}{}", columns.join(", "), conditions.clause());
    if let Some(limit) = scan.limit.filter(|_| residual.is_none()) {
        query.sql += &format!(" LIMIT {limit}");
    }
    Ok(Some(ScanQuery { query, table, residual }))
}

/// Returns an error if the stored table lacks one of `columns` that is required.
pub(super) fn check_columns<'a>(
    dialect: &Dialect,
    table: &Table,
    columns: impl IntoIterator<Item = &'a Column>,
    stored: &[StoredColumn],
) -> Result<()> {
    for column in columns {
        if !column.nullable && stored.iter().all(|stored| stored.name != column.name) {
            return Err(Error::SchemaDrift {
                table: table.name.to_string(),
                column: column.name.to_string(),
                found: "no such column".into(),
                expected: format!("`{} {}`", column.name, (dialect.column_type)(column.dtype)),
            });
        }
    }
    Ok(())
}
