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
/// use tidegauge_core::{Aggregate, Batch, Aggregator, tables::FxRate};
/// # use serde::Serialize;
/// # #[derive(Serialize)]
/// # struct Row { base: &'static str, quote: &'static str, rate_date: &'static str,
/// #              source: &'static str, rate: &'static str }
///
/// let batch = Batch::from_rows(FxRate::table(), [Row {
///     base: "EUR", quote: "USD", rate_date: "2020-09-25", source: "ecb", rate: "1.1634",
/// }])?;
/// let aggregate = Aggregate::new(FxRate::table()).by("quote").by_month("rate_date").max("rate");
/// let mut aggregator = Aggregator::new(&aggregate)?;
/// aggregator.add(&batch)?;
/// assert_eq!(aggregator.finish()?.rows(), 1);
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Aggregator {
    aggregate: Aggregate,
    output: TableRef,
    predicate: Predicate,
    groups: HashMap<Vec<u8>, usize, RandomState>,
    keys: Vec<Vec<OwnedKeyValue>>,
    measures: Vec<Accumulator>,
}

/// A group key value; its order is the order of groups in the result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum OwnedKeyValue {
    Null,
    Bool(bool),
    Int(i128),
    Text(String),
}

/// The accumulated state of a measure, one entry per group.
#[derive(Debug)]
enum Accumulator {
    Count(Vec<i64>),
    Sum(Vec<Option<i128>>),
    Min(Vec<Option<i128>>),
    Max(Vec<Option<i128>>),
    Distinct(Vec<HashSet<Vec<u8>, RandomState>>),
}

/// A grouping of the aggregate, bound to a column of the current batch.
struct BoundGroup<'a> {
    group: &'a Group,
    is_instant: bool,
    view: ColumnView<'a>,
}

#[derive(Clone, Copy)]
enum KeyValue<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Text(&'a str),
}

impl Aggregator {
    /// Creates an aggregation over no rows yet.
    ///
    /// # Errors
    /// The same as for [`Aggregate::output_schema`].
    pub fn new(aggregate: &Aggregate) -> Result<Self> {
        let measures = aggregate.measures.iter().map(|measure| match measure {
            Measure::Count => Accumulator::Count(Vec::new()),
            Measure::Sum(_) => Accumulator::Sum(Vec::new()),
            Measure::Min(_) => Accumulator::Min(Vec::new()),
            Measure::Max(_) => Accumulator::Max(Vec::new()),
            Measure::Distinct(_) => Accumulator::Distinct(Vec::new()),
        });
        let mut aggregator = Self {
            output: aggregate.output_schema()?,
            predicate: aggregate.predicate()?,
            measures: measures.collect(),
            aggregate: aggregate.clone(),
            groups: HashMap::default(),
            keys: Vec::new(),
        };
        if aggregate.by.is_empty() {
            aggregator.group(&[], Vec::new);
        }
        Ok(aggregator)
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
        let by: Vec<BoundGroup<'_>> = aggregate
            .by
            .iter()
            .map(|group| {
                let dtype = aggregate.table.column(group.column())?.dtype;
                let (is_instant, view) = (dtype == DataType::Timestamp, view(group.column())?);
                Ok(BoundGroup { group, is_instant, view })
            })
            .collect::<Result<_>>()?;
        let views: Vec<Option<ColumnView<'_>>> = aggregate
            .measures
            .iter()
            .map(|measure| measure.column().map(view).transpose())
            .collect::<Result<_>>()?;
        let mut key = Vec::new();
        for row in 0..batch.rows() {
            key.clear();
            by.iter().for_each(|by| append_to_key(&mut key, by.get(row)));
            let group = match self.groups.get(&key) {
                Some(group) => *group,
                None => {
                    self.group(&key, || by.iter().map(|by| by.get(row).to_owned_value()).collect())
                }
            };
            for (accumulator, view) in self.measures.iter_mut().zip(&views) {
                let value = view.as_ref().map_or(KeyValue::Null, |view| value(view.cell(row)));
                accumulator.add(group, value).ok_or_else(|| Error::Aggregate {
                    table: aggregate.table.name.to_string(),
                    reason: "a sum has more than 38 digits: choose smaller groups".into(),
                })?;
            }
        }
        Ok(())
    }

    /// Adds a group with empty accumulators and returns its index.
    fn group(&mut self, key: &[u8], values: impl FnOnce() -> Vec<OwnedKeyValue>) -> usize {
        let group = self.keys.len();
        self.groups.insert(key.to_vec(), group);
        self.keys.push(values());
        for accumulator in &mut self.measures {
            match accumulator {
                Accumulator::Count(values) => values.push(0),
                Accumulator::Sum(values) | Accumulator::Min(values) | Accumulator::Max(values) => {
                    values.push(None)
                }
                Accumulator::Distinct(values) => values.push(HashSet::default()),
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
        let mut builder = BatchBuilder::new(&self.output);
        for group in order {
            let (keys, rest) = self.output.columns.split_at(self.aggregate.by.len());
            for (value, column) in self.keys[group].iter().zip(keys) {
                builder.push(value.cell(column)?)?;
            }
            for (accumulator, column) in self.measures.iter().zip(rest) {
                let units = match accumulator {
                    Accumulator::Count(values) => Some(i128::from(values[group])),
                    Accumulator::Sum(values)
                    | Accumulator::Min(values)
                    | Accumulator::Max(values) => values[group],
                    Accumulator::Distinct(values) => i128::try_from(values[group].len()).ok(),
                };
                builder.push(units.map_or(Ok(Cell::Null), |units| cell(units, column))?)?;
            }
        }
        builder.finish()
    }
}

impl Accumulator {
    /// Adds a value to `group`; returns `None` if a sum overflows.
    fn add(&mut self, group: usize, value: KeyValue<'_>) -> Option<()> {
        match (self, value) {
            (Self::Count(values), _) => values[group] += 1,
            (Self::Sum(values), KeyValue::Int(units)) => {
                let sum = values[group].unwrap_or_default().checked_add(units)?;
                values[group] = Some(sum);
            }
            (Self::Min(values), KeyValue::Int(units)) => {
                values[group] = Some(values[group].map_or(units, |least| least.min(units)));
            }
            (Self::Max(values), KeyValue::Int(units)) => {
                values[group] = Some(values[group].map_or(units, |most| most.max(units)));
            }
            (Self::Distinct(values), value) if !matches!(value, KeyValue::Null) => {
                let mut bytes = Vec::new();
                append_to_key(&mut bytes, value);
                values[group].insert(bytes);
            }
            _ => {}
        }
        Some(())
    }
}

fn view<'a>(aggregate: &Aggregate, batch: &'a Batch, column: &Column) -> Result<ColumnView<'a>> {
    let invalid = |reason| Error::mismatch(&aggregate.table.name, &column.name, None, reason);
    let found = batch.table().columns.iter().find(|found| found.name == column.name);
    match found {
        None => Err(invalid("the column is missing".to_owned())),
        Some(found) if found.dtype != column.dtype => {
            Err(invalid(format!("it is {}, not {}", found.dtype, column.dtype)))
        }
        Some(_) => batch.column(&column.name),
    }
}

/// Returns the value as it is aggregated. Floats become null: [`Aggregate::output_schema`] has already
/// refused them.
fn value(cell: Cell<'_>) -> KeyValue<'_> {
    match cell {
        Cell::Null | Cell::Float(_) => KeyValue::Null,
        Cell::Bool(value) => KeyValue::Bool(value),
        Cell::Int(value) | Cell::Decimal(value) => KeyValue::Int(value),
        Cell::Text(text) => KeyValue::Text(text),
        Cell::Date(days) => KeyValue::Int(days.into()),
        Cell::Timestamp(micros) => KeyValue::Int(micros.into()),
    }
}

impl<'a> BoundGroup<'a> {
    fn get(&self, row: usize) -> KeyValue<'a> {
        truncate_to_period(self.group, self.is_instant, value(self.view.cell(row)))
    }
}

impl KeyValue<'_> {
    fn to_owned_value(self) -> OwnedKeyValue {
        match self {
            KeyValue::Null => OwnedKeyValue::Null,
            KeyValue::Bool(value) => OwnedKeyValue::Bool(value),
            KeyValue::Int(value) => OwnedKeyValue::Int(value),
            KeyValue::Text(text) => OwnedKeyValue::Text(text.into()),
        }
    }
}

impl OwnedKeyValue {
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
fn append_to_key(bytes: &mut Vec<u8>, value: KeyValue<'_>) {
    match value {
        KeyValue::Null => bytes.push(0),
        KeyValue::Bool(value) => bytes.extend([1, value.into()]),
        KeyValue::Int(value) => {
            bytes.push(2);
            bytes.extend(value.to_le_bytes());
        }
        KeyValue::Text(text) => {
            bytes.push(3);
            bytes.extend(text.len().to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    }
}

/// Truncates a value to the period of the group. Instants are in microseconds, dates in days since
/// 1970-01-01.
fn truncate_to_period<'a>(group: &Group, is_instant: bool, value: KeyValue<'a>) -> KeyValue<'a> {
    let (KeyValue::Int(value), false) = (value, matches!(group, Group::Column(_))) else {
        return value;
    };
    if let Group::Hour(_) = group {
        return KeyValue::Int(value - value.rem_euclid(3_600_000_000));
    }
    let days = if is_instant { value.div_euclid(86_400_000_000) } else { value };
    KeyValue::Int(match group {
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
