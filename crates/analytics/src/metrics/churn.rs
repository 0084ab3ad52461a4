//! Inactivity churn: churn rates of cohorts. See `docs/metrics/churn.md`.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::cohort::{COHORT, Cohort};
use crate::dates::{days, epoch_micros};
use crate::facts::{EventFilter, Facts};
use crate::frames::{CollectBlocking, counts, labels};
use crate::stats::Share;
use crate::{Error, Result};

/// The definition of a churned user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChurnParams {
    /// The number of days without activity, up to the end of observation, after which a user has
    /// churned.
    pub inactive_days: u32,
    /// The kinds of events that are activity.
    pub activity: EventFilter,
}

impl Default for ChurnParams {
    fn default() -> Self {
        Self { inactive_days: 30, activity: EventFilter::Any }
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
    /// The share of churned users among those whose churn is determined and who were ever active.
    pub churned: Share,
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
}

/// Computes the churn rate of every cohort: the share of users without activity in the last
/// `inactive_days` days, among those who were ever active and signed up before.
///
/// # Errors
/// When `inactive_days` is 0, when the users lack the cohort's dimension, or a frame cannot be
/// computed.
pub fn churn(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<ChurnTable> {
    if params.inactive_days == 0 {
        return Err(Error::Parameter { name: "inactive_days", reason: "must be at least 1" });
    }
    let overall = cohorts(facts, &Cohort::Everyone, params)?.into_iter().next();
    let no_users = ChurnCohort {
        cohort: Some("all".into()),
        users: 0,
        undetermined: 0,
        never_active: 0,
        churned: Share::new(0, 0),
    };
    Ok(ChurnTable {
        params: params.clone(),
        cohorts: cohorts(facts, cohort, params)?,
        overall: overall.unwrap_or(no_users),
    })
}

fn cohorts(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<Vec<ChurnCohort>> {
    let cutoff = lit(facts.end().timestamp_micros() - days(params.inactive_days));
    let is_determined = || epoch_micros("signup_at").lt_eq(cutoff.clone());
    let is_active = || col("last_at").is_not_null();
    let count = |users: Expr, name: &str| users.cast(DataType::UInt64).sum().alias(name);
    let table =
        Facts::per_user(cohort.labels(facts)?, facts.filtered_events(&params.activity), &[])
            .group_by_stable([col(COHORT)])
            .agg([
                len().alias("users"),
                count(is_determined().not(), "undetermined"),
                count(is_determined().and(is_active().not()), "never_active"),
                count(is_determined().and(is_active()), "judged"),
                count(
                    is_determined()
                        .and(is_active())
                        .and(epoch_micros("last_at").lt(cutoff.clone()).fill_null(lit(false))),
                    "churned",
                ),
            ])
            .sort([COHORT], SortMultipleOptions::default().with_nulls_last(true))
            .collect_blocking()?;
    let (users, undetermined) = (counts(&table, "users")?, counts(&table, "undetermined")?);
    let never_active = counts(&table, "never_active")?;
    let (judged, churned) = (counts(&table, "judged")?, counts(&table, "churned")?);
    let rows = labels(&table, COHORT)?.into_iter().enumerate().map(|(row, cohort)| ChurnCohort {
        cohort,
        users: users[row],
        undetermined: undetermined[row],
        never_active: never_active[row],
        churned: Share::new(churned[row], judged[row]),
    });
    Ok(rows.collect())
}
