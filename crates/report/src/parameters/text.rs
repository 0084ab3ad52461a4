//! The texts of parameters: what is allowed, how it is parsed, and how it is written.

use std::str::FromStr;

use tidegauge_analytics::retention::{RetentionKind, Windows};
use tidegauge_analytics::{Cohort, Period, Revenue};

use crate::question::period_name;

pub(super) const ANCHOR: &str = "it must be signup, verified, or first_ and a kind of events, as first_deposit, \
                                 first_ramp and first_trade";
pub(super) const COHORT: &str = "it must be everyone, signup:day, signup:week, signup:month, a dimension of the \
                                 users, or two, as in channel*country";
pub(super) const DAYS: &str = "it must be numbers of days, at least 1, separated by commas";
pub(super) const END: &str = "it must be a day (2024-01-31) or a time (2024-01-31T12:00:00Z)";
pub(super) const INACTIVE_DAYS: &str = "it must be a number of days from 1 to 36500";
pub(super) const LEVEL: &str = "it must be a number between 0 and 1, as 0.9";
pub(super) const MARGIN: &str = "it must be a number above 0 and at most 1";
pub(super) const PERIOD: &str = "it must be day, week or month";
pub(super) const PERIODS: &str = "it must be a number from 1 to 1000";
pub(super) const RETENTION: &str = "it must be on, on_or_after, within:DAYS, or brackets:0,1,3,7, two or more \
                                    numbers in ascending order";
pub(super) const REVENUE: &str = "it must be net or gross";
pub(super) const THRESHOLD: &str = "it must be an amount, and must be above 0";
pub(super) const WEEK_START: &str = "it must be a day of the week, as monday";
pub(super) const WINDOWS: &str = "it must be calendar or relative";
pub(super) const ZONE: &str = "it must be a time zone, as Europe/Madrid";

/// The highest number of days of inactivity: a century is more history than any market has.
const MAX_DAYS: u32 = 36_500;

/// The highest number of periods.
const MAX_PERIODS: u32 = 1_000;

/// Parses numbers of days, sorted and each once.
pub(super) fn days(text: &str) -> Option<Vec<u32>> {
    let days: Vec<u32> = numbers(text)?;
    Some(sorted(&days)).filter(|days| days.iter().all(|day| *day > 0))
}

/// Returns the numbers in ascending order, each once.
pub(super) fn sorted(numbers: &[u32]) -> Vec<u32> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split(',').map(|number| number.trim().parse().ok()).collect()
}

/// Writes numbers separated by commas.
pub(super) fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// Parses a value that meets a condition.
pub(super) fn parse<T: FromStr>(text: &str, is_valid: impl Fn(&T) -> bool) -> Option<T> {
    text.parse().ok().filter(is_valid)
}

pub(super) fn inactive_days(text: &str) -> Option<u32> {
    parse(text, |days| (1..=MAX_DAYS).contains(days))
}

pub(super) fn level(text: &str) -> Option<f64> {
    parse(text, |level| *level > 0.0 && *level < 1.0)
}

pub(super) fn margin(text: &str) -> Option<f64> {
    parse(text, |margin| *margin > 0.0 && *margin <= 1.0)
}

pub(super) fn periods(text: &str) -> Option<u32> {
    parse(text, |periods| (1..=MAX_PERIODS).contains(periods))
}

pub(super) fn threshold(text: &str) -> Option<f64> {
    parse(text, |threshold: &f64| threshold.is_finite() && *threshold > 0.0)
}

pub(super) fn period(text: &str) -> Option<Period> {
    [Period::Day, Period::Week, Period::Month]
        .into_iter()
        .find(|period| period_name(*period) == text)
}

pub(super) fn retention(text: &str) -> Option<RetentionKind> {
    Some(match text.split_once(':') {
        None if text == "on" => RetentionKind::Bounded,
        None if text == "on_or_after" => RetentionKind::Rolling,
        Some(("within", days)) => RetentionKind::Within { days: parse(days, |days| *days > 0)? },
        Some(("brackets", edges)) => {
            let edges = numbers(edges)?;
            let ascends = edges.is_sorted_by(|edge, next| edge < next);
            RetentionKind::Brackets(Some(edges).filter(|edges| edges.len() > 1 && ascends)?)
        }
        _ => return None,
    })
}

pub(super) fn retention_name(kind: &RetentionKind) -> String {
    match kind {
        RetentionKind::Bounded => "on".into(),
        RetentionKind::Rolling => "on_or_after".into(),
        RetentionKind::Within { days } => format!("within:{days}"),
        RetentionKind::Brackets(edges) => format!("brackets:{}", list(edges)),
    }
}

pub(super) fn revenue(text: &str) -> Option<Revenue> {
    [Revenue::Net, Revenue::Gross].into_iter().find(|revenue| revenue_name(*revenue) == text)
}

pub(super) fn revenue_name(revenue: Revenue) -> &'static str {
    match revenue {
        Revenue::Net => "net",
        Revenue::Gross => "gross",
    }
}

pub(super) fn windows(text: &str) -> Option<Windows> {
    [Windows::Calendar, Windows::Relative]
        .into_iter()
        .find(|windows| windows_name(*windows) == text)
}

pub(super) fn windows_name(windows: Windows) -> &'static str {
    match windows {
        Windows::Calendar => "calendar",
        Windows::Relative => "relative",
    }
}

pub(super) fn cohort(text: &str) -> Option<Cohort> {
    match text.split_once(':') {
        Some(("signup", length)) => period(length).map(Cohort::Signup),
        Some(("dimension", name)) => Some(Cohort::dimension(name)),
        Some(_) => None,
        None if text == "everyone" => Some(Cohort::Everyone),
        None if text.is_empty() => None,
        None if text.contains('*') => {
            let (first, second) = text.split_once('*')?;
            Some(Cohort::cross(first, second))
        }
        None => Some(Cohort::dimension(text)),
    }
}

/// Returns the name of a cohort from which [`cohort`] parses it.
pub(crate) fn cohort_name(cohort: &Cohort) -> String {
    match cohort {
        Cohort::Everyone => "everyone".into(),
        Cohort::Signup(period) => format!("signup:{}", period_name(*period)),
        // This name would be parsed as another cohort.
        Cohort::Dimension(name)
            if name.is_empty() || name == "everyone" || name.contains([':', '*']) =>
        {
            format!("dimension:{name}")
        }
        Cohort::Dimension(name) => name.clone(),
        Cohort::Cross(first, second) => format!("{first}*{second}"),
    }
}
