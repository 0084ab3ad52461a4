//! Facts from a user's own frames.

use chrono::{DateTime, Utc};
use polars::prelude::*;

use super::collect::{Collector, RawEvent, UserKey};
use super::events::{Events, NO_ORDER};
use super::ids::UserIds;
use super::row_filter::RowFilter;
use super::users::{Dimension, DimensionBuilder, NEVER, Users};
use super::validate;
use crate::dates::TIME;
use crate::frames::CollectBlocking;
use crate::{Error, Result};

/// The bytes of events that are collected in memory, beside the frames; more go through a temporary
/// file.
const MEMORY: usize = 256 << 20;

/// The optional column of users with the time of the identity check.
const VERIFIED_AT: &str = "verified_at";

/// Returns the users of a frame, sorted and unique.
///
/// # Errors
/// As for [`validate::users`].
pub(super) fn users(frame: &DataFrame, row_filter: &mut RowFilter) -> Result<Users> {
    let frame = validate::users(frame, row_filter)?;
    let mut verified_at = vec![NEVER; frame.height()];
    let mut dimensions = Vec::new();
    for column in frame.columns() {
        match column.name().as_str() {
            "user" | "signup_at" => {}
            VERIFIED_AT
                if matches!(column.dtype(), DataType::Datetime(_, None) | DataType::Date) =>
            {
                verified_at = micros(column)?.into_iter().map(|at| at.unwrap_or(NEVER)).collect();
            }
            name => dimensions.push(dimension(name, column)?),
        }
    }
    let signup_at = micros(frame.column("signup_at")?)?.into_iter().flatten().collect();
    let ids = Ids::new(frame.column("user")?)?;
    let ids = match ids {
        Ids::Ints(ids) => UserIds::Ints(ids.iter().flatten().collect()),
        Ids::Texts(ids) => UserIds::Texts(ids.iter().flatten().map(ToOwned::to_owned).collect()),
    };
    Users { ids, signup_at, verified_at, dimensions }.sorted_and_unique(row_filter)
}

fn dimension(name: &str, column: &Column) -> Result<Dimension> {
    let labels = column.cast(&DataType::String)?;
    let mut dimension = DimensionBuilder::new(name);
    for label in labels.str()?.iter() {
        dimension.push(label);
    }
    Ok(dimension.finish())
}

/// Returns the times of a column in microseconds since 1970.
fn micros(column: &Column) -> Result<Vec<Option<i64>>> {
    let times = column.cast(&TIME)?;
    Ok(times.datetime()?.physical().iter().collect())
}

/// A column of ids.
enum Ids {
    Ints(Int64Chunked),
    Texts(StringChunked),
}

impl Ids {
    fn new(column: &Column) -> Result<Self> {
        Ok(match column.dtype() {
            DataType::String => Self::Texts(column.str()?.clone()),
            _ => Self::Ints(column.strict_cast(&DataType::Int64)?.i64()?.clone()),
        })
    }

    fn get(&self, row: usize) -> Option<UserKey<'_>> {
        match self {
            Self::Ints(ids) => ids.get(row).map(UserKey::Int),
            Self::Texts(ids) => ids.get(row).map(UserKey::Text),
        }
    }
}

/// Returns the events of a frame that are of `users` and before `end`.
///
/// # Errors
/// As for [`validate::events`], and when the ids of users and events are of different types.
pub(super) fn events(
    frame: &DataFrame,
    users: &Users,
    end: DateTime<Utc>,
    mut row_filter: RowFilter,
) -> Result<(Events, RowFilter)> {
    let frame = validate::events(frame, &mut row_filter)?;
    let column = frame.column("user")?;
    let wanted = match &users.ids {
        UserIds::Ints(_) => "whole numbers",
        UserIds::Texts(_) => "text",
    };
    let ids = Ids::new(column)?;
    let is_text = matches!(ids, Ids::Texts(_));
    if users.len() > 0 && is_text != matches!(users.ids, UserIds::Texts(_)) {
        return Err(Error::ColumnType {
            frame: "events",
            column: "user".into(),
            found: column.dtype().to_string(),
            wanted: format!("{wanted}, as among the users"),
        });
    }
    let (times, kinds) = (micros(frame.column("at")?)?, frame.column("kind")?.str()?.clone());
    let amount = |name: &str| frame.column(name).and_then(|column| column.f64().cloned());
    let (volumes, revenues) = (amount("volume_usd")?, amount("revenue_usd")?);
    let orders = frame.column("order").ok().map(|orders| orders.strict_cast(&DataType::Int64));
    let orders = orders.transpose()?;
    let orders = orders.as_ref().map(|orders| orders.i64()).transpose()?;
    let reversals = frame.column("is_reversal").ok().map(|column| column.bool()).transpose()?;

    let mut collector = Collector::new(users, (true, MEMORY), None, row_filter);
    for (row, at) in times.into_iter().enumerate() {
        let (Some(user), Some(at), Some(kind)) = (ids.get(row), at, kinds.get(row)) else {
            continue;
        };
        let kind = collector.kinds.code(kind)?;
        let event = RawEvent {
            at,
            kind,
            is_reversal: reversals.and_then(|reversals| reversals.get(row)).unwrap_or(false),
            order: orders.and_then(|orders| orders.get(row)).unwrap_or(NO_ORDER),
            volume_usd: volumes.get(row).unwrap_or_default(),
            revenue_usd: revenues.get(row).unwrap_or_default(),
        };
        collector.push(user, event)?;
    }
    collector.finish(end.timestamp_micros())
}

/// Returns users and events of transactions: the first transaction of a user is the signup, and
/// negative values are reversals.
///
/// # Errors
/// As for [`validate::transactions`].
pub(super) fn transactions(
    frame: &DataFrame,
    row_filter: &mut RowFilter,
) -> Result<(DataFrame, DataFrame)> {
    let frame = validate::transactions(frame, row_filter)?;
    let users = frame
        .clone()
        .lazy()
        .group_by_stable([col("user")])
        .agg([col("at").min().alias("signup_at")]);
    let events = frame.lazy().select([
        col("user"),
        col("at"),
        lit("purchase").alias("kind"),
        col("value").alias("volume_usd"),
        col("value").alias("revenue_usd"),
        col("value").lt(lit(0.0)).alias("is_reversal"),
    ]);
    Ok((users.collect_blocking()?, events.collect_blocking()?))
}
