//! Columns of a market table, checked for their types.

use tidegauge_core::arrow::array::Decimal128Array;
use tidegauge_core::{Batch, ColumnView, TextView};

use crate::{Error, Result};

/// The columns of one market table, whose rows may come in several batches.
pub(super) struct RawColumns<'f> {
    pub(super) table: &'static str,
    pub(super) batches: &'f [Batch],
}

impl<'f> RawColumns<'f> {
    /// Returns strings that are never null.
    pub(super) fn non_null_strings(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = &'f str> + use<'f>> {
        let columns = self.non_null(name, "text", |column| column.as_text())?;
        Ok(columns.into_iter().flat_map(TextView::iter).flatten())
    }

    /// Returns strings; `None` is null.
    pub(super) fn strings(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = Option<&'f str>> + use<'f>> {
        let columns = self.typed_columns(name, "text", |column| column.as_text())?;
        Ok(columns.into_iter().flat_map(TextView::iter))
    }

    /// Returns microseconds since 1970 that are never null.
    pub(super) fn non_null_times(&self, name: &str) -> Result<impl Iterator<Item = i64> + use<'f>> {
        let wanted = "a datetime in microseconds";
        let columns = self.non_null(name, wanted, |column| column.as_timestamp())?;
        Ok(columns.into_iter().flatten().flatten())
    }

    /// Returns microseconds since 1970; `None` is null.
    pub(super) fn times(&self, name: &str) -> Result<impl Iterator<Item = Option<i64>> + use<'f>> {
        let wanted = "a datetime in microseconds";
        let columns = self.typed_columns(name, wanted, |column| column.as_timestamp())?;
        Ok(columns.into_iter().flatten())
    }

    /// Returns integers; `None` is null.
    pub(super) fn ints(&self, name: &str) -> Result<impl Iterator<Item = Option<i64>> + use<'f>> {
        let columns = self.typed_columns(name, "64-bit integers", |column| column.as_i64())?;
        Ok(columns.into_iter().flatten())
    }

    /// Returns units of decimals of 18 places; `None` is null.
    pub(super) fn prices(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = Option<i128>> + use<'f>> {
        let columns = self.typed_columns(name, "decimals of 18 places", decimals_of_scale(18))?;
        Ok(columns.into_iter().flatten())
    }

    /// Returns units of decimals of 18 places that are never null.
    pub(super) fn non_null_prices(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = i128> + use<'f>> {
        let columns = self.non_null(name, "decimals of 18 places", decimals_of_scale(18))?;
        Ok(columns.into_iter().flatten().flatten())
    }

    /// Returns units of decimals of 2 places; `None` is null.
    pub(super) fn fiat_amounts(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = Option<i128>> + use<'f>> {
        let columns = self.typed_columns(name, "decimals of 2 places", decimals_of_scale(2))?;
        Ok(columns.into_iter().flatten())
    }

    fn non_null<T>(
        &self,
        name: &str,
        wanted: &str,
        by_type: impl Fn(ColumnView<'f>) -> Option<T>,
    ) -> Result<Vec<T>> {
        let columns = self.typed_columns(name, wanted, by_type)?;
        let nulls = self.batches.iter().map(|batch| Ok(batch.column(name)?.null_count()));
        match nulls.sum::<Result<usize>>()? {
            0 => Ok(columns),
            rows => Err(Error::Nulls { frame: self.table, column: name.into(), rows }),
        }
    }

    fn typed_columns<T>(
        &self,
        name: &str,
        wanted: &str,
        by_type: impl Fn(ColumnView<'f>) -> Option<T>,
    ) -> Result<Vec<T>> {
        let column = |batch: &'f Batch| {
            let columns = &batch.table().columns;
            let definition = columns.iter().find(|column| column.name == name);
            let definition = definition.ok_or_else(|| Error::MissingColumn {
                frame: self.table,
                column: name.into(),
                known: columns.iter().map(|column| column.name.to_string()).collect(),
            })?;
            by_type(batch.column(name)?).ok_or_else(|| Error::ColumnType {
                frame: self.table,
                column: name.into(),
                found: definition.dtype.to_string(),
                wanted: wanted.into(),
            })
        };
        self.batches.iter().map(column).collect()
    }

    /// Returns the error of implausible rows.
    pub(super) fn invalid_rows(&self, reason: String) -> Error {
        tidegauge_core::Error::Market { table: self.table.into(), reason }.into()
    }
}

fn decimals_of_scale<'f>(places: i8) -> impl Fn(ColumnView<'f>) -> Option<&'f Decimal128Array> {
    move |column| column.as_decimal().filter(|units| units.scale() == places)
}
