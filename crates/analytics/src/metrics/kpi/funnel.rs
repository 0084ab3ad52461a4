//! The funnel of signups.

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::estimate::wilson;

use crate::dates::days;
use crate::facts::{Accumulate, EventFilter, Facts, KindSet, NEVER, UserEvents};
use crate::metrics::cohort::{Cohort, Groups};
use crate::metrics::estimate_columns::estimate_columns;
use crate::{Error, Result};

/// A step of the funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The signup.
    SignedUp,
    /// The successful identity check.
    Verified,
    /// The first deposit or on-ramp purchase.
    Funded,
    /// The first trade.
    Traded,
}

impl Step {
    /// All steps, in their order.
    pub const ALL: [Self; 4] = [Self::SignedUp, Self::Verified, Self::Funded, Self::Traded];

    /// Returns the name of the step, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedUp => "signed_up",
            Self::Verified => "verified",
            Self::Funded => "funded",
            Self::Traded => "traded",
        }
    }
}

/// The parameters of the funnel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FunnelParams {
    /// The groups of users: a dimension such as `channel`, or the period of the signup.
    pub by: Cohort,
    /// The number of days from signup within which a step counts; only users of at least that age
    /// are included, so that old and young cohorts are comparable. `None`: all steps of all users
    /// to date.
    pub within_days: Option<u32>,
}

impl Default for FunnelParams {
    /// Returns parameters of all users within 30 days.
    fn default() -> Self {
        Self { by: Cohort::Everyone, within_days: Some(30) }
    }
}

/// The funnel of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FunnelTable {
    /// The parameters of the computation.
    pub params: FunnelParams,
    /// The cohorts with included users, by label; their counts sum to those of all users.
    pub cohorts: Vec<FunnelCohort>,
    /// All users as one.
    pub overall: FunnelCohort,
}

/// The funnel of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FunnelCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The steps, in their order.
    pub steps: Vec<FunnelStep>,
}

/// A step of a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FunnelStep {
    /// The step.
    pub step: Step,
    /// The number of users who have taken this step and all before.
    pub users: u64,
    /// The number of users who took the steps before and not this one.
    pub dropped: u64,
    /// `users` over the signups.
    pub of_signups: Estimate,
    /// `users` over those of the step before.
    pub of_previous: Estimate,
}

impl FunnelTable {
    /// Returns the cohorts as a long frame: `cohort`, `step`, `users`, `dropped`, and the
    /// [columns of the estimates](crate::metrics#frames) `of_signups` and `of_previous`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let rows = || {
            self.cohorts
                .iter()
                .flat_map(|cohort| cohort.steps.iter().map(|step| (cohort.cohort.as_deref(), step)))
        };
        let cohorts: StringChunked = rows().map(|(cohort, _)| cohort).collect();
        let names: StringChunked = rows().map(|(_, step)| Some(step.step.name())).collect();
        let count = |name: &str, of: fn(&FunnelStep) -> u64| {
            Column::new(name.into(), rows().map(|(_, step)| of(step)).collect::<Vec<u64>>())
        };
        let mut columns = vec![
            cohorts.with_name("cohort".into()).into_column(),
            names.with_name("step".into()).into_column(),
            count("users", |step| step.users),
            count("dropped", |step| step.dropped),
        ];
        columns.extend(estimate_columns("of_signups", rows().map(|(_, step)| &step.of_signups)));
        columns.extend(estimate_columns("of_previous", rows().map(|(_, step)| &step.of_previous)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}

/// The numbers of users who have taken each step and all before.
type Taken = [u64; Step::ALL.len()];

struct Funnels<'f> {
    facts: &'f Facts,
    groups: &'f Groups,
    funding: KindSet,
    trades: KindSet,
    /// `true` if the identity check of any user is recorded.
    has_checks: bool,
    /// In microseconds.
    within: Option<i64>,
    taken: Vec<Taken>,
}

impl Accumulate for Funnels<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let end = self.facts.end_micros();
        let signup = self.facts.users.signup_at[user.user];
        let last = match self.within {
            None => end,
            Some(within) if signup + within > end => return,
            Some(within) => signup + within,
        };
        let has = |kinds: KindSet| {
            let mut events = user.iter().take_while(|event| event.at < last);
            events.any(|event| kinds.contains(event.kind()) && !event.is_reversal())
        };
        let is_verified = !self.has_checks || self.facts.users.verified_at[user.user] < last;
        let steps = [true, is_verified, is_verified && has(self.funding)];
        let has_traded = steps[2] && has(self.trades);
        let taken = &mut self.taken[self.groups.of(user.user)];
        for (taken, step) in taken.iter_mut().zip(steps.into_iter().chain([has_traded])) {
            *taken += u64::from(step);
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.taken.iter_mut().zip(following.taken) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }
}

/// Computes the funnel of signups by cohort: signup, identity check, first deposit or on-ramp
/// purchase, first trade, with Wilson intervals.
///
/// A user counts at a step if they have taken it and all before it, in any order: the funnel never
/// widens. The identity check is left out if none of any user is recorded. The drop-off of a step is [`FunnelStep::dropped`], and 1 − [`FunnelStep::of_previous`].
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::Facts;
/// use tidegauge_analytics::kpi::{FunnelParams, funnel};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let users = df!(
///     "user" => ["ann", "bob"],
///     "signup_at" => ["2026-01-05", "2026-01-06"].map(day),
///     "verified_at" => ["2026-01-05", "2026-01-06"].map(day),
/// )?;
/// let events = df!(
///     "user" => ["ann", "ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-08", "2026-01-07"].map(day),
///     "kind" => ["deposit", "trade", "deposit"],
///     "volume_usd" => [0.0, 100.0, 0.0],
///     "revenue_usd" => [0.0, 1.0, 0.0],
/// )?;
/// let end = day("2026-03-01").and_time(chrono::NaiveTime::MIN).and_utc();
/// let funnel = funnel(&Facts::new(&users, &events, end)?, &FunnelParams::default())?;
/// let traded = funnel.overall.steps[3];
/// assert_eq!((traded.users, traded.dropped, traded.of_previous.value), (1, 1, Some(0.5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `within_days` is 0, when the users lack the cohort's dimension, or the events cannot be
/// read.
pub fn funnel(facts: &Facts, params: &FunnelParams) -> Result<FunnelTable> {
    if params.within_days == Some(0) {
        return Err(Error::Parameter { name: "within_days", reason: "must be at least 1" });
    }
    let groups = params.by.groups(facts)?;
    let kinds = &facts.events.kinds;
    let has_checks = facts.users.verified_at.iter().any(|at| *at != NEVER);
    let funnels = facts.fold(|| Funnels {
        facts,
        groups: &groups,
        funding: kinds.matching(&EventFilter::only(["deposit", "ramp"])),
        trades: kinds.matching(&EventFilter::only(["trade"])),
        has_checks,
        within: params.within_days.map(days),
        taken: vec![Taken::default(); groups.len()],
    })?;
    let mut all = Taken::default();
    for taken in &funnels.taken {
        all.iter_mut().zip(taken).for_each(|(all, taken)| *all += taken);
    }
    let included = funnels.taken.iter().enumerate().filter(|(_, taken)| taken[0] > 0);
    let cohort = |label: Option<String>, taken: &Taken| FunnelCohort {
        cohort: label,
        steps: steps(taken, has_checks, facts.level()),
    };
    Ok(FunnelTable {
        params: params.clone(),
        cohorts: included.map(|(group, taken)| cohort(groups.label(group), taken)).collect(),
        overall: cohort(Some("all".to_owned()), &all),
    })
}

/// Returns the steps, without that of the identity check if none is recorded: all users count as
/// having taken it.
fn steps(taken: &Taken, has_checks: bool, level: f64) -> Vec<FunnelStep> {
    let step = |(at, step): (usize, Step)| {
        let (users, previous) = (taken[at], taken[at.saturating_sub(1)]);
        FunnelStep {
            step,
            users,
            dropped: previous - users,
            of_signups: wilson(users, taken[0], level),
            of_previous: wilson(users, previous, level),
        }
    };
    let recorded = |(_, step): &(usize, Step)| has_checks || *step != Step::Verified;
    Step::ALL.into_iter().enumerate().filter(recorded).map(step).collect()
}
