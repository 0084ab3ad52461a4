//! Tables in memory whose cells can be changed: no store would accept the faults.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream;
use tidegauge::core::arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use tidegauge::core::arrow::buffer::BooleanBuffer;
use tidegauge::core::tables::by_name;
use tidegauge::core::{
    Batch, BatchStream, Cell, ColumnView, Cursor, Error, ErrorKind, Load, Loaded, Result, Scan,
    Sink, Table, TableRef, Values, Warehouse, WriteMode,
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
pub(crate) struct Tables(HashMap<String, Batch>);

impl Tables {
    /// Adds rows; of rows with the same key the newest stays.
    pub(crate) fn add(&mut self, rows: &Batch) {
        let table = rows.table();
        let rows = Batch::new(&lenient(table), rows.record().clone()).unwrap();
        let Some(there) = self.0.get_mut(table.name.as_ref()) else {
            self.0.insert(table.name.to_string(), rows);
            return;
        };
        if table.write == WriteMode::Merge {
            let key = |batch: &Batch, row: usize| -> String {
                table.key.iter().map(|key| format!("{:?} ", value(batch, key, row))).collect()
            };
            let new: Vec<String> = (0..rows.rows()).map(|row| key(&rows, row)).collect();
            let old =
                BooleanBuffer::collect_bool(there.rows(), |row| !new.contains(&key(there, row)));
            *there = there.filter(&old).unwrap();
        }
        *there = Batch::concat(rows.table(), &[there.clone(), rows.clone()]).unwrap();
    }

    fn batch(&self, table: &str) -> &Batch {
        &self.0[table]
    }

    pub(crate) fn rows(&self, table: &str) -> usize {
        self.0.get(table).map_or(0, Batch::rows)
    }

    /// Returns the index of the first row that satisfies `is`.
    pub(crate) fn find(&self, table: &str, is: impl Fn(Row<'_>) -> bool) -> usize {
        let found = self.all(table, is);
        *found.first().unwrap_or_else(|| panic!("there is no such row in {table}"))
    }

    /// Returns the indexes of all rows that satisfy `is`.
    pub(crate) fn all(&self, table: &str, is: impl Fn(Row<'_>) -> bool) -> Vec<usize> {
        (0..self.rows(table)).filter(|row| is(self.row(table, *row))).collect()
    }

    pub(crate) fn row(&self, table: &str, row: usize) -> Row<'_> {
        Row { batch: self.batch(table), row }
    }

    pub(crate) fn set(&mut self, table: &str, row: usize, column: &str, value: Value) {
        let batch = self.0.get_mut(table).unwrap();
        let table = batch.table().clone();
        let columns = table.columns.iter().zip(batch.record().columns());
        let columns = columns.map(|(definition, array)| {
            Values::Array(match definition.name == column {
                true => with(batch.column(column).unwrap(), row, &value),
                false => array.clone(),
            })
        });
        *batch = Batch::from_columns(&table, batch.rows(), columns.collect()).unwrap();
    }

    /// Appends copies of the rows, and returns the index of the first copy.
    pub(crate) fn duplicate(&mut self, table: &str, rows: &[usize]) -> usize {
        let batch = self.0.get_mut(table).unwrap();
        let first = batch.rows();
        let all = (0..first).chain(rows.iter().copied());
        let all: Vec<u32> = all.map(|row| u32::try_from(row).unwrap()).collect();
        *batch = batch.take(&all).unwrap();
        first
    }

    pub(crate) fn remove(&mut self, table: &str, rows: &[usize]) {
        let batch = self.0.get_mut(table).unwrap();
        let stays = BooleanBuffer::collect_bool(batch.rows(), |row| !rows.contains(&row));
        *batch = batch.filter(&stays).unwrap();
    }
}

/// Returns the table with every column nullable.
fn lenient(table: &Table) -> TableRef {
    let mut table = table.clone();
    table.columns.iter_mut().for_each(|column| column.nullable = true);
    Arc::new(table)
}

/// Returns the column with another value in one row.
fn with(column: ColumnView<'_>, row: usize, value: &Value) -> ArrayRef {
    fn set<T>(
        values: impl Iterator<Item = Option<T>>,
        row: usize,
        value: Option<T>,
    ) -> Vec<Option<T>> {
        let mut values: Vec<_> = values.collect();
        values[row] = value;
        values
    }
    match (column, value) {
        (ColumnView::Int64(there), Value::Int(value)) => {
            Arc::new(Int64Array::from(set(there.iter(), row, Some(*value))))
        }
        (ColumnView::Int64(there), Value::Null) => {
            Arc::new(Int64Array::from(set(there.iter(), row, None)))
        }
        (ColumnView::Float64(there), Value::Float(value)) => {
            Arc::new(Float64Array::from(set(there.iter(), row, Some(*value))))
        }
        (ColumnView::Float64(there), Value::Null) => {
            Arc::new(Float64Array::from(set(there.iter(), row, None)))
        }
        (ColumnView::Timestamp(there), Value::Time(at)) => {
            Arc::new(TimestampMicrosecondArray::from(set(there.iter(), row, Some(*at))))
        }
        (ColumnView::Timestamp(there), Value::Null) => {
            Arc::new(TimestampMicrosecondArray::from(set(there.iter(), row, None)))
        }
        (ColumnView::Text(there), Value::Text(text)) => {
            Arc::new(StringArray::from(set(there.iter(), row, Some(text.as_str()))))
        }
        (ColumnView::Text(there), Value::Null) => {
            Arc::new(StringArray::from(set(there.iter(), row, None)))
        }
        (ColumnView::Decimal(there), Value::Units(_) | Value::Null) => {
            let value = if let Value::Units(units) = value { Some(*units) } else { None };
            let values = Decimal128Array::from(set(there.iter(), row, value));
            let values = values.with_precision_and_scale(there.precision(), there.scale());
            Arc::new(values.unwrap())
        }
        (column, value) => panic!("{:?} cannot become {value:?}", column.cell(row)),
    }
}

fn value<'b>(batch: &'b Batch, column: &str, row: usize) -> Cell<'b> {
    batch.column(column).unwrap().cell(row)
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'b> {
    batch: &'b Batch,
    row: usize,
}

impl Row<'_> {
    pub(crate) fn int(&self, column: &str) -> i64 {
        self.some(column).unwrap()
    }

    /// Returns an integer or a time in microseconds; `None` if it is null.
    pub(crate) fn some(&self, column: &str) -> Option<i64> {
        match value(self.batch, column, self.row) {
            Cell::Int(value) => Some(i64::try_from(value).unwrap()),
            Cell::Timestamp(at) => Some(at),
            Cell::Null => None,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn units(&self, column: &str) -> i128 {
        match value(self.batch, column, self.row) {
            Cell::Decimal(units) => units,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn float(&self, column: &str) -> f64 {
        match value(self.batch, column, self.row) {
            Cell::Float(value) => value,
            other => panic!("{column} is {other:?}"),
        }
    }

    pub(crate) fn text(&self, column: &str) -> String {
        match value(self.batch, column, self.row) {
            Cell::Null => String::new(),
            Cell::Text(text) => text.into(),
            Cell::Bool(value) => value.to_string(),
            other => panic!("{column} is {other:?}"),
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

    async fn load(&self, _: Load<'_>) -> Result<Loaded> {
        Err(Error::sink("memory", ErrorKind::Permission, "is only read"))
    }
}

#[async_trait]
impl Warehouse for Tables {
    async fn scan(&self, scan: &Scan) -> Result<BatchStream> {
        let rows = self.0.get(scan.table.name.as_ref()).map(|rows| scan.apply(rows));
        Ok(Box::pin(stream::iter(rows)))
    }
}

/// Returns the definition of a built-in table.
pub(crate) fn table(name: &str) -> TableRef {
    by_name(name).unwrap()
}
