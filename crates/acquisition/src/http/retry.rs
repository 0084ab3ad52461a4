//! How long to wait before asking again.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::Retry;

impl Retry {
    /// The pause after the attempt of that number, counted from 1: doubled each time, then
    /// shortened by chance to as little as half, so that no two clients stay in step.
    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        backoff(self.first_pause, self.longest_pause, attempt)
    }

    /// What is added to a pause that the API asked for, for the same reason.
    pub(super) fn jitter(&self) -> Duration {
        chance(self.first_pause)
    }
}

/// The pause after attempt number `attempt`, counted from 1, where the first is `first` long.
pub(crate) fn backoff(first: Duration, longest: Duration, attempt: u32) -> Duration {
    let doubled = first.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
    let longest = doubled.min(longest);
    longest - chance(longest / 2)
}

/// Anything from nothing to `most`.
fn chance(most: Duration) -> Duration {
    rand::random_range(Duration::ZERO..=most)
}

/// What the reply asks for in `Retry-After`: seconds, or a date in any of the forms of HTTP.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = http_date(text)?;
    Some((at - now).to_std().unwrap_or_default())
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let old = |form| NaiveDateTime::parse_from_str(text, form).ok().map(|at| at.and_utc());
    DateTime::parse_from_rfc2822(text)
        .ok()
        .map(|at| at.to_utc())
        .or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old("%a %b %e %H:%M:%S %Y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_retry_after_is_understood() {
        let now = DateTime::from_timestamp(784_111_777 - 30, 0).unwrap();
        for (text, seconds) in [
            ("119", Some(119)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        let retry = Retry::default();
        for attempt in 1..100 {
            let pause = retry.backoff(attempt);
            assert!(pause <= retry.longest_pause && pause >= retry.first_pause / 2);
        }
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| retry.backoff(3)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }
}
