//! The quotas of services: credits per minute, day and month, and what is left of them.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A rate in requests per minute, at least one.
///
/// ```
/// use tidegauge_acquisition::http::PerMinute;
///
/// assert_eq!(PerMinute::new(25).map(|rate| rate.to_string()), Some("25".into()));
/// assert_eq!(PerMinute::new(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerMinute(NonZeroU32);

impl PerMinute {
    /// One request per minute.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// Creates a rate of `count` requests per minute; `None` for zero.
    pub const fn new(count: u32) -> Option<Self> {
        match NonZeroU32::new(count) {
            Some(count) => Some(Self(count)),
            None => None,
        }
    }

    /// Creates a rate as [`Self::new`] does, with one for zero: for constants.
    pub(crate) const fn at_least_one(count: u32) -> Self {
        match Self::new(count) {
            Some(rate) => rate,
            None => Self::ONE,
        }
    }

    /// Returns the number of requests per minute.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Returns the interval between requests: two per cent longer than the rate demands, so that requests
    /// with different latencies do not exceed the limit within one minute.
    pub(super) fn period(self) -> TimeDelta {
        TimeDelta::microseconds(61_200_000 / i64::from(self.0.get()))
    }
}

impl fmt::Display for PerMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PerMinute {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rate = text.parse().ok().and_then(Self::new);
        rate.ok_or_else(|| Error::config("per_minute", "it must be a whole number above zero"))
    }
}

/// The quota of a service, in credits: usually one per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Credits per minute.
    pub per_minute: PerMinute,
    /// Credits per day, UTC; `None`: unlimited.
    pub per_day: Option<u32>,
    /// Credits per calendar month, UTC; `None`: unlimited.
    pub per_month: Option<u32>,
}

impl Quota {
    /// Creates a quota of `count` credits per minute without any other limit.
    pub const fn per_minute(count: u32) -> Self {
        Self { per_minute: PerMinute::at_least_one(count), per_day: None, per_month: None }
    }
}

/// The quota of a service and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The quota.
    pub quota: Quota,
    /// Credits left today; `None`: unlimited.
    pub left_today: Option<u32>,
    /// Credits left this month; `None`: unlimited.
    pub left_this_month: Option<u32>,
}

/// The content of the rate-limit headers of a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimitHint {
    /// The time before which every request would be refused.
    pub hold_until: Option<DateTime<Utc>>,
    /// The credits that the service has counted in the present minute, including those of other clients.
    pub used_this_minute: Option<u32>,
}
