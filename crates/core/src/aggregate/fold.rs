//! Summaries of rows that are at hand.

use chrono::{Datelike, NaiveDate};
use polars_core::frame::DataFrame;
use polars_core::prelude::{
    BooleanChunked, Int32Chunked, Int64Chunked, Int128Chunked, PlHashMap, PlHashSet, StringChunked,
};

use super::{Aggregate, Group, Measure};
use crate::{BatchBuilder, Cell, Column, DataType, Error, Result, TableRef};

/// An [`Aggregate`] that is worked out here, frame by frame: for a warehouse that cannot summarise by
/// itself. It holds the groups, not the rows.
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
/// fold.add(batch.frame())?;
/// assert_eq!(fold.finish()?.shape(), (1, 3));
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Fold {
    aggregate: Aggregate,
    result: TableRef,
    groups: PlHashMap<Vec<u8>, usize>,
    keys: Vec<Vec<Value>>,
    measures: Vec<Measured>,
}

/// A value of a group, in the order that the result has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Text(String),
}

/// What is known of a measure, group by group.
#[derive(Debug)]
enum Measured {
    Count(Vec<i64>),
    Sum(Vec<Option<i128>>),
    Min(Vec<Option<i128>>),
    Max(Vec<Option<i128>>),
    Distinct(Vec<PlHashSet<Vec<u8>>>),
}

/// A column whose values can be asked for by row.
enum Lane<'a> {
    Bool(&'a BooleanChunked),
    Int(&'a Int64Chunked),
    Text(&'a StringChunked),
    Days(&'a Int32Chunked),
    Units(&'a Int128Chunked),
}

/// What a row's group goes by.
struct By<'a> {
    group: &'a Group,
    is_instant: bool,
    lane: Lane<'a>,
}

#[derive(Clone, Copy)]
enum Seen<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Text(&'a str),
}

impl Fold {
    /// Of no rows yet.
    ///
    /// # Errors
    /// As for [`Aggregate::result`].
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
            measures: measures.collect(),
            aggregate: aggregate.clone(),
            groups: PlHashMap::default(),
            keys: Vec::new(),
        };
        if aggregate.by.is_empty() {
            fold.group(&[], Vec::new);
        }
        Ok(fold)
    }

    /// Takes the rows of `frame`, which has the columns of [`Aggregate::columns`] at least.
    ///
    /// # Errors
    /// When one of those is missing or of another type, or a sum has more than 38 digits.
    pub fn add(&mut self, frame: &DataFrame) -> Result<()> {
        let aggregate = self.aggregate.clone();
        let mut frame = frame.clone();
        frame.rechunk_mut();
        let lane = |name: &str| self::lane(&aggregate, &frame, aggregate.table.column(name)?);
        let by: Vec<By<'_>> = aggregate
            .by
            .iter()
            .map(|group| {
                let dtype = aggregate.table.column(group.column())?.dtype;
                let (is_instant, lane) = (dtype == DataType::Timestamp, lane(group.column())?);
                Ok(By { group, is_instant, lane })
            })
            .collect::<Result<_>>()?;
        let measured: Vec<Option<Lane<'_>>> = aggregate
            .measures
            .iter()
            .map(|measure| measure.column().map(lane).transpose())
            .collect::<Result<_>>()?;
        let time = match aggregate.bounds()? {
            Some((column, bounds)) => Some((lane(&column.name)?, bounds)),
            None => None,
        };
        let mut key = Vec::new();
        for row in 0..frame.height() {
            if let Some((time, bounds)) = &time
                && !matches!(time.get(row), Seen::Int(at) if i64::try_from(at).is_ok_and(|at| bounds.contains(&at)))
            {
                continue;
            }
            key.clear();
            by.iter().for_each(|by| write(&mut key, by.get(row)));
            let group = match self.groups.get(&key) {
                Some(group) => *group,
                None => self.group(&key, || by.iter().map(|by| by.get(row).owned()).collect()),
            };
            for (measured, lane) in self.measures.iter_mut().zip(&measured) {
                let seen = lane.as_ref().map_or(Seen::Null, |lane| lane.get(row));
                measured.take(group, seen).ok_or_else(|| Error::Aggregate {
                    table: aggregate.table.name.to_string(),
                    reason: "a sum has more than 38 digits: choose smaller groups".into(),
                })?;
            }
        }
        Ok(())
    }

    /// A new group.
    fn group(&mut self, key: &[u8], values: impl FnOnce() -> Vec<Value>) -> usize {
        let group = self.keys.len();
        self.groups.insert(key.to_vec(), group);
        self.keys.push(values());
        for measured in &mut self.measures {
            match measured {
                Measured::Count(of) => of.push(0),
                Measured::Sum(of) | Measured::Min(of) | Measured::Max(of) => of.push(None),
                Measured::Distinct(of) => of.push(PlHashSet::default()),
            }
        }
        group
    }

    /// The result, in the order of the groups.
    ///
    /// # Errors
    /// When a sum has more than 38 digits.
    pub fn finish(self) -> Result<DataFrame> {
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
        Ok(builder.finish()?.into_frame())
    }
}

impl Measured {
    /// Takes a value of `group`; none where a sum is too large.
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

fn lane<'a>(aggregate: &Aggregate, frame: &'a DataFrame, column: &Column) -> Result<Lane<'a>> {
    let wrong = |reason: String| Error::mismatch(&aggregate.table.name, &column.name, None, reason);
    let values = frame.column(&column.name).map_err(|_| wrong("the column is missing".into()))?;
    let values = values.as_materialized_series();
    let lane = match column.dtype {
        DataType::Bool => values.bool().map(Lane::Bool),
        DataType::Int64 => values.i64().map(Lane::Int),
        DataType::Text => values.str().map(Lane::Text),
        DataType::Date => values.date().map(|it| Lane::Days(it.physical())),
        DataType::Timestamp => values.datetime().map(|it| Lane::Int(it.physical())),
        DataType::Decimal { .. } => values.decimal().map(|it| Lane::Units(it.physical())),
        DataType::Float64 => return Err(wrong("floats are not summarised".into())),
    };
    lane.map_err(|error| wrong(error.to_string()))
}

impl<'a> Lane<'a> {
    fn get(&self, row: usize) -> Seen<'a> {
        let int = |value: Option<i128>| value.map_or(Seen::Null, Seen::Int);
        match self {
            Self::Bool(values) => values.get(row).map_or(Seen::Null, Seen::Bool),
            Self::Int(values) => int(values.get(row).map(i128::from)),
            Self::Text(values) => values.get(row).map_or(Seen::Null, Seen::Text),
            Self::Days(values) => int(values.get(row).map(i128::from)),
            Self::Units(values) => int(values.get(row)),
        }
    }
}

impl<'a> By<'a> {
    fn get(&self, row: usize) -> Seen<'a> {
        truncated(self.group, self.is_instant, self.lane.get(row))
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

/// A number as `column` has it.
fn cell(units: i128, column: &Column) -> Result<Cell<'static>> {
    let large = |_| Error::mismatch("a summary", &column.name, None, "it is too large");
    Ok(match column.dtype {
        DataType::Date => Cell::Date(i32::try_from(units).map_err(large)?),
        DataType::Timestamp => Cell::Timestamp(i64::try_from(units).map_err(large)?),
        DataType::Decimal { .. } => Cell::Decimal(units),
        _ => Cell::Int(units),
    })
}

/// So that different values have different bytes, whatever follows.
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

/// The value that a group goes by, where the column's own values are days or microseconds.
fn truncated<'a>(group: &Group, is_instant: bool, seen: Seen<'a>) -> Seen<'a> {
    let (Seen::Int(value), false) = (seen, matches!(group, Group::Column(_))) else { return seen };
    let days = if is_instant { value.div_euclid(86_400_000_000) } else { value };
    Seen::Int(match group {
        // 1970-01-01 was a Thursday.
        Group::Week(_) => days - (days + 3).rem_euclid(7),
        Group::Month(_) => first_of_month(days).unwrap_or(days),
        Group::Day(_) | Group::Column(_) => days,
    })
}

fn first_of_month(days: i128) -> Option<i128> {
    let epoch = NaiveDate::default();
    let day = epoch.checked_add_signed(chrono::TimeDelta::try_days(i64::try_from(days).ok()?)?)?;
    Some((day.with_day(1)? - epoch).num_days().into())
}
