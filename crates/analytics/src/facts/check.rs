//! The check of facts, done once when they are created: implausible rows are set aside, the others
//! are cut at the end and sorted.

use chrono::{DateTime, Utc};
use polars::prelude::*;
use tidegauge_core::SetAsideReason;

use super::BadRows;
use super::sieve::Sieve;
use crate::frames::{Compute, TIME, meet, micros, require, shown};
use crate::{Error, Result};

/// The columns that [`Facts::per_user`](super::Facts::per_user) and `ltv::users` add to a user.
const RESERVED: [&str; 6] =
    ["events", "volume_usd", "revenue_usd", "first_at", "last_at", "tenure_days"];

pub(super) fn users(frame: &DataFrame, end: DateTime<Utc>, sieve: &mut Sieve) -> Result<DataFrame> {
    if let Some(column) = RESERVED.iter().find(|name| frame.column(name).is_ok()) {
        return Err(Error::ReservedColumn { column: (*column).into() });
    }
    let checked = Checked::new("users", frame).id("user", sieve)?.time("signup_at", sieve)?;
    let users = sorted(before(checked.finish()?, "signup_at", end), ["user", "signup_at"])?;
    let ids = users.column("user")?.as_materialized_series();
    let again = users.height() - ids.n_unique()?;
    if again == 0 {
        return Ok(users);
    }
    let same = ids.equal(&ids.shift(1))?;
    let is_again: Vec<bool> = same.iter().map(|same| same == Some(true)).collect();
    let first = is_again.iter().position(|again| *again).unwrap_or_default();
    if sieve.bad_rows == BadRows::Fail {
        return Err(Error::DuplicateUser { user: shown(&users, "user", first) });
    }
    for row in (0..users.height()).filter(|row| is_again[*row]) {
        let user = || format!("user `{}`", shown(&users, "user", row));
        sieve.aside.add("users", SetAsideReason::DuplicateUser, 1, user);
    }
    let is_first: BooleanChunked = is_again.into_iter().map(|again| Some(!again)).collect();
    Ok(users.filter(&is_first)?)
}

pub(super) fn events(
    frame: &DataFrame,
    end: DateTime<Utc>,
    sieve: &mut Sieve,
) -> Result<DataFrame> {
    let checked = Checked::new("events", frame)
        .id("user", sieve)?
        .time("at", sieve)?
        .text("kind", sieve)?
        .amount("volume_usd", sieve)?
        .amount("revenue_usd", sieve)?;
    let columns = ["user", "at", "kind", "volume_usd", "revenue_usd"];
    sorted(before(checked.finish()?, "at", end).select(columns.map(col)), columns)
}

/// Converts transactions to events.
pub(super) fn transactions(
    frame: &DataFrame,
    end: DateTime<Utc>,
    sieve: &mut Sieve,
) -> Result<DataFrame> {
    let checked = Checked::new("transactions", frame)
        .id("user", sieve)?
        .time("at", sieve)?
        .amount("value", sieve)?;
    let events = before(checked.finish()?, "at", end).select([
        col("user"),
        col("at"),
        lit("purchase").alias("kind"),
        col("value").alias("volume_usd"),
        col("value").alias("revenue_usd"),
    ]);
    sorted(events, ["user", "at"])
}

pub(super) fn spend(frame: &DataFrame, end: DateTime<Utc>, sieve: &mut Sieve) -> Result<DataFrame> {
    require("spend", frame, "campaign")?;
    let checked = Checked::new("spend", frame)
        .time("day", sieve)?
        .text("channel", sieve)?
        .amount("spend_usd", sieve)?;
    let columns = ["day", "channel", "campaign", "spend_usd"];
    let spend = before(checked.finish()?, "day", end)
        .select(columns.map(col))
        .with_columns([col("day").cast(DataType::Date), col("campaign").cast(DataType::String)]);
    sorted(spend, columns)
}

pub(super) fn no_spend() -> Result<DataFrame> {
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

/// Returns the events that belong to a user, and do not precede their signup.
pub(super) fn belong(users: &DataFrame, events: DataFrame, sieve: &mut Sieve) -> Result<DataFrame> {
    let (ours, theirs) = (users.column("user")?.dtype(), events.column("user")?.dtype());
    if ours != theirs {
        return Err(Error::ColumnType {
            frame: "events",
            column: "user".into(),
            found: theirs.to_string(),
            wanted: format!("{ours}, as among the users"),
        });
    }
    let strangers = events
        .clone()
        .lazy()
        .anti_join(users.clone().lazy(), col("user"), col("user"))
        .compute()?;
    if strangers.height() > 0 && sieve.bad_rows == BadRows::Fail {
        let user = shown(&strangers, "user", 0);
        return Err(Error::UnknownUser { user, events: strangers.height() });
    }
    let signups = users.clone().lazy().select([col("user"), col("signup_at")]);
    let known = meet(events.clone().lazy(), signups, &["user"]);
    let is_early = col("at").lt(col("signup_at"));
    let early = known.clone().filter(is_early.clone()).compute()?;
    if early.height() > 0 && sieve.bad_rows == BadRows::Fail {
        let user = shown(&early, "user", 0);
        return Err(Error::BeforeSignup { user, events: early.height() });
    }
    if strangers.height() + early.height() == 0 {
        return Ok(events);
    }
    sieve.events(&strangers, SetAsideReason::UnknownUser);
    sieve.events(&early, SetAsideReason::BeforeSignup);
    Ok(known.filter(is_early.not()).drop(cols(["signup_at"])).compute()?)
}

fn before(frame: LazyFrame, column: &str, end: DateTime<Utc>) -> LazyFrame {
    frame.filter(micros(column).lt(lit(end.timestamp_micros())))
}

fn sorted<const N: usize>(frame: LazyFrame, by: [&str; N]) -> Result<DataFrame> {
    let order = SortMultipleOptions::default().with_maintain_order(true);
    Ok(frame.sort(by, order).compute()?)
}

/// A frame whose columns are checked one by one.
struct Checked<'f> {
    name: &'static str,
    frame: &'f DataFrame,
    casts: Vec<Expr>,
    /// The rows that lack a value, as a mask; `None` if there are none so far.
    bad: Option<Vec<bool>>,
}

impl<'f> Checked<'f> {
    fn new(name: &'static str, frame: &'f DataFrame) -> Self {
        Self { name, frame, casts: Vec::new(), bad: None }
    }

    fn id(self, column: &str, sieve: &mut Sieve) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_integer() || dtype.is_string();
        self.whole(column, "whole numbers or text", fits, sieve)
    }

    fn text(self, column: &str, sieve: &mut Sieve) -> Result<Self> {
        self.whole(column, "text", DataType::is_string, sieve)
    }

    fn time(self, column: &str, sieve: &mut Sieve) -> Result<Self> {
        let fits = |dtype: &DataType| matches!(dtype, DataType::Date | DataType::Datetime(_, None));
        let mut checked = self.whole(column, "a date or a datetime without zone", fits, sieve)?;
        checked.casts.push(col(column).cast(TIME));
        Ok(checked)
    }

    fn amount(self, column: &str, sieve: &mut Sieve) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_primitive_numeric() || dtype.is_decimal();
        let mut checked = self.whole(column, "numbers", fits, sieve)?;
        let floats = checked.frame.column(column)?.cast(&DataType::Float64)?;
        let floats = floats.f64()?.iter();
        let wrong = floats.map(|value| value.is_some_and(|value| !value.is_finite()));
        checked.lack(column, wrong.collect(), sieve)?;
        checked.casts.push(col(column).cast(DataType::Float64));
        Ok(checked)
    }

    fn whole(
        mut self,
        column: &str,
        wanted: &str,
        fits: impl Fn(&DataType) -> bool,
        sieve: &mut Sieve,
    ) -> Result<Self> {
        let found = require(self.name, self.frame, column)?;
        if !fits(found.dtype()) {
            // A column of nulls alone has no type to be wrong.
            if found.dtype() != &DataType::Null || sieve.bad_rows == BadRows::Fail {
                let (frame, column) = (self.name, column.to_owned());
                let (found, wanted) = (found.dtype().to_string(), wanted.to_owned());
                return Err(Error::ColumnType { frame, column, found, wanted });
            }
        }
        if found.null_count() > 0 {
            let nulls = found.as_materialized_series().is_null();
            self.lack(column, nulls.iter().map(|null| null == Some(true)).collect(), sieve)?;
        }
        Ok(self)
    }

    /// Sets the rows aside that lack `column`, each once.
    fn lack(&mut self, column: &str, wrong: Vec<bool>, sieve: &mut Sieve) -> Result<()> {
        let rows = wrong.iter().filter(|wrong| **wrong).count();
        if rows == 0 {
            return Ok(());
        }
        if sieve.bad_rows == BadRows::Fail {
            return Err(Error::Nulls { frame: self.name, column: column.into(), rows });
        }
        let bad = self.bad.get_or_insert_with(|| vec![false; wrong.len()]);
        for (row, wrong) in wrong.into_iter().enumerate() {
            if wrong && !bad[row] {
                bad[row] = true;
                let user = || match shown(self.frame, "user", row) {
                    user if user.is_empty() || user == "null" || column == "user" => {
                        format!("`{column}`")
                    }
                    user => format!("`{column}` of user `{user}`"),
                };
                sieve.aside.add(self.name, SetAsideReason::Incomplete, 1, user);
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
