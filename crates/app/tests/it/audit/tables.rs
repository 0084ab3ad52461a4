//! Tables in memory whose cells can be changed: no store would take what is broken here.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use tidegauge::core::polars::frame::DataFrame;
use tidegauge::core::polars::prelude::{
    AnyValue, BooleanChunked, DataType, NewChunkedArray, PlSmallStr, Series,
};
use tidegauge::core::tables::by_name;
use tidegauge::core::{
    BatchBuilder, Cursor, Error, Load, Result, Scan, Sink, TableRef, Warehouse, WriteMode,
};

/// A value of a cell.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(i64),
    Units(i128),
    Time(i64),
    Text(String),
    Float(f64),
    Null,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Tables(HashMap<String, DataFrame>);

impl Tables {
    /// Adds rows; of those with one key the newest stays.
    pub(crate) fn add(&mut self, table: &TableRef, rows: &DataFrame) {
        let Some(there) = self.0.get_mut(table.name.as_ref()) else {
            self.0.insert(table.name.to_string(), rows.clone());
            return;
        };
        if table.write == WriteMode::Merge {
            let key = |frame: &DataFrame, row: usize| -> String {
                table.key.iter().map(|key| format!("{:?} ", value(frame, key, row))).collect()
            };
            let new: Vec<String> = (0..rows.height()).map(|row| key(rows, row)).collect();
            let old: Vec<bool> =
                (0..there.height()).map(|row| !new.contains(&key(there, row))).collect();
            *there = there.filter(&mask(&old)).unwrap();
        }
        there.vstack_mut(rows).unwrap();
        there.rechunk_mut();
    }

    fn frame(&self, table: &str) -> &DataFrame {
        &self.0[table]
    }

    pub(crate) fn rows(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, DataFrame::height)
    }

    /// The first row of which something is true.
    pub(crate) fn find(&self, table: &str, is: impl Fn(Row<'_>) -> bool) -> usize {
        let found = self.all(table, is);
        *found.first().unwrap_or_else(|| panic!("there is no such row in {table}"))
    }

    /// All rows of which something is true.
    pub(crate) fn all(&self, table: &str, is: impl Fn(Row<'_>) -> bool) -> Vec<usize> {
        (0..self.rows(table)).filter(|row| is(self.row(table, *row))).collect()
    }

    pub(crate) fn row(&self, table: &str, row: usize) -> Row<'_> {
        Row { frame: self.frame(table), row }
    }

    pub(crate) fn set(&mut self, table: &str, row: usize, column: &str, value: Value) {
        let frame = self.0.get_mut(table).unwrap();
        let old = frame.column(column).unwrap().as_materialized_series().clone();
        let mut values: Vec<AnyValue<'_>> = (0..old.len()).map(|at| old.get(at).unwrap()).collect();
        values[row] = match (&value, old.dtype()) {
            (Value::Null, _) => AnyValue::Null,
            (Value::Int(value), _) => AnyValue::Int64(*value),
            (Value::Units(units), DataType::Decimal(precision, scale)) => {
                AnyValue::Decimal(*units, *precision, *scale)
            }
            (Value::Time(at), DataType::Datetime(unit, _)) => AnyValue::Datetime(*at, *unit, None),
            (Value::Text(text), _) => AnyValue::String(text),
            (Value::Float(value), _) => AnyValue::Float64(*value),
            (value, dtype) => panic!("{column} is {dtype}, not {value:?}"),
        };
        let name = PlSmallStr::from_str(column);
        let new = Series::from_any_values_and_dtype(name, &values, old.dtype(), true).unwrap();
        frame.with_column(new.into()).unwrap();
    }

    /// Puts the rows there once more, behind all others; the first of them.
    pub(crate) fn again(&mut self, table: &str, rows: &[usize]) -> usize {
        let frame = self.0.get_mut(table).unwrap();
        let first = frame.height();
        for row in rows {
            let copy = frame.slice(i64::try_from(*row).unwrap(), 1);
            frame.vstack_mut(&copy).unwrap();
        }
        frame.rechunk_mut();
        first
    }

    pub(crate) fn remove(&mut self, table: &str, rows: &[usize]) {
        let frame = self.0.get_mut(table).unwrap();
        let stays: Vec<bool> = (0..frame.height()).map(|row| !rows.contains(&row)).collect();
        *frame = frame.filter(&mask(&stays)).unwrap();
        frame.rechunk_mut();
    }
}

fn mask(stays: &[bool]) -> BooleanChunked {
    BooleanChunked::from_slice(PlSmallStr::EMPTY, stays)
}

fn value<'f>(frame: &'f DataFrame, column: &str, row: usize) -> AnyValue<'f> {
    frame.column(column).unwrap().get(row).unwrap()
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'f> {
    frame: &'f DataFrame,
    row: usize,
}

impl Row<'_> {
    pub(crate) fn int(&self, column: &str) -> i64 {
        self.some(column).unwrap()
    }

    /// A number or a time; none where it is null.
    pub(crate) fn some(&self, column: &str) -> Option<i64> {
        match value(self.frame, column, self.row) {
            AnyValue::Int64(value) | AnyValue::Datetime(value, ..) => Some(value),
            AnyValue::Null => None,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn units(&self, column: &str) -> i128 {
        match value(self.frame, column, self.row) {
            AnyValue::Decimal(units, ..) => units,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn float(&self, column: &str) -> f64 {
        match value(self.frame, column, self.row) {
            AnyValue::Float64(value) => value,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn text(&self, column: &str) -> String {
        match value(self.frame, column, self.row) {
            AnyValue::Null => String::new(),
            value => value.str_value().into_owned(),
        }
    }

    pub(crate) fn is(&self, column: &str, text: &str) -> bool {
        self.text(column) == text
    }
}

#[async_trait]
impl Sink for Tables {
    fn name(&self) -> &str {
        "memory"
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(BTreeMap::new())
    }

    async fn load(&self, _: Load<'_>) -> Result<()> {
        Err(Error::sink("memory", "is only read"))
    }
}

#[async_trait]
impl Warehouse for Tables {
    async fn scan(&self, scan: &Scan) -> Result<DataFrame> {
        match self.0.get(scan.table.name.as_ref()) {
            Some(frame) => scan.of(frame),
            None => scan.of(&BatchBuilder::new(&scan.table).finish()?.into_frame()),
        }
    }
}

/// The definition of a built-in table.
pub(crate) fn table(name: &str) -> TableRef {
    by_name(name).unwrap()
}
