//! Scans as queries.

use tidegauge_core::{Column, Scan, Table, TableRef};

use super::filter::conditions;
use super::{Dialect, Query, StoredColumn};
use crate::{Error, Result};

/// The query of a scan, and the work left to do on its rows.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) query: Query,
    /// The columns of the rows that the query returns.
    pub(crate) table: TableRef,
    /// The scan to apply to the rows in this crate; the query may return rows that the scan does
    /// not.
    pub(crate) rest: Option<Scan>,
}

/// Returns the query for `scan` of the stored table `name` (given as SQL); `None` if the scan has
/// no rows.
///
/// # Errors
/// Returns an error if the scan is invalid, or the stored table lacks a column.
pub(crate) fn select(
    dialect: &Dialect,
    name: String,
    scan: &Scan,
    stored: &[StoredColumn],
) -> Result<Option<Select>> {
    let (wanted, predicate) = (scan.wanted()?, scan.predicate()?);
    let mut query = Query::default();
    let conditions = conditions(dialect, &predicate, &mut query.params);
    if stored.is_empty() || conditions.is_never || scan.limit == Some(0) {
        return Ok(None);
    }
    let mut needed = scan.needed()?;
    if needed.is_empty() {
        // To count rows, any column will do.
        needed.extend(scan.table.columns.first());
    }
    present(dialect, &scan.table, needed.iter().copied(), stored)?;
    let (columns, table, rest) = match conditions.is_loose || wanted.is_empty() {
        false => (wanted, scan.output()?, None),
        true => {
            let names = needed.iter().map(|column| column.name.to_string());
            let table = Scan::columns(&scan.table, names).output()?;
            (needed, table, Some(scan.clone()))
        }
    };
    let columns: Vec<String> = columns
        .iter()
        .map(|column| (dialect.value)(dialect.quoted(&column.name), column.dtype))
        .collect();
    let from = dialect.whole(name, &scan.table, stored);
    query.sql = format!("SELECT {} FROM {from}{}", columns.join(", "), conditions.clause());
    if let Some(limit) = scan.limit.filter(|_| rest.is_none()) {
        query.sql += &format!(" LIMIT {limit}");
    }
    Ok(Some(Select { query, table, rest }))
}

/// Returns an error if the stored table lacks one of `columns` that is required.
pub(super) fn present<'a>(
    dialect: &Dialect,
    table: &Table,
    columns: impl IntoIterator<Item = &'a Column>,
    stored: &[StoredColumn],
) -> Result<()> {
    for column in columns {
        if !column.nullable && stored.iter().all(|stored| stored.name != column.name) {
            return Err(Error::Drift {
                table: table.name.to_string(),
                column: column.name.to_string(),
                found: "no such column".into(),
                expected: format!("`{} {}`", column.name, (dialect.declared)(column.dtype)),
            });
        }
    }
    Ok(())
}
