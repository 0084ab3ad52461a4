//! The pauses between retries.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// Exponential backoff with jitter: each pause is twice as long as the one before, up to a maximum, and
/// reduced at random by up to half, so that clients do not retry in step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
}

/// The number of doublings after which every pause is the maximum.
const MAX_DOUBLINGS: u32 = 64;

impl Backoff {
    /// Creates a backoff with a first pause of at most `first` and a maximum of `longest`.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first: first.min(longest), longest }
    }

    /// Returns the pauses after successive attempts, without end.
    fn pauses(self) -> impl Iterator<Item = Duration> {
        let doubling = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times();
        doubling.build().map(|pause| pause - random_up_to(pause / 2))
    }

    /// Returns the pause after attempt number `attempt`, counted from 1.
    pub(crate) fn pause_after(self, attempt: u32) -> Duration {
        let at = attempt.saturating_sub(1).min(MAX_DOUBLINGS);
        usize::try_from(at).ok().and_then(|at| self.pauses().nth(at)).unwrap_or(self.longest)
    }

    /// Returns the jitter that is added to a pause that a server asks for, from zero to the first pause.
    pub(crate) fn jitter(self) -> Duration {
        random_up_to(self.first)
    }
}

/// Returns a random duration from zero to `most`.
fn random_up_to(most: Duration) -> Duration {
    Duration::from_nanos(fastrand::u64(0..=u64::try_from(most.as_nanos()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_with_jitter() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        let backoff = Backoff::new(first, longest);
        for (attempt, pause) in (1u32..100).zip(backoff.pauses()) {
            let whole = first.saturating_mul(1 << attempt.min(10).saturating_sub(1)).min(longest);
            assert!(pause <= whole && pause >= whole / 2, "{attempt}: {pause:?}");
            let same = backoff.pause_after(attempt);
            assert!(same <= whole && same >= whole / 2, "{attempt}: {same:?}");
        }
        let pauses: std::collections::BTreeSet<_> =
            (0..20).map(|_| backoff.pause_after(3)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }

    #[test]
    fn extreme_backoffs_stay_within_their_bounds() {
        let none = Backoff::new(Duration::ZERO, Duration::ZERO);
        assert_eq!(none.pause_after(u32::MAX), Duration::ZERO);
        let short = Duration::from_millis(10);
        assert!(Backoff::new(Duration::MAX, short).pause_after(1) <= short);
        assert!(Backoff::new(short, Duration::MAX).pause_after(u32::MAX) > short);
    }
}
