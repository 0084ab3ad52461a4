//! Inactivity churn of cohorts: the share of users who have left by now, and the survival curve of
//! users until they leave. See `docs/metrics/churn.md`.

use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::survival::{LifeCounts, LogRank, RiskTable, kaplan_meier, log_rank};

use super::cohort::{Cohort, Groups};
use crate::dates::{DAY, days};
use crate::facts::{Accumulate, EventFilter, Facts, KindSet, UserEvents};
use crate::stats::Share;
use crate::{Error, Result};

/// The definition of a churned user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChurnParams {
    /// The number of days without activity after which a user has churned.
    pub inactive_days: u32,
    /// The kinds of events that are activity.
    pub activity: EventFilter,
    /// The days since the first activity at which the share of users who have not churned is
    /// estimated.
    #[serde(default = "default_ages")]
    pub ages: Vec<u32>,
}

/// The default of [`ChurnParams::ages`].
const AGES: [u32; 6] = [30, 60, 90, 120, 180, 365];

fn default_ages() -> Vec<u32> {
    AGES.into()
}

impl Default for ChurnParams {
    fn default() -> Self {
        Self { inactive_days: 30, activity: EventFilter::default(), ages: AGES.into() }
    }
}

/// Churn of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChurnCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of all users: those in `churned.total`, the undetermined, and the never active.
    pub users: u64,
    /// The number of users who signed up less than `inactive_days` ago, whose churn is
    /// undetermined.
    pub undetermined: u64,
    /// The number of older users without any activity, who cannot churn.
    pub never_active: u64,
    /// The share of churned users among those whose churn is determined and who were ever active:
    /// users without activity in the last `inactive_days` days.
    pub churned: Share,
    /// The survival of the users who were ever active.
    pub survival: Survival,
}

/// The survival of users: the share who have not yet completed `inactive_days` days without
/// activity. A user who comes back after such a gap has churned, and is a new life no more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survival {
    /// The days since the first activity, and the share of users who have not churned by the end of
    /// that day (Kaplan–Meier, with log–log Greenwood intervals). No value where no user has been
    /// observed for that long.
    pub by_age: Vec<SurvivalAtAge>,
    /// The days by which half of the users have churned; no value if fewer have.
    pub median_days: Estimate,
}

/// The survival at an age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SurvivalAtAge {
    /// The days since the first activity.
    pub age_days: u32,
    /// The share of users who have not churned.
    #[serde(flatten)]
    pub surviving: Estimate,
}

/// Churn of all cohorts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChurnTable {
    /// The definition of a churned user.
    pub params: ChurnParams,
    /// The cohorts, by label.
    pub cohorts: Vec<ChurnCohort>,
    /// The churn of all users.
    pub overall: ChurnCohort,
    /// The test of equal survival in all cohorts (log-rank); `None` with fewer than two cohorts, or
    /// without churn.
    pub log_rank: Option<LogRank>,
}

/// The counts of one cohort.
#[derive(Debug, Clone)]
struct Counts {
    users: u64,
    undetermined: u64,
    never_active: u64,
    judged: u64,
    churned: u64,
    /// The users by the day at which they have churned, and by the day up to which they were
    /// observed without churning.
    events: Vec<u64>,
    censored: Vec<u64>,
}

impl Counts {
    fn new(days: usize) -> Self {
        let (events, censored) = (vec![0; days], vec![0; days]);
        Self { users: 0, undetermined: 0, never_active: 0, judged: 0, churned: 0, events, censored }
    }

    fn add(&mut self, other: &Self) {
        self.users += other.users;
        self.undetermined += other.undetermined;
        self.never_active += other.never_active;
        self.judged += other.judged;
        self.churned += other.churned;
        let pairs = [(&mut self.events, &other.events), (&mut self.censored, &other.censored)];
        for (ours, theirs) in pairs {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
    }

    fn risk_table(&self) -> Result<RiskTable> {
        let mut lives = LifeCounts::new(self.events.len().saturating_sub(1), 1);
        for (day, (events, censored)) in self.events.iter().zip(&self.censored).enumerate() {
            lives.add_event(day, 0, *events)?;
            lives.add_censored(day, *censored)?;
        }
        Ok(RiskTable::of_counts(&lives)?)
    }
}

/// The counts of all cohorts.
struct ChurnCounts<'f> {
    groups: &'f Groups,
    signups: &'f [i64],
    activity: KindSet,
    /// In microseconds.
    gap: i64,
    end: i64,
    cohorts: Vec<Counts>,
}

impl Accumulate for ChurnCounts<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let counts = &mut self.cohorts[self.groups.of(user.user)];
        let mut times = user
            .iter()
            .filter(|event| self.activity.contains(event.kind()) && !event.is_reversal())
            .map(|event| event.at);
        counts.users += 1;
        let is_determined = self.signups[user.user] <= self.end - self.gap;
        counts.undetermined += u64::from(!is_determined);
        let Some(first) = times.next() else {
            counts.never_active += u64::from(is_determined);
            return;
        };
        let (mut last, mut gap_at) = (first, None);
        for at in times {
            if gap_at.is_none() && at - last > self.gap {
                gap_at = Some(last + self.gap);
            }
            last = at;
        }
        if gap_at.is_none() && self.end - last > self.gap {
            gap_at = Some(last + self.gap);
        }
        if is_determined {
            counts.judged += 1;
            counts.churned += u64::from(self.end - last > self.gap);
        }
        let (days, at) = match gap_at {
            Some(at) => (&mut counts.events, at),
            None => (&mut counts.censored, self.end),
        };
        let day = usize::try_from((at - first).div_euclid(DAY)).unwrap_or_default();
        if let Some(users) = days.get_mut(day) {
            *users += 1;
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cohorts.iter_mut().zip(&following.cohorts) {
            ours.add(theirs);
        }
    }
}

/// Computes the churn of every cohort.
///
/// # Errors
/// When `inactive_days` is 0, when the users lack the cohort's dimension, or the events cannot be
/// read.
pub fn churn(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<ChurnTable> {
    if params.inactive_days == 0 {
        return Err(Error::Parameter { name: "inactive_days", reason: "must be at least 1" });
    }
    let groups = cohort.groups(facts)?;
    let signups = &facts.users.signup_at;
    let oldest = signups.iter().min().map_or(0, |first| facts.end_micros() - first);
    let observed_days = usize::try_from(oldest.div_euclid(DAY)).unwrap_or_default() + 1;
    let counted = facts.fold(|| ChurnCounts {
        groups: &groups,
        signups,
        activity: facts.events.kinds.matching(&params.activity),
        gap: days(params.inactive_days),
        end: facts.end_micros(),
        cohorts: vec![Counts::new(observed_days); groups.len()],
    })?;
    let mut all = Counts::new(observed_days);
    counted.cohorts.iter().for_each(|counts| all.add(counts));
    let tables: Vec<RiskTable> =
        counted.cohorts.iter().map(Counts::risk_table).collect::<Result<_>>()?;
    let cohorts = counted.cohorts.iter().zip(&tables).enumerate();
    Ok(ChurnTable {
        params: params.clone(),
        overall: churn_cohort(facts, params, Some("all".into()), (&all, &all.risk_table()?)),
        cohorts: cohorts
            .map(|(group, counts)| churn_cohort(facts, params, groups.label(group), counts))
            .collect(),
        log_rank: if tables.len() > 1 { log_rank(&tables).ok() } else { None },
    })
}

fn churn_cohort(
    facts: &Facts,
    params: &ChurnParams,
    cohort: Option<String>,
    (counts, table): (&Counts, &RiskTable),
) -> ChurnCohort {
    let curve = kaplan_meier(table);
    let at_age = |age_days: u32| {
        // The end of that day of age; the steps are at whole days.
        let observed = counts.events.len();
        let is_observed = usize::try_from(age_days).is_ok_and(|age| {
            let beyond =
                |users: &[u64]| users.get(age..).is_some_and(|tail| tail.iter().any(|n| *n > 0));
            age < observed && (beyond(&counts.events) || beyond(&counts.censored))
        });
        let surviving = match is_observed {
            true => curve.at(f64::from(age_days), facts.level()),
            false => Estimate::undetermined(0),
        };
        SurvivalAtAge { age_days, surviving }
    };
    ChurnCohort {
        cohort,
        users: counts.users,
        undetermined: counts.undetermined,
        never_active: counts.never_active,
        churned: Share::new(counts.churned, counts.judged, facts.level()),
        survival: Survival {
            by_age: params.ages.iter().copied().map(at_age).collect(),
            median_days: curve.median(facts.level()),
        },
    }
}
