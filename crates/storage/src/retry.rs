//! Retry policies, one type for all stores: constant and exponential backoff.

use std::time::Duration;

pub(crate) use backon::ExponentialBuilder as Policy;

/// Returns the policy of retrying after a constant `pause`, for `total` in all.
#[cfg(any(feature = "sqlite", feature = "_folder"))]
pub(crate) const fn constant(pause: Duration, total: Duration) -> Policy {
    Policy::new()
        .with_min_delay(pause)
        .with_max_delay(pause)
        .with_factor(1.0)
        .without_max_times()
        .with_total_delay(Some(total))
}

/// Returns the policy of retrying with exponential backoff and jitter: after `initial`, then twice
/// as long each time, at most `longest`, and at most `times` times.
#[cfg(any(feature = "_folder", feature = "_http"))]
pub(crate) const fn exponential(initial: Duration, longest: Duration, times: usize) -> Policy {
    Policy::new()
        .with_min_delay(initial)
        .with_max_delay(longest)
        .with_factor(2.0)
        .with_max_times(times)
        .with_jitter()
}
