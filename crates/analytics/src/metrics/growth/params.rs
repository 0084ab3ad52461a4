//! The parameters of growth accounting and of active users.

use serde::{Deserialize, Serialize};

use crate::facts::EventFilter;
use crate::metrics::cohort::Cohort;
use crate::metrics::period::Period;

/// The parameters of growth accounting.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrowthParams {
    /// The length of a period.
    pub period: Period,
    /// The kinds of events that are activity.
    pub activity: EventFilter,
    /// The groups of users that are accounted for apart.
    pub by: Cohort,
}

impl GrowthParams {
    /// Creates parameters of all users, with transactions as activity.
    pub fn by(period: Period) -> Self {
        Self { period, activity: EventFilter::default(), by: Cohort::Everyone }
    }
}

/// The parameters of active users.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ActiveUsersParams {
    /// The kinds of events that are activity.
    pub activity: EventFilter,
    /// The groups of users that are counted apart.
    pub by: Cohort,
}

impl Default for ActiveUsersParams {
    /// Returns parameters of all users, with transactions as activity.
    fn default() -> Self {
        Self { activity: EventFilter::default(), by: Cohort::Everyone }
    }
}
