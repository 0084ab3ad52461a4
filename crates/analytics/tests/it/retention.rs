use polars::prelude::*;
use proptest::prelude::*;
use tidegauge_analytics::retention::{
    RetentionCell, RetentionKind, RetentionParams, RetentionTable, Windows, retention,
};
use tidegauge_analytics::{Calendar, CohortAnchor, EventFilter, Facts, Period};

use crate::support::{at, day, facts, times};

/// Returns active users by cohort and period; `None` is an unfinished period.
fn active(table: &RetentionTable) -> Vec<(String, u64, Vec<Option<u64>>)> {
    let row = |cells: &[Option<RetentionCell>]| {
        cells.iter().map(|cell| cell.map(|cell| cell.active)).collect()
    };
    let cohorts = table.cohorts.iter();
    cohorts.map(|cohort| (cohort.start.to_string(), cohort.users, row(&cohort.cells))).collect()
}

fn year_end(end: &str) -> Facts {
    facts(
        &[
            ("a", "2025-12-30", None), // Tuesday of the ISO week that began on 2025-12-29
            ("b", "2026-01-02", None), // the same week, in another year
            ("c", "2026-01-06", None), // week of 01-05
            ("e", "2026-01-20", None), // week of 01-19; there is no signup in the week of 01-12
        ],
        &[
            ("a", "2025-12-31", 1.0, 1.0),
            ("a", "2026-01-01", 1.0, 1.0), // same week: one user, not two
            ("a", "2026-01-07", 1.0, 1.0), // week 1
            ("a", "2026-01-20", 1.0, 1.0), // week 3
            ("b", "2026-01-13", 1.0, 1.0), // week 2
            ("c", "2026-01-11 23:59", 1.0, 1.0), // Sunday: still week 0
            ("e", "2026-01-20", 1.0, 1.0),
        ],
        end,
    )
}

#[test]
fn weeks_cross_the_year_end_and_incomplete_periods_are_null() {
    // Wednesday: the week of 01-19 has begun and is not over.
    let table = retention(&year_end("2026-01-21"), &RetentionParams::by(Period::Week)).unwrap();
    assert_eq!(
        active(&table),
        [
            ("2025-12-29".into(), 2, vec![Some(1), Some(1), Some(1), None]),
            ("2026-01-05".into(), 1, vec![Some(1), Some(0), None]), // over, without activity: 0
            ("2026-01-12".into(), 0, vec![Some(0), None]),
            ("2026-01-19".into(), 1, vec![None]),
        ]
    );
    // A rate of 0 of 0 does not exist.
    assert_eq!(table.cohorts[2].cells[0].unwrap().rate.value, None);
    // Index 0: (1+1+0) of (2+1+0); index 1: (1+0) of (2+1); index 2: 1 of 2; index 3: no complete
    // cohort.
    let pooled: Vec<_> = table
        .pooled
        .iter()
        .map(|pooled| pooled.map(|pooled| (pooled.active, pooled.eligible)))
        .collect();
    assert_eq!(pooled, [Some((2, 3)), Some((1, 3)), Some((1, 2)), None]);
    assert_eq!(table.pooled[2].unwrap().rate.value, Some(0.5));
}

#[test]
fn a_period_is_complete_at_its_end_and_the_next_has_not_begun() {
    let table = retention(&year_end("2026-01-19"), &RetentionParams::by(Period::Week)).unwrap();
    assert_eq!(
        active(&table),
        [
            ("2025-12-29".into(), 2, vec![Some(1), Some(1), Some(1)]),
            ("2026-01-05".into(), 1, vec![Some(1), Some(0)]),
        ]
    );
}

#[test]
fn monthly_cohorts_by_signup_and_by_first_trade() {
    let users =
        [("a", "2025-11-30 23:59", None), ("b", "2025-12-01", None), ("c", "2025-12-31", None)];
    let events = [
        ("a", "2025-12-31 23:59", 1.0, 1.0), // first trade: December
        ("a", "2026-02-01", 1.0, 1.0),
        ("b", "2025-12-05", 1.0, 1.0),
        ("b", "2026-01-31", 1.0, 1.0),
    ];
    let facts = facts(&users, &events, "2026-02-15");
    let mut params = RetentionParams::by(Period::Month);
    let by_signup = retention(&facts, &params).unwrap();
    assert_eq!(
        active(&by_signup),
        [
            ("2025-11-01".into(), 1, vec![Some(0), Some(1), Some(0), None]),
            ("2025-12-01".into(), 2, vec![Some(1), Some(1), None]),
        ]
    );
    params.anchor = CohortAnchor::first_trade();
    let by_trade = retention(&facts, &params).unwrap();
    // c never traded and is in no cohort; a's and b's first trades are in December.
    assert_eq!(active(&by_trade), [("2025-12-01".into(), 2, vec![Some(2), Some(1), None])]);
}

/// Checks PostHog issue 13748: three users return on day 1, on day 5, and never.
#[test]
fn bounded_and_rolling_retention_differ_as_in_posthog_13748() {
    let start = [("p", "2026-03-01", 9.0), ("q", "2026-03-01", 9.0), ("r", "2026-03-01", 9.0)];
    let back = [("p", "2026-03-02", 9.0), ("q", "2026-03-06", 9.0)];
    let rows: Vec<_> = start.into_iter().chain(back).collect();
    let transactions = df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "value" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap();
    let facts = Facts::from_transactions(&transactions, at("2026-03-08")).unwrap();
    let mut params = RetentionParams::by(Period::Day);
    let counts = |params: &RetentionParams| {
        let table = retention(&facts, params).unwrap();
        table.cohorts[0].cells.iter().map(|cell| cell.unwrap().active).collect::<Vec<_>>()
    };
    assert_eq!(counts(&params), [3, 1, 0, 0, 0, 1, 0]);
    params.kind = RetentionKind::Rolling;
    assert_eq!(counts(&params), [3, 2, 1, 1, 1, 1, 0]);
}

#[test]
fn only_selected_events_after_the_anchor_count_as_activity() {
    let users = df!("user" => [7i64], "signup_at" => times(&["2026-01-01"])).unwrap();
    let events = df!(
        "user" => [7i64, 7, 7],
        "at" => times(&["2026-01-05", "2026-01-06", "2026-01-14"]),
        "kind" => ["ramp", "trade", "ramp"],
        "volume_usd" => [1i64, 1, 1],
        "revenue_usd" => [0.0, 0.0, 0.0],
    )
    .unwrap();
    let facts = Facts::new(&users, &events, at("2026-01-19")).unwrap();
    let params = RetentionParams {
        anchor: CohortAnchor::first_trade(),
        activity: EventFilter::only(["ramp"]),
        ..RetentionParams::by(Period::Week)
    };
    // The purchase of Monday precedes the trade of Tuesday, in the same week: it is no return.
    let table = retention(&facts, &params).unwrap();
    assert_eq!(active(&table), [("2026-01-05".into(), 1, vec![Some(0), Some(1)])]);
    assert_eq!(table.cohorts[0].start, day("2026-01-05"));
}

#[test]
fn the_long_frame_equals_the_table() {
    let table = retention(&year_end("2026-01-21"), &RetentionParams::by(Period::Week)).unwrap();
    let frame = table.frame().unwrap();
    assert_eq!(frame.shape(), (10, 6 + 7));
    let complete: Vec<_> = frame.column("complete").unwrap().bool().unwrap().iter().collect();
    let known: Vec<_> = frame
        .column("active")
        .unwrap()
        .u64()
        .unwrap()
        .iter()
        .map(|cell| Some(cell.is_some()))
        .collect();
    assert_eq!(complete, known);
    assert_eq!(frame.column("cohort").unwrap().dtype(), &DataType::Date);
    assert_eq!(frame.column("rate").unwrap().f64().unwrap().get(0), Some(0.5));
}

#[test]
fn facts_without_users_make_an_empty_table() {
    let table =
        retention(&facts(&[], &[], "2026-01-01"), &RetentionParams::by(Period::Week)).unwrap();
    assert!(table.cohorts.is_empty() && table.pooled.is_empty());
    assert_eq!(table.frame().unwrap().height(), 0);
}

/// Returns one user who signed up on a Monday evening and came back in the hours given.
fn returning(hours: &[i64], end: &str) -> Facts {
    let signup = at("2026-01-05 20:00").naive_utc();
    let users = df!("user" => [1i64], "signup_at" => [signup]).unwrap();
    let back: Vec<_> =
        hours.iter().map(|hours| signup + chrono::TimeDelta::hours(*hours)).collect();
    let (ones, kinds) = (vec![1.0; back.len()], vec!["trade"; back.len()]);
    let events = df!("user" => vec![1i64; back.len()], "at" => back, "kind" => kinds,
        "volume_usd" => ones.clone(), "revenue_usd" => ones);
    Facts::new(&users, &events.unwrap(), at(end)).unwrap()
}

fn counts(facts: &Facts, params: &RetentionParams) -> Vec<Option<u64>> {
    let table = retention(facts, params).unwrap();
    table.cohorts[0].cells.iter().map(|cell| cell.map(|cell| cell.active)).collect()
}

#[test]
fn tuesday_morning_is_day_1_of_the_calendar_and_day_0_of_24_hour_windows() {
    let facts = returning(&[10], "2026-01-08 12:00"); // Tuesday, 06:00
    let calendar = RetentionParams::by(Period::Day);
    assert_eq!(counts(&facts, &calendar), [Some(0), Some(1), Some(0), None]);
    let relative = RetentionParams { windows: Windows::Relative, ..calendar };
    // Windows end at 20:00: the third is not over on Thursday noon.
    assert_eq!(counts(&facts, &relative), [Some(1), Some(0), None]);
    // A week is 168 hours; a month is 30 days.
    let facts = returning(&[167, 168], "2026-02-05");
    let weeks = RetentionParams { windows: Windows::Relative, ..RetentionParams::by(Period::Week) };
    assert_eq!(counts(&facts, &weeks), [Some(1), Some(1), Some(0), Some(0), None]);
}

#[test]
fn days_are_those_of_the_zone_and_weeks_begin_on_the_chosen_day() {
    let facts = returning(&[10], "2026-01-12");
    // In Auckland the signup is on Tuesday morning, and the return on Tuesday evening.
    let zone = "Pacific/Auckland".parse().unwrap();
    let auckland = facts.clone().with_calendar(Calendar { zone, ..Calendar::default() });
    let days = counts(&auckland, &RetentionParams::by(Period::Day));
    assert_eq!(days[..2], [Some(1), Some(0)]);
    assert_eq!(counts(&facts, &RetentionParams::by(Period::Day))[..2], [Some(0), Some(1)]);
    let week_start = chrono::Weekday::Tue;
    let from_tuesday = facts.with_calendar(Calendar { week_start, ..Calendar::default() });
    // Monday is the last day of its week: the return is in the next one, not over by Monday.
    assert_eq!(counts(&from_tuesday, &RetentionParams::by(Period::Week)), [Some(0), None]);
}

#[test]
fn a_look_ahead_is_known_once_its_days_are_over() {
    // Back on day 5 (hour 100 is day 4 and 4 hours after the signup at 20:00: Saturday 00:00).
    let facts = returning(&[100], "2026-01-14");
    let within = |days| RetentionParams {
        kind: RetentionKind::Within { days },
        ..RetentionParams::by(Period::Day)
    };
    // Active within 3 days from day k on: days 3, 4 and 5 look ahead to day 5. Day 6 is Sunday,
    // and its three days end on Wednesday, 2026-01-14; day 7 is not known.
    let expected = [0, 0, 0, 1, 1, 1, 0].map(Some);
    let found = counts(&facts, &within(3));
    assert_eq!(found[..7], expected);
    assert_eq!(found[7..], [None, None]);
    let relative = RetentionParams { windows: Windows::Relative, ..within(3) };
    // Window 4 holds the return: windows 2, 3 and 4 look ahead to it.
    assert_eq!(
        counts(&facts, &relative),
        [0, 0, 1, 1, 1, 0].map(Some).into_iter().chain([None, None, None]).collect::<Vec<_>>()
    );
}

#[test]
fn brackets_are_not_sums_of_periods() {
    let facts = returning(&[28, 52, 76], "2026-01-20"); // days 2, 3 and 4
    let kind = RetentionKind::Brackets(vec![1, 2, 4, 8]);
    let params = RetentionParams { kind, ..RetentionParams::by(Period::Day) };
    // Day 1; days 2 and 3, once; days 4 to 7.
    assert_eq!(counts(&facts, &params), [Some(0), Some(1), Some(1)]);
    let early = returning(&[28], "2026-01-09");
    assert_eq!(counts(&early, &params), [Some(0), Some(1)]);
    let kind = RetentionKind::Brackets(vec![2, 1]);
    let params = RetentionParams { kind, ..RetentionParams::by(Period::Day) };
    assert!(retention(&facts, &params).unwrap_err().to_string().contains("ascending"));
}

#[test]
fn cohorts_cut_by_two_dimensions_sum_to_the_whole() {
    let people = df!(
        "user" => [1i64, 2, 3, 4],
        "signup_at" => times(&["2026-01-05"; 4]),
        "channel" => [Some("search"), Some("search"), None, Some("email")],
        "country" => [Some("DE"), None, Some("DE"), Some("DE")],
    )
    .unwrap();
    let visits = df!(
        "user" => [1i64, 2, 4, 4],
        "at" => times(&["2026-01-05", "2026-01-12", "2026-01-06", "2026-01-13"]),
        "kind" => ["ramp", "trade", "trade", "trade"],
        "volume_usd" => [1.0; 4],
        "revenue_usd" => [1.0; 4],
    )
    .unwrap();
    let facts = Facts::new(&people, &visits, at("2026-01-19")).unwrap();
    let whole = retention(&facts, &RetentionParams::by(Period::Week)).unwrap();
    let by = |by: &[&str]| {
        let by = by.iter().map(ToString::to_string).collect();
        retention(&facts, &RetentionParams { by, ..RetentionParams::by(Period::Week) }).unwrap()
    };
    for parts in [by(&["channel"]), by(&["channel", "country"]), by(&["entry_product", "channel"])]
    {
        let sum = |window: usize| {
            parts.cohorts.iter().map(|part| part.cells[window].unwrap().active).sum::<u64>()
        };
        assert_eq!([sum(0), sum(1)], [2, 2], "{parts:?}");
        assert_eq!(parts.pooled, whole.pooled);
    }
    let labels: Vec<_> =
        by(&["channel", "country"]).cohorts.into_iter().map(|part| part.labels).collect();
    let text = |label: &str| Some(label.to_owned());
    assert_eq!(
        labels,
        [
            [text("email"), text("DE")],
            [text("search"), text("DE")],
            [text("search"), None],
            [None, text("DE")]
        ]
    );
    // The first purchase makes user 1 ramp-acquired; user 3 has not bought yet.
    let entries: Vec<_> =
        by(&["entry_product"]).cohorts.into_iter().map(|part| part.labels).collect();
    assert_eq!(entries, [[text("ramp")], [text("trade")], [None]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Checks a recount by brute force, on days, and that a complete cell never changes later.
    #[test]
    fn retention_equals_its_definition(
        visits in prop::collection::vec((0usize..6, 0i64..20), 0..40),
        signups in prop::collection::vec(0i64..20, 6),
        end in 1i64..25,
    ) {
        let (start, names) = (day("2025-12-20"), ["a", "b", "c", "d", "e", "f"]);
        let date = |days: i64| (start + chrono::Duration::days(days)).to_string();
        let dates: Vec<String> = (0..50).map(date).collect();
        let on = |days: i64| dates[usize::try_from(days).unwrap()].as_str();
        let users: Vec<_> = (0..6).map(|user| (names[user], on(signups[user]), None)).collect();
        let visits: Vec<(usize, i64)> =
            visits.into_iter().map(|(user, age)| (user, signups[user] + age)).collect();
        let events: Vec<_> =
            visits.iter().map(|(user, at)| (names[*user], on(*at), 1.0, 1.0)).collect();
        for kind in [RetentionKind::Bounded, RetentionKind::Rolling] {
            let params = RetentionParams { kind: kind.clone(), ..RetentionParams::by(Period::Day) };
            let table = retention(&facts(&users, &events, on(end)), &params).unwrap();
            for cohort in &table.cohorts {
                let born = (cohort.start - start).num_days();
                let members: Vec<_> = (0..6).filter(|user| signups[*user] == born).collect();
                prop_assert_eq!(cohort.users, members.len() as u64);
                prop_assert_eq!(i64::try_from(cohort.cells.len()).unwrap(), end - born);
                for (cell, period) in cohort.cells.iter().zip(born..) {
                    let counts = |user: usize| visits.iter().any(|(who, at)| {
                        *who == user && *at < end && match kind {
                            RetentionKind::Bounded => *at == period,
                            _ => *at >= period,
                        }
                    });
                    let active = members.iter().filter(|user| counts(**user)).count() as u64;
                    prop_assert_eq!(cell.unwrap().active, active);
                }
            }
        }
    }
}
