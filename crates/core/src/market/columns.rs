//! Columns of a market table as vectors.

use chrono::{DateTime, NaiveDate};

use crate::{Batch, ColumnView, DataType, Error, Result};

/// The columns of one market table.
pub(super) struct Columns<'b> {
    pub(super) table: &'static str,
    pub(super) batch: &'b Batch,
}

impl<'b> Columns<'b> {
    pub(super) fn error(&self, reason: impl Into<String>) -> Error {
        Error::Market { table: self.table.into(), reason: reason.into() }
    }

    fn column<T>(&self, name: &str, view: impl Fn(ColumnView<'b>) -> Option<T>) -> Result<T> {
        let column = self.batch.column(name).map_err(|cause| self.error(cause.to_string()))?;
        view(column).ok_or_else(|| self.error(format!("column `{name}` is of another type")))
    }

    /// Returns text values; `None` where they are null.
    pub(super) fn text(&self, name: &str) -> Result<Vec<Option<&'b str>>> {
        Ok(self.column(name, |column| column.as_text())?.iter().collect())
    }

    /// Returns times in microseconds since 1970; `None` where they are null.
    pub(super) fn times(&self, name: &str) -> Result<Vec<Option<i64>>> {
        Ok(self.column(name, |column| column.as_timestamp())?.iter().collect())
    }

    /// Returns dates; `None` where they are null or beyond the calendar.
    pub(super) fn days(&self, name: &str) -> Result<Vec<Option<NaiveDate>>> {
        let days = self.column(name, |column| column.as_date())?.iter();
        Ok(days.map(|days| days.and_then(NaiveDate::from_epoch_days)).collect())
    }

    /// Returns decimals with the places of [`Crypto`](crate::Crypto) as minor units; `None` where
    /// they are null.
    pub(super) fn money(&self, name: &str) -> Result<Vec<Option<i128>>> {
        let values = self.column(name, |column| column.as_decimal())?;
        if !matches!(DataType::CRYPTO, DataType::Decimal { scale, .. } if scale.cast_signed() == values.scale())
        {
            return Err(self.error(format!(
                "column `{name}` has not the decimal places of {}",
                DataType::CRYPTO
            )));
        }
        Ok(values.iter().collect())
    }
}

/// Returns the UTC day of a time in microseconds since 1970; `None` beyond the calendar.
pub(super) fn day_of(micros: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp_micros(micros)?.date_naive())
}
