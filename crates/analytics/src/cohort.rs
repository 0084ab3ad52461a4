//! What users are grouped by.

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Facts, Period, Result, frames};

/// What users are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cohort {
    /// All in one.
    Everyone,
    /// When they signed up; labelled with the period's first day.
    Signup(Period),
    /// A column of the users: `channel`, `campaign`, `country`, `tier`…
    Dimension(String),
}

/// The column that [`Cohort::label`] adds.
pub(crate) const COHORT: &str = "cohort";

impl Cohort {
    /// By the column `name` of the users.
    pub fn dimension(name: impl Into<String>) -> Self {
        Self::Dimension(name.into())
    }

    /// Each `user` with their `signup_at` and the label of their `cohort`, null where a dimension is.
    pub(crate) fn label(&self, facts: &Facts) -> Result<LazyFrame> {
        let label = match self {
            Self::Everyone => lit("all"),
            Self::Signup(period) => period.start_of(col("signup_at")).cast(DataType::String),
            Self::Dimension(name) => {
                frames::require("users", facts.users(), name)?;
                col(name.as_str()).cast(DataType::String)
            }
        };
        let users = facts.users().clone().lazy();
        Ok(users.select([col("user"), col("signup_at"), label.alias(COHORT)]))
    }
}
