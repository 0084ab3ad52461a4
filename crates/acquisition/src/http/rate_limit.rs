//! The rate limiter: evenly spaced requests within the quotas of a day and a month.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use tidegauge_core::Clock;
use tokio::time::Instant;

use super::credit_use::CreditUse;
use super::quota::{Budget, Quota, RateLimitHint};
use super::usage::Usage;
use crate::{Error, Result};

/// The rate limiter of one service.
pub(super) struct RateLimiter {
    service: &'static str,
    /// The service and its host: services at the same host have separate budgets.
    key: String,
    quota: Quota,
    usage: Usage,
    clock: Arc<dyn Clock>,
    /// A reference instant on the wall clock and on the monotonic clock.
    anchor: (DateTime<Utc>, Instant),
}

/// The outcome of a reservation.
enum Reservation {
    /// The request may be sent at that time.
    At(DateTime<Utc>),
    /// The host asked for a pause until that time.
    Held(DateTime<Utc>),
    Spent {
        limit: u32,
        per: &'static str,
        until: NaiveDate,
    },
}

impl RateLimiter {
    pub(super) fn new(
        service: &'static str,
        host: &str,
        quota: Quota,
        usage: Usage,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let anchor = (clock.now(), Instant::now());
        let key = format!("{service}@{host}");
        Self { service, key, quota, usage, clock, anchor }
    }

    /// Returns the present time, which never goes back: a clock that is set back does not restore slots that
    /// were taken.
    fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.anchor.1.elapsed()).unwrap_or_default();
        self.clock.now().max(self.anchor.0 + elapsed)
    }

    /// Reserves the next slot for `credits` and waits for it. Returns the time waited.
    ///
    /// A slot is recorded before it is used, so that a killed process cannot restore it.
    ///
    /// # Errors
    /// [`Error::CreditsSpent`] when the quota of the day or the month is used up; `held` when the host asked
    /// for a pause longer than `max_wait`.
    pub(super) async fn acquire(
        &self,
        credits: u32,
        max_wait: Duration,
        held: impl Fn(Duration) -> Error,
    ) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            let now = self.now();
            match self.usage.update(&self.key, |spent| self.reserve(spent, now, credits))? {
                Reservation::At(at) => {
                    self.sleep_until(at, now).await;
                    // Another client may have been asked to pause in the meantime.
                    while let Some(until) = self.held_until()? {
                        self.wait_until(until, max_wait, &held).await?;
                    }
                    return Ok(begun.elapsed());
                }
                Reservation::Held(until) => self.wait_until(until, max_wait, &held).await?,
                Reservation::Spent { limit, per, until } => {
                    return Err(Error::CreditsSpent { service: self.service, limit, per, until });
                }
            }
        }
    }

    fn held_until(&self) -> Result<Option<DateTime<Utc>>> {
        let now = self.now();
        let until = self.usage.update(&self.key, |spent| {
            spent.roll_over(now);
            spent.hold_until
        })?;
        Ok((until > now.timestamp_micros()).then(|| instant(until, now)))
    }

    async fn wait_until(
        &self,
        until: DateTime<Utc>,
        max_wait: Duration,
        held: &impl Fn(Duration) -> Error,
    ) -> Result<()> {
        let now = self.now();
        let pause = (until - now).to_std().unwrap_or_default();
        if pause > max_wait {
            return Err(held(pause));
        }
        self.sleep_until(until, now).await;
        Ok(())
    }

    async fn sleep_until(&self, at: DateTime<Utc>, now: DateTime<Utc>) {
        let pause = (at - now).to_std().unwrap_or_default();
        if !pause.is_zero() {
            tracing::trace!(?pause, "waiting for the rate limit");
            tokio::time::sleep(pause).await;
        }
    }

    fn reserve(&self, spent: &mut CreditUse, now: DateTime<Utc>, credits: u32) -> Reservation {
        spent.roll_over(now);
        let micros = now.timestamp_micros();
        if spent.hold_until > micros {
            return Reservation::Held(instant(spent.hold_until, now));
        }
        let today = now.date_naive();
        let over = |used: u32, limit: Option<u32>| {
            limit.filter(|limit| used.saturating_add(credits) > *limit)
        };
        if let Some(limit) = over(spent.in_month, self.quota.per_month) {
            let until =
                today.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
            return Reservation::Spent { limit, per: "month", until: until.unwrap_or(today) };
        }
        if let Some(limit) = over(spent.in_day, self.quota.per_day) {
            let until = today.checked_add_days(Days::new(1)).unwrap_or(today);
            return Reservation::Spent { limit, per: "day", until };
        }
        // A request of several credits waits for the slots of all of them.
        let credits_more = i64::from(credits.max(1)) - 1;
        let period = self.quota.per_minute.period().num_microseconds().unwrap_or(i64::MAX);
        let at = spent.next_at.saturating_add(period.saturating_mul(credits_more)).max(micros);
        spent.next_at = at.saturating_add(period.saturating_mul(credits_more + 1));
        spent.add(credits);
        Reservation::At(instant(at, now))
    }

    /// Records what the service itself reports about its rate limit.
    pub(super) fn apply_hint(&self, hint: RateLimitHint) -> Result<()> {
        if hint == RateLimitHint::default() {
            return Ok(());
        }
        let now = self.now();
        self.usage.update(&self.key, |spent| {
            spent.roll_over(now);
            if let Some(until) = hint.hold_until {
                spent.hold_until = spent.hold_until.max(until.timestamp_micros());
            }
            if let Some(used) = hint.used_this_minute {
                // The service's minute may be the previous one on the local clock.
                let own = spent.in_minute.max(spent.in_minute_before);
                spent.add(used.saturating_sub(own));
            }
        })
    }

    /// Records that the host asked for a pause of this duration.
    pub(super) fn pause_for(&self, pause: Duration) -> Result<()> {
        let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        let hold_until = self.now().checked_add_signed(pause);
        self.apply_hint(RateLimitHint { hold_until, used_this_minute: None })
    }

    /// Returns the credits of a failed request to the quotas of day and month; its slot stays taken.
    pub(super) fn refund(&self, credits: u32) -> Result<()> {
        self.usage.update(&self.key, |spent| {
            spent.in_day = spent.in_day.saturating_sub(credits);
            spent.in_month = spent.in_month.saturating_sub(credits);
        })
    }

    pub(super) fn budget(&self) -> Result<Budget> {
        let now = self.now();
        let mut spent = self.usage.update(&self.key, |spent| spent.clone())?;
        spent.roll_over(now);
        let left = |limit: Option<u32>, used: u32| limit.map(|limit| limit.saturating_sub(used));
        Ok(Budget {
            quota: self.quota,
            left_today: left(self.quota.per_day, spent.in_day),
            left_this_month: left(self.quota.per_month, spent.in_month),
        })
    }
}

fn instant(micros: i64, otherwise: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::FixedClock;

    use super::*;

    fn limit(usage: &Usage, now: &str, quota: Quota) -> RateLimiter {
        let clock = Arc::new(FixedClock(now.parse().unwrap()));
        RateLimiter::new("x", "example.com:1", quota, usage.clone(), clock)
    }

    fn held(retry_after: Duration) -> Error {
        Error::config("test", format!("held for {} s", retry_after.as_secs()))
    }

    #[tokio::test]
    async fn daily_and_monthly_credits_are_shared_through_the_usage_folder() {
        let folder = tempfile::tempdir().unwrap();
        let quota = Quota { per_day: Some(3), per_month: Some(5), ..Quota::per_minute(600_000) };
        let take = async |now: &str, credits: u32| {
            // Each call stands for a separate process.
            let usage = Usage::kept_in(folder.path());
            limit(&usage, now, quota).acquire(credits, Duration::ZERO, held).await
        };
        assert!(take("2026-01-30T10:00:00Z", 2).await.is_ok());
        let error = take("2026-01-30T23:59:59Z", 2).await.unwrap_err().to_string();
        assert!(error.contains("3 credits a day") && error.contains("2026-01-31"), "{error}");
        assert!(take("2026-01-31T00:00:01Z", 3).await.is_ok());
        let error = take("2026-01-31T00:00:02Z", 1).await.unwrap_err().to_string();
        assert!(error.contains("5 credits a month") && error.contains("2026-02-01"), "{error}");
        assert!(take("2026-02-01T00:00:00Z", 3).await.is_ok());
        let usage = Usage::kept_in(folder.path());
        let budget = limit(&usage, "2026-02-01T01:00:00Z", quota).budget().unwrap();
        assert_eq!((budget.left_today, budget.left_this_month), (Some(0), Some(2)));
    }

    #[tokio::test]
    async fn a_reserved_slot_survives_a_kill() {
        let folder = tempfile::tempdir().unwrap();
        let quota = Quota::per_minute(600);
        let begun = Instant::now();
        for _ in 0..4 {
            let usage = Usage::kept_in(folder.path());
            let limit = limit(&usage, "2026-01-30T10:00:00Z", quota);
            limit.acquire(1, Duration::ZERO, held).await.unwrap();
        }
        // The clock stands still, so each new process waits for all slots before its own.
        assert!(begun.elapsed() >= Duration::from_millis(100 + 200 + 300));
    }

    #[tokio::test]
    async fn usage_counted_by_the_service_is_applied_once() {
        let (usage, quota) =
            (Usage::default(), Quota { per_day: Some(100), ..Quota::per_minute(600_000) });
        let left = |limit: &RateLimiter| limit.budget().unwrap().left_today.unwrap();
        let before = limit(&usage, "2026-01-30T10:00:58Z", quota);
        for _ in 0..5 {
            before.acquire(1, Duration::ZERO, held).await.unwrap();
        }
        before.apply_hint(RateLimitHint { hold_until: None, used_this_minute: Some(7) }).unwrap();
        assert_eq!(left(&before), 93, "two are those of another client");
        // The local minute is over, the service's is not.
        let after = limit(&usage, "2026-01-30T10:01:01Z", quota);
        after.acquire(1, Duration::ZERO, held).await.unwrap();
        after.apply_hint(RateLimitHint { hold_until: None, used_this_minute: Some(8) }).unwrap();
        assert!((91..=92).contains(&left(&after)), "{}", left(&after));
    }

    #[tokio::test]
    async fn a_requested_pause_is_kept_and_a_foreign_usage_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let usage = Usage::kept_in(folder.path());
        let limit = limit(&usage, "2026-01-30T10:00:00Z", Quota::per_minute(600_000));
        limit.pause_for(Duration::from_secs(900)).unwrap();
        let error = limit.acquire(1, Duration::from_secs(180), held).await.unwrap_err().to_string();
        assert!(error.contains("held for 8") || error.contains("held for 900"), "{error}");
        std::fs::write(folder.path().join("x@example.com_1.json"), "not ours").unwrap();
        let error = limit.budget().unwrap_err().to_string();
        assert!(error.contains("example.com_1.json") && error.contains("delete it"), "{error}");
    }
}
