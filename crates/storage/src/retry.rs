//! How long to wait before something is tried again: one policy type for all stores.

use std::time::Duration;

pub(crate) use backon::ExponentialBuilder as Policy;

/// Returns the policy of waiting `pause` again and again, `total` in all.
#[cfg(any(feature = "sqlite", feature = "_folder"))]
pub(crate) const fn constant(pause: Duration, total: Duration) -> Policy {
    Policy::new()
        .with_min_delay(pause)
        .with_max_delay(pause)
        .with_factor(1.0)
        .without_max_times()
        .with_total_delay(Some(total))
}

/// Returns the policy of waiting `initial`, then twice as long each time, at most `longest`, with jitter,
/// `times` times.
#[cfg(any(feature = "_folder", feature = "_http"))]
pub(crate) const fn exponential(initial: Duration, longest: Duration, times: usize) -> Policy {
    Policy::new()
        .with_min_delay(initial)
        .with_max_delay(longest)
        .with_factor(2.0)
        .with_max_times(times)
        .with_jitter()
}
