//! Historic lifetime value (LTV) of users and cohorts. See `docs/metrics/ltv.md`.

use polars::prelude::*;
use serde::Serialize;

use super::cohort::{COHORT, Cohort};
use super::revenue_curve::{CumulativeRevenue, revenue_by_user};
use crate::dates::{DAY, days, epoch_micros};
use crate::facts::{EventFilter, Facts};
use crate::frames::{CollectBlocking, counts, ints, labels, left_join, sums};
use crate::stats::{Interval, MIN_SAMPLE_SIZE, log_interval};
use crate::{Error, Result};

/// The ages, in days, at which cohorts are usually compared.
pub const AGES: [u32; 6] = [7, 30, 60, 90, 180, 365];

/// Lifetime value of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LtvTable {
    /// The ages, in days.
    pub ages: Vec<u32>,
    /// The cohorts, by label.
    pub cohorts: Vec<LtvCohort>,
    /// The lifetime value of all users as one, at each age.
    pub pooled: Vec<PooledLtv>,
}

/// Lifetime value of all users at an age. Each day of age is computed from the users who have
/// reached its end, and the days are summed, so that it does not fall while revenue is never
/// negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PooledLtv {
    /// The number of users who have reached the age.
    pub users: u64,
    /// Revenue per user up to the age, in US dollars; `None` if no user has reached it.
    pub ltv_usd: Option<f64>,
    /// Its 95 % interval; `None` below [`MIN_SAMPLE_SIZE`] users.
    pub interval: Option<Interval>,
}

/// Lifetime value of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LtvCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of users, whether they ever paid or not.
    pub users: u64,
    /// Revenue to date in US dollars.
    pub revenue_usd: f64,
    /// Volume to date in US dollars.
    pub volume_usd: f64,
    /// Revenue to date per acquired user, in US dollars.
    pub ltv_usd: f64,
    /// Its 95 % interval; `None` below [`MIN_SAMPLE_SIZE`] users.
    pub interval: Option<Interval>,
    /// Revenue per acquired user up to each age, in US dollars; `None` until the cohort's last user
    /// has reached the age.
    pub by_age: Vec<Option<f64>>,
}

/// Returns every user with their dimensions and `events`, `first_at`, `last_at` (null without
/// events), `volume_usd`, `revenue_usd`, and `tenure_days` from signup to the end of observation.
///
/// # Errors
/// When the frame cannot be computed.
pub fn users(facts: &Facts) -> Result<DataFrame> {
    let users = facts.users().clone().lazy();
    let tenure =
        (lit(facts.end().timestamp_micros()) - epoch_micros("signup_at")).cast(DataType::Float64);
    Ok(Facts::per_user(users, facts.filtered_events(&EventFilter::Any), &[])
        .with_columns([
            col("events").fill_null(lit(0)).cast(DataType::UInt64),
            col("volume_usd").fill_null(lit(0.0)),
            col("revenue_usd").fill_null(lit(0.0)),
            (tenure / lit(DAY as f64)).alias("tenure_days"),
        ])
        .collect_blocking()?)
}

/// Computes the historic lifetime value (LTV) of every cohort, at ages in days counted from each user's own signup.
///
/// # Errors
/// When an age is 0, when the users lack the cohort's dimension, or a frame cannot be computed.
pub fn cohorts(facts: &Facts, cohort: &Cohort, ages: &[u32]) -> Result<LtvTable> {
    if ages.contains(&0) {
        return Err(Error::Parameter { name: "ages", reason: "are days, at least 1" });
    }
    let name = |age: &u32| format!("revenue_{age}");
    let users = cohort.labels(facts)?;
    let signups = facts.users().clone().lazy().select([col("user"), col("signup_at")]);
    let events = left_join(facts.filtered_events(&EventFilter::Any), signups, &["user"]);
    let revenue_up_to = |age: &u32| {
        col("revenue_usd").filter(Facts::event_age().lt(lit(days(*age)))).sum().alias(name(age))
    };
    let mut unique = ages.to_vec();
    unique.sort_unstable();
    unique.dedup();
    let by_age: Vec<Expr> = unique.iter().map(revenue_up_to).collect();
    let mut totals = vec![
        len().alias("users"),
        epoch_micros("signup_at").max().alias("last_signup"),
        col("revenue_usd").sum(),
        col("revenue_usd").fill_null(lit(0.0)).std(1).alias("spread"),
        col("volume_usd").sum(),
    ];
    totals.extend(unique.iter().map(|age| col(name(age)).sum()));
    let table = Facts::per_user(users, events, &by_age)
        .group_by_stable([col(COHORT)])
        .agg(totals)
        .sort([COHORT], SortMultipleOptions::default().with_nulls_last(true))
        .collect_blocking()?;

    let end = facts.end().timestamp_micros();
    let last_signups = ints(&table, "last_signup")?;
    let sizes = counts(&table, "users")?;
    let columns: Vec<Vec<f64>> =
        ages.iter().map(|age| sums(&table, &name(age))).collect::<Result<_>>()?;
    let reached = |row: usize, age: u32| last_signups[row] + days(age) <= end;
    let spreads = sums(&table, "spread")?;
    let interval = |row: usize, mean: f64| {
        let is_enough = sizes[row] >= MIN_SAMPLE_SIZE;
        is_enough.then(|| log_interval(mean, spreads[row] / (sizes[row] as f64).sqrt())).flatten()
    };
    let (revenue, volume) = (sums(&table, "revenue_usd")?, sums(&table, "volume_usd")?);
    let cohorts = labels(&table, COHORT)?.into_iter().enumerate().map(|(row, cohort)| LtvCohort {
        cohort,
        users: sizes[row],
        revenue_usd: revenue[row],
        volume_usd: volume[row],
        ltv_usd: revenue[row] / sizes[row] as f64,
        interval: interval(row, revenue[row] / sizes[row] as f64),
        by_age: ages
            .iter()
            .zip(&columns)
            .map(|(age, sums)| reached(row, *age).then(|| sums[row] / sizes[row] as f64))
            .collect(),
    });
    let cohorts = cohorts.collect();
    Ok(LtvTable { ages: ages.to_vec(), cohorts, pooled: pooled(facts, ages)? })
}

fn pooled(facts: &Facts, ages: &[u32]) -> Result<Vec<PooledLtv>> {
    let signups =
        facts.users().clone().lazy().select([epoch_micros("signup_at")]).collect_blocking()?;
    let mut revenue_to_date = CumulativeRevenue::default();
    for (signup, revenue) in ints(&signups, "signup_at")?.into_iter().zip(revenue_by_user(facts)?) {
        revenue_to_date
            .add_user((facts.end().timestamp_micros() - signup).div_euclid(DAY), &revenue);
    }
    let curve = revenue_to_date.curve();
    let at = |age: &u32| {
        let point = curve.at(*age);
        PooledLtv {
            users: point.map_or(0, |point| point.users),
            ltv_usd: point.map(|point| point.per_user),
            interval: curve.per_user_interval(*age),
        }
    };
    Ok(ages.iter().map(at).collect())
}
