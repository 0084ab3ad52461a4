//! Columns of a market table, checked for what they are.

use polars::prelude::*;

use crate::frames::{TIME, require};
use crate::{Error, Result};

/// The columns of one market table.
pub(super) struct Columns<'f> {
    pub(super) table: &'static str,
    pub(super) frame: &'f DataFrame,
}

impl<'f> Columns<'f> {
    /// Text that is never null.
    pub(super) fn text(&self, name: &str) -> Result<impl Iterator<Item = &'f str> + use<'f>> {
        let column = self.whole(name, "text", DataType::is_string)?;
        Ok(column.str()?.iter().flatten())
    }

    /// Microseconds since 1970, never null.
    pub(super) fn times(&self, name: &str) -> Result<impl Iterator<Item = i64> + use<'f>> {
        let column = self.whole(name, "a datetime in microseconds", |it| *it == TIME)?;
        Ok(column.datetime()?.physical().iter().flatten())
    }

    /// Whole numbers that are never null.
    pub(super) fn ints(&self, name: &str) -> Result<impl Iterator<Item = i64> + use<'f>> {
        let column = self.whole(name, "64-bit integers", |it| *it == DataType::Int64)?;
        Ok(column.i64()?.iter().flatten())
    }

    /// Units of decimals of `scale` places that are never null.
    pub(super) fn money(&self, name: &str) -> Result<impl Iterator<Item = i128> + use<'f>> {
        Ok(self
            .whole(name, "decimals of 8 places", has_scale(8))?
            .decimal()?
            .physical()
            .iter()
            .flatten())
    }

    /// Units of decimals of two places; null where unknown.
    pub(super) fn fiat(&self, name: &str) -> Result<impl Iterator<Item = Option<i128>> + use<'f>> {
        let column = self.typed(name, "decimals of 2 places", has_scale(2))?;
        Ok(column.decimal()?.physical().iter())
    }

    fn whole(
        &self,
        name: &str,
        wanted: &str,
        fits: impl Fn(&DataType) -> bool,
    ) -> Result<&'f Column> {
        let column = self.typed(name, wanted, fits)?;
        match column.null_count() {
            0 => Ok(column),
            rows => Err(Error::Nulls { frame: self.table, column: name.into(), rows }),
        }
    }

    fn typed(
        &self,
        name: &str,
        wanted: &str,
        fits: impl Fn(&DataType) -> bool,
    ) -> Result<&'f Column> {
        let column = require(self.table, self.frame, name)?;
        if fits(column.dtype()) {
            return Ok(column);
        }
        Err(Error::ColumnType {
            frame: self.table,
            column: name.into(),
            found: column.dtype().to_string(),
            wanted: wanted.into(),
        })
    }

    /// What is wrong with the rows themselves.
    pub(super) fn wrong(&self, reason: String) -> Error {
        tidegauge_core::Error::Market { table: self.table, reason }.into()
    }
}

fn has_scale(places: usize) -> impl Fn(&DataType) -> bool {
    move |found| matches!(found, DataType::Decimal(_, scale) if *scale == places)
}
