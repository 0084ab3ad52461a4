//! Whoever holds facts never checks again: here they are checked, cut at the end, and sorted.

use chrono::{DateTime, Utc};
use polars::prelude::*;

use crate::frames::{Compute, TIME, meet, micros, require, shown};
use crate::{Error, Result};

/// What [`Facts::per_user`](super::Facts::per_user) and `ltv::users` add to a user.
const RESERVED: [&str; 6] =
    ["events", "volume_usd", "revenue_usd", "first_at", "last_at", "tenure_days"];

pub(super) fn users(frame: &DataFrame, end: DateTime<Utc>) -> Result<DataFrame> {
    if let Some(column) = RESERVED.iter().find(|name| frame.column(name).is_ok()) {
        return Err(Error::ReservedColumn { column: (*column).into() });
    }
    let frame =
        Checked::new("users", frame).id("user")?.time("signup_at")?.before("signup_at", end);
    let users = frame.sorted(["user"])?;
    let ids = users.column("user")?.as_materialized_series();
    if ids.n_unique()? < users.height() {
        let twice = ids.equal(&ids.shift(1))?;
        let row = twice.iter().position(|same| same == Some(true)).unwrap_or_default();
        return Err(Error::DuplicateUser { user: shown(&users, "user", row) });
    }
    Ok(users)
}

pub(super) fn events(frame: &DataFrame, end: DateTime<Utc>) -> Result<DataFrame> {
    Checked::new("events", frame)
        .id("user")?
        .time("at")?
        .text("kind")?
        .amount("volume_usd")?
        .amount("revenue_usd")?
        .before("at", end)
        .only(["user", "at", "kind", "volume_usd", "revenue_usd"])
        .sorted(["user", "at", "kind", "volume_usd", "revenue_usd"])
}

/// Transactions as events.
pub(super) fn transactions(frame: &DataFrame, end: DateTime<Utc>) -> Result<DataFrame> {
    let mut checked = Checked::new("transactions", frame)
        .id("user")?
        .time("at")?
        .amount("value")?
        .before("at", end);
    checked.lazy = checked.lazy.select([
        col("user"),
        col("at"),
        lit("purchase").alias("kind"),
        col("value").alias("volume_usd"),
        col("value").alias("revenue_usd"),
    ]);
    checked.sorted(["user", "at"])
}

pub(super) fn spend(frame: &DataFrame, end: DateTime<Utc>) -> Result<DataFrame> {
    require("spend", frame, "campaign")?;
    let mut checked = Checked::new("spend", frame)
        .time("day")?
        .text("channel")?
        .amount("spend_usd")?
        .before("day", end)
        .only(["day", "channel", "campaign", "spend_usd"]);
    checked.lazy = checked
        .lazy
        .with_columns([col("day").cast(DataType::Date), col("campaign").cast(DataType::String)]);
    checked.sorted(["day", "channel", "campaign", "spend_usd"])
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

/// Every event is of a user, and not before their signup.
pub(super) fn belong(users: &DataFrame, events: &DataFrame) -> Result<()> {
    let (ours, theirs) = (users.column("user")?.dtype(), events.column("user")?.dtype());
    if ours != theirs {
        return Err(Error::ColumnType {
            frame: "events",
            column: "user".into(),
            found: theirs.to_string(),
            wanted: format!("{ours}, as among the users"),
        });
    }
    let (users, events) = (users.clone().lazy(), events.clone().lazy());
    let strangers = events.clone().anti_join(users.clone(), col("user"), col("user")).compute()?;
    if strangers.height() > 0 {
        let user = shown(&strangers, "user", 0);
        return Err(Error::UnknownUser { user, events: strangers.height() });
    }
    let early = meet(events, users.select([col("user"), col("signup_at")]), &["user"])
        .filter(col("at").lt(col("signup_at")))
        .compute()?;
    if early.height() > 0 {
        let user = shown(&early, "user", 0);
        return Err(Error::BeforeSignup { user, events: early.height() });
    }
    Ok(())
}

/// A frame whose columns are checked one by one.
struct Checked<'f> {
    name: &'static str,
    frame: &'f DataFrame,
    lazy: LazyFrame,
}

impl<'f> Checked<'f> {
    fn new(name: &'static str, frame: &'f DataFrame) -> Self {
        Self { name, frame, lazy: frame.clone().lazy() }
    }

    fn id(self, column: &str) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_integer() || dtype.is_string();
        self.whole(column, "whole numbers or text", fits)
    }

    fn text(self, column: &str) -> Result<Self> {
        self.whole(column, "text", DataType::is_string)
    }

    fn time(self, column: &str) -> Result<Self> {
        let fits = |dtype: &DataType| matches!(dtype, DataType::Date | DataType::Datetime(_, None));
        let mut checked = self.whole(column, "a date or a datetime without zone", fits)?;
        checked.lazy = checked.lazy.with_column(col(column).cast(TIME));
        Ok(checked)
    }

    fn amount(self, column: &str) -> Result<Self> {
        let fits = |dtype: &DataType| dtype.is_primitive_numeric() || dtype.is_decimal();
        let mut checked = self.whole(column, "numbers", fits)?;
        let floats = checked.frame.column(column)?.cast(&DataType::Float64)?;
        let wrong = floats.f64()?.iter().flatten().filter(|value| !value.is_finite()).count();
        if wrong > 0 {
            return Err(Error::Nulls { frame: checked.name, column: column.into(), rows: wrong });
        }
        checked.lazy = checked.lazy.with_column(col(column).cast(DataType::Float64));
        Ok(checked)
    }

    fn whole(self, column: &str, wanted: &str, fits: impl Fn(&DataType) -> bool) -> Result<Self> {
        let found = require(self.name, self.frame, column)?;
        let (frame, column) = (self.name, column.to_owned());
        if found.null_count() > 0 {
            return Err(Error::Nulls { frame, column, rows: found.null_count() });
        }
        if !fits(found.dtype()) {
            let (found, wanted) = (found.dtype().to_string(), wanted.to_owned());
            return Err(Error::ColumnType { frame, column, found, wanted });
        }
        Ok(self)
    }

    fn before(mut self, column: &str, end: DateTime<Utc>) -> Self {
        self.lazy = self.lazy.filter(micros(column).lt(lit(end.timestamp_micros())));
        self
    }

    fn only<const N: usize>(mut self, columns: [&str; N]) -> Self {
        self.lazy = self.lazy.select(columns.map(col));
        self
    }

    fn sorted<const N: usize>(self, by: [&str; N]) -> Result<DataFrame> {
        let order = SortMultipleOptions::default().with_maintain_order(true);
        Ok(self.lazy.sort(by, order).compute()?)
    }
}
