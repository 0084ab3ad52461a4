//! The cumulative revenue of every channel, by the age that users were observed up to.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::dates::epoch_day;
use crate::facts::Facts;
use crate::frames::{CollectBlocking, ints, labels, require_column, sums};
use crate::metrics::period::Period;
use crate::metrics::revenue_curve::{CumulativeRevenue, revenue_by_user};

/// The breakdown of unit economics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// By channel.
    #[default]
    Channel,
    /// By channel and campaign.
    Campaign,
}

/// The cumulative revenue of each channel and campaign.
pub(super) type RevenueByChannel = BTreeMap<ChannelKey, CumulativeRevenue>;

/// A channel and a campaign; `None` if unknown or not asked for.
type ChannelKey = (Option<String>, Option<String>);

/// Returns the cumulative revenue of every channel (and campaign) with users or spend.
///
/// Spend is known by the day, so users count by the day too: all signups of a day are as old as the
/// last possible one, and the spend of the day is attributed to them.
///
/// # Errors
/// When the users have no `channel` (or `campaign`, if asked for), or a frame cannot be computed.
pub(super) fn revenue_by_channel(facts: &Facts, by: Breakdown) -> Result<RevenueByChannel> {
    require_column("users", facts.users(), "channel")?;
    let campaign = match by {
        Breakdown::Channel => lit(NULL).cast(DataType::String),
        Breakdown::Campaign => {
            require_column("users", facts.users(), "campaign")?;
            col("campaign").cast(DataType::String)
        }
    };
    let keys = [col("channel").cast(DataType::String), campaign.alias("campaign")];
    let today = Period::Day.number(facts.end().date_naive());
    let observed_days = |day: i64| (today - day - 1).max(0);
    let mut channels = RevenueByChannel::new();

    let day = epoch_day(col("signup_at")).alias("day");
    let users = facts.users().clone().lazy().with_column(day).with_columns(keys.clone());
    let users = users.select([col("channel"), col("campaign"), col("day")]).collect_blocking()?;
    for ((key, day), revenue) in channels_and_days(&users)?.into_iter().zip(revenue_by_user(facts)?)
    {
        channels.entry(key).or_default().add_user(observed_days(day), &revenue);
    }

    let spend = facts.spend().clone().lazy().with_columns(keys);
    let spend = spend.with_column(epoch_day(col("day"))).collect_blocking()?;
    for ((key, day), spend) in
        channels_and_days(&spend)?.into_iter().zip(sums(&spend, "spend_usd")?)
    {
        channels.entry(key).or_default().add_spend(observed_days(day), spend);
    }
    Ok(channels)
}

/// Returns the channel, the campaign and the day of each row.
fn channels_and_days(frame: &DataFrame) -> Result<Vec<(ChannelKey, i64)>> {
    let keys = labels(frame, "channel")?.into_iter().zip(labels(frame, "campaign")?);
    Ok(keys.zip(ints(frame, "day")?).collect())
}
