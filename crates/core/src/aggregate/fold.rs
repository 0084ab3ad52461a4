//! In-memory evaluation of an [`Aggregate`] over record batches.

use std::collections::{HashMap, HashSet};

use ahash::RandomState;
use chrono::{Datelike, NaiveDate};

use super::{Aggregate, Group, Measure};
use crate::{
    Batch, BatchBuilder, Cell, Column, ColumnView, DataType, Error, Predicate, Result, TableRef,
};

/// An in-memory evaluation of an [`Aggregate`], batch by batch, for warehouses without aggregate
/// pushdown. Its memory grows with the number of groups, not of rows.
///
/// ```
/// use tidegauge_core::{Aggregate, Batch, Fold, tables::FxRate};
/// # use serde::Serialize;
/// # #[derive(Serialize)]
/// # struct Row { base: &'static str, quote: &'static str, rate_date: &'static str,
/// #              source: &'static str, rate: &'static str }
///
/// let batch = Batch::from_rows(FxRate::table(), [Row {
///     base: "EUR", quote: "USD", rate_date: "2020-09-25", source: "ecb", rate: "1.1634",
/// }])?;
/// let aggregate = Aggregate::of(FxRate::table()).by("quote").by_month("rate_date").max("rate");
/// let mut fold = Fold::new(&aggregate)?;
/// fold.add(&batch)?;
/// assert_eq!(fold.finish()?.rows(), 1);
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Fold {
    aggregate: Aggregate,
    result: TableRef,
    predicate: Predicate,
    groups: HashMap<Vec<u8>, usize, RandomState>,
    keys: Vec<Vec<Value>>,
    measures: Vec<Measured>,
}

/// A group key value; its order is the order of groups in the result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Text(String),
}

/// The accumulated state of a measure, one entry per group.
#[derive(Debug)]
enum Measured {
    Count(Vec<i64>),
    Sum(Vec<Option<i128>>),
    Min(Vec<Option<i128>>),
    Max(Vec<Option<i128>>),
    Distinct(Vec<HashSet<Vec<u8>, RandomState>>),
}

/// A grouping of the aggregate, bound to a column of the current batch.
struct By<'a> {
    group: &'a Group,
    is_instant: bool,
    view: ColumnView<'a>,
}

#[derive(Clone, Copy)]
enum Seen<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Text(&'a str),
}

impl Fold {
    /// Creates an aggregation over no rows yet.
    ///
    /// # Errors
    /// The same as for [`Aggregate::result`].
    pub fn new(aggregate: &Aggregate) -> Result<Self> {
        let measures = aggregate.measures.iter().map(|measure| match measure {
            Measure::Count => Measured::Count(Vec::new()),
            Measure::Sum(_) => Measured::Sum(Vec::new()),
            Measure::Min(_) => Measured::Min(Vec::new()),
            Measure::Max(_) => Measured::Max(Vec::new()),
            Measure::Distinct(_) => Measured::Distinct(Vec::new()),
        });
        let mut fold = Self {
            result: aggregate.result()?,
            predicate: aggregate.predicate()?,
            measures: measures.collect(),
            aggregate: aggregate.clone(),
            groups: HashMap::default(),
            keys: Vec::new(),
        };
        if aggregate.by.is_empty() {
            fold.group(&[], Vec::new);
        }
        Ok(fold)
    }

    /// Adds the rows of `batch` that the predicate keeps. The batch must have at least the columns
    /// that [`Aggregate::columns`] returns.
    ///
    /// # Errors
    /// When one of those columns is missing or of another type, or a sum has more than 38 digits.
    pub fn add(&mut self, batch: &Batch) -> Result<()> {
        let aggregate = self.aggregate.clone();
        let kept;
        let batch = if self.predicate.is_empty() {
            batch
        } else {
            kept = batch.filter(&self.predicate.keeps(batch)?)?;
            &kept
        };
        let view = |name: &str| self::view(&aggregate, batch, aggregate.table.column(name)?);
        let by: Vec<By<'_>> = aggregate
            .by
            .iter()
            .map(|group| {
                let dtype = aggregate.table.column(group.column())?.dtype;
                let (is_instant, view) = (dtype == DataType::Timestamp, view(group.column())?);
                Ok(By { group, is_instant, view })
            })
            .collect::<Result<_>>()?;
        let measured: Vec<Option<ColumnView<'_>>> = aggregate
            .measures
            .iter()
            .map(|measure| measure.column().map(view).transpose())
            .collect::<Result<_>>()?;
        let mut key = Vec::new();
        for row in 0..batch.rows() {
            key.clear();
            by.iter().for_each(|by| write(&mut key, by.get(row)));
            let group = match self.groups.get(&key) {
                Some(group) => *group,
                None => self.group(&key, || by.iter().map(|by| by.get(row).owned()).collect()),
            };
            for (measured, view) in self.measures.iter_mut().zip(&measured) {
                let seen = view.as_ref().map_or(Seen::Null, |view| seen(view.cell(row)));
                measured.take(group, seen).ok_or_else(|| Error::Aggregate {
                    table: aggregate.table.name.to_string(),
                    reason: "a sum has more than 38 digits: choose smaller groups".into(),
                })?;
            }
        }
        Ok(())
    }

    /// Adds a group with empty accumulators and returns its index.
    fn group(&mut self, key: &[u8], values: impl FnOnce() -> Vec<Value>) -> usize {
        let group = self.keys.len();
        self.groups.insert(key.to_vec(), group);
        self.keys.push(values());
        for measured in &mut self.measures {
            match measured {
                Measured::Count(of) => of.push(0),
                Measured::Sum(of) | Measured::Min(of) | Measured::Max(of) => of.push(None),
                Measured::Distinct(of) => of.push(HashSet::default()),
            }
        }
        group
    }

    /// Returns one row per group, ordered by the group columns.
    ///
    /// # Errors
    /// When a sum has more than 38 digits.
    pub fn finish(self) -> Result<Batch> {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_by(|one, other| self.keys[*one].cmp(&self.keys[*other]));
        let mut builder = BatchBuilder::new(&self.result);
        for group in order {
            let (keys, rest) = self.result.columns.split_at(self.aggregate.by.len());
            for (value, column) in self.keys[group].iter().zip(keys) {
                builder.push(value.cell(column)?)?;
            }
            for (measured, column) in self.measures.iter().zip(rest) {
                let units = match measured {
                    Measured::Count(of) => Some(i128::from(of[group])),
                    Measured::Sum(of) | Measured::Min(of) | Measured::Max(of) => of[group],
                    Measured::Distinct(of) => i128::try_from(of[group].len()).ok(),
                };
                builder.push(units.map_or(Ok(Cell::Null), |units| cell(units, column))?)?;
            }
        }
        builder.finish()
    }
}

impl Measured {
    /// Adds a value to `group`; returns `None` if a sum overflows.
    fn take(&mut self, group: usize, seen: Seen<'_>) -> Option<()> {
        match (self, seen) {
            (Self::Count(of), _) => of[group] += 1,
            (Self::Sum(of), Seen::Int(units)) => {
                let sum = of[group].unwrap_or_default().checked_add(units)?;
                of[group] = Some(sum);
            }
            (Self::Min(of), Seen::Int(units)) => {
                of[group] = Some(of[group].map_or(units, |least| least.min(units)));
            }
            (Self::Max(of), Seen::Int(units)) => {
                of[group] = Some(of[group].map_or(units, |most| most.max(units)));
            }
            (Self::Distinct(of), seen) if !matches!(seen, Seen::Null) => {
                let mut bytes = Vec::new();
                write(&mut bytes, seen);
                of[group].insert(bytes);
            }
            _ => {}
        }
        Some(())
    }
}

fn view<'a>(aggregate: &Aggregate, batch: &'a Batch, column: &Column) -> Result<ColumnView<'a>> {
    let wrong = |reason| Error::mismatch(&aggregate.table.name, &column.name, None, reason);
    let found = batch.table().columns.iter().find(|found| found.name == column.name);
    match found {
        None => Err(wrong("the column is missing".to_owned())),
        Some(found) if found.dtype != column.dtype => {
            Err(wrong(format!("it is {}, not {}", found.dtype, column.dtype)))
        }
        Some(_) => batch.column(&column.name),
    }
}

/// Returns the value as it is aggregated. Floats become null: [`Aggregate::result`] has already
/// refused them.
fn seen(cell: Cell<'_>) -> Seen<'_> {
    match cell {
        Cell::Null | Cell::Float(_) => Seen::Null,
        Cell::Bool(value) => Seen::Bool(value),
        Cell::Int(value) | Cell::Decimal(value) => Seen::Int(value),
        Cell::Text(text) => Seen::Text(text),
        Cell::Date(days) => Seen::Int(days.into()),
        Cell::Timestamp(micros) => Seen::Int(micros.into()),
    }
}

impl<'a> By<'a> {
    fn get(&self, row: usize) -> Seen<'a> {
        truncated(self.group, self.is_instant, seen(self.view.cell(row)))
    }
}

impl Seen<'_> {
    fn owned(self) -> Value {
        match self {
            Seen::Null => Value::Null,
            Seen::Bool(value) => Value::Bool(value),
            Seen::Int(value) => Value::Int(value),
            Seen::Text(text) => Value::Text(text.into()),
        }
    }
}

impl Value {
    fn cell(&self, column: &Column) -> Result<Cell<'_>> {
        Ok(match self {
            Self::Null => Cell::Null,
            Self::Bool(value) => Cell::Bool(*value),
            Self::Int(value) => cell(*value, column)?,
            Self::Text(text) => Cell::Text(text),
        })
    }
}

/// Converts a number to a cell of the type of `column`.
fn cell(units: i128, column: &Column) -> Result<Cell<'static>> {
    let large = |_| Error::mismatch("a summary", &column.name, None, "it is too large");
    Ok(match column.dtype {
        DataType::Date => Cell::Date(i32::try_from(units).map_err(large)?),
        DataType::Timestamp => Cell::Timestamp(i64::try_from(units).map_err(large)?),
        DataType::Decimal { .. } => Cell::Decimal(units),
        _ => Cell::Int(units),
    })
}

/// Appends the value to a group key. Each value carries a type tag, and text its length, so that
/// different keys never have the same bytes.
fn write(bytes: &mut Vec<u8>, seen: Seen<'_>) {
    match seen {
        Seen::Null => bytes.push(0),
        Seen::Bool(value) => bytes.extend([1, value.into()]),
        Seen::Int(value) => {
            bytes.push(2);
            bytes.extend(value.to_le_bytes());
        }
        Seen::Text(text) => {
            bytes.push(3);
            bytes.extend(text.len().to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    }
}

/// Truncates a value to the period of the group. Instants are in microseconds, dates in days since
/// 1970-01-01.
fn truncated<'a>(group: &Group, is_instant: bool, seen: Seen<'a>) -> Seen<'a> {
    let (Seen::Int(value), false) = (seen, matches!(group, Group::Column(_))) else { return seen };
    if let Group::Hour(_) = group {
        return Seen::Int(value - value.rem_euclid(3_600_000_000));
    }
    let days = if is_instant { value.div_euclid(86_400_000_000) } else { value };
    Seen::Int(match group {
        // 1970-01-01 was a Thursday.
        Group::Week(_) => days - (days + 3).rem_euclid(7),
        Group::Month(_) => first_of_month(days).unwrap_or(days),
        Group::Day(_) | Group::Hour(_) | Group::Column(_) => days,
    })
}

fn first_of_month(days: i128) -> Option<i128> {
    let epoch = NaiveDate::default();
    let day = epoch.checked_add_signed(chrono::TimeDelta::try_days(i64::try_from(days).ok()?)?)?;
    Some((day.with_day(1)? - epoch).num_days().into())
}
