//! Grouped summaries, worked out where the rows are.

mod fold;

use std::sync::Arc;

pub use fold::Fold;

use crate::{
    Column, DataType, Error, Filter, Predicate, Result, Scan, Span, Table, TableRef, filter,
};

/// A summary of a table by groups: what crosses the wire is a row a group, not the table.
///
/// Every [`Warehouse`](crate::Warehouse) gives the same batch for it: a column for each of
/// [`by`](Self::by), then one for each of [`measures`](Self::measures), in the order of the groups,
/// nulls first, text by its bytes. Without groups it is one row, even of no rows at all.
///
/// ```
/// use tidegauge_core::{Aggregate, tables::RampTransaction};
///
/// let monthly = Aggregate::of(RampTransaction::table())
///     .by("status")
///     .by_month("created_at")
///     .count()
///     .sum("fiat_amount")
///     .distinct("user_id");
/// let names: Vec<_> = monthly.result()?.columns.iter().map(|column| column.name.to_string()).collect();
/// let summed = ["count", "sum_fiat_amount", "distinct_user_id"];
/// assert_eq!(names, [&["status", "created_at_month"][..], &summed].concat());
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Aggregate {
    /// The table.
    pub table: TableRef,
    /// What makes a group.
    pub by: Vec<Group>,
    /// What is worked out of each.
    pub measures: Vec<Measure>,
    /// Only rows whose event time (the table's own) lies in it; `None`: all.
    pub during: Option<Span>,
    /// Only rows that it keeps; `None`: all.
    pub filter: Option<Filter>,
}

/// What rows of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// A column, of any type but float.
    Column(String),
    /// The start of the hour, UTC, of a timestamp.
    Hour(String),
    /// The day, UTC, of a date or timestamp.
    Day(String),
    /// The Monday of its week.
    Week(String),
    /// The first day of its month.
    Month(String),
}

/// What is worked out of the rows of a group. Floats cannot be summed: their sum is another in
/// another order, and stores keep none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// How many rows.
    Count,
    /// The exact sum of a whole number or a decimal, as a decimal of 38 digits at the same scale;
    /// null where no row has a value.
    Sum(String),
    /// The least value of a number, a date or a timestamp; null where no row has one.
    Min(String),
    /// The greatest.
    Max(String),
    /// How many different values, null not among them.
    Distinct(String),
}

impl Group {
    /// The column that it is of.
    pub fn column(&self) -> &str {
        match self {
            Self::Column(name)
            | Self::Hour(name)
            | Self::Day(name)
            | Self::Week(name)
            | Self::Month(name) => name,
        }
    }

    /// The name of its column in the result.
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
    /// The column that it is of.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Count => None,
            Self::Sum(name) | Self::Min(name) | Self::Max(name) | Self::Distinct(name) => {
                Some(name)
            }
        }
    }

    /// The name of its column in the result.
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
    /// Of `table`, without groups and measures yet.
    pub fn of(table: &TableRef) -> Self {
        let table = table.clone();
        Self { table, by: Vec::new(), measures: Vec::new(), during: None, filter: None }
    }

    /// By the values of `column`.
    #[must_use]
    pub fn by(self, column: impl Into<String>) -> Self {
        self.group(Group::Column(column.into()))
    }

    /// By hour, UTC.
    #[must_use]
    pub fn by_hour(self, column: impl Into<String>) -> Self {
        self.group(Group::Hour(column.into()))
    }

    /// By day, UTC.
    #[must_use]
    pub fn by_day(self, column: impl Into<String>) -> Self {
        self.group(Group::Day(column.into()))
    }

    /// By week, UTC, from Monday.
    #[must_use]
    pub fn by_week(self, column: impl Into<String>) -> Self {
        self.group(Group::Week(column.into()))
    }

    /// By month, UTC.
    #[must_use]
    pub fn by_month(self, column: impl Into<String>) -> Self {
        self.group(Group::Month(column.into()))
    }

    fn group(mut self, group: Group) -> Self {
        self.by.push(group);
        self
    }

    /// How many rows.
    #[must_use]
    pub fn count(self) -> Self {
        self.measure(Measure::Count)
    }

    /// The sum of `column`.
    #[must_use]
    pub fn sum(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Sum(column.into()))
    }

    /// The least value of `column`.
    #[must_use]
    pub fn min(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Min(column.into()))
    }

    /// The greatest value of `column`.
    #[must_use]
    pub fn max(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Max(column.into()))
    }

    /// How many different values `column` has.
    #[must_use]
    pub fn distinct(self, column: impl Into<String>) -> Self {
        self.measure(Measure::Distinct(column.into()))
    }

    fn measure(mut self, measure: Measure) -> Self {
        self.measures.push(measure);
        self
    }

    /// Only of the rows whose event time lies in `span`.
    #[must_use]
    pub fn during(mut self, span: Span) -> Self {
        self.during = Some(span);
        self
    }

    /// Only of the rows that `filter` keeps, besides those filters that are there.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Returns the condition that the filter and the span of event time make together.
    ///
    /// # Errors
    /// As for [`Filter::check`], and when there is a span and the table has no event time.
    pub fn predicate(&self) -> Result<Predicate> {
        filter::checked(&self.table, self.filter.as_ref(), self.during)
    }

    /// Returns the columns of the table that it takes: those of groups and measures, then those that
    /// only the predicate needs.
    ///
    /// # Errors
    /// As for [`result`](Self::result).
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

    /// Returns the scan that gives a [`Fold`] all that it takes.
    ///
    /// # Errors
    /// As for [`result`](Self::result).
    pub fn scan(&self) -> Result<Scan> {
        self.result()?;
        let mut columns: Vec<_> =
            self.columns()?.iter().map(|column| column.name.to_string()).collect();
        if columns.is_empty() {
            // To count rows, one column is as good as any.
            columns.extend(self.table.key.first().map(ToString::to_string));
        }
        let mut scan = Scan::columns(&self.table, columns);
        scan.filter.clone_from(&self.filter);
        scan.time_range = self.during;
        Ok(scan)
    }

    /// The columns of what it gives, as a table without a key.
    ///
    /// # Errors
    /// When there is nothing to work out, a column is not the table's or of a type that this cannot
    /// be done with, or two columns of the result would have one name.
    pub fn result(&self) -> Result<TableRef> {
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
