//! Columns of a market table as plain vectors.

use chrono::{DateTime, NaiveDate};
use polars_core::frame::DataFrame;

use crate::{Error, Result};

/// The columns of one market table.
pub(super) struct Columns<'f> {
    pub(super) table: &'static str,
    pub(super) frame: &'f DataFrame,
}

impl<'f> Columns<'f> {
    pub(super) fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Market { table: self.table, reason: reason.into() }
    }

    pub(super) fn text(&self, name: &str) -> Result<Vec<&'f str>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.str().map_err(|error| self.wrong(error.to_string()))?;
        self.whole(name, values.iter())
    }

    /// Microseconds since 1970.
    pub(super) fn times(&self, name: &str) -> Result<Vec<i64>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.datetime().map_err(|error| self.wrong(error.to_string()))?;
        self.whole(name, values.physical().iter())
    }

    pub(super) fn days(&self, name: &str) -> Result<Vec<NaiveDate>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.date().map_err(|error| self.wrong(error.to_string()))?;
        let days = self.whole(name, values.physical().iter())?;
        let day = |days| NaiveDate::from_epoch_days(days).ok_or_else(|| self.no_day(name));
        days.into_iter().map(day).collect()
    }

    /// The UTC day of a moment in the column `name`.
    pub(super) fn day_of(&self, name: &str, micros: i64) -> Result<NaiveDate> {
        let time = DateTime::from_timestamp_micros(micros).ok_or_else(|| self.no_day(name))?;
        Ok(time.date_naive())
    }

    /// Decimals of eight places, as their units.
    pub(super) fn money(&self, name: &str) -> Result<Vec<i128>> {
        let column = self.frame.column(name).map_err(|error| self.wrong(error.to_string()))?;
        let values = column.decimal().map_err(|error| self.wrong(error.to_string()))?;
        if values.scale() != 8 {
            return Err(self.wrong(format!("column `{name}` has not eight decimal places")));
        }
        self.whole(name, values.physical().iter())
    }

    fn no_day(&self, name: &str) -> Error {
        self.wrong(format!("column `{name}` has a day that no calendar reaches"))
    }

    fn whole<T>(&self, name: &str, values: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
        let values: Option<Vec<T>> = values.collect();
        values.ok_or_else(|| self.wrong(format!("column `{name}` has a null")))
    }
}
