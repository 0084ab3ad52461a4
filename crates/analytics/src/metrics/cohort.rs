//! The grouping of users into cohorts.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::facts::Facts;
use crate::{Result, frames};

/// The dimension by which users are grouped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cohort {
    /// All users in one cohort.
    Everyone,
    /// The period of the signup; labeled with the period's first day.
    Signup(Period),
    /// A column of the users: `channel`, `campaign`, `country`, `tier`…
    Dimension(String),
}

/// The column that [`Cohort::labels`] adds.
pub(crate) const COHORT: &str = "cohort";

impl Cohort {
    /// Creates a cohort by the column `name` of the users.
    pub fn dimension(name: impl Into<String>) -> Self {
        Self::Dimension(name.into())
    }

    /// Returns each `user` with their `signup_at` and the label of their `cohort`, null if a
    /// dimension is.
    pub(crate) fn labels(&self, facts: &Facts) -> Result<LazyFrame> {
        let label = match self {
            Self::Everyone => lit("all"),
            Self::Signup(period) => period.start_of(col("signup_at")).cast(DataType::String),
            Self::Dimension(name) => {
                frames::require_column("users", facts.users(), name)?;
                col(name.as_str()).cast(DataType::String)
            }
        };
        let users = facts.users().clone().lazy();
        Ok(users.select([col("user"), col("signup_at"), label.alias(COHORT)]))
    }
}
