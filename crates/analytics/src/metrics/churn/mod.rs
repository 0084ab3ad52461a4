//! Inactivity churn of cohorts: the share of users who have left by now, the survival curve of
//! users until they leave, and the ways in which they leave. See `docs/metrics/churn.md`.

mod leaving;
mod lives;
mod table;

use tidegauge_models::Estimate;
use tidegauge_models::survival::{RiskTable, kaplan_meier, log_rank};

pub use leaving::{LeavingAtAge, LeavingCohort, LeavingTable, leaving};
pub use table::{ChurnCohort, ChurnParams, ChurnTable, Survival, SurvivalAtAge};

use lives::{Life, Lives, days_since};

use super::cohort::{Cohort, Groups};
use crate::Result;
use crate::dates::days;
use crate::facts::{Accumulate, Facts, KindSet, UserEvents};
use crate::stats::Share;

/// The counts of one cohort.
#[derive(Debug, Clone)]
struct Counts {
    users: u64,
    undetermined: u64,
    never_active: u64,
    judged: u64,
    churned: u64,
    lives: Lives,
}

impl Counts {
    fn new(days: usize) -> Self {
        Self {
            users: 0,
            undetermined: 0,
            never_active: 0,
            judged: 0,
            churned: 0,
            lives: Lives::new(days, 1),
        }
    }

    fn add(&mut self, other: &Self) {
        self.users += other.users;
        self.undetermined += other.undetermined;
        self.never_active += other.never_active;
        self.judged += other.judged;
        self.churned += other.churned;
        self.lives.merge(&other.lives);
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
        counts.users += 1;
        let is_determined = self.signups[user.user] <= self.end - self.gap;
        counts.undetermined += u64::from(!is_determined);
        let Some(life) = Life::of(user, self.activity, self.gap, self.end) else {
            counts.never_active += u64::from(is_determined);
            return;
        };
        if is_determined {
            counts.judged += 1;
            counts.churned += u64::from(self.end - life.last > self.gap);
        }
        let cause = life.gap_at.map(|_| 0);
        counts.lives.add(cause, life.day(life.gap_at.unwrap_or(self.end)));
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cohorts.iter_mut().zip(&following.cohorts) {
            ours.add(theirs);
        }
    }
}

/// Computes the churn of every cohort.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::churn::{ChurnParams, churn};
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
/// let params = ChurnParams { inactive_days: 7, ..ChurnParams::default() };
/// let table = churn(&facts, &Cohort::Signup(Period::Month), &params)?;
/// // In the last 7 days ann was active, and bob was not.
/// assert_eq!((table.overall.churned.count, table.overall.churned.rate), (1, Some(0.5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `inactive_days` is 0, when the users lack the cohort's dimension, or the events cannot be
/// read.
pub fn churn(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<ChurnTable> {
    params.check()?;
    let groups = cohort.groups(facts)?;
    let signups = &facts.users.signup_at;
    let observed_days = days_since(signups, facts.end_micros());
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
    let (mut cohorts, mut tables) = (Vec::new(), Vec::new());
    for (group, counts) in counted.cohorts.iter().enumerate() {
        let table = counts.lives.risk_table()?;
        cohorts.push(churn_cohort(facts, params, groups.label(group), (counts, &table)));
        tables.push(table);
    }
    let overall = (&all, &all.lives.risk_table()?);
    Ok(ChurnTable {
        params: params.clone(),
        overall: churn_cohort(facts, params, Some("all".into()), overall),
        cohorts,
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
    // At the end of each day of age; the steps are at whole days.
    let at_age = |age_days: u32| SurvivalAtAge {
        age_days,
        surviving: match counts.lives.is_observed(age_days) {
            true => curve.at(f64::from(age_days), facts.level()),
            false => Estimate::undetermined(0),
        },
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
