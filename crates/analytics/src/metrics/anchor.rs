//! The event from which a user's time is counted.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::facts::{Accumulate, EventFilter, Facts, KindSet, NEVER, UserEvents};

/// The event from which a user's time is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CohortAnchor {
    /// The signup.
    #[default]
    Signup,
    /// The successful identity check; users without one are in no cohort.
    Verified,
    /// The first event of these kinds; users without one are in no cohort.
    FirstEvent(EventFilter),
}

impl CohortAnchor {
    /// Returns the anchor at the first deposit.
    ///
    /// ```
    /// use tidegauge_analytics::retention::{CohortAnchor, RetentionParams};
    /// use tidegauge_analytics::{EventFilter, Period};
    ///
    /// let anchor = CohortAnchor::first_deposit();
    /// assert_eq!(anchor, CohortAnchor::FirstEvent(EventFilter::only(["deposit"])));
    /// let params = RetentionParams { anchor, ..RetentionParams::by(Period::Week) };
    /// # let _ = params;
    /// ```
    pub fn first_deposit() -> Self {
        Self::FirstEvent(EventFilter::only(["deposit"]))
    }

    /// Returns the anchor at the first on-ramp purchase.
    ///
    /// ```
    /// use tidegauge_analytics::EventFilter;
    /// use tidegauge_analytics::retention::CohortAnchor;
    ///
    /// let anchor = CohortAnchor::FirstEvent(EventFilter::only(["ramp"]));
    /// assert_eq!(CohortAnchor::first_ramp(), anchor);
    /// ```
    pub fn first_ramp() -> Self {
        Self::FirstEvent(EventFilter::only(["ramp"]))
    }

    /// Returns the anchor at the first trade.
    ///
    /// ```
    /// use tidegauge_analytics::EventFilter;
    /// use tidegauge_analytics::retention::CohortAnchor;
    ///
    /// let anchor = CohortAnchor::FirstEvent(EventFilter::only(["trade"]));
    /// assert_eq!(CohortAnchor::first_trade(), anchor);
    /// ```
    pub fn first_trade() -> Self {
        Self::FirstEvent(EventFilter::only(["trade"]))
    }

    /// Returns the time of each user's anchor in microseconds since 1970; [`NEVER`] without one.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub(crate) fn times(&self, facts: &Facts) -> Result<Vec<i64>> {
        match self {
            Self::Signup => Ok(facts.users.signup_at.clone()),
            Self::Verified => Ok(facts.users.verified_at.clone()),
            Self::FirstEvent(filter) => {
                let kinds = facts.events.kinds.matching(filter);
                Ok(facts.fold(|| FirstTimes { kinds, times: Vec::new() })?.times)
            }
        }
    }
}

/// The times of the first events of users, in their order.
struct FirstTimes {
    kinds: KindSet,
    times: Vec<i64>,
}

impl Accumulate for FirstTimes {
    fn add(&mut self, user: UserEvents<'_>) {
        let mut matching =
            user.iter().filter(|event| self.kinds.contains(event.kind()) && !event.is_reversal());
        self.times.push(matching.next().map_or(NEVER, |event| event.at));
    }

    fn merge(&mut self, following: Self) {
        self.times.extend(following.times);
    }
}
