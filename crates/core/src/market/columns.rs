//! Columns of a market table as plain vectors.

use chrono::{DateTime, NaiveDate};

use crate::{Batch, ColumnView, Error, Result};

/// The columns of one market table.
pub(super) struct Columns<'b> {
    pub(super) table: &'static str,
    pub(super) batch: &'b Batch,
}

impl<'b> Columns<'b> {
    pub(super) fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Market { table: self.table, reason: reason.into() }
    }

    fn column<T>(&self, name: &str, of: impl Fn(ColumnView<'b>) -> Option<T>) -> Result<T> {
        let column = self.batch.column(name).map_err(|error| self.wrong(error.to_string()))?;
        of(column).ok_or_else(|| self.wrong(format!("column `{name}` is of another type")))
    }

    pub(super) fn text(&self, name: &str) -> Result<Vec<&'b str>> {
        self.whole(name, self.column(name, |column| column.as_text())?.iter())
    }

    /// Microseconds since 1970.
    pub(super) fn times(&self, name: &str) -> Result<Vec<i64>> {
        self.whole(name, self.column(name, |column| column.as_timestamp())?.iter())
    }

    pub(super) fn days(&self, name: &str) -> Result<Vec<NaiveDate>> {
        let days = self.whole(name, self.column(name, |column| column.as_date())?.iter())?;
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
        let values = self.column(name, |column| column.as_decimal())?;
        if values.scale() != 8 {
            return Err(self.wrong(format!("column `{name}` has not eight decimal places")));
        }
        self.whole(name, values.iter())
    }

    fn no_day(&self, name: &str) -> Error {
        self.wrong(format!("column `{name}` has a day that no calendar reaches"))
    }

    fn whole<T>(&self, name: &str, values: impl Iterator<Item = Option<T>>) -> Result<Vec<T>> {
        let values: Option<Vec<T>> = values.collect();
        values.ok_or_else(|| self.wrong(format!("column `{name}` has a null")))
    }
}
