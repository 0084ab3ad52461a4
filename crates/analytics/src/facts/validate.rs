//! Validation of the frames of users, events and spend: rows that lack a value are set aside, or
//! the first of them is an error.

use chrono::NaiveDate;
use polars::prelude::*;
use tidegauge_core::SetAsideReason;

use super::row_filter::{BadRows, RowFilter};
use crate::dates::TIME;
use crate::frames::{CollectBlocking, display_value, require_column};
use crate::{Error, Result};

/// The columns that `ltv::users` adds to a user.
const RESERVED: [&str; 6] =
    ["events", "volume_usd", "revenue_usd", "first_at", "last_at", "tenure_days"];

/// Returns the users that have an id and a signup, with times as microseconds.
///
/// # Errors
/// When a column is missing, reserved or of another type, and for the first implausible row if bad
/// rows are errors.
pub(super) fn users(frame: &DataFrame, row_filter: &mut RowFilter) -> Result<DataFrame> {
    if let Some(column) = RESERVED.iter().find(|name| frame.column(name).is_ok()) {
        return Err(Error::ReservedColumn { column: (*column).into() });
    }
    ValidatedFrame::new("users", frame)
        .id("user", row_filter)?
        .time("signup_at", row_filter)?
        .finish()
}

/// Returns the events that lack no value.
///
/// # Errors
/// When a column is missing or of another type, and for the first implausible row if bad rows are
/// errors.
pub(super) fn events(frame: &DataFrame, row_filter: &mut RowFilter) -> Result<DataFrame> {
    ValidatedFrame::new("events", frame)
        .id("user", row_filter)?
        .time("at", row_filter)?
        .text("kind", row_filter)?
        .amount("volume_usd", row_filter)?
        .amount("revenue_usd", row_filter)?
        .finish()
}

/// Returns the transactions that lack no value.
///
/// # Errors
/// As for [`events`].
pub(super) fn transactions(frame: &DataFrame, row_filter: &mut RowFilter) -> Result<DataFrame> {
    ValidatedFrame::new("transactions", frame)
        .id("user", row_filter)?
        .time("at", row_filter)?
        .amount("value", row_filter)?
        .finish()
}

/// Returns the spend with the columns of facts, sorted; days after the end of observation are set
/// aside.
///
/// # Errors
/// As for [`events`].
pub(super) fn spend(
    frame: &DataFrame,
    last_day: NaiveDate,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    require_column("spend", frame, "campaign")?;
    let checked = ValidatedFrame::new("spend", frame)
        .time("day", row_filter)?
        .text("channel", row_filter)?
        .amount("spend_usd", row_filter)?;
    let columns = ["day", "channel", "campaign", "spend_usd"];
    let spend = checked
        .finish()?
        .lazy()
        .select(columns.map(col))
        .with_columns([col("day").cast(DataType::Date), col("campaign").cast(DataType::String)])
        .sort(columns, SortMultipleOptions::default().with_maintain_order(true))
        .collect_blocking()?;
    let days = spend.column("day")?.date()?.physical().clone();
    let last_day = last_day.to_epoch_days();
    let is_observed: BooleanChunked =
        days.iter().map(|day| day.map(|day| day <= last_day)).collect();
    let later = spend.filter(&!&is_observed)?;
    for row in 0..later.height() {
        let day = || format!("the spend of {}", display_value(&later, "day", row));
        row_filter.set_aside.add("spend", SetAsideReason::AfterEnd, 1, day);
    }
    Ok(spend.filter(&is_observed)?)
}

/// Returns a frame of spend without rows.
pub(super) fn empty_spend() -> Result<DataFrame> {
    let text = |name: &str| Column::new_empty(name.into(), &DataType::String);
    Ok(DataFrame::new(
        0,
        vec![
            Column::new_empty("day".into(), &DataType::Date),
            text("channel"),
            text("campaign"),
            Column::new_empty("spend_usd".into(), &DataType::Float64),
        ],
    )?)
}

/// A frame whose columns are checked one by one.
struct ValidatedFrame<'f> {
    name: &'static str,
    frame: &'f DataFrame,
    casts: Vec<Expr>,
    /// The rows that lack a value, as a mask; `None` if there are none so far.
    bad: Option<Vec<bool>>,
}

impl<'f> ValidatedFrame<'f> {
    fn new(name: &'static str, frame: &'f DataFrame) -> Self {
        Self { name, frame, casts: Vec::new(), bad: None }
    }

    fn id(self, column: &str, row_filter: &mut RowFilter) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_integer() || dtype.is_string();
        self.required(column, "whole numbers or text", fits, row_filter)
    }

    fn text(self, column: &str, row_filter: &mut RowFilter) -> Result<Self> {
        self.required(column, "text", DataType::is_string, row_filter)
    }

    fn time(self, column: &str, row_filter: &mut RowFilter) -> Result<Self> {
        let fits = |dtype: &DataType| matches!(dtype, DataType::Date | DataType::Datetime(_, None));
        let mut checked =
            self.required(column, "a date or a datetime without zone", fits, row_filter)?;
        checked.casts.push(col(column).cast(TIME));
        Ok(checked)
    }

    fn amount(self, column: &str, row_filter: &mut RowFilter) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_primitive_numeric() || dtype.is_decimal();
        let mut checked = self.required(column, "numbers", fits, row_filter)?;
        let floats = checked.frame.column(column)?.cast(&DataType::Float64)?;
        let floats = floats.f64()?.iter();
        let wrong = floats.map(|value| value.is_some_and(|value| !value.is_finite()));
        checked.set_aside_missing(column, wrong.collect(), row_filter)?;
        checked.casts.push(col(column).cast(DataType::Float64));
        Ok(checked)
    }

    fn required(
        mut self,
        column: &str,
        wanted: &str,
        fits: impl Fn(&DataType) -> bool,
        row_filter: &mut RowFilter,
    ) -> Result<Self> {
        let found = require_column(self.name, self.frame, column)?;
        if !fits(found.dtype()) {
            // A column of nulls alone has no type to be wrong.
            if found.dtype() != &DataType::Null || row_filter.bad_rows == BadRows::Fail {
                let (frame, column) = (self.name, column.to_owned());
                let (found, wanted) = (found.dtype().to_string(), wanted.to_owned());
                return Err(Error::ColumnType { frame, column, found, wanted });
            }
        }
        if found.null_count() > 0 {
            let nulls = found.as_materialized_series().is_null();
            self.set_aside_missing(
                column,
                nulls.iter().map(|null| null == Some(true)).collect(),
                row_filter,
            )?;
        }
        Ok(self)
    }

    /// Sets aside the rows that lack a value of `column`; a row is counted once.
    fn set_aside_missing(
        &mut self,
        column: &str,
        wrong: Vec<bool>,
        row_filter: &mut RowFilter,
    ) -> Result<()> {
        let rows = wrong.iter().filter(|wrong| **wrong).count();
        if rows == 0 {
            return Ok(());
        }
        if row_filter.bad_rows == BadRows::Fail {
            return Err(Error::Nulls { frame: self.name, column: column.into(), rows });
        }
        let bad = self.bad.get_or_insert_with(|| vec![false; wrong.len()]);
        for (row, wrong) in wrong.into_iter().enumerate() {
            if wrong && !bad[row] {
                bad[row] = true;
                let user = || match display_value(self.frame, "user", row) {
                    user if user.is_empty() || user == "null" || column == "user" => {
                        format!("`{column}`")
                    }
                    user => format!("`{column}` of user `{user}`"),
                };
                row_filter.set_aside.add(self.name, SetAsideReason::Incomplete, 1, user);
            }
        }
        Ok(())
    }

    /// Returns the rows without missing values.
    fn finish(self) -> Result<DataFrame> {
        let frame = match self.bad {
            None => self.frame.clone(),
            Some(bad) => {
                let good: BooleanChunked = bad.into_iter().map(|bad| Some(!bad)).collect();
                self.frame.filter(&good)?
            }
        };
        Ok(frame.lazy().with_columns(self.casts).collect_blocking()?)
    }
}
