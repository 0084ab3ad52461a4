//! Edges of windows and of completeness, with values by hand.

use tidegauge_analytics::retention::{RetentionKind, RetentionParams, Windows, retention};
use tidegauge_analytics::{Calendar, Facts, Period};

use crate::support::facts;

/// Returns the active users of the windows of each cohort.
fn cells(facts: &Facts, params: &RetentionParams) -> Vec<Vec<Option<u64>>> {
    let table = retention(facts, params).unwrap();
    let active = |cohort: &tidegauge_analytics::retention::RetentionCohort| {
        cohort.cells.iter().map(|cell| cell.map(|cell| cell.active)).collect()
    };
    table.cohorts.iter().map(active).collect()
}

fn relative(period: Period) -> RetentionParams {
    RetentionParams { windows: Windows::Relative, ..RetentionParams::by(period) }
}

#[test]
fn the_last_born_member_decides_completeness() {
    // Both are of the month of January. Windows of 30 days are over for `old` on 31 January, 2 March
    // and 1 April, and for `young` on 27 February and 29 March.
    let people = [("old", "2026-01-01", None), ("young", "2026-01-28", None)];
    let events = [("old", "2026-02-10", 1.0, 1.0), ("old", "2026-03-10", 1.0, 1.0)];
    let at = |end: &str| cells(&facts(&people, &events, end), &relative(Period::Month));
    assert_eq!(at("2026-02-26"), [[None]]);
    assert_eq!(at("2026-02-27"), [[Some(0)]]);
    assert_eq!(at("2026-03-28"), [[Some(0), None]]);
    assert_eq!(at("2026-03-29"), [[Some(0), Some(1)]]);
    // The third window of `old` has the second return, and has not begun for `young`.
    assert_eq!(at("2026-03-29 00:01"), [[Some(0), Some(1), None]]);
}

#[test]
fn a_relative_month_is_thirty_days_and_a_month_of_the_calendar_is_not() {
    let people = [("a", "2026-01-31 10:00", None)];
    // 29 days and 23 h 59 min, and exactly 30 days, after the signup.
    for (back, windows) in [("2026-03-02 09:59", [1, 0]), ("2026-03-02 10:00", [0, 1])] {
        let facts = facts(&people, &[("a", back, 1.0, 1.0)], "2026-04-01 10:00");
        assert_eq!(cells(&facts, &relative(Period::Month)), [windows.map(Some)]);
        // January, February, March.
        let calendar = cells(&facts, &RetentionParams::by(Period::Month));
        assert_eq!(calendar, [[Some(0), Some(0), Some(1), None]]);
    }
}

#[test]
fn days_of_a_change_of_the_clock_have_23_and_25_hours() {
    let berlin = Calendar { zone: "Europe/Berlin".parse().unwrap(), ..Calendar::default() };
    let windows = |signup: &str, back: &str, end: &str| {
        let facts = facts(&[("a", signup, None)], &[("a", back, 1.0, 1.0)], end);
        cells(&facts.with_calendar(berlin), &RetentionParams::by(Period::Day)).remove(0)
    };
    // 29 March 2026 begins at 23:00 of the day before in UTC, and ends at 22:00.
    let spring = |back| windows("2026-03-28 12:00", back, "2026-03-30 22:00");
    assert_eq!(spring("2026-03-28 22:59"), [Some(1), Some(0), Some(0)]);
    assert_eq!(spring("2026-03-29 21:59"), [Some(0), Some(1), Some(0)]);
    assert_eq!(spring("2026-03-29 22:00"), [Some(0), Some(0), Some(1)]);
    // 25 October 2026 begins at 22:00 of the day before, and ends at 23:00.
    let autumn = |back| windows("2026-10-24 12:00", back, "2026-10-26 23:00");
    assert_eq!(autumn("2026-10-24 22:00"), [Some(0), Some(1), Some(0)]);
    assert_eq!(autumn("2026-10-25 22:59"), [Some(0), Some(1), Some(0)]);
    assert_eq!(autumn("2026-10-25 23:00"), [Some(0), Some(0), Some(1)]);
    // A minute before the day is over it is not known.
    let early = windows("2026-10-24 12:00", "2026-10-24 22:00", "2026-10-25 22:59");
    assert_eq!(early, [Some(0), None]);
}

#[test]
fn rolling_retention_never_increases_and_is_no_sum() {
    // Three users on day 0; one back on days 1 and 2, one on day 2.
    let people = [("a", "2026-01-01", None), ("b", "2026-01-01", None), ("c", "2026-01-01", None)];
    let events = [
        ("a", "2026-01-02", 1.0, 1.0),
        ("a", "2026-01-03", 1.0, 1.0),
        ("b", "2026-01-03 23:59", 1.0, 1.0),
    ];
    let facts = facts(&people, &events, "2026-01-05");
    let of = |kind| RetentionParams { kind, ..RetentionParams::by(Period::Day) };
    assert_eq!(cells(&facts, &of(RetentionKind::Bounded)), [[0, 1, 2, 0].map(Some)]);
    assert_eq!(cells(&facts, &of(RetentionKind::Rolling)), [[2, 2, 2, 0].map(Some)]);
    // Days 1 to 3 as one bracket: two users, where the days sum to three.
    let bracket = of(RetentionKind::Brackets(vec![1, 4]));
    assert_eq!(cells(&facts, &bracket), [[Some(2)]]);
}

#[test]
fn a_cohort_of_which_all_cells_are_over_has_zeros_and_no_gap() {
    // The cohort of 1 January is not active on its own day: day 0 is 0 of 1, and known.
    let facts = facts(
        &[("a", "2026-01-01", None), ("b", "2026-01-03", None)],
        &[("b", "2026-01-03", 1.0, 1.0)],
        "2026-01-04",
    );
    let table = retention(&facts, &RetentionParams::by(Period::Day)).unwrap();
    let rates: Vec<Vec<Option<f64>>> = table
        .cohorts
        .iter()
        .map(|cohort| cohort.cells.iter().map(|cell| cell.unwrap().rate.value).collect())
        .collect();
    // The empty cohort of 2 January has cells without a rate.
    assert_eq!(rates, [vec![Some(0.0); 3], vec![None; 2], vec![Some(1.0)]]);
    // Day 0 of all: 1 of 2 users, not the mean of 0 %, nothing and 100 %.
    assert_eq!(table.pooled[0].unwrap().rate.value, Some(0.5));
}
