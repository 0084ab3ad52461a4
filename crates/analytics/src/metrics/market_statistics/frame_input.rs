//! Columns of a user's frame, checked for their types.

use polars::prelude::*;

use crate::dates::TIME;
use crate::frames::require_column;
use crate::{Error, Result};

/// A frame and its name for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameInput<'f> {
    pub(super) name: &'static str,
    pub(super) frame: &'f DataFrame,
}

impl FrameInput<'_> {
    /// Returns a column of text.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub(super) fn texts(&self, column: &str) -> Result<StringChunked> {
        let found = self.typed(column, "text", DataType::is_string)?;
        Ok(found.str()?.clone())
    }

    /// Returns a column of times, in microseconds since 1970; a date is its midnight.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub(super) fn times(&self, column: &str) -> Result<Int64Chunked> {
        let fits = |dtype: &DataType| matches!(dtype, DataType::Date | DataType::Datetime(_, None));
        let found = self.typed(column, "a date or a datetime without zone", fits)?;
        Ok(found.cast(&TIME)?.datetime()?.physical().clone())
    }

    /// Returns a column of numbers; `None` if it is missing.
    ///
    /// # Errors
    /// When it is of another type.
    pub(super) fn numbers(&self, column: &str) -> Result<Option<Float64Chunked>> {
        if self.frame.column(column).is_err() {
            return Ok(None);
        }
        let fits = |dtype: &DataType| {
            dtype.is_primitive_numeric() || dtype.is_decimal() || *dtype == DataType::Null
        };
        let found = self.typed(column, "numbers", fits)?;
        Ok(Some(found.cast(&DataType::Float64)?.f64()?.clone()))
    }

    /// Returns a column of numbers that must be there.
    ///
    /// # Errors
    /// When it is missing or of another type.
    pub(super) fn required_numbers(&self, column: &str) -> Result<Float64Chunked> {
        require_column(self.name, self.frame, column)?;
        Ok(self.numbers(column)?.unwrap_or_default())
    }

    fn typed(
        &self,
        column: &str,
        wanted: &str,
        fits: impl Fn(&DataType) -> bool,
    ) -> Result<&Column> {
        let found = require_column(self.name, self.frame, column)?;
        if fits(found.dtype()) {
            return Ok(found);
        }
        let (frame, column) = (self.name, column.to_owned());
        let (found, wanted) = (found.dtype().to_string(), wanted.to_owned());
        Err(Error::ColumnType { frame, column, found, wanted })
    }
}
