//! The definition of churn, and its result.

use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::survival::LogRank;

use crate::facts::EventFilter;
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

impl ChurnParams {
    /// Checks the parameters.
    ///
    /// # Errors
    /// When `inactive_days` is 0.
    pub(super) fn check(&self) -> Result<()> {
        match self.inactive_days {
            0 => Err(Error::Parameter { name: "inactive_days", reason: "must be at least 1" }),
            _ => Ok(()),
        }
    }
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
