//! The clock, handed in: nothing below the app asks the machine for the time.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Tells the time, UTC.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;

    /// Returns the time since an arbitrary start that never runs backwards: for waiting, not for dates.
    ///
    /// Follows from [`now`](Self::now), unless a clock knows better: that of a machine may be set.
    fn monotonic(&self) -> Duration {
        self.now().signed_duration_since(DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
    }
}

/// The start of [`SystemClock::monotonic`].
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock. Only the app makes one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may ask
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }
}

/// A clock that stands still, for tests and replays.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
