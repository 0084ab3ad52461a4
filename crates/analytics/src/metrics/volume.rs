//! High-volume traders by cohort. See `docs/metrics/volume.md`.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::cohort::{COHORT, Cohort};
use crate::dates::{days, epoch_micros};
use crate::facts::{EventFilter, Facts};
use crate::frames::{CollectBlocking, counts, labels, left_join, sums};
use crate::stats::{Share, ratio};
use crate::{Error, Result};

/// The definition of a high-volume trader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeParams {
    /// The minimum volume, in US dollars.
    pub threshold_usd: f64,
    /// The number of days from signup within which volume counts; only users of at least that age
    /// are included, so that old and young cohorts are comparable. `None`: all volume of all users
    /// to date.
    pub within_days: Option<u32>,
}

impl Default for VolumeParams {
    fn default() -> Self {
        Self { threshold_usd: 10_000.0, within_days: None }
    }
}

/// Volume of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VolumeCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of included users, with and without volume.
    pub users: u64,
    /// The share of high-volume traders among them.
    pub high_volume: Share,
    /// Their total volume, in US dollars.
    pub volume_usd: f64,
    /// Volume per user, in US dollars.
    pub mean_usd: f64,
}

/// A tenth of the users, by volume.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Decile {
    /// The number of the decile; 1 has the highest volume.
    pub decile: u8,
    /// The number of its users.
    pub users: u64,
    /// Their total volume, in US dollars.
    pub volume_usd: f64,
    /// Its share of all volume; `None` if there is none.
    pub share: Option<f64>,
}

/// The distribution of volume over users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Concentration {
    /// The ten deciles of the users.
    pub deciles: Vec<Decile>,
    /// The share of all volume of the 1 % of users with the highest, at least one user; `None` if
    /// there is no volume.
    pub top_1_percent: Option<f64>,
}

/// Volume of all cohorts, and its distribution over users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VolumeTable {
    /// The definition of a high-volume trader.
    pub params: VolumeParams,
    /// The cohorts, by label.
    pub cohorts: Vec<VolumeCohort>,
    /// The distribution over all included users.
    pub concentration: Concentration,
}

/// Computes the share of high-volume traders of every cohort, and the concentration of volume.
///
/// # Errors
/// When the threshold is not above zero or `within_days` is 0, when the users lack the cohort's
/// dimension, or a frame cannot be computed.
pub fn volume(facts: &Facts, cohort: &Cohort, params: &VolumeParams) -> Result<VolumeTable> {
    if params.threshold_usd.is_nan() || params.threshold_usd <= 0.0 {
        return Err(Error::Parameter { name: "threshold_usd", reason: "must be above 0" });
    }
    if params.within_days == Some(0) {
        return Err(Error::Parameter { name: "within_days", reason: "must be at least 1" });
    }
    let users = included_users(facts, cohort, params)?;
    let high = col("volume_usd").gt_eq(lit(params.threshold_usd)).cast(DataType::UInt64).sum();
    let table = users
        .clone()
        .lazy()
        .group_by_stable([col(COHORT)])
        .agg([len().alias("users"), high.alias("high"), col("volume_usd").sum()])
        .sort([COHORT], SortMultipleOptions::default().with_nulls_last(true))
        .collect_blocking()?;
    let (sizes, high) = (counts(&table, "users")?, counts(&table, "high")?);
    let volumes = sums(&table, "volume_usd")?;
    let cohorts =
        labels(&table, COHORT)?.into_iter().enumerate().map(|(row, cohort)| VolumeCohort {
            cohort,
            users: sizes[row],
            high_volume: Share::new(high[row], sizes[row]),
            volume_usd: volumes[row],
            mean_usd: volumes[row] / sizes[row] as f64,
        });
    Ok(VolumeTable {
        params: params.clone(),
        cohorts: cohorts.collect(),
        concentration: concentration(sums(&users, "volume_usd")?),
    })
}

/// Returns the included users, in their order, with `cohort` and `volume_usd`.
fn included_users(facts: &Facts, cohort: &Cohort, params: &VolumeParams) -> Result<DataFrame> {
    let (mut users, mut events) = (cohort.labels(facts)?, facts.filtered_events(&EventFilter::Any));
    if let Some(within) = params.within_days.map(days) {
        let signups = facts.users().clone().lazy().select([col("user"), col("signup_at")]);
        events = left_join(events, signups, &["user"]).filter(Facts::event_age().lt(lit(within)));
        users = users
            .filter(epoch_micros("signup_at").lt_eq(lit(facts.end().timestamp_micros() - within)));
    }
    let volume = col("volume_usd").fill_null(lit(0.0));
    Ok(Facts::per_user(users, events, &[]).select([col(COHORT), volume]).collect_blocking()?)
}

/// Returns the distribution of volume; users of equal volume keep their order.
fn concentration(mut volumes: Vec<f64>) -> Concentration {
    volumes.sort_by(|a, b| b.total_cmp(a));
    let (users, total) = (volumes.len(), volumes.iter().sum::<f64>());
    let deciles = (1u8..=10).map(|decile| {
        let edge = |tenths: u8| users * usize::from(tenths) / 10;
        let members = &volumes[edge(decile - 1)..edge(decile)];
        // From 0, since the sum of no floats is -0.
        let volume_usd = members.iter().fold(0.0, |sum, volume| sum + volume);
        Decile { decile, users: members.len() as u64, volume_usd, share: ratio(volume_usd, total) }
    });
    let top = volumes[..users.div_ceil(100)].iter().sum();
    Concentration { deciles: deciles.collect(), top_1_percent: ratio(top, total) }
}
