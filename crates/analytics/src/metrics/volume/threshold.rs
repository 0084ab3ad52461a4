//! The share of high-volume traders by cohort.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::estimate::Amounts;

use crate::dates::days;
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::frames::{number_column, text_column};
use crate::metrics::cohort::{Cohort, Groups};
use crate::metrics::estimate_columns::estimate_columns;
use crate::metrics::seed::seed;
use crate::stats::Share;
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
        Self { threshold_usd: 10_000.0, within_days: Some(90) }
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
    /// Volume per user with its interval.
    pub mean: Estimate,
}

/// Volume of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VolumeTable {
    /// The definition of a high-volume trader.
    pub params: VolumeParams,
    /// The cohorts, by label.
    pub cohorts: Vec<VolumeCohort>,
}

impl VolumeTable {
    /// Returns the cohorts as a frame: `cohort`, `users`, `high_volume` (users), `volume_usd`, and
    /// the [columns of the estimates](crate::metrics#frames) `high_volume_rate` (their share) and
    /// `mean_usd` (volume per user).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let cohorts = || self.cohorts.iter();
        let rates: Vec<Estimate> = cohorts().map(|cohort| cohort.high_volume.into()).collect();
        let mut columns = vec![
            text_column("cohort", cohorts().map(|cohort| cohort.cohort.as_deref())),
            number_column("users", cohorts().map(|cohort| cohort.users)),
            number_column("high_volume", cohorts().map(|cohort| cohort.high_volume.count)),
            number_column("volume_usd", cohorts().map(|cohort| cohort.volume_usd)),
        ];
        columns.extend(estimate_columns("high_volume_rate", rates.iter()));
        columns.extend(estimate_columns("mean_usd", cohorts().map(|cohort| &cohort.mean)));
        Ok(DataFrame::new(self.cohorts.len(), columns)?)
    }
}

/// The volumes of users by cohort.
struct Volumes<'f> {
    groups: &'f Groups,
    facts: &'f Facts,
    threshold_usd: f64,
    /// In microseconds.
    within: Option<i64>,
    cohorts: Vec<(Amounts, u64)>,
}

impl Accumulate for Volumes<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let Some(volume) = volume_of(user, self.facts, self.within) else { return };
        let (amounts, high) = &mut self.cohorts[self.groups.of(user.user)];
        amounts.add(volume);
        *high += u64::from(volume >= self.threshold_usd);
    }

    fn merge(&mut self, following: Self) {
        for ((ours, high), (theirs, more)) in self.cohorts.iter_mut().zip(following.cohorts) {
            ours.merge(theirs);
            *high += more;
        }
    }
}

/// Returns the volume of a user, net of reversals and at least 0, within so many microseconds of
/// signup; `None` if the user has not been observed for that long.
pub(super) fn volume_of(user: UserEvents<'_>, facts: &Facts, within: Option<i64>) -> Option<f64> {
    let signup = facts.users.signup_at[user.user];
    let last = match within {
        None => i64::MAX,
        Some(within) if signup + within > facts.end_micros() => return None,
        Some(within) => signup + within,
    };
    let counted = user.iter().take_while(|event| event.at < last);
    Some(counted.map(|event| event.volume_usd).sum::<f64>().max(0.0))
}

/// Computes the share of high-volume traders of every cohort. Volume is net of reversals.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::volume::{VolumeParams, volume};
/// use tidegauge_analytics::{Cohort, Facts, Period};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
///     "value" => [20.0, 5.0, 7.5],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let params = VolumeParams { threshold_usd: 25.0, within_days: None };
/// let table = volume(&facts, &Cohort::Signup(Period::Month), &params)?;
/// // ann reaches 25, bob does not.
/// assert_eq!((table.cohorts[0].high_volume.count, table.cohorts[0].mean_usd), (1, 16.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the threshold is not above zero or `within_days` is 0, when the users lack the cohort's
/// dimension, or the events cannot be read.
pub fn volume(facts: &Facts, cohort: &Cohort, params: &VolumeParams) -> Result<VolumeTable> {
    if params.threshold_usd.is_nan() || params.threshold_usd <= 0.0 {
        return Err(Error::Parameter { name: "threshold_usd", reason: "must be above 0" });
    }
    let within = within(params.within_days)?;
    let groups = cohort.groups(facts)?;
    let volumes = facts.fold(|| Volumes {
        groups: &groups,
        facts,
        threshold_usd: params.threshold_usd,
        within,
        cohorts: vec![(Amounts::new(), 0); groups.len()],
    })?;
    let cohorts =
        volumes.cohorts.iter().enumerate().filter(|(_, (amounts, _))| amounts.users() > 0);
    let cohorts = cohorts.map(|(group, (amounts, high))| {
        let cohort = groups.label(group);
        let mean = amounts.estimate(facts.level(), seed("volume", cohort.as_deref()));
        VolumeCohort {
            users: amounts.users(),
            high_volume: Share::new(*high, amounts.users(), facts.level()),
            volume_usd: amounts.total(),
            mean_usd: amounts.total() / amounts.users() as f64,
            mean,
            cohort,
        }
    });
    Ok(VolumeTable { params: params.clone(), cohorts: cohorts.collect() })
}

/// Returns the time within which volume counts, in microseconds.
///
/// # Errors
/// When it is 0 days.
pub(super) fn within(within_days: Option<u32>) -> Result<Option<i64>> {
    if within_days == Some(0) {
        return Err(Error::Parameter { name: "within_days", reason: "must be at least 1" });
    }
    Ok(within_days.map(days))
}
