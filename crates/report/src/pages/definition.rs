//! The definition of retention, as text: its periods and its retained users.

use tidegauge_analytics::Period;
use tidegauge_analytics::retention::{RetentionKind, RetentionParams, Windows};

use crate::Computation;

/// Returns what differs from activity in the very period of the calendar, as the end of a heading.
pub(super) fn suffix(params: &RetentionParams) -> String {
    let clock = match (params.windows, params.period) {
        (Windows::Calendar, _) => "",
        (Windows::Relative, Period::Day) => " of 24 hours from each user's own",
        (Windows::Relative, Period::Week) => " of 7 days from each user's own",
        (Windows::Relative, Period::Month) => " of 30 days from each user's own",
    };
    match &params.kind {
        RetentionKind::Bounded | RetentionKind::Brackets(_) => clock.into(),
        RetentionKind::Rolling => format!("{clock}, active then or later"),
        RetentionKind::Within { days } => {
            format!("{clock}, active within {days} days from its start")
        }
    }
}

/// Returns the heading of a period: its number, or the first and the last one of a bracket.
pub(super) fn heading(params: &RetentionParams, at: usize) -> String {
    match &params.kind {
        RetentionKind::Brackets(edges) => match (edges.get(at), edges.get(at + 1)) {
            (Some(first), Some(next)) if next - first > 1 => format!("{first}–{}", next - 1),
            (Some(first), _) => first.to_string(),
            _ => at.to_string(),
        },
        _ => at.to_string(),
    }
}

/// Adds the periods and the definition of a retained user.
pub(super) fn stated(computation: Computation, params: &RetentionParams) -> Computation {
    let clock = match (params.windows, params.period) {
        (Windows::Calendar, Period::Day) => "days of the calendar",
        (Windows::Calendar, Period::Week) => "weeks of the calendar",
        (Windows::Calendar, Period::Month) => "months of the calendar",
        (Windows::Relative, Period::Day) => "24 hours from each user's own start",
        (Windows::Relative, Period::Week) => "7 days from each user's own start",
        (Windows::Relative, Period::Month) => "30 days from each user's own start",
    };
    let retained = match &params.kind {
        RetentionKind::Bounded => "active in that very period".to_owned(),
        RetentionKind::Rolling => "active in that period or later".to_owned(),
        RetentionKind::Within { days } => format!("active within {days} days from its start"),
        RetentionKind::Brackets(_) => "active in one of these periods".to_owned(),
    };
    computation.with("Periods", clock).with("Retained", retained)
}

/// Returns the first period of a column: that of its number, or of a bracket.
pub(super) fn first_period(params: &RetentionParams, at: usize) -> Option<u32> {
    match &params.kind {
        RetentionKind::Brackets(edges) => edges.get(at).copied(),
        _ => u32::try_from(at).ok(),
    }
}
