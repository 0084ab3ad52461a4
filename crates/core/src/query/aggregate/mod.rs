//! Grouped aggregates that a warehouse computes where the rows are.

mod aggregator;

use std::sync::Arc;

pub use aggregator::Aggregator;

use super::filter;
use crate::{Column, DataType, Error, Filter, Predicate, Result, Scan, Span, Table, TableRef};

/// An aggregation of a table by groups, for aggregate pushdown: one row per group is transferred
/// instead of the table.
///
/// Every [`Warehouse`](crate::Warehouse) returns the same batch for it: one column for each of
/// [`by`](Self::by), then one for each of [`measures`](Self::measures), ordered by the group
/// columns, nulls first, text by its bytes. Without groups the result is one row, even if the table
/// is empty.
///
/// ```
/// use tidegauge_core::{Aggregate, tables::RampTransaction};
///
/// let monthly = Aggregate::new(RampTransaction::table())
///     .by("status")
///     .by_month("created_at")
///     .count()
///     .sum("fiat_amount")
///     .distinct("user_id");
/// let names: Vec<_> = monthly.output_schema()?.columns.iter().map(|column| column.name.to_string()).collect();
/// let summed = ["count", "sum_fiat_amount", "distinct_user_id"];
/// assert_eq!(names, [&["status", "created_at_month"][..], &summed].concat());
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Aggregate {
    /// The table that is aggregated.
    pub table: TableRef,
    /// The groupings, in the order of the result's columns.
    pub by: Vec<Group>,
    /// The measures of each group.
    pub measures: Vec<Measure>,
    /// The time range: only rows whose event time (the table's own column) lies in it; `None`: all
    /// rows.
    pub during: Option<Span>,
    /// The row filter: only rows that it keeps; `None`: all rows.
    pub filter: Option<Filter>,
}

/// A grouping: a column, or the period that its time lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// The values of a column of any type but float.
    Column(String),
    /// The start of the hour (UTC) of a timestamp.
    Hour(String),
    /// The day (UTC) of a date or timestamp.
    Day(String),
    /// The Monday of the week (UTC) of a date or timestamp.
    Week(String),
    /// The first day of the month (UTC) of a date or timestamp.
    Month(String),
}

/// A value computed from the rows of a group. Floats cannot be summed: their sum depends on the
/// order of the rows, and warehouses guarantee no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// The number of rows.
    Count,
    /// The exact sum of an integer or decimal column, as a decimal of 38 digits at the same scale;
    /// null if no row has a value.
    Sum(String),
    /// The minimum of a numeric, date or timestamp column; null if no row has a value.
    Min(String),
    /// The maximum of a numeric, date or timestamp column; null if no row has a value.
    Max(String),
    /// The number of distinct values, nulls not counted.
    Distinct(String),
}

impl Group {
    /// Returns the column that the group is computed from.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(name)
            | Self::Hour(name)
            | Self::Day(name)
            | Self::Week(name)
            | Self::Month(name) => name,
        }
    }

    /// Returns the name of the group's column in the result.
    pub fn name(&self) -> String {
        match self {
            Self::Column(name) => name.clone(),
            Self::Hour(name) => format!("{name}_hour"),
            Self::Day(name) => format!("{name}_day"),
            Self::Week(name) => format!("{name}_week"),
            Self::Month(name) => format!("{name}_month"),
        }
    }
}

impl Measure {
    /// Returns the column that the measure is computed from, or `None` if it only counts rows.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Count => None,
            Self::Sum(name) | Self::Min(name) | Self::Max(name) | Self::Distinct(name) => {
                Some(name)
            }
        }
    }

    /// Returns the name of the measure's column in the result.
    pub fn name(&self) -> String {
        match self {
            Self::Count => "count".into(),
            Self::Sum(name) => format!("sum_{name}"),
            Self::Min(name) => format!("min_{name}"),
            Self::Max(name) => format!("max_{name}"),
            Self::Distinct(name) => format!("distinct_{name}"),
        }
    }
}

impl Aggregate {
    /// Creates an aggregate of `table` without groups and measures.
    pub fn new(table: &TableRef) -> Self {
        let table = table.clone();
        Self { table, by: Vec::new(), measures: Vec::new(), during: None, filter: None }
    }

    /// Groups by the values of `column`.
    #[must_use]
    pub fn by(self, column: impl Into<String>) -> Self {
        self.group(Group::Column(column.into()))
    }

    /// Groups by the hour (UTC) of `column`.
    #[must_use]
    pub fn by_hour(self, column: impl Into<String>) -> Self {
        self.group(Group::Hour(column.into()))
    }

    /// Groups by the day (UTC) of `column`.
    #[must_use]
    pub fn by_day(self, column: impl Into<String>) -> Self {
        self.group(Group::Day(column.into()))
    }

    /// Groups by the week (UTC, starting on Monday) of `column`.
    #[must_use]
    pub fn by_week(self, column: impl Into<String>) -> Self {
        self.group(Group::Week(column.into()))
    }

    /// Groups by the month (UTC) of `column`.
    #[must_use]
    pub fn by_month(self, column: impl Into<String>) -> Self {
        self.group(Group::Month(column.into()))
    }

    fn group(mut self, group: Group) -> Self {
        self.by.push(group);
        self
    }

    /// Adds the number of rows of each group.
    #[must_use]
    pub fn count(self) -> Self {
        self.measure(Measure::Count)
    }

    /// Adds the exact sum of `column`.
    #[must_use]
    pub fn sum(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Sum(column.into()))
    }

    /// Adds the minimum of `column`.
    #[must_use]
    pub fn min(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Min(column.into()))
    }

    /// Adds the maximum of `column`.
    #[must_use]
    pub fn max(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Max(column.into()))
    }

    /// Adds the number of distinct values of `column`.
    #[must_use]
    pub fn distinct(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Distinct(column.into()))
    }

    fn measure(mut self, measure: Measure) -> Self {
        self.measures.push(measure);
        self
    }

    /// Restricts the aggregate to rows whose event time lies in `span`.
    #[must_use]
    pub fn time_range(mut self, span: Span) -> Self {
        self.during = Some(span);
        self
    }

    /// Restricts the aggregate to rows that `filter` keeps, in addition to earlier filters.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Returns the predicate that the filter and the time range form together.
    ///
    /// # Errors
    /// The same as for [`Filter::check`], and when there is a time range and the table has no event
    /// time.
    pub fn predicate(&self) -> Result<Predicate> {
        filter::combined_predicate(&self.table, self.filter.as_ref(), self.during)
    }

    /// Returns the columns of the table that the aggregate reads: first those of groups and
    /// measures, then those that only the predicate needs.
    ///
    /// # Errors
    /// The same as for [`output_schema`](Self::output_schema).
    pub fn columns(&self) -> Result<Vec<&Column>> {
        let predicate = self.predicate()?;
        let names = self.by.iter().map(Group::column);
        let names = names.chain(self.measures.iter().filter_map(Measure::column));
        let tested = predicate.conditions.iter().map(|condition| condition.name.as_ref());
        let mut columns: Vec<&Column> = Vec::new();
        for name in names.chain(tested) {
            let column = self.table.column(name)?;
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// Returns the scan with the projection and predicate that a [`Aggregator`] of this aggregate needs.
    ///
    /// # Errors
    /// The same as for [`output_schema`](Self::output_schema).
    pub fn scan(&self) -> Result<Scan> {
        self.output_schema()?;
        let mut columns: Vec<_> =
            self.columns()?.iter().map(|column| column.name.to_string()).collect();
        if columns.is_empty() {
            // Counting rows needs no particular column, but a scan needs at least one.
            columns.extend(self.table.key.first().map(ToString::to_string));
        }
        let mut scan = Scan::columns(&self.table, columns);
        scan.filter.clone_from(&self.filter);
        scan.time_range = self.during;
        Ok(scan)
    }

    /// Returns the schema of the result, as a table without a key.
    ///
    /// # Errors
    /// When there is no group and no measure, a column is not in the table or of a type that the
    /// group or measure does not support, or two columns of the result would have the same name.
    pub fn output_schema(&self) -> Result<TableRef> {
        use DataType::{Date, Decimal, Float64, Int64, Text, Timestamp};
        if self.by.is_empty() && self.measures.is_empty() {
            return Err(self.wrong("a summary of it needs a group or a measure"));
        }
        self.predicate()?;
        let mut columns: Vec<Column> = Vec::new();
        let mut add = |name: String, dtype, nullable| {
            if columns.iter().any(|column| column.name == name) {
                return Err(self.wrong(format!("a summary of it would have `{name}` twice")));
            }
            let description = "".into();
            columns.push(Column { name: name.into(), dtype, nullable, description });
            Ok(())
        };
        let cannot = |what: &str, column: &Column| {
            self.wrong(format!("{what} `{}`, which is {}", column.name, column.dtype))
        };
        for group in &self.by {
            let column = self.table.column(group.column())?;
            let dtype = match (group, column.dtype) {
                (Group::Column(_), Float64) => return Err(cannot("nothing goes by", column)),
                (Group::Column(_), dtype) => dtype,
                (Group::Hour(_), Timestamp) => Timestamp,
                (Group::Hour(_), _) => return Err(cannot("there is no hour in", column)),
                (_, Date | Timestamp) => Date,
                _ => return Err(cannot("there is no day in", column)),
            };
            add(group.name(), dtype, column.nullable)?;
        }
        for measure in &self.measures {
            let Some(name) = measure.column() else {
                add(measure.name(), Int64, false)?;
                continue;
            };
            let column = self.table.column(name)?;
            let (dtype, nullable) = match (measure, column.dtype) {
                (Measure::Sum(_), Int64) => (Decimal { precision: 38, scale: 0 }, true),
                (Measure::Sum(_), Decimal { scale, .. }) => {
                    (Decimal { precision: 38, scale }, true)
                }
                (Measure::Sum(_), _) => return Err(cannot("there is no exact sum of", column)),
                (
                    Measure::Min(_) | Measure::Max(_),
                    dtype @ (Int64 | Decimal { .. } | Date | Timestamp),
                ) => (dtype, true),
                (Measure::Distinct(_), dtype) if dtype != Float64 => (Int64, false),
                (Measure::Distinct(_), _) => {
                    return Err(cannot("nobody can tell values of", column));
                }
                (_, Text | Float64 | DataType::Bool) | (Measure::Count, _) => {
                    return Err(cannot("there is no order of", column));
                }
            };
            add(measure.name(), dtype, nullable)?;
        }
        Ok(Arc::new(Table {
            name: self.table.name.clone(),
            description: "".into(),
            columns,
            key: Vec::new(),
            foreign_keys: Vec::new(),
            time: None,
            write: self.table.write,
        }))
    }

    fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Aggregate { table: self.table.name.to_string(), reason: reason.into() }
    }
}
