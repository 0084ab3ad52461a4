//! Summaries as queries.

use tidegauge_core::Aggregate;

use super::dialect::Summary;
use super::filter::conditions;
use super::select::present;
use super::{Dialect, Query, StoredColumn};
use crate::Result;

/// The way in which a summary is computed.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Not at all: there are no rows.
    Nothing,
    /// By the database, whose result has the columns of [`Aggregate::result`].
    There(Query),
    /// In this crate, from the rows.
    Here,
}

/// Returns the plan for `aggregate` of the stored table `name` (given as SQL).
///
/// # Errors
/// Returns an error if the summary is invalid, or the stored table lacks a column.
pub(crate) fn summarise(
    dialect: &Dialect,
    name: String,
    aggregate: &Aggregate,
    stored: &[StoredColumn],
) -> Result<Plan> {
    let (table, result) = (&aggregate.table, aggregate.result()?);
    let mut query = Query::default();
    let conditions = conditions(dialect, &aggregate.predicate()?, &mut query.params);
    if stored.is_empty() || conditions.is_never {
        return Ok(Plan::Nothing);
    }
    present(dialect, table, aggregate.columns()?, stored)?;
    let Some(Summary { group, measure, nulls_first }) = dialect.summary else {
        return Ok(Plan::Here);
    };
    if conditions.is_loose {
        return Ok(Plan::Here);
    }
    let mut columns = Vec::with_capacity(result.columns.len());
    for by in &aggregate.by {
        let column = table.column(by.column())?;
        columns.push(group(by, column, dialect.quoted(&column.name)));
    }
    for (of, column) in aggregate.measures.iter().zip(&result.columns[columns.len()..]) {
        let input = match of.column() {
            Some(name) => Some((table.column(name)?, dialect.quoted(name))),
            None => None,
        };
        columns.push(measure(of, input, column.dtype));
    }
    let from = dialect.whole(name, table, stored);
    query.sql = format!("SELECT {} FROM {from}{}", columns.join(", "), conditions.clause());
    let places: Vec<String> = (1..=aggregate.by.len()).map(|at| at.to_string()).collect();
    if !places.is_empty() {
        let order: Vec<String> =
            places.iter().map(|place| format!("{place}{nulls_first}")).collect();
        query.sql += &format!(" GROUP BY {} ORDER BY {}", places.join(", "), order.join(", "));
    }
    Ok(Plan::There(query))
}
