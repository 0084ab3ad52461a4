//! The rate: evenly spaced requests, so that no window of a minute holds more than allowed.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::Error;

/// Requests a minute, at least one.
///
/// ```
/// use tidegauge_acquisition::http::PerMinute;
///
/// assert_eq!(PerMinute::new(25).map(|rate| rate.to_string()), Some("25".into()));
/// assert_eq!(PerMinute::new(0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMinute(NonZeroU32);

impl PerMinute {
    /// One request a minute.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// `count` requests a minute; none for zero.
    pub const fn new(count: u32) -> Option<Self> {
        match NonZeroU32::new(count) {
            Some(count) => Some(Self(count)),
            None => None,
        }
    }

    /// As [`Self::new`], one for zero: for constants.
    pub(crate) const fn at_least_one(count: u32) -> Self {
        match Self::new(count) {
            Some(rate) => rate,
            None => Self::ONE,
        }
    }

    fn period(self) -> Duration {
        Duration::from_secs(60) / self.0.get()
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

pub(super) struct Limit {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Limit {
    pub(super) fn new(rate: PerMinute) -> Self {
        // A burst of one: with any more, a minute could hold the burst and the rate.
        let quota = Quota::with_period(rate.period())
            .unwrap_or(Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::MIN);
        Self { limiter: RateLimiter::direct(quota), clock: DefaultClock::default() }
    }

    /// Waits for a turn and takes it.
    pub(super) async fn wait(&self) {
        while let Err(not_yet) = self.limiter.check() {
            let pause = not_yet.wait_time_from(self.clock.now());
            tracing::trace!(?pause, "waiting for the rate limit");
            tokio::time::sleep(pause).await;
        }
    }
}
