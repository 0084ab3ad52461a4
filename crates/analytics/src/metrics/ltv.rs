//! Historic lifetime value (LTV) of users and cohorts. See `docs/metrics/ltv.md`.

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;

use super::cohort::{Cohort, Groups};
use super::cumulative::{CohortSums, Curve, Exposure, Revenue, cumulate};
use super::estimate_columns::estimate_columns;
use super::seed::seed;
use crate::dates::{DAY, TIME};
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::frames::{number_column, text_column};
use crate::{Error, Result};

/// The ages, in days, at which cohorts are usually compared.
pub const AGES: [u32; 6] = [7, 30, 60, 90, 180, 365];

/// The parameters of lifetime value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LtvParams {
    /// The ages, in days since signup.
    pub ages: Vec<u32>,
    /// The revenue that counts.
    #[serde(default)]
    pub revenue: Revenue,
    /// The share of revenue that is contribution margin; lifetime value is in margin.
    #[serde(default = "whole")]
    pub margin: f64,
}

fn whole() -> f64 {
    1.0
}

impl Default for LtvParams {
    fn default() -> Self {
        Self { ages: AGES.into(), revenue: Revenue::default(), margin: 1.0 }
    }
}

impl LtvParams {
    /// Creates parameters of net revenue at these ages.
    pub fn at(ages: impl Into<Vec<u32>>) -> Self {
        Self { ages: ages.into(), ..Self::default() }
    }
}

/// Lifetime value of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LtvTable {
    /// The parameters of the computation.
    pub params: LtvParams,
    /// The cohorts, by label.
    pub cohorts: Vec<LtvCohort>,
    /// All users as one.
    pub overall: LtvCohort,
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
    /// Revenue to date before reversals, in US dollars.
    pub gross_revenue_usd: f64,
    /// Volume to date in US dollars, net of reversals.
    pub volume_usd: f64,
    /// Margin to date per acquired user, in US dollars.
    pub to_date: Estimate,
    /// Margin per acquired user up to each age, in US dollars.
    pub by_age: Vec<LtvAtAge>,
}

/// Lifetime value at an age. Each day of age is computed from the users who have reached its end,
/// and the days are summed (mean cumulative function), so that it does not fall while revenue is
/// never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LtvAtAge {
    /// The age, in days since signup.
    pub age_days: u32,
    /// `true` if every user of the cohort has reached the age.
    pub complete: bool,
    /// The lifetime value; `n` is the number of users who have reached the age, and there is no
    /// value if none has.
    #[serde(flatten)]
    pub ltv: Estimate,
}

impl LtvTable {
    /// Returns the values by age as a long frame: `cohort`, `users`, `age_days` (days since signup),
    /// `complete` (`true` if every user has reached the age), and the [columns of the
    /// estimate](crate::metrics#frames) `ltv` (US dollars of margin per acquired user), null where
    /// no user has reached the age.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows = || {
            self.cohorts.iter().flat_map(|cohort| cohort.by_age.iter().map(move |at| (cohort, at)))
        };
        let mut columns = vec![
            text_column("cohort", rows().map(|(cohort, _)| cohort.cohort.as_deref())),
            number_column("users", rows().map(|(cohort, _)| cohort.users)),
            number_column("age_days", rows().map(|(_, at)| at.age_days)),
            number_column("complete", rows().map(|(_, at)| at.complete)),
        ];
        columns.extend(estimate_columns("ltv", rows().map(|(_, at)| &at.ltv)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }

    /// Returns the cohorts to date as a frame: `cohort`, `users`, `revenue_usd`,
    /// `gross_revenue_usd`, `volume_usd`, and the [columns of the
    /// estimate](crate::metrics#frames) `ltv` (US dollars of margin per acquired user).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn to_date_frame(&self) -> Result<DataFrame> {
        let cohorts = || self.cohorts.iter();
        let mut columns = vec![
            text_column("cohort", cohorts().map(|cohort| cohort.cohort.as_deref())),
            number_column("users", cohorts().map(|cohort| cohort.users)),
            number_column("revenue_usd", cohorts().map(|cohort| cohort.revenue_usd)),
            number_column("gross_revenue_usd", cohorts().map(|cohort| cohort.gross_revenue_usd)),
            number_column("volume_usd", cohorts().map(|cohort| cohort.volume_usd)),
        ];
        columns.extend(estimate_columns("ltv", cohorts().map(|cohort| &cohort.to_date)));
        Ok(DataFrame::new(self.cohorts.len(), columns)?)
    }
}

/// Computes the historic lifetime value (LTV) of every cohort, at ages in days counted from each
/// user's own signup.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::ltv::{LtvParams, ltv};
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
/// let table = ltv(&facts, &Cohort::Signup(Period::Month), &LtvParams::at([7, 14]))?;
/// // 27.5 within 7 days, and 5 more on the 10th day; bob is not 14 days old yet.
/// let by_age: Vec<_> = table.overall.by_age.iter().map(|at| (at.ltv.value, at.ltv.n)).collect();
/// assert_eq!(by_age, [(Some(13.75), 2), (Some(16.25), 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When an age is 0 or the margin not above zero, when the users lack the cohort's dimension, or
/// the events cannot be read.
pub fn ltv(facts: &Facts, cohort: &Cohort, params: &LtvParams) -> Result<LtvTable> {
    let params = check(params)?;
    let groups = cohort.groups(facts)?;
    let (all, cohorts) = sums(facts, &groups, &params)?;
    let overall = all.first();
    let cohorts: Vec<_> = match cohort {
        Cohort::Everyone => overall.map(|sums| (Some("all".into()), sums)).into_iter().collect(),
        _ => cohorts.iter().enumerate().map(|(group, sums)| (groups.label(group), sums)).collect(),
    };
    let empty = CohortSums::empty(params.ages.len());
    let overall = ltv_cohort(facts, &params, Some("all".into()), overall.unwrap_or(&empty));
    let cohorts = cohorts.into_iter().map(|(label, sums)| ltv_cohort(facts, &params, label, sums));
    Ok(LtvTable { cohorts: cohorts.collect(), overall, params })
}

/// Returns the parameters with unique ages in ascending order.
fn check(params: &LtvParams) -> Result<LtvParams> {
    if params.ages.contains(&0) {
        return Err(Error::Parameter { name: "ages", reason: "are days, at least 1" });
    }
    if params.margin.is_nan() || params.margin <= 0.0 {
        return Err(Error::Parameter { name: "margin", reason: "must be above 0" });
    }
    let mut params = params.clone();
    params.ages.sort_unstable();
    params.ages.dedup();
    Ok(params)
}

/// Returns the sums of all users as one group, and of each group.
///
/// # Errors
/// When the events cannot be read.
fn sums(
    facts: &Facts,
    groups: &Groups,
    params: &LtvParams,
) -> Result<(Vec<CohortSums>, Vec<CohortSums>)> {
    let end = facts.end_micros();
    let observed_days: Vec<u32> = facts
        .users
        .signup_at
        .iter()
        .map(|signup| u32::try_from((end - signup).div_euclid(DAY)).unwrap_or_default())
        .collect();
    let mut exposures = vec![Exposure::default(); groups.len()];
    for (user, days) in observed_days.iter().enumerate() {
        exposures[groups.of(user)].add_user(*days as usize);
    }
    let mut all = Exposure::default();
    exposures.iter().for_each(|exposure| all.add(exposure));
    exposures.iter_mut().chain([&mut all]).for_each(Exposure::close);
    let of = (params.revenue, params.ages.as_slice());
    let everyone = groups.merged(|_| 0);
    let all: &[Exposure] = if groups.len() == 0 { &[] } else { &[all] };
    let groupings = [(&everyone, all), (groups, exposures.as_slice())];
    let [all, cohorts] = cumulate(facts, groupings, &observed_days, of)?;
    Ok((all, cohorts))
}

fn ltv_cohort(
    facts: &Facts,
    params: &LtvParams,
    cohort: Option<String>,
    sums: &CohortSums,
) -> LtvCohort {
    let seed = seed("ltv", cohort.as_deref());
    let users = sums.exposure.total_users();
    let curve = Curve::new(sums, &params.ages, (facts.level(), seed));
    let at_age = |age_days: u32| {
        let ltv = curve.per_user(age_days).scaled(params.margin);
        LtvAtAge { age_days, complete: users > 0 && ltv.n == users, ltv }
    };
    LtvCohort {
        users,
        revenue_usd: sums.to_date.total(),
        gross_revenue_usd: sums.gross_revenue_usd,
        volume_usd: sums.volume_usd,
        to_date: sums.to_date.estimate(facts.level(), seed).scaled(params.margin),
        by_age: params.ages.iter().copied().map(at_age).collect(),
        cohort,
    }
}

/// The totals of users, in their order.
#[derive(Default)]
struct Totals {
    events: Vec<u64>,
    first_at: Vec<Option<i64>>,
    last_at: Vec<Option<i64>>,
    volume_usd: Vec<f64>,
    revenue_usd: Vec<f64>,
}

impl Accumulate for Totals {
    fn add(&mut self, user: UserEvents<'_>) {
        let activities = || user.iter().filter(|event| !event.is_reversal());
        self.events.push(activities().count() as u64);
        self.first_at.push(activities().next().map(|event| event.at));
        self.last_at.push(activities().last().map(|event| event.at));
        self.volume_usd.push(user.iter().fold(0.0, |sum, event| sum + event.volume_usd));
        self.revenue_usd.push(user.iter().fold(0.0, |sum, event| sum + event.revenue_usd));
    }

    fn merge(&mut self, following: Self) {
        self.events.extend(following.events);
        self.first_at.extend(following.first_at);
        self.last_at.extend(following.last_at);
        self.volume_usd.extend(following.volume_usd);
        self.revenue_usd.extend(following.revenue_usd);
    }
}

/// Returns every user with their dimensions and `events`, `first_at`, `last_at` (null without
/// events), `volume_usd` and `revenue_usd` net of reversals, and `tenure_days` from signup to the
/// end of observation.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::{Facts, ltv};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
///     "value" => [20.0, 5.0, 7.5],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let users = ltv::users(&facts)?;
/// let column = |name: &str| users.column(name).unwrap().f64().unwrap().clone();
/// assert_eq!(column("revenue_usd").to_vec(), [Some(25.0), Some(7.5)]);
/// assert_eq!(column("tenure_days").to_vec(), [Some(14.0), Some(13.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the events cannot be read, or the frame cannot be made.
pub fn users(facts: &Facts) -> Result<DataFrame> {
    let totals = facts.fold(Totals::default)?;
    let times = |name: &str, times: Vec<Option<i64>>| Column::new(name.into(), times).cast(&TIME);
    let end = facts.end_micros();
    let tenures = facts.users.signup_at.iter().map(|signup| (end - signup) as f64 / DAY as f64);
    let mut frame = facts.users()?;
    frame.hstack_mut(&[
        Column::new("events".into(), totals.events),
        Column::new("volume_usd".into(), totals.volume_usd),
        Column::new("revenue_usd".into(), totals.revenue_usd),
        times("first_at", totals.first_at)?,
        times("last_at", totals.last_at)?,
        Column::new("tenure_days".into(), tenures.collect::<Vec<f64>>()),
    ])?;
    Ok(frame)
}
