//! The injected clock: no crate below the app reads the machine's time itself.

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time, UTC.
pub trait Clock: Debug + Send + Sync {
    /// Returns the current time, UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Returns the time since an arbitrary start; it never runs backwards and serves for waiting,
    /// not for dates.
    ///
    /// The default derives it from [`now`](Self::now). A machine's clock may be set at any time, so
    /// its implementation overrides this method.
    fn monotonic(&self) -> Duration {
        self.now().signed_duration_since(DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
    }
}

/// The start of [`SystemClock::monotonic`].
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's clock. Only the app creates one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the only caller of the machine's clock
    fn now(&self) -> DateTime<Utc> {
        to_utc(SystemTime::now())
    }

    fn monotonic(&self) -> Duration {
        START.elapsed()
    }
}

/// Converts the machine's time to a date, clamped to the range of [`DateTime`]. `Utc::now` is not
/// used because it panics before 1970, where a machine with an empty clock battery may be.
fn to_utc(time: SystemTime) -> DateTime<Utc> {
    let added = |distance| TimeDelta::from_std(distance).ok();
    let (delta, nearest) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (added(after), DateTime::<Utc>::MAX_UTC),
        Err(before) => {
            (added(before.duration()).map(|distance| -distance), DateTime::<Utc>::MIN_UTC)
        }
    };
    delta.and_then(|delta| DateTime::UNIX_EPOCH.checked_add_signed(delta)).unwrap_or(nearest)
}

/// A clock that always returns the same time, for tests and replays.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_convert_and_extreme_times_are_clamped() {
        let epoch = SystemTime::UNIX_EPOCH;
        let year = Duration::from_secs(365 * 86_400);
        for (time, says) in [
            (epoch + Duration::from_millis(1_500), "1970-01-01 00:00:01.500 UTC"),
            (epoch - Duration::from_millis(1_500), "1969-12-31 23:59:58.500 UTC"),
            (epoch - 10 * year, "1960-01-04 00:00:00 UTC"),
        ] {
            assert_eq!(to_utc(time).to_string(), says);
        }
        assert_eq!(to_utc(epoch + 400_000 * year), DateTime::<Utc>::MAX_UTC);
        assert_eq!(to_utc(epoch - 400_000 * year), DateTime::<Utc>::MIN_UTC);
    }
}
