//! Row filters, one type for scans, aggregates and downloads.

use std::ops::{Bound, RangeBounds};

use chrono::{DateTime, NaiveDate, Utc};

use super::predicate;
use crate::{Crypto, Error, Fiat, Fixed, Predicate, Result, Span, Table};

/// A value that a column is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer; it compares with integers, floats and decimals.
    Int(i64),
    /// A float; it compares with floats only.
    Float(f64),
    /// Text.
    Text(String),
    /// A date; it compares with dates, and with timestamps as its midnight (UTC).
    Date(NaiveDate),
    /// An instant; it compares with timestamps, and with dates as their midnights (UTC).
    Timestamp(DateTime<Utc>),
    /// An exact decimal number; it compares with decimals and integers.
    Decimal {
        /// Minor units.
        units: i128,
        /// The number of decimal places.
        scale: u8,
    },
}

macro_rules! values {
    ($($type:ty => |$value:ident| $made:expr),+ $(,)?) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        })+
    };
}

values! {
    bool => |value| Self::Bool(value),
    i64 => |value| Self::Int(value),
    i32 => |value| Self::Int(value.into()),
    u32 => |value| Self::Int(value.into()),
    f64 => |value| Self::Float(value),
    &str => |text| Self::Text(text.to_owned()),
    String => |text| Self::Text(text),
    NaiveDate => |day| Self::Date(day),
    DateTime<Utc> => |time| Self::Timestamp(time),
    Fiat => |amount| decimal(amount, 2),
    Crypto => |amount| decimal(amount, 18),
}

fn decimal<const SCALE: u32>(amount: Fixed<SCALE>, scale: u8) -> Value {
    Value::Decimal { units: amount.units(), scale }
}

/// A predicate on rows. Null equals nothing and lies in no range.
///
/// ```
/// use tidegauge_core::{Crypto, Filter, tables::Trade};
///
/// let price: Crypto = "30000".parse()?;
/// let large = Filter::eq("base_currency", "BTC").and(Filter::range("price", price..));
/// assert_eq!(large.check(Trade::table())?.conditions.len(), 2);
/// let error = Filter::eq("price", "much").check(Trade::table()).unwrap_err().to_string();
/// assert!(error.contains("`price` is decimal(38,18)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// The column equals this value.
    Eq {
        /// The column.
        column: String,
        /// The value.
        value: Value,
    },
    /// The column equals one of these values.
    In {
        /// The column.
        column: String,
        /// The values; an empty list keeps no row.
        values: Vec<Value>,
    },
    /// The column lies between these bounds. Text is ordered by its bytes.
    Range {
        /// The column.
        column: String,
        /// The lower bound.
        from: Bound<Value>,
        /// The upper bound.
        to: Bound<Value>,
    },
    /// The column is null.
    IsNull {
        /// The column.
        column: String,
    },
    /// All of these filters hold.
    And(Vec<Filter>),
}

impl Filter {
    /// Keeps rows whose `column` equals `value`.
    pub fn eq(column: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Eq { column: column.into(), value: value.into() }
    }

    /// Keeps rows whose `column` equals one of `values`.
    pub fn is_in<V: Into<Value>>(
        column: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self::In { column: column.into(), values: values.into_iter().map(Into::into).collect() }
    }

    /// Keeps rows whose `column` lies in `range`.
    pub fn range<V: Into<Value> + Clone>(
        column: impl Into<String>,
        range: impl RangeBounds<V>,
    ) -> Self {
        let bound = |bound: Bound<&V>| bound.map(|value| value.clone().into());
        let (from, to) = (bound(range.start_bound()), bound(range.end_bound()));
        Self::Range { column: column.into(), from, to }
    }

    /// Keeps rows whose `column` is null.
    pub fn is_null(column: impl Into<String>) -> Self {
        Self::IsNull { column: column.into() }
    }

    /// Keeps only rows that `other` keeps as well.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            one => Self::And(vec![one, other]),
        }
    }

    /// Checks the filter against a table, and converts its values to the columns' own units.
    ///
    /// # Errors
    /// [`Error::Schema`] when the table has no such column, [`Error::Filter`] when a value cannot be
    /// compared with its column.
    pub fn check(&self, table: &Table) -> Result<Predicate> {
        let mut conditions = Vec::new();
        self.add_to(&mut conditions, table)?;
        Ok(Predicate { conditions })
    }

    fn add_to(&self, conditions: &mut Vec<crate::Condition>, table: &Table) -> Result<()> {
        let (name, test) = match self {
            Self::And(all) => return all.iter().try_for_each(|one| one.add_to(conditions, table)),
            Self::Eq { column, value } => {
                let dtype = table.column(column)?.dtype;
                (column, predicate::one_of(dtype, std::slice::from_ref(value)))
            }
            Self::In { column, values } => {
                (column, predicate::one_of(table.column(column)?.dtype, values))
            }
            Self::Range { column, from, to } => {
                (column, predicate::between(table.column(column)?.dtype, from, to))
            }
            Self::IsNull { column } => {
                (column, Ok(predicate::is_null(table.column(column)?.nullable)))
            }
        };
        let column = table.column(name)?;
        let test = test.map_err(|value| Error::Filter {
            table: table.name.to_string(),
            reason: format!("`{name}` is {}, and never compares with {value}", column.dtype),
        })?;
        let at = table.columns.iter().position(|one| one.name == column.name);
        conditions.push(crate::Condition {
            column: at.unwrap_or_default(),
            name: column.name.clone(),
            dtype: column.dtype,
            test,
        });
        Ok(())
    }

    /// Keeps rows whose event time lies in `span`; a date counts as its midnight (UTC).
    pub(crate) fn time_range(table: &Table, span: Span) -> Result<Self> {
        let time = table.time.as_deref().ok_or_else(|| Error::Aggregate {
            table: table.name.to_string(),
            reason: "it has no event time to choose rows by".into(),
        })?;
        Ok(Self::range(time, span.from..span.to))
    }
}

/// Returns the predicate that a filter and a time range form together.
pub(crate) fn combined_predicate(
    table: &Table,
    filter: Option<&Filter>,
    time_range: Option<Span>,
) -> Result<Predicate> {
    let mut predicate = match filter {
        Some(filter) => filter.check(table)?,
        None => Predicate::default(),
    };
    if let Some(span) = time_range {
        predicate.conditions.extend(Filter::time_range(table, span)?.check(table)?.conditions);
    }
    Ok(predicate)
}

#[cfg(test)]
mod tests;
