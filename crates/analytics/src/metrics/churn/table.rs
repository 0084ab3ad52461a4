//! The definition of churn, and its result.

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;
use tidegauge_models::survival::LogRank;

use crate::facts::EventFilter;
use crate::frames::{number_column, text_column};
use crate::metrics::estimate_columns::estimate_columns;
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

impl ChurnTable {
    /// Returns the cohorts as a frame: `cohort`, `users`, `undetermined`, `never_active`, `churned`
    /// (users), and the [columns of the estimates](crate::metrics#frames) `churn_rate` and
    /// `median_days` (days from the first activity, null if fewer than half have churned).
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let cohorts = || self.cohorts.iter();
        let rates: Vec<Estimate> = cohorts().map(|cohort| cohort.churned.into()).collect();
        let mut columns = vec![
            text_column("cohort", cohorts().map(|cohort| cohort.cohort.as_deref())),
            number_column("users", cohorts().map(|cohort| cohort.users)),
            number_column("undetermined", cohorts().map(|cohort| cohort.undetermined)),
            number_column("never_active", cohorts().map(|cohort| cohort.never_active)),
            number_column("churned", cohorts().map(|cohort| cohort.churned.count)),
        ];
        columns.extend(estimate_columns("churn_rate", rates.iter()));
        let medians = cohorts().map(|cohort| &cohort.survival.median_days);
        columns.extend(estimate_columns("median_days", medians));
        Ok(DataFrame::new(self.cohorts.len(), columns)?)
    }

    /// Returns the survival curves as a long frame: `cohort`, `age_days` (days since the first
    /// activity), and the [columns of the estimate](crate::metrics#frames) `surviving`, null where
    /// no user has been observed for that long.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn survival_frame(&self) -> Result<DataFrame> {
        let rows = || {
            self.cohorts
                .iter()
                .flat_map(|cohort| cohort.survival.by_age.iter().map(move |at| (cohort, at)))
        };
        let mut columns = vec![
            text_column("cohort", rows().map(|(cohort, _)| cohort.cohort.as_deref())),
            number_column("age_days", rows().map(|(_, at)| at.age_days)),
        ];
        columns.extend(estimate_columns("surviving", rows().map(|(_, at)| &at.surviving)));
        Ok(DataFrame::new(columns[0].len(), columns)?)
    }
}
