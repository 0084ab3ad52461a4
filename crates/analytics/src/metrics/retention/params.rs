//! The definition of retention.

use serde::{Deserialize, Serialize};

use crate::facts::EventFilter;
use crate::metrics::anchor::CohortAnchor;
use crate::metrics::period::Period;
use crate::{Error, Result};

/// The definition of a retained user in a period.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// Bounded (N-day) retention: active in that very period.
    #[default]
    #[serde(rename = "on")]
    Bounded,
    /// Rolling (unbounded) retention: active in that period or any later one. The newest periods
    /// look too low, since there was less time to return, and rise in hindsight.
    #[serde(rename = "on_or_after")]
    Rolling,
    /// Active within this many days from the start of the period on. Unlike rolling retention it
    /// gives all cohorts the same time to return, and does not change in hindsight.
    Within {
        /// The number of days.
        days: u32,
    },
    /// Bracket retention: active in brackets of periods of unequal length, such as days 1, 2–3 and
    /// 4–7. Each number is the first period of a bracket, in ascending order; the last one is the
    /// end of the last bracket. Brackets take the place of periods in the result.
    Brackets(Vec<u32>),
}

/// The clock by which periods are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Windows {
    /// Days, weeks and months of the calendar: period 0 is that of the anchor.
    #[default]
    Calendar,
    /// Windows of 24 hours, 7 and 30 days from the anchor of each user on.
    Relative,
}

/// The parameters of retention.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RetentionParams {
    /// The length of cohorts and windows.
    pub period: Period,
    /// The clock by which the windows are counted; cohorts are always periods of the calendar.
    #[serde(default)]
    pub windows: Windows,
    /// The event that assigns a user to a cohort.
    pub anchor: CohortAnchor,
    /// The definition of a retained user.
    #[serde(rename = "returning")]
    pub kind: RetentionKind,
    /// The kinds of events that are activity.
    pub activity: EventFilter,
    /// Up to two dimensions of the users by which cohorts are cut.
    #[serde(default)]
    pub by: Vec<String>,
    /// The number of users below which a cell is flagged as too few.
    #[serde(default = "default_min_users")]
    pub min_users: u64,
}

/// The default of [`RetentionParams::min_users`].
const MIN_USERS: u64 = 30;

fn default_min_users() -> u64 {
    MIN_USERS
}

impl RetentionParams {
    /// Creates parameters of bounded retention from signup in periods of the calendar, with
    /// transactions as activity.
    pub fn by(period: Period) -> Self {
        Self {
            period,
            windows: Windows::default(),
            anchor: CohortAnchor::default(),
            kind: RetentionKind::default(),
            activity: EventFilter::default(),
            by: Vec::new(),
            min_users: MIN_USERS,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// When there are more than two dimensions, no days to return within, or brackets that are not
    /// in ascending order.
    pub(super) fn check(&self) -> Result<()> {
        if self.by.len() > 2 {
            return Err(Error::Parameter { name: "by", reason: "takes at most two dimensions" });
        }
        match &self.kind {
            RetentionKind::Within { days: 0 } => {
                Err(Error::Parameter { name: "within", reason: "must be at least 1 day" })
            }
            RetentionKind::Brackets(edges)
                if edges.len() < 2 || !edges.is_sorted_by(|edge, next| edge < next) =>
            {
                let reason = "are two or more numbers in ascending order";
                Err(Error::Parameter { name: "brackets", reason })
            }
            _ => Ok(()),
        }
    }
}
