//! The estimated cost of a backfill: calls, credits and time.

use std::fmt;
use std::time::Duration;

use super::BackfillTask;
use crate::http::Budget;

/// The estimated cost of a list of backfill tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Requests to the service.
    pub calls: u64,
    /// Credits of the service.
    pub credits: u64,
    /// The minimum duration within the rate limit and the credits that are left.
    pub time: Duration,
    /// Whether the cost is a lower bound, because the number of pages of a window is unknown.
    pub is_at_least: bool,
    /// Whether the credits run out in between, so that the backfill takes several days or months.
    pub waits_for_credits: bool,
}

const DAY: u64 = 86_400;
/// An approximate month of credits, in seconds.
const MONTH: u64 = 30 * DAY;

impl Estimate {
    /// Estimates the cost of `tasks` within `budget`.
    pub fn of(tasks: &[BackfillTask], budget: &Budget) -> Self {
        let calls = |task: &BackfillTask| task.series.calls(task.span);
        let credits = |task: &BackfillTask| calls(task) * u64::from(task.series.credits);
        let all: u64 = tasks.iter().map(credits).sum();
        let paced = all.saturating_mul(60) / u64::from(budget.quota.per_minute.get());
        let days = further_periods(all, budget.quota.per_day, budget.left_today);
        let months = further_periods(all, budget.quota.per_month, budget.left_this_month);
        let seconds = paced.max(days.saturating_mul(DAY)).max(months.saturating_mul(MONTH));
        Self {
            calls: tasks.iter().map(calls).sum(),
            credits: all,
            time: Duration::from_secs(seconds),
            is_at_least: tasks.iter().any(|task| task.series.is_paged),
            waits_for_credits: days > 0 || months > 0,
        }
    }
}

/// Returns the number of further periods that `credits` take, beyond what is left of the present one.
fn further_periods(credits: u64, limit: Option<u32>, left: Option<u32>) -> u64 {
    let (Some(limit), Some(left)) = (limit, left) else { return 0 };
    credits.saturating_sub(left.into()).div_ceil(u64::from(limit.max(1)))
}

/// Formats as `312 calls, about 2 days with the credits of the plan`.
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, s) = (self.calls, if self.calls == 1 { "" } else { "s" });
        let at_least = if self.is_at_least { "at least " } else { "" };
        write!(f, "{at_least}{calls} call{s}")?;
        if self.credits != self.calls {
            write!(f, " for {} credits", self.credits)?;
        }
        let seconds = self.time.as_secs();
        let (count, unit) = match seconds {
            0..60 => return write!(f, ", less than a minute"),
            60..5_400 => ((seconds + 30) / 60, "minute"),
            5_400..DAY => ((seconds + 1_800) / 3_600, "hour"),
            _ => (seconds.div_ceil(DAY), "day"),
        };
        write!(f, ", about {count} {unit}{}", if count == 1 { "" } else { "s" })?;
        if self.waits_for_credits {
            write!(f, " with the credits of the plan")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tidegauge_core::Span;

    use super::*;
    use crate::backfill::Series;
    use crate::http::Quota;

    fn task(days: i64) -> BackfillTask {
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        let (day, refresh) = (TimeDelta::days(1), Duration::from_secs(60));
        BackfillTask {
            series: Series::history("candles BTC 1m", from, day, refresh),
            span: Span::new(from, from + TimeDelta::days(days)),
        }
    }

    #[test]
    fn the_cost_is_estimated_in_calls_credits_and_time() {
        let quota = Quota { per_day: Some(160), ..Quota::per_minute(8) };
        let left = |today| Budget { quota, left_today: Some(today), left_this_month: None };
        for (days, today, told) in [
            (1, 160, "1 call, less than a minute"),
            (100, 160, "100 calls, about 13 minutes"),
            (312, 160, "312 calls, about 1 day with the credits of the plan"),
            (312, 0, "312 calls, about 2 days with the credits of the plan"),
        ] {
            assert_eq!(Estimate::of(&[task(days)], &left(today)).to_string(), told);
        }
        let free = Budget { quota: Quota::per_minute(1), left_today: None, left_this_month: None };
        assert_eq!(Estimate::of(&[task(200)], &free).to_string(), "200 calls, about 3 hours");
    }
}
