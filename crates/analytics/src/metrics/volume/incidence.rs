//! The time to become a high-volume trader by cohort.

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::multiple::benjamini_hochberg;
use tidegauge_models::survival::{Incidence, LifeCounts, RiskTable, aalen_johansen};

use super::comparison::{Comparison, compare};
use crate::dates::DAY;
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::metrics::cohort::{Cohort, Groups};
use crate::metrics::estimate_columns::estimate_columns;
use crate::{Error, Result};

/// The parameters of cumulative incidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidenceParams {
    /// The volume of a high-volume trader, in US dollars.
    pub threshold_usd: f64,
    /// The horizons, in days from signup.
    pub horizons: Vec<u32>,
}

impl Default for IncidenceParams {
    /// Returns the parameters of 10,000 US dollars within 30, 90 and 180 days.
    fn default() -> Self {
        Self { threshold_usd: 10_000.0, horizons: vec![30, 90, 180] }
    }
}

/// The cumulative incidence of high-volume traders of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IncidenceTable {
    /// The parameters of the computation.
    pub params: IncidenceParams,
    /// The cohorts, by label.
    pub cohorts: Vec<IncidenceCohort>,
}

/// The cumulative incidence of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IncidenceCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of users who have been observed for at least a day.
    pub users: u64,
    /// The number of those who have become high-volume traders within the longest horizon.
    pub reached: u64,
    /// The incidence at each horizon.
    pub at: Vec<IncidenceAtHorizon>,
}

/// The cumulative incidence at a horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IncidenceAtHorizon {
    /// The days from signup.
    pub within_days: u32,
    /// The share of users who become high-volume traders within these days. No value if no user has
    /// been observed for so long.
    pub incidence: Estimate,
    /// The incidence less that of the users of all other cohorts.
    pub difference: Estimate,
    /// The incidence over that of the users of all other cohorts.
    pub lift: Estimate,
    /// The two-sided p-value of no difference, which agrees with the interval; `None` without one.
    pub p_value: Option<f64>,
    /// The p-value adjusted for the number of cohorts at this horizon (Benjamini–Hochberg): of the
    /// cohorts with at most q, a share of at most q is expected to differ by chance alone.
    pub q_value: Option<f64>,
}

impl IncidenceTable {
    /// Returns the table as a long frame: `cohort`, `users`, `within_days`, the [columns of the
    /// estimates](crate::metrics#frames) `incidence`, `difference` and `lift`, `p_value`,
    /// `q_value`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows =
            || self.cohorts.iter().flat_map(|cohort| cohort.at.iter().map(move |at| (cohort, at)));
        let cohorts: StringChunked = rows().map(|(cohort, _)| cohort.cohort.as_deref()).collect();
        let numbers = |name: &str, of: fn(&IncidenceAtHorizon) -> Option<f64>| {
            Column::new(name.into(), rows().map(|(_, at)| of(at)).collect::<Vec<_>>())
        };
        let users: Vec<u64> = rows().map(|(cohort, _)| cohort.users).collect();
        let within: Vec<u32> = rows().map(|(_, at)| at.within_days).collect();
        let mut columns = vec![
            cohorts.with_name("cohort".into()).into_column(),
            Column::new("users".into(), users),
            Column::new("within_days".into(), within),
        ];
        columns.extend(estimate_columns("incidence", rows().map(|(_, at)| &at.incidence)));
        columns.extend(estimate_columns("difference", rows().map(|(_, at)| &at.difference)));
        columns.extend(estimate_columns("lift", rows().map(|(_, at)| &at.lift)));
        columns.push(numbers("p_value", |at| at.p_value));
        columns.push(numbers("q_value", |at| at.q_value));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}

/// Users by the day of age on which they reached the threshold, and by the last one on which they
/// were observed without.
#[derive(Debug, Clone)]
struct Days {
    reached: Vec<u64>,
    censored: Vec<u64>,
}

impl Days {
    fn new(days: usize) -> Self {
        Self { reached: vec![0; days], censored: vec![0; days] }
    }

    fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.reached, &other.reached), (&mut self.censored, &other.censored)];
        for (ours, theirs) in pairs {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    /// Returns these users without those of a part of them.
    fn without(&self, part: &Self) -> Self {
        let less = |all: &[u64], part: &[u64]| all.iter().zip(part).map(|(a, b)| a - b).collect();
        Self {
            reached: less(&self.reached, &part.reached),
            censored: less(&self.censored, &part.censored),
        }
    }

    fn incidence(&self) -> Result<Incidence> {
        let mut lives = LifeCounts::new(self.reached.len().saturating_sub(1), 1);
        for (day, (reached, censored)) in self.reached.iter().zip(&self.censored).enumerate() {
            lives.add_event(day, 0, *reached)?;
            lives.add_censored(day, *censored)?;
        }
        Ok(aalen_johansen(&RiskTable::of_counts(&lives)?, 0))
    }
}

struct Times<'f> {
    groups: &'f Groups,
    facts: &'f Facts,
    threshold_usd: f64,
    cohorts: Vec<Days>,
}

impl Accumulate for Times<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let signup = self.facts.users.signup_at[user.user];
        let days = &mut self.cohorts[self.groups.of(user.user)];
        let day = |at: i64| usize::try_from((at - signup).div_euclid(DAY)).unwrap_or_default();
        // A day counts only if it is over: a user who is observed for less than one says nothing.
        let observed = day(self.facts.end_micros()).min(days.reached.len());
        let Some(last) = observed.checked_sub(1) else { return };
        let mut events = user.iter().peekable();
        let (mut volume, mut reached) = (0.0, None);
        while let Some(event) = events.next() {
            volume += event.volume_usd;
            // A reversal is at the time of its purchase, and takes it back before it counts.
            let is_settled = events.peek().is_none_or(|next| next.at > event.at);
            if is_settled && volume >= self.threshold_usd {
                reached = Some(day(event.at));
                break;
            }
        }
        match reached.filter(|day| *day <= last) {
            Some(day) => days.reached[day] += 1,
            None => days.censored[last] += 1,
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cohorts.iter_mut().zip(&following.cohorts) {
            ours.add(theirs);
        }
    }
}

/// Computes the share of users who become high-volume traders within each horizon, by cohort, with
/// the difference from and the lift over all other users.
///
/// The time is that from the signup to the day of age on which volume, net of reversals, first
/// reaches the threshold. Users who have been observed for less than a horizon are censored: each
/// counts for the days of age that are over (Aalen–Johansen of one cause, which is one less
/// Kaplan–Meier). Where all users have been observed for a horizon, the incidence is the share of
/// those who have reached the threshold.
///
/// Difference and lift combine the intervals of both sides by Newcombe's method; the p-values of a
/// horizon are adjusted for the number of cohorts.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::volume::{IncidenceParams, incidence};
/// use tidegauge_analytics::{Cohort, Facts};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let purchases = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
///     "value" => [6_000.0, 5_000.0, 7.5],
/// )?;
/// let end = day("2026-05-01").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let by = Cohort::dimension("entry_product");
/// let table = incidence(&facts, &by, &IncidenceParams::default())?;
/// let at = &table.cohorts[0].at;
/// assert_eq!((at[0].within_days, at[0].incidence.value), (30, Some(0.5)));
/// // No user has been observed for 180 days.
/// assert_eq!(at[2].incidence.value, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the threshold is not above 0, without a horizon or with one of 0 days, when the users lack
/// the cohort's dimension, or the events cannot be read.
pub fn incidence(
    facts: &Facts,
    cohort: &Cohort,
    params: &IncidenceParams,
) -> Result<IncidenceTable> {
    if params.threshold_usd.is_nan() || params.threshold_usd <= 0.0 {
        return Err(Error::Parameter { name: "threshold_usd", reason: "must be above 0" });
    }
    let longest = params.horizons.iter().max().copied().unwrap_or_default();
    if longest == 0 || params.horizons.contains(&0) {
        return Err(Error::Parameter { name: "horizons", reason: "are days, at least 1" });
    }
    let groups = cohort.groups(facts)?;
    let times = facts.fold(|| Times {
        groups: &groups,
        facts,
        threshold_usd: params.threshold_usd,
        cohorts: vec![Days::new(longest as usize); groups.len()],
    })?;
    let mut all = Days::new(longest as usize);
    times.cohorts.iter().for_each(|days| all.add(days));
    let mut compared = Vec::with_capacity(groups.len());
    for days in &times.cohorts {
        let (own, others) = (days.incidence()?, all.without(days).incidence()?);
        let at = |within: &u32| {
            // The end of the last day of age within the horizon; the steps are at whole days.
            let time = f64::from(*within) - 1.0;
            let of_levels = (|level| own.at(time, level), |level| others.at(time, level));
            (own.at(time, facts.level()), compare(of_levels, facts.level()))
        };
        compared.push(params.horizons.iter().map(at).collect::<Vec<_>>());
    }
    let adjusted: Vec<Vec<f64>> = (0..params.horizons.len())
        .map(|at| {
            let p_values = compared.iter().map(|horizons| horizons[at].1.p_value);
            benjamini_hochberg(&p_values.collect::<Vec<_>>())
        })
        .collect();
    let cohorts = times.cohorts.iter().zip(compared).enumerate();
    let cohorts = cohorts.map(|(group, (days, horizons))| {
        let reached = days.reached.iter().sum::<u64>();
        let at = horizons.iter().zip(&params.horizons).zip(&adjusted).map(
            |(((incidence, compared), within_days), adjusted)| {
                let Comparison { difference, lift, p_value } = *compared;
                let known = |value: f64| Some(value).filter(|value| !value.is_nan());
                IncidenceAtHorizon {
                    within_days: *within_days,
                    incidence: *incidence,
                    difference,
                    lift,
                    p_value: known(p_value),
                    q_value: known(adjusted[group]),
                }
            },
        );
        IncidenceCohort {
            cohort: groups.label(group),
            users: reached + days.censored.iter().sum::<u64>(),
            reached,
            at: at.collect(),
        }
    });
    Ok(IncidenceTable { params: params.clone(), cohorts: cohorts.collect() })
}
