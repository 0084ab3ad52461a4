//! Inactivity churn by cohort. See `docs/metrics/churn.md`.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::cohort::COHORT;
use crate::frames::{Compute, counts, days, labels, micros};
use crate::stats::Share;
use crate::{Cohort, Error, Facts, Kinds, Result};

/// The definition of a churned user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChurnParams {
    /// The number of days without activity, up to the end of observation, after which a user has
    /// churned.
    pub inactive_days: u32,
    /// The kinds of events that are activity.
    pub activity: Kinds,
}

impl Default for ChurnParams {
    fn default() -> Self {
        Self { inactive_days: 30, activity: Kinds::Any }
    }
}

/// Churn of one cohort.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChurnCohort {
    /// The label of the cohort; `None` if the users' dimension is null.
    pub cohort: Option<String>,
    /// The number of all users: those in `churned.of`, the undetermined, and the never active.
    pub users: u64,
    /// The number of users who signed up less than `inactive_days` ago, whose churn is
    /// undetermined.
    pub undetermined: u64,
    /// The number of older users without any activity, who cannot churn.
    pub never_active: u64,
    /// The share of churned users among those who can be judged.
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

/// Computes churn by cohort.
///
/// # Errors
/// When `inactive_days` is 0, when the users lack the cohort's dimension, or a frame cannot be
/// computed.
pub fn churn(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<ChurnTable> {
    if params.inactive_days == 0 {
        return Err(Error::Parameter { name: "inactive_days", reason: "must be at least 1" });
    }
    let overall = cohorts(facts, &Cohort::Everyone, params)?.into_iter().next();
    let nobody = ChurnCohort {
        cohort: Some("all".into()),
        users: 0,
        undetermined: 0,
        never_active: 0,
        churned: Share::new(0, 0),
    };
    Ok(ChurnTable {
        params: params.clone(),
        cohorts: cohorts(facts, cohort, params)?,
        overall: overall.unwrap_or(nobody),
    })
}

fn cohorts(facts: &Facts, cohort: &Cohort, params: &ChurnParams) -> Result<Vec<ChurnCohort>> {
    let horizon = lit(facts.end().timestamp_micros() - days(params.inactive_days));
    let old = || micros("signup_at").lt_eq(horizon.clone());
    let active = || col("last_at").is_not_null();
    let count = |who: Expr, name: &str| who.cast(DataType::UInt64).sum().alias(name);
    let table = Facts::per_user(cohort.label(facts)?, facts.events_of(&params.activity), &[])
        .group_by_stable([col(COHORT)])
        .agg([
            len().alias("users"),
            count(old().not(), "undetermined"),
            count(old().and(active().not()), "never_active"),
            count(old().and(active()), "judged"),
            count(
                old()
                    .and(active())
                    .and(micros("last_at").lt(horizon.clone()).fill_null(lit(false))),
                "churned",
            ),
        ])
        .sort([COHORT], SortMultipleOptions::default().with_nulls_last(true))
        .compute()?;
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
