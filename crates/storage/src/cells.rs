//! Columns read cell by cell, and put back together from cells.

use std::sync::Arc;

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::polars::prelude::{
    BooleanChunked, Float64Chunked, Int32Chunked, Int64Chunked, Int128Chunked, IntoSeries,
    StringChunked,
};
use tidegauge_core::{Batch, BatchBuilder, Cell, Column, DataType, Table, TableRef};

use crate::Result;

/// A column whose cells can be asked for by row.
pub(crate) enum Cells<'a> {
    Bool(&'a BooleanChunked),
    Int(&'a Int64Chunked),
    Float(&'a Float64Chunked),
    Text(&'a StringChunked),
    Date(&'a Int32Chunked),
    Timestamp(&'a Int64Chunked),
    Decimal(&'a Int128Chunked),
}

impl<'a> Cells<'a> {
    /// The cells of the column that `column` defines. Fastest when the frame is in one chunk.
    pub(crate) fn of(frame: &'a DataFrame, column: &Column) -> Result<Self> {
        let values = frame.column(&column.name)?.as_materialized_series();
        Ok(match column.dtype {
            DataType::Bool => Self::Bool(values.bool()?),
            DataType::Int64 => Self::Int(values.i64()?),
            DataType::Float64 => Self::Float(values.f64()?),
            DataType::Text => Self::Text(values.str()?),
            DataType::Date => Self::Date(values.date()?.physical()),
            DataType::Timestamp => Self::Timestamp(values.datetime()?.physical()),
            DataType::Decimal { .. } => Self::Decimal(values.decimal()?.physical()),
        })
    }

    pub(crate) fn get(&self, row: usize) -> Cell<'a> {
        let cell = match self {
            Self::Bool(values) => values.get(row).map(Cell::Bool),
            Self::Int(values) => values.get(row).map(|value| Cell::Int(value.into())),
            Self::Float(values) => values.get(row).map(Cell::Float),
            Self::Text(values) => values.get(row).map(Cell::Text),
            Self::Date(values) => values.get(row).map(Cell::Date),
            Self::Timestamp(values) => values.get(row).map(Cell::Timestamp),
            Self::Decimal(values) => values.get(row).map(Cell::Decimal),
        };
        cell.unwrap_or(Cell::Null)
    }
}

/// All cells of `columns`, one reader a column.
pub(crate) fn all<'a>(
    frame: &'a DataFrame,
    columns: impl IntoIterator<Item = &'a Column>,
) -> Result<Vec<Cells<'a>>> {
    columns.into_iter().map(|column| Cells::of(frame, column)).collect()
}

/// `table` cut down to `columns`: what a reader builds its frame by.
pub(crate) fn projected<'a>(
    table: &Table,
    columns: impl IntoIterator<Item = &'a Column>,
) -> TableRef {
    Arc::new(Table {
        columns: columns.into_iter().cloned().collect(),
        key: Vec::new(),
        foreign_keys: Vec::new(),
        time: None,
        ..table.clone()
    })
}

/// No rows of `table`, with its columns.
pub(crate) fn none(table: &TableRef) -> Result<DataFrame> {
    Ok(BatchBuilder::new(table).finish()?.into_frame())
}

/// The definitions of the key's columns.
pub(crate) fn key(table: &Table) -> Result<Vec<&Column>> {
    Ok(table.key.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?)
}

/// The table's columns with exactly its types: a batch may have decimals of another precision.
pub(crate) fn typed(frame: &DataFrame, table: &Table) -> Result<DataFrame> {
    let mut typed = frame.clone();
    for column in &table.columns {
        if let DataType::Decimal { precision, scale } = column.dtype {
            let values = frame.column(&column.name)?.as_materialized_series();
            if *values.dtype() != column.dtype.to_polars() {
                let units = values.decimal()?.physical().clone();
                let values = units.into_decimal_unchecked(precision.into(), scale.into());
                typed.with_column(values.into_series().into())?;
            }
        }
    }
    Ok(typed)
}

/// The rows of each table in the order they came, with the types of its definition.
pub(crate) fn by_table(batches: &[Batch]) -> Result<Vec<(&TableRef, DataFrame)>> {
    let mut tables: Vec<(&TableRef, DataFrame)> = Vec::new();
    for batch in batches {
        let frame = typed(batch.frame(), batch.table())?;
        match tables.iter_mut().find(|(table, _)| table.name == batch.table().name) {
            Some((_, stack)) => {
                stack.vstack_mut_owned(frame)?;
            }
            None => tables.push((batch.table(), frame)),
        }
    }
    for (_, frame) in &mut tables {
        frame.rechunk_mut();
    }
    Ok(tables)
}
