//! The columns of a batch of the exchange's tables, any of which may have nulls.

use tidegauge_core::arrow::array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use tidegauge_core::{Batch, TextView, units_to_f64};

use crate::Result;
use crate::market::NameInterner;
use crate::typed_columns::{Nullable, typed_column};

/// Returns a column of whole numbers.
pub(super) fn ints<'b>(batch: &'b Batch, name: &str) -> Result<Nullable<'b, Int64Type>> {
    Ok(Nullable(typed_column(batch, name, |column| column.as_i64())?))
}

/// Returns a column of times, in microseconds since 1970.
pub(super) fn times<'b>(
    batch: &'b Batch,
    name: &str,
) -> Result<Nullable<'b, TimestampMicrosecondType>> {
    Ok(Nullable(typed_column(batch, name, |column| column.as_timestamp())?))
}

/// Returns a column of text.
pub(super) fn texts<'b>(batch: &'b Batch, name: &str) -> Result<TextView<'b>> {
    typed_column(batch, name, |column| column.as_text())
}

/// A column of amounts.
pub(super) struct Amounts<'b> {
    units: Nullable<'b, Decimal128Type>,
    scale: u32,
}

impl<'b> Amounts<'b> {
    pub(super) fn new(batch: &'b Batch, name: &str) -> Result<Self> {
        let units = typed_column(batch, name, |column| column.as_decimal())?;
        let scale = u32::try_from(units.scale()).unwrap_or_default();
        Ok(Self { units: Nullable(units), scale })
    }

    /// Returns the amount of a row, or `None` if it is null.
    pub(super) fn get(&self, row: usize) -> Option<f64> {
        self.units.get(row).map(|units| units_to_f64(units, self.scale))
    }
}

/// A column of names, each as its id in an interner.
pub(super) struct Names<'b> {
    texts: TextView<'b>,
    /// The ids of the texts of a dictionary; of a plain column, of each row.
    ids: Vec<usize>,
}

impl<'b> Names<'b> {
    pub(super) fn new(batch: &'b Batch, name: &str, names: &mut NameInterner) -> Result<Self> {
        let texts = texts(batch, name)?;
        let ids =
            texts.values().iter().map(|text| names.intern(text.unwrap_or_default())).collect();
        Ok(Self { texts, ids })
    }

    /// Returns the id of the name of a row, or `None` if it is null.
    pub(super) fn get(&self, row: usize) -> Option<usize> {
        self.texts.key(row).and_then(|key| self.ids.get(key).copied())
    }
}
