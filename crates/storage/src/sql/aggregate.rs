//! Aggregate pushdown: an aggregate as a query.

use tidegauge_core::Aggregate;

use super::dialect::AggregateSql;
use super::dialect::Dialect;
use super::pushdown::push_down;
use super::query::Query;
use super::scan_query::check_columns;
use super::stored_column::StoredColumn;
use crate::Result;

/// The way in which an aggregate is computed.
#[derive(Debug)]
pub(crate) enum AggregatePlan {
    /// Not at all: there are no rows.
    Empty,
    /// By the database, whose result has the columns of [`Aggregate::output_schema`].
    Pushdown(Query),
    /// In this crate, from the rows.
    Local,
}

/// Returns the plan for `aggregate` of the stored table `name` (given as SQL).
///
/// # Errors
/// Returns an error if the aggregate is invalid, or the stored table lacks a column.
pub(crate) fn plan_aggregate(
    dialect: &Dialect,
    name: String,
    aggregate: &Aggregate,
    stored: &[StoredColumn],
) -> Result<AggregatePlan> {
    let (table, result) = (&aggregate.table, aggregate.output_schema()?);
    let mut query = Query::default();
    let conditions = push_down(dialect, &aggregate.predicate()?, &mut query.params);
    if stored.is_empty() || conditions.is_never {
        return Ok(AggregatePlan::Empty);
    }
    check_columns(dialect, table, aggregate.columns()?, stored)?;
    let Some(AggregateSql { group, measure, nulls_first }) = dialect.aggregate_sql else {
        return Ok(AggregatePlan::Local);
    };
    if conditions.is_superset {
        return Ok(AggregatePlan::Local);
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
    let from = dialect.with_missing_columns(name, table, stored);
    query.sql = format!("SELECT {} FROM {from}{}", columns.join(", "), conditions.clause());
    let places: Vec<String> = (1..=aggregate.by.len()).map(|at| at.to_string()).collect();
    if !places.is_empty() {
        let order: Vec<String> =
            places.iter().map(|place| format!("{place}{nulls_first}")).collect();
        query.sql += &format!(" GROUP BY {} ORDER BY {}", places.join(", "), order.join(", "));
    }
    Ok(AggregatePlan::Pushdown(query))
}
