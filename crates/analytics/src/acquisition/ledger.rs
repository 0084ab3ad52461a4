//! The revenue curves of every channel, by the age that users were observed up to.

use polars::prelude::*;

use super::{Breakdown, Ledgers};
use crate::frames::{Compute, ints, labels, require, sums};
use crate::period::epoch_day;
use crate::{Facts, Period, Result, lives};

/// Returns the revenue curve of every channel (and campaign) with users or spend.
///
/// Spend is known by the day, so users count by the day too: all signups of a day are as old as the
/// last possible one, and the spend of the day is attributed to them.
///
/// # Errors
/// When the users have no `channel` (or `campaign`, if asked for), or a frame cannot be computed.
pub(super) fn read(facts: &Facts, by: Breakdown) -> Result<Ledgers> {
    require("users", facts.users(), "channel")?;
    let campaign = match by {
        Breakdown::Channel => lit(NULL).cast(DataType::String),
        Breakdown::Campaign => {
            require("users", facts.users(), "campaign")?;
            col("campaign").cast(DataType::String)
        }
    };
    let keys = [col("channel").cast(DataType::String), campaign.alias("campaign")];
    let today = Period::Day.number(facts.end().date_naive());
    let watched = |day: i64| (today - day - 1).max(0);
    let mut ledgers = Ledgers::new();

    let day = epoch_day(col("signup_at")).alias("day");
    let users = facts.users().clone().lazy().with_column(day).with_columns(keys.clone());
    let users = users.select([col("channel"), col("campaign"), col("day")]).compute()?;
    for ((key, day), revenue) in days(&users)?.into_iter().zip(lives::revenue(facts)?) {
        ledgers.entry(key).or_default().add_user(watched(day), &revenue);
    }

    let spend = facts.spend().clone().lazy().with_columns(keys);
    let spend = spend.with_column(epoch_day(col("day"))).compute()?;
    for ((key, day), spend) in days(&spend)?.into_iter().zip(sums(&spend, "spend_usd")?) {
        ledgers.entry(key).or_default().add_spend(watched(day), spend);
    }
    Ok(ledgers)
}

/// A channel and a campaign, and a day.
type At = ((Option<String>, Option<String>), i64);

fn days(frame: &DataFrame) -> Result<Vec<At>> {
    let keys = labels(frame, "channel")?.into_iter().zip(labels(frame, "campaign")?);
    Ok(keys.zip(ints(frame, "day")?).collect())
}
