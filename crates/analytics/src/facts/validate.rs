//! Validation of facts, done once when they are created: implausible rows are set aside, rows after
//! the end of observation are dropped, and the others are sorted.

use chrono::{DateTime, Utc};
use polars::prelude::*;
use tidegauge_core::SetAsideReason;

use super::row_filter::{BadRows, RowFilter};
use crate::dates::{TIME, epoch_micros};
use crate::frames::{CollectBlocking, display_value, inner_join, require_column};
use crate::{Error, Result};

/// The columns that [`Facts::per_user`](super::Facts::per_user) and `ltv::users` add to a user.
const RESERVED: [&str; 6] =
    ["events", "volume_usd", "revenue_usd", "first_at", "last_at", "tenure_days"];

/// Returns the users with unique ids, sorted.
///
/// # Errors
/// When a column is missing, reserved or of another type, and for the first implausible row if bad
/// rows are errors.
pub(super) fn users(
    frame: &DataFrame,
    end: DateTime<Utc>,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    if let Some(column) = RESERVED.iter().find(|name| frame.column(name).is_ok()) {
        return Err(Error::ReservedColumn { column: (*column).into() });
    }
    let checked = ValidatedFrame::new("users", frame)
        .id("user", row_filter)?
        .time("signup_at", row_filter)?;
    let users =
        sorted(observed_before(checked.finish()?, "signup_at", end), ["user", "signup_at"])?;
    let ids = users.column("user")?.as_materialized_series();
    let duplicates = users.height() - ids.n_unique()?;
    if duplicates == 0 {
        return Ok(users);
    }
    let same = ids.equal(&ids.shift(1))?;
    let is_duplicate: Vec<bool> = same.iter().map(|same| same == Some(true)).collect();
    let first = is_duplicate.iter().position(|duplicate| *duplicate).unwrap_or_default();
    if row_filter.bad_rows == BadRows::Fail {
        return Err(Error::DuplicateUser { user: display_value(&users, "user", first) });
    }
    for row in (0..users.height()).filter(|row| is_duplicate[*row]) {
        let user = || format!("user `{}`", display_value(&users, "user", row));
        row_filter.set_aside.add("users", SetAsideReason::DuplicateUser, 1, user);
    }
    let is_first: BooleanChunked =
        is_duplicate.into_iter().map(|duplicate| Some(!duplicate)).collect();
    Ok(users.filter(&is_first)?)
}

/// Returns the events with the columns of facts, sorted.
///
/// # Errors
/// When a column is missing or of another type, and for the first implausible row if bad rows are
/// errors.
pub(super) fn events(
    frame: &DataFrame,
    end: DateTime<Utc>,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    let checked = ValidatedFrame::new("events", frame)
        .id("user", row_filter)?
        .time("at", row_filter)?
        .text("kind", row_filter)?
        .amount("volume_usd", row_filter)?
        .amount("revenue_usd", row_filter)?;
    let columns = ["user", "at", "kind", "volume_usd", "revenue_usd"];
    sorted(observed_before(checked.finish()?, "at", end).select(columns.map(col)), columns)
}

/// Converts transactions to events of kind `purchase`.
///
/// # Errors
/// As for [`events`].
pub(super) fn transactions(
    frame: &DataFrame,
    end: DateTime<Utc>,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    let checked = ValidatedFrame::new("transactions", frame)
        .id("user", row_filter)?
        .time("at", row_filter)?
        .amount("value", row_filter)?;
    let events = observed_before(checked.finish()?, "at", end).select([
        col("user"),
        col("at"),
        lit("purchase").alias("kind"),
        col("value").alias("volume_usd"),
        col("value").alias("revenue_usd"),
    ]);
    sorted(events, ["user", "at"])
}

/// Returns the spend with the columns of facts, sorted.
///
/// # Errors
/// As for [`events`].
pub(super) fn spend(
    frame: &DataFrame,
    end: DateTime<Utc>,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    require_column("spend", frame, "campaign")?;
    let checked = ValidatedFrame::new("spend", frame)
        .time("day", row_filter)?
        .text("channel", row_filter)?
        .amount("spend_usd", row_filter)?;
    let columns = ["day", "channel", "campaign", "spend_usd"];
    let spend = observed_before(checked.finish()?, "day", end)
        .select(columns.map(col))
        .with_columns([col("day").cast(DataType::Date), col("campaign").cast(DataType::String)]);
    sorted(spend, columns)
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

/// Returns the events of known users that do not precede the signup of their user.
///
/// # Errors
/// When the ids of users and events are of different types, and for the first other event if bad
/// rows are errors.
pub(super) fn attributable_events(
    users: &DataFrame,
    events: DataFrame,
    row_filter: &mut RowFilter,
) -> Result<DataFrame> {
    let (ours, theirs) = (users.column("user")?.dtype(), events.column("user")?.dtype());
    if ours != theirs {
        return Err(Error::ColumnType {
            frame: "events",
            column: "user".into(),
            found: theirs.to_string(),
            wanted: format!("{ours}, as among the users"),
        });
    }
    let orphans = events
        .clone()
        .lazy()
        .anti_join(users.clone().lazy(), col("user"), col("user"))
        .collect_blocking()?;
    if orphans.height() > 0 && row_filter.bad_rows == BadRows::Fail {
        let user = display_value(&orphans, "user", 0);
        return Err(Error::UnknownUser { user, events: orphans.height() });
    }
    let signups = users.clone().lazy().select([col("user"), col("signup_at")]);
    let known = inner_join(events.clone().lazy(), signups, &["user"]);
    let is_early = col("at").lt(col("signup_at"));
    let early = known.clone().filter(is_early.clone()).collect_blocking()?;
    if early.height() > 0 && row_filter.bad_rows == BadRows::Fail {
        let user = display_value(&early, "user", 0);
        return Err(Error::BeforeSignup { user, events: early.height() });
    }
    if orphans.height() + early.height() == 0 {
        return Ok(events);
    }
    row_filter.set_aside_events(&orphans, SetAsideReason::UnknownUser);
    row_filter.set_aside_events(&early, SetAsideReason::BeforeSignup);
    Ok(known.filter(is_early.not()).drop(cols(["signup_at"])).collect_blocking()?)
}

fn observed_before(frame: LazyFrame, column: &str, end: DateTime<Utc>) -> LazyFrame {
    frame.filter(epoch_micros(column).lt(lit(end.timestamp_micros())))
}

fn sorted<const N: usize>(frame: LazyFrame, by: [&str; N]) -> Result<DataFrame> {
    let order = SortMultipleOptions::default().with_maintain_order(true);
    Ok(frame.sort(by, order).collect_blocking()?)
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
    fn finish(self) -> Result<LazyFrame> {
        let frame = match self.bad {
            None => self.frame.clone(),
            Some(bad) => {
                let good: BooleanChunked = bad.into_iter().map(|bad| Some(!bad)).collect();
                self.frame.filter(&good)?
            }
        };
        Ok(frame.lazy().with_columns(self.casts))
    }
}
