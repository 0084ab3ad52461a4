//! The books of a channel, by the day on which its users signed up.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{Breakdown, Ledgers};
use crate::frames::{Compute, DAY, counts, ints, labels, look_up, require, sums};
use crate::period::epoch_day;
use crate::{Facts, Kinds, Result};

/// Spend, users and their revenue by signup day (days since 1970-01-01).
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger(BTreeMap<i64, Day>);

#[derive(Debug, Clone, Default)]
struct Day {
    users: u64,
    spend: f64,
    /// Revenue of those users by their age in whole days.
    revenue: BTreeMap<i64, f64>,
}

impl Ledger {
    pub(super) fn users(&self) -> u64 {
        self.0.values().map(|day| day.users).sum()
    }

    pub(super) fn spend(&self) -> f64 {
        self.0.values().map(|day| day.spend).sum()
    }

    pub(super) fn revenue(&self) -> f64 {
        self.0.values().flat_map(|day| day.revenue.values()).sum()
    }

    /// Users, spend and revenue before the age, of those signup days of which every user had
    /// reached the age by the beginning of `today`.
    pub(super) fn aged(&self, today: i64, age: u32) -> (u64, f64, f64) {
        let age = i64::from(age);
        let mut sum = (0, 0.0, 0.0);
        for day in self.0.range(..today - age).map(|(_, day)| day) {
            sum.0 += day.users;
            sum.1 += day.spend;
            sum.2 += day.revenue.range(..age).map(|(_, revenue)| revenue).sum::<f64>();
        }
        sum
    }

    /// The first age by which the margin on revenue covers the spend, both taken as in
    /// [`Self::aged`], whose sums this goes through age by age.
    pub(super) fn payback(&self, today: i64, margin: f64) -> Option<u32> {
        let mut revenue = vec![0.0; self.0.len()];
        let oldest = today - self.0.keys().next()? - 1;
        for age in 1..=u32::try_from(oldest).unwrap_or_default() {
            let last = i64::from(age) - 1;
            let (mut users, mut spend, mut total) = (0, 0.0, 0.0);
            let old = self.0.range(..today - i64::from(age)).map(|(_, day)| day);
            for (day, revenue) in old.zip(&mut revenue) {
                *revenue += day.revenue.get(&last).copied().unwrap_or_default();
                users += day.users;
                spend += day.spend;
                total += *revenue;
            }
            if users > 0 && spend > 0.0 && total * margin >= spend {
                return Some(age);
            }
        }
        None
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (day, theirs) in &other.0 {
            let ours = self.0.entry(*day).or_default();
            ours.users += theirs.users;
            ours.spend += theirs.spend;
            for (age, revenue) in &theirs.revenue {
                *ours.revenue.entry(*age).or_default() += revenue;
            }
        }
    }
}

/// The books of every channel (and campaign) with users or spend.
pub(super) fn read(facts: &Facts, by: Breakdown) -> Result<Ledgers> {
    require("users", facts.users(), "channel")?;
    let campaign = match by {
        Breakdown::Channel => lit(NULL).cast(DataType::String),
        Breakdown::Campaign => {
            require("users", facts.users(), "campaign")?;
            col("campaign").cast(DataType::String)
        }
    };
    let key = || [col("channel").cast(DataType::String), campaign.clone().alias("campaign")];
    let users = facts.users().clone().lazy().with_columns(key());
    let users = users.with_column(epoch_day(col("signup_at")).alias("day"));
    let by_day = || [col("channel"), col("campaign"), col("day")];

    let mut ledgers = Ledgers::new();
    let signups = users.clone().group_by_stable(by_day()).agg([len().alias("users")]).compute()?;
    for (at, users) in days(&signups)?.into_iter().zip(counts(&signups, "users")?) {
        entry(&mut ledgers, at).users += users;
    }

    let spend = facts.spend().clone().lazy().with_columns(key());
    let spend = spend.with_column(epoch_day(col("day")));
    let spend = spend.group_by_stable(by_day()).agg([col("spend_usd").sum()]).compute()?;
    for (at, spend) in days(&spend)?.into_iter().zip(sums(&spend, "spend_usd")?) {
        entry(&mut ledgers, at).spend += spend;
    }

    let age = Facts::age().floor_div(lit(DAY)).alias("age");
    let users =
        users.select([col("user"), col("signup_at"), col("channel"), col("campaign"), col("day")]);
    let revenue = look_up(facts.events_of(&Kinds::Any), users, &["user"])
        .with_column(age)
        .group_by_stable([col("channel"), col("campaign"), col("day"), col("age")])
        .agg([col("revenue_usd").sum()])
        .compute()?;
    let amounts = ints(&revenue, "age")?.into_iter().zip(sums(&revenue, "revenue_usd")?);
    for (at, (age, revenue)) in days(&revenue)?.into_iter().zip(amounts) {
        *entry(&mut ledgers, at).revenue.entry(age).or_default() += revenue;
    }
    Ok(ledgers)
}

/// A channel, a campaign, and a day.
type At = ((Option<String>, Option<String>), i64);

fn days(frame: &DataFrame) -> Result<Vec<At>> {
    let keys = labels(frame, "channel")?.into_iter().zip(labels(frame, "campaign")?);
    Ok(keys.zip(ints(frame, "day")?).collect())
}

fn entry(ledgers: &mut Ledgers, (key, day): At) -> &mut Day {
    ledgers.entry(key).or_default().0.entry(day).or_default()
}
